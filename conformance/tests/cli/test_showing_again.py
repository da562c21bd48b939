"""A printed command shows a violation again, whatever found it: it is run by a shell, as it is."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from .conftest import COMMAND, RESULT, Command, Ran, run_in


def printed(ran: Ran, clause: str) -> str:
    """Return the command that was printed for a clause."""
    assert ran.result is not None
    found = next(one for one in ran.result["findings"] if one["clause"] == clause)
    command: str = found["reproduce"]
    assert command in ran.out
    return command


def by_shell(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": f"{COMMAND.parent}:/usr/bin:/bin"},
    )


def test_of_a_planned_case(redeploy: Command, tmp_path: Path) -> None:
    ran = redeploy("run", "embedded:success-ends-stopped", "--clause", "L3")
    command = printed(ran, "L3")
    assert command.startswith("redeploy-conformance run embedded:success-ends-stopped")
    again = by_shell(command, tmp_path)
    assert again.returncode == 1
    assert "VIOLATED L3" in again.stdout


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """What walks alone found, in a folder whose name has a blank."""
    folder = tmp_path_factory.mktemp("a walk")
    words = ("run", "embedded:success-ends-stopped", "-k", "test_walks and (0 or 1)")
    return run_in(folder, *words), folder


def test_of_a_walk(walked: tuple[Ran, Path]) -> None:
    ran, folder = walked
    command = printed(ran, "L3")
    assert shlex.split(command)[:2] == ["redeploy-conformance", "replay"]
    again = by_shell(command, folder)
    assert again.returncode == 1
    assert again.stdout.strip().endswith(
        "L3: reproduced 3 of 3 on embedded:success-ends-stopped"
    )


def test_of_any_other_finding_of_a_walk(walked: tuple[Ran, Path]) -> None:
    """Each finding has a number of its own, and its command means that one."""
    ran, folder = walked
    assert ran.result is not None
    assert len(ran.result["findings"]) > 1
    for found in ran.result["findings"][1:3]:
        again = by_shell(found["reproduce"] + " --times 1", folder)
        assert again.returncode == 1
        assert again.stdout.strip().endswith(
            f"{found['clause']}: reproduced 1 of 1 on embedded:success-ends-stopped"
        )


def test_not_on_a_target_that_does_right(
    walked: tuple[Ran, Path], redeploy: Command
) -> None:
    again = redeploy("replay", str(walked[1] / RESULT), "embedded")
    assert again.code == 0
    assert "reproduced 0 of 3" in again.out


def test_of_a_target_that_is_not_there(
    walked: tuple[Ran, Path], redeploy: Command
) -> None:
    again = redeploy("replay", str(walked[1] / RESULT), "http://127.0.0.1:1")
    assert again.code == 4
    assert "127.0.0.1:1" in again.err


@pytest.mark.parametrize("text", ["{}", "no json", "", "[]", '{"format": "other/1"}'])
def test_of_no_result(redeploy: Command, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text, "utf-8")
    ran = redeploy("replay", "bad.json")
    assert ran.code == 2
    assert "bad.json is no result file" in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_of_a_finding_that_is_not_there(
    walked: tuple[Ran, Path], redeploy: Command
) -> None:
    ran = redeploy("replay", str(walked[1] / RESULT), "--finding", "9999")
    assert ran.code == 2
    assert "findings, not 9999" in ran.err
    assert redeploy("replay", str(walked[1] / RESULT), "--finding", "0").code == 2


def test_without_a_target_only_an_embedded_one_is_asked(
    walked: tuple[Ran, Path], redeploy: Command, tmp_path: Path
) -> None:
    result = json.loads((walked[1] / RESULT).read_text())
    again = redeploy("replay", str(walked[1] / RESULT))
    assert again.code == 1, again.said
    assert " on embedded:" in again.said
    result["target"] |= {"kind": "http", "address": "http://127.0.0.1:1"}
    (tmp_path / "served.json").write_text(json.dumps(result))
    refused = redeploy("replay", str(tmp_path / "served.json"))
    assert refused.code == 2
    assert "is of http://127.0.0.1:1: name the target" in refused.said


def test_no_code_is_imported_that_a_result_file_names(
    walked: tuple[Ran, Path], redeploy: Command, tmp_path: Path
) -> None:
    result = json.loads((walked[1] / RESULT).read_text())
    result["findings"][0]["reproduce"] = "redeploy-conformance run embedded_evil:make"
    (tmp_path / "r.json").write_text(json.dumps(result))
    (tmp_path / "embedded_evil.py").write_text("open('imported', 'w').close()\n")
    again = redeploy("replay", str(tmp_path / "r.json"), "--times", "1")
    assert again.code == 0
    assert again.out.strip().endswith("on embedded")
    assert not list(tmp_path.rglob("imported"))


@pytest.mark.parametrize("word", ["http://127.0.0.1:1", "embedded:any-status-accepted"])
def test_a_test_that_is_written_asks_the_target_that_was_named(
    walked: tuple[Ran, Path], redeploy: Command, word: str
) -> None:
    written = redeploy("replay", str(walked[1] / RESULT), word, "--as", "pytest")
    assert f'"REDEPLOY_TARGET", {word!r}' in written.out

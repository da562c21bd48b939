"""What is written beside the screen: whole, valid, and nothing that was there is harmed."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from .conftest import COMMAND, ONE, RESULT, Command

OPTIONS = ("--result", "--stream", "--trace", "--junit")


def test_a_device_stays_a_device(redeploy: Command) -> None:
    words = [word for option in OPTIONS for word in (option, "/dev/null")]
    ran = redeploy("run", *ONE, *words)
    assert ran.code == 3
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("option", OPTIONS)
def test_a_disk_that_is_full_is_told(redeploy: Command, option: str) -> None:
    ran = redeploy("run", *ONE, option, "/dev/full")
    assert ran.code == 5
    assert "No space left on device" in ran.said
    assert "/dev/full" in ran.said
    assert "exit code 3" not in ran.said
    assert ran.result is not None or "the whole result" not in ran.said
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.parametrize("words", ["--help", "--version"])
def test_help_that_nobody_can_take_is_told_in_one_sentence(words: str) -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [COMMAND, words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 5
    assert len(ran.stderr.splitlines()) == 1
    assert "No space left on device" in ran.stderr


def test_a_run_says_where_its_whole_result_is(redeploy: Command) -> None:
    assert redeploy("run", *ONE).out.endswith(f"\nthe whole result: {RESULT}\n")
    elsewhere = redeploy("run", *ONE, "--result", "/dev/null")
    assert elsewhere.out.endswith("\nthe whole result: /dev/null\n")


def test_an_old_result_is_replaced_whole(redeploy: Command, tmp_path: Path) -> None:
    (tmp_path / RESULT).write_text("x" * 1_000_000)
    ran = redeploy("run", *ONE)
    assert ran.result is not None
    assert [one.name for one in tmp_path.iterdir()] == [RESULT]


@pytest.mark.parametrize(
    "words",
    [
        ("check-trace", "kept", "--result", "kept"),
        ("certificate", "make", "r.json", "kept", "-o", "./kept"),
        ("certificate", "make", "kept", "r.trace", "-o", "kept"),
        ("replay", "kept", "--as", "curl", "-o", "kept"),
    ],
)
def test_evidence_is_not_written_over_by_what_is_made_of_it(
    redeploy: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "kept").write_text("evidence")
    ran = redeploy(*words)
    assert ran.code == 2
    assert "is read, and would be written over: name another file" in ran.said
    assert (tmp_path / "kept").read_text() == "evidence"


def test_a_run_that_did_not_begin_leaves_an_old_result_alone(
    redeploy: Command, tmp_path: Path
) -> None:
    (tmp_path / RESULT).write_text("old")
    assert redeploy("run", "http://127.0.0.1:1").code == 4
    assert (tmp_path / RESULT).read_text() == "old"


def test_a_reader_who_leaves_is_no_verdict(tmp_path: Path) -> None:
    """As in `redeploy-conformance run | head -1`: not 1, which would accuse somebody."""
    process = subprocess.Popen(
        [str(COMMAND), "run", *ONE],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "Traceback" not in err


def test_the_stream_ends_as_the_result_does(redeploy: Command, tmp_path: Path) -> None:
    ran = redeploy(
        "run", "embedded:security-lock-ignored", *ONE, "--stream", "s.ndjson"
    )
    lines = (tmp_path / "s.ndjson").read_text("utf-8").splitlines()
    last = json.loads(lines[-1])
    assert (last["record"], last["exit_code"]) == ("end", ran.code) == ("end", 1)


def test_one_planned_case_is_told_as_one(redeploy: Command) -> None:
    ran = redeploy("run", "--dry-run", "--case", "A1-unknown-id an id that never was")
    assert "1 planned case: 1 call of RedeployInstance on 0 instances" in ran.out

"""The suite is packaged tests: pytest's own options, xdist and JUnit work as anywhere."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from redeploy_schemas.contract import load

from .conftest import (
    ONE,
    Command,
    Ran,
    read_result,
    run_in,
    served,
)

SUITE = ("--pyargs", "redeploy_conformance.suite")


def pytest_run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "INTERNALERROR" not in done.stdout + done.stderr
    return done


def verdicts(ran: Ran) -> dict[str, str]:
    """Return what is said of each clause that binds; choices are seen now and then."""
    assert ran.result is not None
    rows = ran.result["clauses"]
    return {row["id"]: row["verdict"] for row in rows if row["strength"] != "open"}


def test_pyargs_junit_and_clause_ids(tmp_path: Path) -> None:
    ran = pytest_run(
        tmp_path,
        *(*SUITE, "-q", "-k", "A3-security-lock"),
        *("--redeploy-target", "embedded:security-lock-ignored"),
        *("--redeploy-result", "result.json", "--junitxml", "junit.xml"),
    )
    assert ran.returncode == 1
    assert "VIOLATED A3" in ran.stdout
    cases = list(ET.parse(tmp_path / "junit.xml").getroot().iter("testcase"))
    failed = {str(one.get("name")) for one in cases if one.find("failure") is not None}
    assert len(cases) == len(failed) > 0
    assert all(name.startswith("test_clause[A3-security-lock") for name in failed)
    assert read_result(tmp_path / "result.json")["exit_code"] == 1


def test_a_terminal_that_has_not_all_signs_still_has_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    words = ("--redeploy-target", "embedded:security-lock-ignored")
    ran = pytest_run(
        tmp_path, *SUITE, "-q", "--tb=no", "-k", "A3-security-lock", *words
    )
    assert ran.returncode == 1
    assert any(one.startswith("VIOLATED A3") for one in ran.stdout.splitlines())


def test_every_clause_that_can_be_planned_is_seen_in_the_test_ids(
    tmp_path: Path,
) -> None:
    ran = pytest_run(tmp_path, *SUITE, "--collect-only", "-q")
    planned = [one for one in ran.stdout.splitlines() if "test_clause[" in one]
    ids = {one.partition("[")[2].partition("-")[0] for one in planned}
    assert {"A2", "A3", "E1", "L3", "L6", "L12", "Q1", "U1"} <= ids
    assert ids <= set(load().by_id)


def test_the_commands_junit(redeploy: Command, tmp_path: Path) -> None:
    ran = redeploy("run", *ONE, "--junit", "junit.xml")
    assert ran.code == 3  # one clause alone is not the whole contract
    cases = {
        str(one.get("name")): [child.tag for child in one]
        for one in ET.parse(tmp_path / "junit.xml").iter("testcase")
    }
    assert cases["A3-security-lock"] == []
    assert cases["A2-status"] == ["skipped"]
    assert cases["run"] == ["error"]  # or a server would show green
    assert len(cases) == len(load().clauses) + 1


@pytest.mark.long  # test_workers.py does so with another fault
def test_two_workers_come_to_the_same_verdict(redeploy: Command) -> None:
    words = ("run", "embedded:events-stay-open", "-k", "test_tour or E1 or E6 or L3")
    one, two = redeploy(*words), redeploy(*words, "-n", "2")
    assert one.code == two.code == 1
    assert two.result is not None
    assert two.result["run"]["workers"] == 2
    assert verdicts(two) == verdicts(one)
    assert "fail" in verdicts(two).values()


def test_two_workers_that_share_one_server_and_its_clock(tmp_path: Path) -> None:
    """Neither turns the clock while the other one watches a redeploy."""
    with served() as (url, _):
        words = ("-n", "2", "-k", "(test_tour or L1 or L2 or L12) and not Q")
        ran = run_in(tmp_path, "run", url, *words)
    assert ran.result is not None
    assert ran.result["findings"] == []
    assert ran.result["problems"] == []
    assert verdicts(ran)["L1"] == "pass"


@pytest.mark.parametrize(
    ("target", "code", "told", "workers"),
    [
        ("http://127.0.0.1:1", 4, "Connection refused", ("-n", "2")),
        ("nonsense", 2, "'nonsense' is no target", ()),
    ],
)
def test_targets_that_are_none(
    tmp_path: Path, target: str, code: int, told: str, workers: tuple[str, ...]
) -> None:
    ran = pytest_run(tmp_path, *SUITE, "-q", "--redeploy-target", target, *workers)
    assert ran.returncode == code
    assert told in ran.stdout + ran.stderr


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ("import nothing_such", "ModuleNotFoundError: No module named 'nothing_such'"),
        (r"raise ValueError('half \ud83d')", r"ValueError: half \ud83d"),
    ],
)
def test_a_slip_in_the_module_of_a_target_is_one_sentence(
    tmp_path: Path, slip: str, told: str, workers: tuple[str, ...]
) -> None:
    (tmp_path / "mine.py").write_text(f"{slip}\n", "utf-8")
    words = ("-q", "--redeploy-target", "mine:make")
    ran = pytest_run(tmp_path, *SUITE, *words, *workers)
    assert ran.returncode == 2
    [line] = [one for one in ran.stdout.splitlines() if "mine" in one]
    assert f"Exit: mine:make could not be called: {told} " in line


def test_the_plugin_does_nothing_in_other_peoples_projects(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import sys\n\n\ndef test_mine():\n"
        "    heavy = {'httpx', 'hypothesis', 'jsonschema', 'jinja2'}\n"
        "    ours = {name for name in sys.modules if name.startswith('redeploy_')}\n"
        "    assert heavy & set(sys.modules) == set()\n"
        "    room = 'redeploy_conformance.plugin'\n"
        "    files = {f'{room}.{name}' for name in ('hooks', 'options', 'gathering', 'run')}\n"
        "    assert ours <= {'redeploy_conformance', room, *files}\n"
    )
    ran = pytest_run(tmp_path, "-v", "-p", "no:hypothesispytest")
    assert ran.returncode == 0, ran.stdout
    lines = [one for one in ran.stdout.splitlines() if not one.startswith("plugins:")]
    assert "redeploy" not in "\n".join(lines)
    assert not list(tmp_path.glob("*.json"))


def test_a_failure_of_other_tests_in_the_same_run_stays_one(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    assert False\n")
    ran = pytest_run(tmp_path, "test_mine.py", *SUITE, "--redeploy-quick")
    assert "CONFORMING: all" in ran.stdout
    assert ran.returncode == 1


def test_the_package_is_no_more_than_its_docstring() -> None:
    import redeploy_conformance

    lines = Path(str(redeploy_conformance.__file__)).read_text("utf-8").strip()
    assert lines.startswith('"""')
    assert lines.count('"""') == 2
    assert lines.endswith('"""')

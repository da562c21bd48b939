"""The suite is packaged tests: pytest's own options, xdist and JUnit work as anywhere."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

from .conftest import ONE, Ran

Command = Callable[..., Ran]


def pytest_run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_pyargs_junit_and_clause_ids(tmp_path: Path) -> None:
    ran = pytest_run(
        tmp_path,
        *("--pyargs", "redeploy_conformance.suite", "-q", "-k", "A3-security-lock"),
        *("--redeploy-target", "embedded:security-lock-ignored"),
        *("--junitxml", "junit.xml"),
    )
    assert ran.returncode == 1
    cases = ET.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    failed = [one.get("name") for one in cases if one.find("failure") is not None]
    assert failed
    assert all("A3-security-lock" in str(name) for name in failed)


def test_the_commands_junit(redeploy: Command, tmp_path: Path) -> None:
    ran = redeploy("run", *ONE, "--junit", "junit.xml")
    assert ran.code == 3  # one clause alone is not the whole contract
    assert ET.parse(tmp_path / "junit.xml").getroot().find(".//testcase") is not None


def test_two_workers_come_to_the_same_verdict(redeploy: Command) -> None:
    target = "embedded:events-stay-open"
    one, two = redeploy("run", target), redeploy("run", target, "-n", "2")
    assert one.code == two.code == 1
    assert one.result is not None
    assert two.result is not None
    assert two.result["run"]["workers"] == 2
    for result in (one.result, two.result):
        result["verdicts"] = {row["id"]: row["verdict"] for row in result["clauses"]}
    assert one.result["verdicts"] == two.result["verdicts"]


def test_the_plugin_does_nothing_in_other_peoples_projects(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    assert True\n")
    ran = pytest_run(tmp_path, "-v")
    assert ran.returncode == 0
    assert "CONFORMING" not in ran.stdout
    assert "VIOLATED" not in ran.stdout
    assert not list(tmp_path.glob("*.json"))


def test_the_package_is_no_more_than_its_docstring() -> None:
    import redeploy_conformance

    lines = Path(str(redeploy_conformance.__file__)).read_text("utf-8").strip()
    assert lines.startswith('"""')
    assert lines.count('"""') == 2
    assert lines.endswith('"""')

"""Several processes at one target: the same verdict, and a process that dies never leaves green."""

import json
from pathlib import Path

import pytest

from .conftest import Command, Ran, wrapped

KILLED = """\
import os
import signal

"""
DIES = """
if os.environ.get("PYTEST_XDIST_WORKER") == "gw1" and self.count == 300:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def broken(ran: Ran) -> set[str]:
    assert ran.result is not None
    return {one["id"] for one in ran.result["clauses"] if one["verdict"] == "fail"}


@pytest.mark.parametrize("more", [(), ("--stream", "s.ndjson", "--trace", "t.ndjson")])
def test_a_killed_worker_is_no_green_run(
    redeploy: Command, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Another one does the rest; what it was at is missing, and said to be."""
    (tmp_path / "mine.py").write_text(KILLED + wrapped(DIES), "utf-8")
    ran = redeploy("run", "mine:make", "-n", "2", *more)
    assert ran.code == 3, ran.said
    assert ran.result is not None
    assert ran.result["verdict"] == "incomplete"
    assert not ran.result["run"]["complete"]
    assert ran.result["run"]["cases"] > 150  # what the others did is kept
    told = [one["text"] for one in ran.result["problems"]]
    assert told == ["worker gw1 died while this ran; it is missing"]
    if more:
        last = json.loads((tmp_path / "s.ndjson").read_text("utf-8").splitlines()[-1])
        assert (last["exit_code"], last["complete"]) == (3, False)
        again = redeploy("check-trace", "t.ndjson", "--result", "again.json")
        assert again.code == 3, again.said


def test_a_violation_found_before_a_worker_died_is_kept(
    redeploy: Command, tmp_path: Path
) -> None:
    text = KILLED + wrapped(DIES)
    faulty = 'build("security-lock-ignored")'
    text = text.replace("Emulator()", faulty)
    text = "from redeploy_conformance.faults.catalogue import build\n" + text
    assert faulty in text
    (tmp_path / "mine.py").write_text(text, "utf-8")
    ran = redeploy("run", "mine:make", "-n", "2")
    assert ran.code == 1, ran.said
    assert broken(ran) == {"A3"}
    assert ran.result is not None
    assert not ran.result["run"]["complete"]

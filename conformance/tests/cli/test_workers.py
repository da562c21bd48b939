"""Several processes at one target: the same verdict, and a process that dies never leaves green."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .conftest import ONE, Command, Ran, run_in, served, wrapped

KILLED = """\
import os
import signal

"""
DIES = """
if os.environ.get("PYTEST_XDIST_WORKER") == "gw1" and self.count == 250:
    os.kill(os.getpid(), signal.SIGKILL)
"""

MANY = ("--clause", "A3", "--clause", "U2", "--clause", "U4")
"""Cases that take each of two workers more than 250 requests."""


def broken(ran: Ran) -> set[str]:
    assert ran.result is not None
    return {one["id"] for one in ran.result["clauses"] if one["verdict"] == "fail"}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), marks=pytest.mark.long),
        ("--stream", "s.ndjson", "--trace", "t.ndjson"),
    ],
)
def test_a_killed_worker_is_no_green_run(
    redeploy: Command, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Another one does the rest; what it was at is missing, and said to be."""
    (tmp_path / "mine.py").write_text(KILLED + wrapped(DIES), "utf-8")
    ran = redeploy("run", "mine:make", "-n", "2", *MANY, *more)
    assert ran.code == 3, ran.said
    assert ran.result is not None
    assert ran.result["verdict"] == "incomplete"
    assert not ran.result["run"]["complete"]
    assert ran.result["run"]["cases"] > 60  # what the others did is kept
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
    ran = redeploy("run", "mine:make", "-n", "2", *MANY)
    assert ran.code == 1, ran.said
    assert broken(ran) == {"A3"}
    assert ran.result is not None
    assert not ran.result["run"]["complete"]


def test_the_trace_of_workers_with_clocks_of_their_own_holds_their_cases_and_no_more(
    redeploy: Command, tmp_path: Path
) -> None:
    with served() as (url, _):
        ran = redeploy("run", url, "-n", "2", *ONE, "--trace", "t.ndjson")
        again = redeploy("check-trace", "t.ndjson", "--result", "again.json")
    assert ran.result is not None
    assert again.code == ran.code == 3
    told = json.loads((tmp_path / "again.json").read_text("utf-8"))
    for what in ("cases", "requests", "steps"):
        assert told["run"][what] == ran.result["run"][what], what


def test_two_runs_at_one_server_leave_each_other_alone(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with served() as (url, _), ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda folder: run_in(folder, "run", url, *MANY), folders))
    for ran in both:
        assert ran.code == 3, ran.said
        assert ran.result is not None
        assert (ran.result["findings"], ran.result["problems"]) == ([], [])


ONE_CLOCK = """
from redeploy_conformance.emulator import control_parts
control_parts.PARTS = tuple(one for one in control_parts.PARTS if one != "clocks")
from redeploy_conformance.cli import main
main(["serve", "--port", "0"])
"""


def test_two_workers_take_turns_at_the_only_clock(redeploy: Command) -> None:
    """Neither turns it while the other one watches a redeploy."""
    process = subprocess.Popen(
        [sys.executable, "-c", ONE_CLOCK], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("serving on ").strip()
        words = ("-n", "2", "-k", "(test_tour or L1 or L2 or L12) and not Q")
        ran = redeploy("run", url, *words)
    finally:
        process.kill()
        process.communicate(timeout=10)
    assert ran.result is not None
    assert ran.result["findings"] == []
    assert ran.result["problems"] == []
    assert "clocks" not in ran.result["target"]["offers"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('raise ControlError(501, "Not here.")', "POST clocks is 501: Not here."),
        (
            'return 201, {"clock_id": self.world.add_clock()}',
            "POST clocks is not as its schema says",
        ),
        (
            'self.world.clocks["mine"] = self.world.clock\n        '
            'return 201, {"clock_id": "mine", "now": self.world.clock.now}',
            "turning a clock of one's own turns the common one",
        ),
    ],
)
def test_clocks_that_are_offered_and_do_not_work(
    redeploy: Command, tmp_path: Path, body: str, told: str
) -> None:
    (tmp_path / "mine.py").write_text(
        "from redeploy_conformance.emulator.app import Emulator, Parts\n"
        "from redeploy_conformance.emulator.control_parts import ControlError, ControlParts\n"
        "from redeploy_conformance.targets.asgi import DirectTransport\n\n\n"
        "class Clocks(ControlParts):\n"
        f"    def add_clock(self, asked):\n        {body}\n\n\n"
        "def make():\n"
        "    return DirectTransport(Emulator(parts=Parts(control=Clocks)).asgi)\n"
    )
    ran = redeploy("run", "mine:make", "-n", "2", *ONE)
    assert ran.code == 1, ran.said
    assert broken(ran) == {"S1"}
    assert ran.result is not None
    assert told in ran.result["findings"][0]["observed"]
    alone = redeploy("run", "mine:make", *ONE)
    assert alone.code == 3  # nobody needs further clocks there


def test_workers_that_reach_different_implementations(
    redeploy: Command, tmp_path: Path
) -> None:
    """As two hosts may where a name means another machine on each: no verdict is drawn of both."""
    answer = """
    import os
    if request.target.endswith("/v1/") and os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        found = json.loads(self.inner.send(request, timeout).body)
        found["implementation"]["version"] = "another"
        return HttpResponse(200, (), json.dumps(found).encode())
    """
    (tmp_path / "mine.py").write_text(wrapped(answer), "utf-8")
    ran = redeploy("run", "mine:make", "-n", "2", "--clause", "E1")
    assert ran.code == 5, ran.said
    said = " ".join(ran.said.split())
    assert "workers reached different implementations" in said


@pytest.mark.parametrize(
    "fault",
    [
        "security-lock-ignored",
        pytest.param("neighbour-stopped", marks=pytest.mark.long),
        pytest.param("task-id-reused", marks=pytest.mark.long),
    ],
)
def test_one_process_and_two_blame_the_same(redeploy: Command, fault: str) -> None:
    """At one server. Where accounts disturb each other, two may blame more: that is no trouble of
    theirs, and each sees the other's doing under whatever clause it was looking at."""
    words = ("-k", "test_tour or A3")
    ran = []
    for workers in ((), ("-n", "2")):
        with served("--fault", fault) as (url, _):
            ran.append(redeploy("run", url, *words, *workers))
    assert [one.code for one in ran] == [1, 1]
    assert broken(ran[0]) == broken(ran[1]) != set()

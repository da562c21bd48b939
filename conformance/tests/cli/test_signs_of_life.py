"""Who waits for a slow target, or one that hangs, is told so on stderr; a fast one is left alone."""

import math
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from redeploy_conformance.alive import PATIENCE, Alive
from redeploy_conformance.plugin.alive import case_of
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.targets.watched import Waiting, Watched
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import COMMAND, ONE, Command, answering, wrapped

CALL = HttpRequest("POST", "/?x=1", (("x-acs-action", "RedeployInstance"),), b"")
CONTROL = HttpRequest("POST", "/redeploy-control/v1/accounts", (), b"{}")


class Silent:
    """Answers nothing for so long as it is told to, then everything."""

    def __init__(self, silent: int) -> None:
        self.silent = silent
        self.asked = 0

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        self.asked += 1
        if self.asked <= self.silent:
            time.sleep(timeout)
            raise UnansweredError(f"no answer within {timeout:g} s")
        return HttpResponse(200, (), b"{}")

    def close(self) -> None:
        return


def test_what_never_answers_is_tried_twice_and_then_not_asked_again() -> None:
    inner = Silent(99)
    watched = Watched(inner, "/redeploy-control/v1")
    with pytest.raises(UnansweredError):
        watched.send(CALL, 0.01)
    for _ in range(3):
        with pytest.raises(UnreachableError, match="RedeployInstance never answered"):
            watched.send(CALL, 0.01)
    assert inner.asked == 2
    with pytest.raises(UnansweredError):  # another part is another matter
        watched.send(CONTROL, 0.01)


def test_who_answered_once_may_be_silent_later() -> None:
    watched = Watched(inner := Silent(1), "/redeploy-control/v1")
    with pytest.raises(UnansweredError):
        watched.send(CALL, 0.01)
    assert watched.send(CALL, 0.01).status == 200
    inner.silent, inner.asked = 99, 0
    for _ in range(4):
        with pytest.raises(UnansweredError):
            watched.send(CALL, 0.01)


def test_a_connection_that_breaks_at_once_is_no_waiting() -> None:
    class Breaks(Silent):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            raise UnansweredError("the connection broke")

    watched = Watched(Breaks(0), "/redeploy-control/v1")
    for _ in range(4):
        with pytest.raises(UnansweredError):
            watched.send(CALL, 30)


def test_a_long_wait_is_told_once_and_of_many_only_some() -> None:
    said: list[str] = []
    watched = Watched(Silent(0), "")
    alive = Alive(said.append, begun=0.0, transport=watched)
    watched.under_way[1] = Waiting("RedeployInstance", 0.0, 30.0)
    alive.look(PATIENCE)
    assert said == []
    for now in (9.0, 20.0, 29.0):
        alive.look(now)
    assert said == [
        "waiting for RedeployInstance: no answer for 9 s so far, given up after 30 s"
    ]
    for n in range(1, 100):  # each answer takes 20 s
        watched.under_way[1] = Waiting("RedeployInstance", n * 20.0, 30.0)
        for second in range(20):
            alive.look(n * 20.0 + second)
    assert 5 < len(said) < 25


def test_an_account_that_never_answers_is_waited_for_all_the_same() -> None:
    watched = Watched(inner := Silent(5), "", tries=math.inf)
    for _ in range(5):
        with pytest.raises(UnansweredError):
            watched.send(CALL, 0.01)
    assert (watched.send(CALL, 0.01).status, inner.asked) == (200, 6)


@pytest.mark.parametrize(
    ("often", "at"),
    [(True, [10, 30, 70, 130, 190, 250]), (False, [60, 180])],
)
def test_progress_is_told_more_and_more_rarely(often: bool, at: list[int]) -> None:
    said: list[str] = []
    alive = Alive(said.append, lambda: "half", often=often, begun=0.0)
    for now in range(300):
        alive.look(float(now))
    assert said == [f"{second} s: half" for second in at]


def test_progress_is_told_when_nothing_else_was_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    alive = Alive(said.append, lambda: "half", often=True, begun=0.0)
    for now in range(120):
        monkeypatch.setattr(time, "monotonic", lambda now=now: float(now))
        if now == 35:
            alive.tell("a case: done")
        alive.look(float(now))
    told = ["10 s: half", "30 s: half", "a case: done", "45 s: half", "65 s: half"]
    assert said == [*told, "105 s: half"]


def test_a_control_plane_that_hangs_ends_the_run_after_two_tries(
    redeploy: Command, module: Callable[[str], None], statement: Callable[[str], str]
) -> None:
    module(
        "import time\n"
        + wrapped(
            """
            if self.count > 1:
                time.sleep(timeout)
                raise UnansweredError(f"no answer within {timeout:g} s")
            """
        )
    )
    path = statement(
        '[endpoint]\nfactory = "mine:make"\n[bounds]\nanswer_seconds = 10\n'
    )
    begun = time.monotonic()
    ran = redeploy("run", path)
    assert ran.code == 4
    assert time.monotonic() - begun < 28  # three cases would wait for 30 s
    assert "waiting for the control plane: no answer for" in ran.err
    assert "waiting" not in ran.out
    assert ran.result is not None
    assert ran.result["sentence"] == (
        "Unreachable: the target stopped answering before anything was tested: the control "
        "plane's answer to POST accounts: no answer within 10 s."
    )
    assert "the control plane never answered, 2 requests of 10 s each" in {
        one["text"].rpartition(": ")[2] for one in ran.result["problems"]
    }


def test_discovery_that_hangs_is_told_before_it_is_given_up(
    redeploy: Command, statement: Callable[[str], str]
) -> None:
    def hang(_: bytes) -> bytes | None:
        time.sleep(11)
        return None

    with answering(hang) as url:
        path = statement(f'[endpoint]\nurl = "{url}"\n[bounds]\nanswer_seconds = 10\n')
        ran = redeploy("run", path, timeout=60)
    assert ran.code == 4
    first, last = ran.err.strip().splitlines()
    assert first.startswith("redeploy-conformance: waiting for discovery: no answer")
    assert last.endswith("no answer within 10 s")


def test_a_fast_target_hears_nothing(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    module(wrapped(""))
    assert redeploy("run", "mine:make", *ONE).err == ""


def test_an_offer_that_means_nothing_is_told(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    module(
        wrapped(
            """
            if request.method == "GET" and request.target.endswith("/v1/"):
                answer = self.inner.send(request, timeout)
                body = answer.body.replace(b'"inspect"', b'"inpsect"')
                return HttpResponse(200, answer.headers, body)
            """
        )
    )
    ran = redeploy("run", "mine:make", *ONE)
    assert ran.code == 3
    [line] = ran.err.splitlines()
    assert "offers 'inpsect' (did you mean 'inspect'?), passed over since" in line
    assert "accounts, principals, instances, events, outcomes, clock," in line
    dry = redeploy("run", "mine:make", "--dry-run", *ONE)
    assert line.removeprefix("redeploy-conformance: ") in dry.out


def test_on_a_terminal_a_slow_run_says_how_far_it_is(
    tmp_path: Path, module: Callable[[str], None]
) -> None:
    module("import time\n" + wrapped("time.sleep(4)"))
    ours, theirs = pty.openpty()
    words = ["run", "mine:make", "--case", "A1-unknown-id an id that never was"]
    process = subprocess.Popen(
        [COMMAND, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs
    )
    out, _ = process.communicate(timeout=60)
    os.set_blocking(ours, False)
    told = os.read(ours, 4096).decode()
    os.close(ours)
    os.close(theirs)
    assert "10 s: 0 of 1 case done, " in told
    assert ", now A1-unknown-id an id that never was" in told
    assert b"cases done" not in out


@pytest.mark.parametrize(
    ("nodeid", "case"),
    [
        (
            "suite/test_plan.py::test_clause[A9-accepted twice [1]]",
            "A9-accepted twice [1]",
        ),
        ("suite/test_walks.py::test_walks[3]", "walks 3"),
        ("suite/test_first_tour.py::test_tour", "tour"),
    ],
)
def test_what_is_under_way_is_named(nodeid: str, case: str) -> None:
    assert case_of(nodeid) == case


def test_tests_of_somebody_else_are_not_counted(tmp_path: Path) -> None:
    folder = tmp_path / "redeploy_mine"
    folder.mkdir()
    (folder / "test_mine.py").write_text("import time\ndef test_it(): time.sleep(11)\n")
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    words = ["-m", "pytest", "-q", str(folder)]
    subprocess.run(
        [sys.executable, *words], cwd=tmp_path, stderr=theirs, check=True, timeout=60
    )
    with pytest.raises(BlockingIOError):  # nothing was written
        os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)


NO_CLOCK = """
    if request.target == "/redeploy-control/v1/":
        found = json.loads(self.inner.send(request, timeout).body)
        found["offers"] = ["accounts", "instances"]
        return HttpResponse(200, (), json.dumps(found).encode())
"""
NOBODY = "A1-unknown-id an id that never was"


def test_who_must_wait_in_real_time_is_told_for_how_long(
    redeploy: Command, module: Callable[[str], None], statement: Callable[[str], str]
) -> None:
    module(wrapped(NO_CLOCK))
    ran = redeploy("run", "mine:make", "--case", NOBODY)
    assert ran.code == 3, ran.said
    assert (
        "offers no clock that can be turned: a redeploy is waited for up to 600 s (redeploy_seconds) "
        "and 60 s more for reads that are late (read_lag_seconds is not declared). "
        "Declare in a statement how long one takes at most; --dry-run adds it all up"
    ) in ran.err
    short = statement(
        '[implementation]\nname = "mine"\nversion = "1"\n[endpoint]\nfactory = "mine:make"\n'
        "[bounds]\nredeploy_seconds = 2\nread_lag_seconds = 0\n"
    )
    ran = redeploy("run", short, "--case", NOBODY)
    assert ran.code == 3, ran.said
    assert "waited for" not in ran.err

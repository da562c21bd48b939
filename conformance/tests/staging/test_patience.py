"""A slow or hanging target: what is waited for is told, and not too often."""

import contextlib
import os
import pty
import re
import threading
import time
from collections.abc import Callable

import pytest

from redeploy_conformance.staging.double import Weather
from redeploy_conformance.staging.requests import read
from redeploy_conformance.targets.base import Transport, UnansweredError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import ACCEPTS, MakeAccount, Watching
from .served import Served, statement_of, wait_for, written


class Asking(Watching):
    """Asks at every request what the run waits for."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.how_far: Callable[[], str] = str
        self.told: list[str] = []

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        self.told.append(self.how_far())
        return super().send(request, timeout)


def test_a_run_tells_how_far_it_is_and_which_instance_waits_for_what(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    (first, _) = account.shown()
    asking = Asking(account.transport())
    run = account.begin(account.settings(clauses=("L2",)), asking)
    asking.how_far = run.how_far
    with run.journal:
        plan = run.plan()
        assert set(asking.told) == {"looking which instances there are"}
        run.carry_out(plan)
        cases = sum(len(lane.cases) for lane in plan.lanes)
        words = re.compile(r"(\d+) of (\d+) cases? done, (\d+) requests?(, now )?(.*)")
        told = [words.fullmatch(one) for one in asking.told if " done, " in one]
        done = [int(one[1]) for one in told if one]
        assert (done[0], sorted(done)) == (0, done)
        assert {int(one[2]) for one in told if one} == {cases}
        requests = [int(one[3]) for one in told if one]
        assert (requests[0] < requests[-1], sorted(requests)) == (True, requests)
        waits = {one[5] for one in told if one}
        assert f"{first} (Stopping) to be Stopped" in waits
        assert f"{first} (Starting) for its redeploy to end" in waits
        assert run.how_far().startswith(f"{cases} of {cases} case")
        keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
        run.api.ask("StopInstance", [("InstanceId", first), *keep], account.wallet())
        run.restore()
    assert f"putting back, now {first} (Stopping)" in asking.told
    assert not [one for one in account.said if "now" in one]


def test_in_real_time_progress_and_an_answer_that_is_late_are_told(
    account: Served,
) -> None:
    """As by a run against an emulator: the same words, from the same place."""
    ours, theirs = pty.openpty()
    words = ["stage", statement_of(account), *account.limits(), "--clause", "L3"]
    process = account.start(*words, stderr=theirs)
    os.close(theirs)
    parts: list[bytes] = []

    def listen() -> None:
        with contextlib.suppress(OSError):  # how a terminal ends
            while part := os.read(ours, 4096):
                parts.append(part)

    listener = threading.Thread(target=listen)
    listener.start()
    wait_for(lambda: written(account.folder / "redeploy-conformance-journal.jsonl"))
    with account.double.world.lock:
        time.sleep(11)
    out, _ = process.communicate(timeout=60)
    listener.join(20)
    os.close(ours)
    told = b"".join(parts).decode()
    assert process.returncode == 3, out + told
    assert re.search(
        r"^waiting for \w+: no answer for \d+ s so far, given up after \d+ s\r$",
        told,
        re.M,
    ), told
    assert re.search(r"^\d+ s: 0 of \d+ cases? done, \d+ requests", told, re.M), told
    assert "waiting for" not in out


def test_a_service_that_is_ill_for_long_is_told_of(account_of: MakeAccount) -> None:
    account = account_of()

    class Ill(Watching):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            super().send(request, timeout)
            if read(request).action == "DescribeTasks":
                return HttpResponse(503, (), b"")
            raise UnansweredError("the connection broke")

    run = account.begin(transport=Ill(account.transport()))
    with run.journal:
        for action in ("DescribeTasks", "DescribeInstances"):
            with pytest.raises((UnansweredError, AssertionError)):
                assert run.api.call(action, [], account.wallet()).status == 200
    assert account.said == [
        "DescribeTasks: HTTP 503; asked again in 8 s",
        "DescribeInstances: no answer; asked again in 8 s",
    ]


def test_somebody_else_who_uses_up_the_rate_limit_is_told_of(
    account_of: MakeAccount,
) -> None:
    account = account_of(weather=Weather(refusals=1.0))
    run = account.begin()
    own = (("RegionId", "cn-hangzhou"), ("EventId.1", "e-1"))
    run.past.events["e-1"] = "i-1"
    with run.journal:
        run.api.call("CancelSimulatedSystemEvents", own, account.wallet())
    assert account.said == [
        f"CancelSimulatedSystemEvents: Throttling.User; asked again in {pause} s"
        for pause in (15, 60)
    ]


def test_a_pause_for_the_sake_of_the_rate_limit_is_told_of(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    run = account.begin(account.settings(share=0.002))
    first = next(iter(account.shown()))
    with run.journal:
        for _ in range(2):
            run.api.call("RedeployInstance", [("InstanceId", first)], account.wallet())
    assert account.said == [
        "waiting 60 s with the next call: more would not stay within the run's 0.002 of the "
        "rate limit"
    ]

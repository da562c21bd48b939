"""A slow or hanging target: what is waited for is told, and not too often."""

import threading

import pytest

from redeploy_conformance.staging.double import Weather
from redeploy_conformance.staging.patience import HeardTransport, Murmur
from redeploy_conformance.staging.requests import read
from redeploy_conformance.targets.base import UnansweredError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials, build_request

from .conftest import ACCEPTS, MakeAccount, Watching


def test_a_wait_is_told_after_ten_seconds_and_then_more_and_more_seldom() -> None:
    murmur = Murmur()
    told = [now for now in range(0, 200, 5) if murmur.due(float(now))]
    assert told == [10, 30, 70, 130, 190]
    murmur.spoken(200.0)
    assert [now for now in range(200, 240, 5) if murmur.due(float(now))] == [210, 230]


def test_an_answer_that_does_not_come_is_told_of_while_it_is_waited_for() -> None:
    heard = threading.Event()
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        heard.set()

    class Hanging:
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            assert heard.wait(20), "nobody said a word"
            raise UnansweredError("it hangs")

        def close(self) -> None:
            pass

    key = Credentials("id", "secret")
    request = build_request([], action="DescribeTasks", credentials=key, host="h")
    with pytest.raises(UnansweredError):
        HeardTransport(Hanging(), tell, after=0.01).send(request, 30.0)
    assert told[0] == (
        "waiting for an answer to DescribeTasks: 0.01 s by now, 30 s at most"
    )


def test_a_quick_answer_is_not_told_of(account_of: MakeAccount) -> None:
    account = account_of(settings=ACCEPTS)
    told: list[str] = []
    heard = HeardTransport(account.transport(), told.append)
    before = set(threading.enumerate())
    run = account.begin(account.settings(clauses=("A1",)), heard)
    with run.journal:
        run.carry_out(run.plan())
    assert told == []
    for one in set(threading.enumerate()) - before:
        one.join(timeout=5)
        assert not one.is_alive()


def test_a_run_tells_which_instance_waits_for_what(account_of: MakeAccount) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    (first, _) = account.shown()
    run = account.begin(account.settings(clauses=("L2",)))
    with run.journal:
        run.carry_out(run.plan())
        assert f"waiting: {first} (Stopping) to be Stopped" in account.said
        assert f"waiting: {first} (Starting) for its redeploy to end" in account.said
        account.said.clear()
        keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
        run.api.ask("StopInstance", [("InstanceId", first), *keep], account.wallet())
        run.restore()
    assert f"waiting to put back: {first} (Stopping)" in account.said


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

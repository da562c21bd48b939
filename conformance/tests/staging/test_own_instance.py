"""The instance that a run made: it is gone when looks say so, and is waited for while it cannot go."""

import json
from collections.abc import Callable

import pytest

from redeploy_conformance.staging.double import TurnedClock
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.settings import RUN_TAG
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import ACCEPTS, Account, MakeAccount, Watching

LATER = "2027-03-01T00:00:00Z"
LAUNCH = {"InstanceType": "ecs.g6.large", "ImageId": "img"}


class Keeping(Watching):
    """Answers DeleteInstance as it likes for as long as it ``keeps``, and deletes nothing then."""

    keeps: Callable[[], bool] = lambda self: True
    status = 200
    body: dict[str, str]

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        if read(request).action != "DeleteInstance" or not self.keeps():
            return super().send(request, timeout)
        answer = json.dumps({"RequestId": "r", **self.body}).encode()
        return HttpResponse(self.status, (), answer)


def keeping(account: Account, status: int = 200, code: str = "") -> Keeping:
    made = Keeping(account.transport())
    made.status, made.body = status, {"Code": code} if code else {}
    return made


def launched(run: Staging) -> str:
    """Let a run make an instance, and return its id."""
    params = [("RegionId", "cn-hangzhou"), ("Amount", "1")]
    params += [("InstanceChargeType", "PostPaid"), ("AutoReleaseTime", LATER)]
    params += [("Tag.1.Key", RUN_TAG), ("Tag.1.Value", run.past.run)]
    made = run.api.ask("RunInstances", params, run.wallet())
    (instance,) = made["InstanceIdSets"]["InstanceIdSet"]
    return str(instance)


def test_it_is_gone_when_a_look_shows_it_and_not_when_that_is_answered(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    run = account.begin(account.settings(launch=LAUNCH), keeping(account))
    with run.journal:
        made = launched(run)
        left = f"{made}, which the run made, is there still: that it is deleted was answered"
        assert run.restore() == [left]
    again = account.go_on(judging=False)
    with again.journal:
        assert again.restore() == []
    assert account.shown() == before


@pytest.mark.parametrize("redeployed", [True, False])
def test_it_is_deleted_as_soon_as_that_is_possible(
    account_of: MakeAccount, redeployed: bool
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    transport = keeping(account, 403, "IncorrectInstanceStatus")
    run = account.begin(account.settings(launch=LAUNCH), transport)
    with run.journal:
        one = account.double.account.instances[launched(run)]
        if redeployed:  # it passes through Stopped
            one.place("Running")
            params = [("InstanceId", one.instance_id)]
            run.api.ask("RedeployInstance", params, run.wallet())
            transport.keeps = lambda: one.status != "Running"
        else:
            one.place("Starting")
            ready = account.clock.now() + 250.0
            transport.keeps = lambda: account.clock.now() < ready
        assert run.restore() == []
    assert account.shown() == before


@pytest.mark.parametrize("over", [True, False])
def test_one_that_is_not_listed_and_was_never_deleted_may_be_in_another_account(
    account_of: MakeAccount, over: bool
) -> None:
    account = account_of(settings=ACCEPTS)
    run = account.begin(account.settings(launch=LAUNCH))
    with run.journal:
        one = account.double.account.instances[launched(run)]
        account.double.world.release(one)
        account.clock.sleep(60 * 24 * 3600.0 if over else 600.0)
        left = run.restore()
    assert run.past.restored == over
    assert ["though the run did not delete it" in said for said in left] == [True][
        over:
    ]


@pytest.mark.parametrize("back", [0.0, 86_400.0])
def test_a_clock_that_was_set_back_is_not_waited_for(
    account_of: MakeAccount, monkeypatch: pytest.MonkeyPatch, back: float
) -> None:
    account = account_of(settings=ACCEPTS)
    lag = {"read_lag_seconds": 60.0}
    run = account.begin(account.settings(launch=LAUNCH, statement=lag))
    with run.journal:
        launched(run)
        params = [("RegionId", "cn-hangzhou"), ("NotBefore", LATER)]
        params += [("InstanceId.1", next(iter(account.shown())))]
        params += [("EventType", "SystemMaintenance.Reboot")]
        run.api.ask("CreateSimulatedSystemEvents", params, run.wallet())
    wall = TurnedClock.wall
    monkeypatch.setattr(TurnedClock, "wall", lambda clock: wall(clock) - back)
    begun = account.clock.now()
    again = account.go_on(judging=False)
    with again.journal:
        assert again.restore() == []
    assert account.clock.now() - begun < 300.0

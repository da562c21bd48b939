"""What was just made is not listed yet: nothing is overlooked, left behind or made twice for that."""

from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Event, Instance, Principal
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.double import BAD_GATEWAY
from redeploy_conformance.staging.fence import STABLE
from redeploy_conformance.staging.requests import read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import ACCEPTS, Account, Deaf, MakeAccount, Watching

LATE = 60.0
LAUNCH = {"InstanceType": "ecs.g6.large", "ImageId": "img"}


class Behind(Observations):
    """Shows for a while that an event is open, when it is not any more."""

    def show_event(self, event: Event) -> dict[str, object]:
        shown = super().show_event(event)
        if event.finished is not None and event.finished > self.world.clock.now - LATE:
            shown["EventCycleStatus"] = {"Code": 24, "Name": "Scheduled"}
        return shown


class Hiding(Observations):
    """Lists what there is with a delay."""

    def instances(self, call: Call, principal: Principal) -> dict[str, object]:
        found: dict[str, Any] = dict(super().instances(call, principal))
        rows = found["Instances"]["Instance"]
        held, before = principal.account.instances, self.world.clock.now - LATE
        shown = [row for row in rows if held[row["InstanceId"]].created <= before]
        return {
            **found,
            "Instances": {"Instance": shown},
            "TotalCount": len(shown),
        }

    def events(self, call: Call, principal: Principal) -> dict[str, object]:
        found: dict[str, Any] = dict(super().events(call, principal))
        rows = found["InstanceSystemEventSet"]["InstanceSystemEventType"]
        before = self.world.clock.now - LATE
        shown = [
            row
            for row in rows
            for event in [
                self.world.instances[row["InstanceId"]].events[row["EventId"]]
            ]
            if event.published <= before
        ]
        return {
            **found,
            "InstanceSystemEventSet": {"InstanceSystemEventType": shown},
            "TotalCount": len(shown),
        }


@pytest.fixture
def account(account_of: MakeAccount) -> Account:
    made = account_of(count=1, settings=ACCEPTS, parts=Parts(observations=Hiding))
    made.clock.sleep(1000.0)
    return made


def killed_after(account: Account, action: str, *, lost: bool) -> None:
    """Make something, and die before anybody looks."""
    deaf = Deaf(account.transport())
    deaf.actions = (action,) if lost else ()
    lag = {"read_lag_seconds": LATE}
    wanted = account.settings(launch=LAUNCH, clauses=("A15",), statement=lag)
    run = account.begin(wanted, deaf)
    first = next(iter(account.shown()))
    later = "2027-03-01T00:00:00Z"
    params = [("RegionId", "cn-hangzhou")]
    if action == "RunInstances":
        params += [("Amount", "1"), ("InstanceChargeType", "PostPaid")]
        params += [("AutoReleaseTime", later), ("Tag.1.Value", run.past.run)]
        params += [("Tag.1.Key", "redeploy-conformance-run")]
    else:
        params += [("InstanceId.1", first), ("NotBefore", later)]
        params += [("EventType", "SystemMaintenance.Reboot")]
    with run.journal:
        if lost:
            with pytest.raises(SetUpError):
                run.api.ask(action, params, account.wallet())
        else:
            run.api.ask(action, params, account.wallet())


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("action", ["RunInstances", "CreateSimulatedSystemEvents"])
def test_what_was_just_made_is_found_and_put_back(
    account: Account, action: str, lost: bool
) -> None:
    before = account.shown()
    killed_after(account, action, lost=lost)
    assert account.shown() != before
    run = account.go_on(judging=False)
    with run.journal:
        assert run.restore() == []
    assert account.shown() == before


def test_no_second_instance_is_made_while_the_first_may_not_be_listed_yet(
    account: Account,
) -> None:
    before = account.shown()
    killed_after(account, "RunInstances", lost=True)
    watching = Watching(account.transport())
    run = account.go_on(watching)
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
    actions = [read(one).action for one in watching.requests]
    assert "RunInstances" not in actions
    assert {one.name for one in run.past.reports if not one.problem} >= {"A15-launched"}
    assert account.shown() == before


def test_a_simulated_event_is_waited_for_until_it_is_listed(account: Account) -> None:
    before = account.shown()
    lag = {"read_lag_seconds": LATE}
    run = account.begin(account.settings(clauses=("E4",), statement=lag))
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    assert (result.findings, result.problems) == ((), ())
    assert "E4" in {one.id for one in result.clauses if one.verdict == "pass"}
    assert account.shown() == before


class Gateway(Watching):
    """Shows a web page in place of the answer to the first simulated event, which is made."""

    shown = False

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = super().send(request, timeout)
        if self.shown or read(request).action != "CreateSimulatedSystemEvents":
            return answer
        self.shown = True
        return BAD_GATEWAY


def test_a_simulated_event_behind_the_page_of_a_gateway_is_waited_for_too(
    account: Account,
) -> None:
    lag = {"read_lag_seconds": LATE}
    settings = account.settings(clauses=("E4",), statement=lag)
    run = account.begin(settings, Gateway(account.transport()))
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    assert (result.findings, result.problems) == ((), ())


def test_an_event_of_the_run_that_seems_open_still_is_not_taken_for_somebodys(
    account_of: MakeAccount,
) -> None:
    quick = replace(ACCEPTS, stopping_seconds=1.0, stopped_seconds=1.0)
    account = account_of(count=1, settings=quick, parts=Parts(observations=Behind))
    lag = {"read_lag_seconds": LATE}
    settings = account.settings(clauses=("E4",), statement=lag, events_are_real=True)
    run = account.begin(settings)
    with run.journal:
        run.carry_out(run.plan())
        result = run.result([], complete=True)
    assert (result.findings, result.problems) == ((), ())


class EndsLate(Observations):
    """Shows at once that an instance begins to move, and with a delay that it is there."""

    def show_instance(self, instance: Instance) -> dict[str, object]:
        row, before = super().show_instance(instance), self.world.clock.now - LATE + 1.0
        if row["Status"] in STABLE:
            row["Status"] = instance.status_at(before)
        return row


def test_the_end_of_a_stop_or_a_start_may_be_seen_late(account_of: MakeAccount) -> None:
    slow = replace(ACCEPTS, stopping_seconds=118.0, starting_seconds=118.0)
    account = account_of(settings=slow, parts=Parts(observations=EndsLate))
    account.clock.sleep(1000.0)
    before = account.shown()
    said = {"read_lag_seconds": LATE, "redeploy_seconds": 600.0}
    run = account.begin(account.settings(clauses=("E4", "L12"), statement=said))
    with run.journal:
        plan, begun = run.plan(), account.clock.now()
        run.carry_out(plan)
        assert run.restore() == []
        took = account.clock.now() - begun
        result = run.result([], complete=True)
    assert (result.findings, result.problems) == ((), ())
    assert took <= plan.seconds
    assert account.shown() == before

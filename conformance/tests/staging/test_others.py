"""Somebody else acts on the account meanwhile."""

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.settings import RUN_TAG
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import ACCEPTS, LONG, Deaf, MakeAccount, Watching, with_events


class Meanwhile(Watching):
    """Lets something happen before the first request of an operation."""

    action = "RedeployInstance"
    happens: Callable[[], None] | None = None

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        if read(request).action == self.action and self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return super().send(request, timeout)


def test_an_instance_that_somebody_is_starting_is_not_taken(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=LONG)
    watching = Meanwhile(account.transport())
    one = next(iter(account.double.account.instances.values()))

    def reboot() -> None:
        one.place("Starting")

    watching.action = "DescribeInstances"
    run = account.begin(account.settings(clauses=("A1",)), watching)
    plan = run.plan()
    watching.happens = reboot
    with run.journal:
        run.carry_out(plan)
        result = run.result([], complete=True)
    assert result.findings == ()
    assert [x.text for x in result.problems] == [
        f"{one.instance_id} is Starting by itself"
    ]


def test_what_no_request_of_the_run_moved_is_left_alone(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=LONG)
    watching = Watching(account.transport())
    run = account.begin(account.settings(clauses=("U4",)), watching)
    one = next(iter(account.double.account.instances.values()))
    with run.journal:
        run.carry_out(run.plan())
        one.place("Stopped")  # its owner does, after the last look
        assert run.restore() == []
    assert one.status == "Stopped"
    assert run.leftovers.alone
    assert any("is left alone" in said for said in account.said)
    assert "StartInstance" not in [read(asked).action for asked in watching.requests]


@pytest.mark.parametrize(
    ("kind", "simulated", "blamed"),
    [
        ("SystemFailure.Reboot", False, set()),
        ("SystemMaintenance.Stop", False, set()),
        ("SystemFailure.Reboot", True, {"A8"}),
        ("SystemFailure.Redeploy", False, {"A8"}),  # the run's own may have closed it
        ("SystemMaintenance.Reboot", False, {"A8"}),
        (None, False, {"A8"}),
    ],
)
def test_an_event_by_which_the_provider_acts_at_once_explains_what_it_moved(
    account_of: MakeAccount, kind: str | None, simulated: bool, blamed: set[str]
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    watching = Meanwhile(account.transport())
    world = account.double.world
    one = next(iter(account.double.account.instances.values()))

    def restarted() -> None:
        one.place("Starting")
        if kind is not None:
            event = world.add_event(one, kind, "Executed")
            event.simulated = simulated

    watching.action, watching.happens = "RedeployInstance", restarted
    wanted = account.settings(clauses=("A7",))
    run = account.begin(wanted, watching)
    with run.journal:
        run.carry_out(run.plan())
        one.place("Running")
        result = run.result(run.restore(), complete=True)
    assert {x.clause for x in result.findings} == blamed
    told = [x.text for x in result.problems]
    assert len(told) == (not blamed)
    assert all(f"the provider moved it meanwhile: {kind} Executed" in x for x in told)
    assert result.exit_code == (1 if blamed else 3)


def test_an_event_that_was_there_before_explains_nothing(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    watching = Meanwhile(account.transport())
    one = next(iter(account.double.account.instances.values()))
    account.double.world.add_event(one, "SystemFailure.Reboot", "Executed")
    watching.happens = lambda: one.place("Starting")
    run = account.begin(account.settings(clauses=("A7",)), watching)
    with run.journal:
        run.carry_out(run.plan())
        one.place("Running")
        result = run.result(run.restore(), complete=True)
    assert {x.clause for x in result.findings} == {"A8"}


@pytest.mark.parametrize("known", [True, False])
def test_what_somebody_made_like_the_runs_own_is_neither_deleted_nor_redeployed(
    account_of: MakeAccount, known: bool
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    deaf = Deaf(account.transport())
    deaf.actions = () if known else ("RunInstances",)
    launch = {"InstanceType": "ecs.g6.large", "ImageId": "img"}
    run = account.begin(account.settings(launch=launch, clauses=("A15",)), deaf)
    with run.journal:
        params = [("RegionId", "cn-hangzhou"), ("Amount", "1")]
        params += [("InstanceChargeType", "PostPaid")]
        params += [("AutoReleaseTime", "2027-03-01T00:00:00Z")]
        params += [("Tag.1.Key", RUN_TAG), ("Tag.1.Value", run.past.run)]
        with nullcontext() if known else pytest.raises(SetUpError):
            run.api.ask("RunInstances", params, account.wallet())
        made = list(account.double.account.instances.values())[-1]
        like = account.double.put("Running", dict(made.tags))
        with pytest.raises(SetUpError, match="neither named nor tagged"):
            run.api.ask(
                "RedeployInstance", [("InstanceId", like.instance_id)], run.wallet()
            )
        left = run.restore()
    there = account.double.account.instances
    assert like.instance_id in there
    # Where nobody knows which of two it is, both stay, and that is said.
    assert (made.instance_id in there) == (not known)
    assert len(left) == (0 if known else 2)
    assert all("is there still" in one for one in left)


def test_of_an_instance_that_was_released_the_way_out_is_named(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=LONG)
    world = account.double.world
    one = next(iter(account.double.account.instances.values()))
    run = account.begin()
    keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
    with run.journal:
        run.api.ask(
            "StopInstance", [("InstanceId", one.instance_id), *keep], run.wallet()
        )
        world.release(one)
        left = run.restore()
    assert left == [
        f"{one.instance_id} was Running: it is not listed, and does not come to be Running: "
        "if it was released, delete the journal when all else is put back"
    ]


def test_for_an_instance_that_was_released_no_case_after_the_next_waits(
    account_of: MakeAccount,
) -> None:
    """It may come to be listed again, but it is not waited for anew each time."""
    account = with_events(account_of(count=1))
    watching = Meanwhile(account.transport())
    one = next(iter(account.double.account.instances.values()))
    watching.action = "StopInstance"
    watching.happens = lambda: account.double.world.release(one)
    run = account.begin(account.settings(events_are_real=True), watching)
    with run.journal:
        run.carry_out(run.plan())
        result = run.result([], complete=True)
    [waited] = result.problems
    assert "it is not listed, and does not come to be Stopped" in waited.text
    gaps = {x.id: (x.reason, x.remedy) for x in result.clauses if x.verdict != "pass"}
    assert gaps["L12"] == (
        "its instance is not listed any more",
        "begin a run on another instance",
    )

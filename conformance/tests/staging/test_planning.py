"""The plan: what it counts is an upper bound, and who does what is dealt out evenly."""

from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Instance, Principal
from redeploy_conformance.staging.cases import StagingCase, calls, cases, redeploys
from redeploy_conformance.staging.finding import Found, NothingInsideError, inside
from redeploy_conformance.staging.plan_lines import plan_lines
from redeploy_conformance.staging.requests import read
from redeploy_schemas.contract import Contract

from .conftest import ACCEPTS, LISTED, LONG, Account, MakeAccount, Watching, moment


def cost(contract: Contract) -> dict[str, int]:
    return {one.name: redeploys(contract, one) for one in cases(contract, launch=False)}


def test_every_call_that_may_be_accepted_counts_as_a_redeploy(
    contract: Contract,
) -> None:
    costs = cost(contract)
    assert costs["A1-unknown-id"] == 0
    assert costs["A14-malformed ForceStop is a word"] == 0
    assert costs["U4-signature replayed nonce"] == 0
    assert costs["A14b-boolean-case ForceStop is True"] == 1
    assert costs["E4-simulated-event SystemMaintenance.Reboot"] == 1
    assert costs["L3-success-running from Running"] == 2
    assert costs["L12-concurrent-calls"] == 2


def test_no_case_is_a_burst_of_calls(contract: Contract) -> None:
    assert max(calls(one) for one in cases(contract, launch=True)) == 2


@pytest.mark.parametrize("settings", [LONG, ACCEPTS], ids=["refuses", "accepts"])
def test_no_run_costs_more_than_its_plan_said(
    account_of: MakeAccount, settings: object
) -> None:
    account = account_of(settings=settings)
    run = account.begin()
    with run.journal:
        plan = run.plan()
        before = account.clock.now()
        run.carry_out(plan)
        took = account.clock.now() - before
        assert run.restore() == []
    made = sum(one.redeploys for one in account.double.account.instances.values())
    assert made <= plan.redeploys
    assert took <= plan.seconds


def test_a_plan_only_looks(account_of: MakeAccount) -> None:
    account = account_of()
    watching = Watching(account.transport())
    run = account.begin(transport=watching)
    run.plan()
    run.journal.close()
    assert watching.requests
    assert not any(read(one).writes for one in watching.requests)


def test_all_that_carry_the_tag_are_found_however_short_pages_are(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=3)
    whole = account.double.operations["DescribeInstances"]

    def short(call: Call, principal: Principal) -> dict[str, object]:
        params = {**call.params, "PageSize": "1"}
        return whole(replace(call, params=params), principal)

    account.double.operations["DescribeInstances"] = short
    run = account.begin()
    plan = run.plan()
    run.journal.close()
    assert len(plan.lanes) == 3


def test_lanes_are_of_like_length(account_of: MakeAccount) -> None:
    account = account_of(count=3)
    run = account.begin()
    plan = run.plan()
    run.journal.close()
    lengths = [plan.lane_seconds(lane) for lane in plan.lanes]
    assert max(lengths) - min(lengths) <= 2 * 300.0 + 240.0


def test_instances_that_may_lose_local_disks_are_named(account_of: MakeAccount) -> None:
    account = account_of(count=1)
    first = next(iter(account.double.account.instances.values()))
    first.storage = "local"
    run = account.begin(account.settings(local_disks=True))
    plan = run.plan()
    run.journal.close()
    row = account.double.observations.show_instance(first)
    lines = plan_lines(plan, {first.instance_id: Found(row)})
    lost = f"  {first.instance_id}: there are local disks, and all data on them is lost"
    assert lost in lines


def test_minutes_are_rounded_up(account_of: MakeAccount) -> None:
    lines = planned(account_of(count=1), clauses=("A1",))
    assert lines[0] == "at most 0 redeploys of 1 instance, at most 1 minute"


def test_the_cases_that_stop_a_running_instance_by_force_are_named(
    account_of: MakeAccount,
) -> None:
    words = "  a redeploy with ForceStop may cut a running instance off like a power failure"
    (line,) = [one for one in planned(account_of()) if one.startswith(words)]
    assert sorted(line.partition("is lost: ")[2].split(", ")) == [
        "A14b-boolean-case ForceStop is True",
        "A14v-lenient-values ForceStop is 1",
        "L3-success-running from Running ForceStop true",
    ]
    assert not any(
        one.startswith(words) for one in planned(account_of(), clauses=("A1",))
    )


def test_each_case_is_dealt_out_once(account_of: MakeAccount) -> None:
    account = account_of(count=3)
    run = account.begin()
    plan = run.plan()
    run.journal.close()
    dealt: list[StagingCase] = [case for lane in plan.lanes for case in lane.cases]
    names = [one.name for one in dealt]
    assert len(names) == len(set(names))
    assert set(names) >= {one.name for one in cases(account.contract, launch=False)}


def planned(account: Account, **fields: object) -> list[str]:
    """Return the lines of a plan, which only looks."""
    account.journal.unlink(missing_ok=True)
    run = account.begin(account.settings(**fields))
    with run.journal:
        plan = run.plan()
        found = inside(run.reader, run.wallet, run.settings, run.contract, "")
        return plan_lines(plan, found)


def test_an_instance_that_is_found_in_an_odd_state_is_left_alone_and_named(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    first, second = list(account.double.account.instances.values())[:2]
    first.place("Starting")
    lines = planned(account)
    assert (
        f"  {first.instance_id}: it is Starting: only what is Running or Stopped "
        "is redeployed"
    ) in lines
    assert lines[0].startswith("at most 14 redeploys of 1 instance, ")
    second.storage = "local"
    with pytest.raises(NothingInsideError) as caught:
        planned(account)
    assert f"{first.instance_id}: it is Starting" in str(caught.value)
    assert f"{second.instance_id}: it has local disks" in str(caught.value)


@pytest.mark.parametrize("listed", [True, False])
def test_an_instance_that_somebody_has_redeployed_already_is_left_alone(
    account_of: MakeAccount, listed: bool
) -> None:
    account = account_of(settings=ACCEPTS)
    one = next(iter(account.double.account.instances.values()))
    run = account.begin()
    with run.journal:
        run.api.ask("RedeployInstance", [("InstanceId", one.instance_id)], run.wallet())
    account.clock.sleep(65.0)
    assert one.status == "Stopped"
    lines = planned(account, statement=LISTED if listed else {})
    [task] = account.double.account.tasks
    alone = f"  {one.instance_id}: somebody has it redeployed already ({task})"
    assert (alone in lines) == listed


def test_an_instance_that_is_stopped_and_not_billed_is_left_alone(
    account_of: MakeAccount,
) -> None:
    class Economical(Observations):
        """Stopped instances give up their place and are not billed."""

        def show_instance(self, instance: Instance) -> dict[str, object]:
            row = super().show_instance(instance)
            free = {"StoppedMode": "StopCharging"} if row["Status"] == "Stopped" else {}
            return {**row, **free}

    account = account_of(parts=Parts(observations=Economical))
    second = list(account.double.account.instances.values())[1]
    lines = planned(account)
    assert any(
        one.startswith(f"  {second.instance_id}: it is stopped in economical mode")
        for one in lines
    )
    assert lines[0].startswith("at most 14 redeploys of 1 instance, ")


def test_an_instance_that_the_provider_may_move_meanwhile_is_left_alone(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    first = next(iter(account.double.account.instances.values()))
    event = account.double.world.add_event(
        first, "SystemMaintenance.Reboot", "Scheduled"
    )
    event.not_before = "2027-01-15T08:30:00Z"  # half an hour from now on this clock
    lines = planned(account, minutes=60.0)
    assert (
        f"  {first.instance_id}: SystemMaintenance.Reboot Scheduled ({event.event_id}) "
        "may begin at 2027-01-15T08:30:00Z, while the run is under way: what moves then "
        "could not be told from what the run does"
    ) in lines
    lines = planned(account, minutes=5.0)
    assert (
        f"  {first.instance_id}: SystemMaintenance.Reboot Scheduled ({event.event_id}) "
        "may be answered by a redeploy and closed: that cannot be undone"
    ) in lines
    event.status = "Executing"
    assert (
        f"  {first.instance_id}: SystemMaintenance.Reboot Executing ({event.event_id}) "
        "is moving it already"
    ) in planned(account, minutes=5.0)


@pytest.mark.parametrize("status", ["Scheduled", "Inquiring"])
def test_an_event_whose_time_has_come_may_begin_at_any_moment_unless_it_waits_for_its_owner(
    account_of: MakeAccount, status: str
) -> None:
    account = account_of()
    first = next(iter(account.double.account.instances.values()))
    event = account.double.world.add_event(first, "SystemMaintenance.Redeploy", status)
    event.not_before = moment(account, -60.0)
    alone = (
        f"  {first.instance_id}: SystemMaintenance.Redeploy Scheduled ({event.event_id}) "
        "may begin at any moment, while the run is under way: what moves then could not be "
        "told from what the run does"
    )
    assert (alone in planned(account)) == (status == "Scheduled")


@pytest.mark.parametrize("storage", ["cloud", "local"])
def test_a_reboot_after_a_failure_is_under_way_where_no_redeploy_can_answer_it(
    account_of: MakeAccount, storage: str
) -> None:
    account = account_of()
    first = next(iter(account.double.account.instances.values()))
    first.storage = storage
    event = account.double.world.add_event(first, "SystemFailure.Reboot", "Executing")
    alone = (
        f"  {first.instance_id}: SystemFailure.Reboot Executing ({event.event_id}) "
        "is moving it already"
    )
    assert (alone in planned(account, local_disks=True)) == (storage == "cloud")


def test_an_instance_that_the_provider_is_about_to_release_is_left_alone(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    first = next(iter(account.double.account.instances.values()))
    first.lock_reasons = ("recycling",)
    assert (
        f"  {first.instance_id}: the provider is about to release it: it is locked (recycling)"
    ) in planned(account)


@pytest.mark.parametrize("others", [0, 1])
def test_what_is_locked_is_planned_to_stay_as_it_is(
    account_of: MakeAccount, others: int
) -> None:
    account = account_of(count=1 + others)
    first = next(iter(account.double.account.instances.values()))
    first.lock_reasons = ("financial",)
    run = account.begin()
    plan = run.plan()
    run.journal.close()
    [locked] = [lane for lane in plan.lanes if lane.instance == first.instance_id]
    assert {one.status for one in locked.cases} <= {None, "Running"}
    left = {one.name: str(why) for one, why in plan.left_out}
    assert ("L3-success-running from Stopped" in left) == (others == 0)
    assert all("is locked" in why for why in left.values())


def test_what_is_named_and_in_another_region_is_not_planned(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1)
    first = next(iter(account.double.account.instances.values()))
    shown = account.double.operations["DescribeInstances"]

    def elsewhere(call: Call, principal: Principal) -> dict[str, object]:
        answer: Any = shown(call, principal)
        for row in answer["Instances"]["Instance"]:
            row["RegionId"] = "cn-beijing"
        return dict(answer)

    account.double.operations["DescribeInstances"] = elsewhere
    run = account.begin(account.settings(instances=(first.instance_id,), tag=None))
    with pytest.raises(NothingInsideError, match="is not listed in cn-hangzhou"):
        run.plan()
    run.journal.close()

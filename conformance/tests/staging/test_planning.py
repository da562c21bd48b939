"""The plan: what it counts is an upper bound, and who does what is dealt out evenly."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.staging.cases import StagingCase, cases, redeploys
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.telling import plan_lines
from redeploy_schemas.contract import Contract

from .conftest import LONG, Account, Watching

MakeAccount = Callable[..., Account]
ACCEPTS = replace(LONG, no_event="accept", simulated_only="accept")


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
    rows = {first.instance_id: account.double.observations.show_instance(first)}
    lines = plan_lines(plan, rows)
    lost = f"  {first.instance_id}: there are local disks, and all data on them is lost"
    assert lost in lines


def test_each_case_is_dealt_out_once(account_of: MakeAccount) -> None:
    account = account_of(count=3)
    run = account.begin()
    plan = run.plan()
    run.journal.close()
    dealt: list[StagingCase] = [case for lane in plan.lanes for case in lane.cases]
    names = [one.name for one in dealt]
    assert len(names) == len(set(names))
    assert set(names) >= {one.name for one in cases(account.contract, launch=False)}

"""Odd implementations of what the page leaves open: no run may say a word against them."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.settings import ATTRIBUTES, Settings
from redeploy_conformance.emulator.signatures import read_moment
from redeploy_conformance.emulator.state import Instance, Principal
from redeploy_conformance.finding.investigate import perform, perform_case
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.planning.steps import (
    Case,
    Create,
    Look,
    Redeploy,
    Simulate,
)
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

Make = Callable[..., Bench]
DAY = 86_400.0


def cases(contract: Contract, word: str) -> list[Case]:
    """Return the planned cases with a word in their name."""
    found = [one for one in plan(contract) if word in name(contract, one)]
    assert found
    return found


class BootsAtOnce(Observations):
    """What RunInstances makes runs a moment after it was first listed."""

    def instances(self, call: Call, principal: Principal) -> dict[str, object]:
        shown = super().instances(call, principal)
        for one in principal.account.instances.values():
            one.status = "Running"
        return shown


class ListedLate(Observations):
    """What RunInstances makes runs at once, and is not listed until it was called."""

    def instances(self, call: Call, principal: Principal) -> dict[str, object]:
        BootsAtOnce(self.world, self.authority).instances(call, principal)
        return {**super().instances(call, principal), "Instances": {"Instance": []}}


@pytest.mark.parametrize("observations", [BootsAtOnce, ListedLate])
def test_what_was_launched_goes_on_by_itself_and_may_be_listed_late(
    bench_of: Make, contract: Contract, observations: type[Observations]
) -> None:
    emulator = Emulator(
        Settings(no_event="accept"), parts=replace(Parts(), observations=observations)
    )
    [case] = cases(contract, "A15-listed-id RunInstances")
    report, run = perform_case(bench_of(emulator), "it", case)
    assert (run.violations, run.problem, report.idle) == ([], None, ())


class OwnCode(Admission):
    """Turns a call without an event down with a code that no edition names."""

    def check_events(self, instance: Instance) -> ApiError | None:
        wrong = super().check_events(instance)
        return wrong and ApiError(409, "OperationDenied.NoSystemEvent", wrong.message)


def test_that_there_is_no_event_may_come_first_with_a_code_of_its_own(
    bench_of: Make, contract: Contract
) -> None:
    order = ("no-event", *(one for one in ATTRIBUTES if one != "no-event"))
    chosen: dict[str, Any] = {"precedence": order}
    emulator = Emulator(Settings(**chosen), parts=replace(Parts(), admission=OwnCode))
    bench, seen = bench_of(emulator), list[str]()
    for case in cases(contract, "no event"):
        run = perform(bench, case.steps, Ledger())
        assert (run.violations, run.problem) == ([], None)
        seen += [one.observed for one in run.done]
    assert sum("NoSystemEvent" in one for one in seen) == len(ATTRIBUTES) - 1


def test_a_code_that_is_no_reason_stays_wrong_where_there_is_no_event(
    bench_of: Make,
) -> None:
    class Untrue(Admission):
        def check_events(self, instance: Instance) -> ApiError | None:
            return ApiError(403, "DiskError", "") if instance.lock_reasons else None

    order = ("no-event", *(one for one in ATTRIBUTES if one != "no-event"))
    chosen: dict[str, Any] = {"precedence": order}
    emulator = Emulator(Settings(**chosen), parts=replace(Parts(), admission=Untrue))
    locked = Create("i1", (("lock_reasons", ("security",)),))
    run = perform(bench_of(emulator), (locked, Redeploy("i1")), Ledger())
    assert "A3" in {one.clause for one in run.violations}


def test_a_simulated_event_lies_ahead_of_a_clock_that_counts_from_1970(
    bench_of: Make,
) -> None:
    """And is far ahead of the wall clock, as after a run before on the same server."""
    emulator = Emulator()
    emulator.world.clock.now = time.time() + 10 * DAY
    make = emulator.operations["CreateSimulatedSystemEvents"]

    def by_its_clock(call: Call, principal: Principal) -> dict[str, object]:
        moment = read_moment(call.params["NotBefore"])
        assert moment is not None
        if moment <= emulator.world.clock.now + DAY:
            raise ApiError(403, "InvalidNotBefore.Passed", "")
        return make(call, principal)

    emulator.operations["CreateSimulatedSystemEvents"] = by_its_clock
    steps = (Create("i1"), Simulate("i1", "SystemMaintenance.Reboot"), Look())
    run = perform(bench_of(emulator), steps, Ledger())
    assert (run.violations, run.problem) == ([], None)

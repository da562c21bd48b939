"""What is wrong only beside much else is seen in the plan, without the luck of a walk."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.state import Flight, Instance
from redeploy_conformance.finding.investigate import perform_case
from redeploy_conformance.planning.planner import plan
from redeploy_conformance.planning.steps import Depth
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract


class ThreeReasons(Admission):
    """Accepts a call against which three preconditions speak."""

    def problem(self, instance: Instance) -> ApiError | None:
        against = (
            self.check_status(instance),
            self.check_locks(instance),
            self.check_billing(instance),
            self.check_tenancy(instance),
            self.check_disks(instance),
        )
        if sum(one is not None for one in against) >= 3:
            return None
        return super().problem(instance)


class AnotherEvent(Admission):
    """Accepts a second call for an event that was raised while the first is under way."""

    def in_flight(self, instance: Instance) -> bool:
        flight = instance.flight
        return flight is not None and all(
            one in flight.answered for one in self.answered_events(instance)
        )


class OneLock(Redeploys):
    """Leaves one lock of several when a redeploy fails."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        instance.lock_reasons = instance.lock_reasons[:1]


@pytest.mark.parametrize(
    ("parts", "clause"),
    [
        ({"admission": ThreeReasons}, "A2"),
        ({"admission": AnotherEvent}, "A2"),
        ({"redeploys": OneLock}, "L6"),
    ],
    ids=["three reasons", "another event", "one lock"],
)
def test_the_plan_shows_it(
    bench_of: Callable[..., Bench],
    contract: Contract,
    parts: dict[str, Any],
    clause: str,
) -> None:
    bench = bench_of(Emulator(parts=replace(Parts(), **parts)))
    cases = [
        one
        for one in plan(contract)
        if one.depth is Depth.PLAN and not one.burst and "clock" not in one.unless
    ]
    ran = (perform_case(bench, one.row, one)[1] for one in cases)
    first = next(run.violations[0] for run in ran if run.violations)
    assert first.clause == clause

"""Without a clock that can be turned, calls all the way meet a redeploy in each of its statuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.emulator.state import Flight, Instance
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import plan, possible
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

FAST = 25.0
"""How many times as fast as real time redeploys are, so that each takes a second."""


@pytest.fixture(scope="module")
def cases(contract: Contract) -> list[Case]:
    """Return the cases about it, and those of calls at once."""
    return [
        one for one in plan(contract) if "in real time" in one.row and not one.burst
    ]


@pytest.mark.parametrize(("no_event", "lag"), [("refuse", 0.0), ("accept", None)])
def test_they_accuse_nobody(
    bench_of: Callable[..., Bench],
    cases: list[Case],
    no_event: Literal["refuse", "accept"],
    lag: float | None,
) -> None:
    assert len(cases) == 4
    for case in cases:
        settings = Settings(no_event=no_event, event_in_flight="Executing")
        emulator = Emulator(settings, clock="real", time_scale=FAST)
        bench = bench_of(emulator, redeploy_seconds=3.0, read_lag_seconds=lag)
        doable = possible(case, bench.offer.parts)
        assert doable is not None
        steps = doable.steps if lag == 0.0 else doable.steps[:-1]  # not a minute more
        run = perform(bench, steps, Ledger())
        assert (run.violations, run.problem) == ([], None)


class Forgetful(Admission):
    """An admission that goes by the status alone, which is Stopped on the way, too."""

    def in_flight(self, instance: Instance) -> bool:
        return False


def test_one_accepted_on_the_way_is_seen(
    bench_of: Callable[..., Bench], cases: list[Case]
) -> None:
    parts = replace(Parts(), admission=Forgetful)
    emulator = Emulator(parts=parts, clock="real", time_scale=FAST)
    bench = bench_of(emulator, redeploy_seconds=3.0)
    assert perform(bench, cases[0].steps, Ledger()).violations


class Unlocked(Admission):
    """An admission that looks only before it begins: what came in between is not seen."""

    def check_status(self, instance: Instance) -> ApiError | None:
        return None


def test_two_accepted_at_once_are_seen(
    bench_of: Callable[..., Bench], cases: list[Case]
) -> None:
    emulator = Emulator(
        parts=replace(Parts(), admission=Unlocked), clock="real", time_scale=FAST
    )
    bench = bench_of(emulator, redeploy_seconds=3.0)
    [at_once, _] = [one for one in cases if one.clauses == ("L12",)]
    assert perform(bench, at_once.steps, Ledger()).violations
    ledger = Ledger()
    bench = bench_of(Emulator(clock="real", time_scale=FAST), redeploy_seconds=3.0)
    assert not perform(bench, at_once.steps, ledger).violations
    assert ledger.times("L12")


class Returning(Redeploys):
    """Redeploys at the end of which an instance is there again that was released meanwhile."""

    def finish(self, instance: Instance, flight: Flight) -> None:
        self.world.instances[instance.instance_id] = instance
        account = self.world.accounts[instance.account_id]
        account.instances[instance.instance_id] = instance
        super().finish(instance, flight)


def test_what_was_released_on_the_way_does_not_come_back(
    bench_of: Callable[..., Bench], contract: Contract
) -> None:
    row = "released during a redeploy"
    [steps] = [one.steps for one in plan(contract) if one.row == row]
    emulator = Emulator(
        parts=replace(Parts(), redeploys=Returning), clock="real", time_scale=FAST
    )
    bench = bench_of(emulator, redeploy_seconds=1.5)
    assert perform(bench, steps, Ledger()).violations
    bench = bench_of(Emulator(clock="real", time_scale=FAST), redeploy_seconds=1.5)
    assert not perform(bench, steps, Ledger()).violations

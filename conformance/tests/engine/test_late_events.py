"""An event list that is behind shows open what a redeploy has ended, also after the next call."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.bench import Bench
from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.emulator.state import Event
from redeploy_conformance.investigate import perform
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.session import Run
from redeploy_conformance.steps import Advance, Create, Look, Redeploy, Settle

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
SETTINGS = Settings(no_event="accept")
WHOLE = SETTINGS.stopping_seconds + SETTINGS.stopped_seconds + SETTINGS.starting_seconds


def emulator(late: float) -> Emulator:
    """Return one whose event list shows an end only some seconds after it."""
    ended: dict[str, tuple[float, str]] = {}

    class Closing(Redeploys):
        def close_event(self, event: Event) -> None:
            ended[event.event_id] = (event.clock.now, event.status)
            super().close_event(event)

    class Late(Observations):
        def show_event(self, event: Event) -> dict[str, Any]:
            at, before = ended.get(event.event_id, (-late, event.status))
            if event.clock.now >= at + late:
                return super().show_event(event)
            now, event.status = event.status, before
            try:
                return super().show_event(event)
            finally:
                event.status = now

    parts = replace(Parts(), redeploys=Closing, observations=Late)
    return Emulator(SETTINGS, parts=parts)


def two_lives(bench: Bench) -> tuple[Run, Ledger]:
    """Redeploy again as soon as the first redeploy is over, and look at once."""
    steps = (
        Create("i1", (), (REBOOT,), ending="succeed"),
        Redeploy("i1"),
        Advance(WHOLE),
        Look(),
        Redeploy("i1"),
        Look(),
        Settle(),
    )
    ledger = Ledger()
    return perform(bench, steps, ledger), ledger


@pytest.mark.parametrize("lag", [None, 8.0])
def test_it_accuses_nobody(bench_of: Callable[..., Bench], lag: float | None) -> None:
    run, ledger = two_lives(bench_of(emulator(5.0), read_lag_seconds=lag))
    assert (run.violations, run.problem) == ([], None)
    assert run.done[4].observed.startswith("200")
    assert "SystemMaintenance.Reboot Inquiring" in run.done[5].observed
    assert {word for clause, word in ledger.told if clause == "E1c"} <= {"Executed"}


@pytest.mark.parametrize(("late", "lag"), [(5.0, 0.0), (5000.0, 8.0), (5000.0, None)])
def test_one_that_is_too_late_breaks_e1(
    bench_of: Callable[..., Bench], late: float, lag: float | None
) -> None:
    """Where no read is late, the second call may as well have met a redeploy still under way (A2)."""
    run, _ = two_lives(bench_of(emulator(late), read_lag_seconds=lag))
    [found] = run.violations
    assert "E1" in (found.clause, *found.instead)

"""An event list that is behind shows open what a redeploy has ended, also after the next call."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.emulator.state import Event as Raised
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.sight import confirms, refined
from redeploy_conformance.judging.world import Echo, Event, World
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Redeploy,
    Script,
    Settle,
)
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run
from redeploy_schemas.contract import load

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
SETTINGS = Settings(no_event="accept")
WHOLE = SETTINGS.stopping_seconds + SETTINGS.stopped_seconds + SETTINGS.starting_seconds


def emulator(late: float) -> Emulator:
    """Return one whose event list shows an end only some seconds after it."""
    ended: dict[str, tuple[float, str]] = {}

    class Closing(Redeploys):
        def close_event(self, event: Raised) -> None:
            ended[event.event_id] = (event.clock.now, event.status)
            super().close_event(event)

    class Late(Observations):
        def show_event(self, event: Raised) -> dict[str, Any]:
            at, before = ended.get(event.event_id, (-late, event.status))
            if event.clock.now >= at + late:
                return super().show_event(event)
            with patch.object(event, "status", before):
                return super().show_event(event)

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


def test_nor_does_it_over_several_redeploys(bench_of: Callable[..., Bench]) -> None:
    """What a list may show of the first redeploy it may show after the third call, too."""
    again = (Redeploy("i1"), Advance(WHOLE), Look())
    steps = (
        Create("i1", (), (REBOOT,), ending="succeed"),
        *again,
        Script("i1", "succeed"),
        *again,
        *again,
        Settle(),
    )
    run = perform(bench_of(emulator(55.0), read_lag_seconds=None), steps, Ledger())
    assert (run.violations, run.problem) == ([], None)
    assert "SystemMaintenance.Reboot Inquiring" in run.done[10].observed


def test_what_is_shown_late_is_not_what_an_event_is() -> None:
    closed = Event("e-1", REBOOT[0], None)
    echo = Echo(frozenset({"Stopping"}), 100.0, frozenset({("e-1", REBOOT[1])}))
    world = World(events=(closed,), why=(("event e-1", "E1"),), echo=echo)

    def view(status: str) -> dict[str, Any]:
        return {"exists": True, "status": "Running", "events": {"e-1": ("x", status)}}

    assert refined(world, view(REBOOT[1])) == world
    assert list(confirms(load(), world, view(REBOOT[1]))) == []
    assert refined(world, view("Executed")).events[0].status == "Executed"
    assert ("E1", REBOOT[0]) in confirms(load(), world, view("Executed"))


@pytest.mark.parametrize(("late", "lag"), [(5.0, 0.0), (5000.0, 8.0), (5000.0, None)])
def test_one_that_is_too_late_breaks_e1(
    bench_of: Callable[..., Bench], late: float, lag: float | None
) -> None:
    """Where no read is late, the second call may as well have met a redeploy still under way (A2)."""
    run, _ = two_lives(bench_of(emulator(late), read_lag_seconds=lag))
    [found] = run.violations
    assert "E1" in (found.clause, *found.instead)

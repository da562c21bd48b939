"""What an implementation may do with events that are closed, and with those raised during a redeploy."""

from collections.abc import Callable
from typing import Any

import pytest

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.control_parts import ControlParts
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.emulator.state import Event, Flight, Instance
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Raise,
    Redeploy,
    Settle,
    Step,
)
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

Make = Callable[..., Bench]
READY = ("SystemMaintenance.Reboot", "Inquiring")
HOUR = 3600.0


class LeavesTheHistory(Redeploys):
    """An event that a redeploy closed is in the history for an hour."""

    def close_event(self, event: Event) -> None:
        super().close_event(event)
        instance = self.world.instances[event.instance_id]

        def gone() -> None:
            instance.events.pop(event.event_id, None)

        event.clock.later(HOUR, gone)


class TakenUp(ControlParts):
    """An event that is raised during a redeploy is answered by it, and Executing until it ends."""

    def add_event(self, asked: Any, instance_id: str) -> Any:
        answer = super().add_event(asked, instance_id)
        instance = self._instance(instance_id)
        event, flight = instance.events[answer[1]["event_id"]], instance.flight
        if flight and Admission(self.world).respondable(instance, event):
            event.restore, event.status = event.status, "Executing"
            flight.answered = (*flight.answered, event)
        return answer


class AsTheGuestStops(Redeploys):
    """A redeploy answers what is open by the time that the guest has been stopped."""

    def step(self, instance: Instance, flight: Flight, number: int) -> None:
        if instance.flight is flight and number == 1:
            now = self.admission.answered_events(instance)
            more = [one for one in now if one not in flight.answered]
            flight.answered = (*flight.answered, *more)
        super().step(instance, flight, number)


NO_EVENT_FIRST = (
    "no-event",
    *("status", "lock_reasons", "billing", "tenancy", "disk_status"),
)
EARLY_AND_LATE: tuple[Step, ...] = (
    Create("i1", (), (READY,)),
    Redeploy("i1", force=True),
    Raise("i1", *READY),
    Advance(11.0),
    Look(),
    Raise("i1", *READY),
    Settle(),
    Advance(2 * HOUR),
    Look(),
)


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({}, Parts(redeploys=LeavesTheHistory)),
        ({"event_in_flight": "Executing"}, Parts(control=TakenUp)),
        (
            {"event_in_flight": "Executing", "precedence": NO_EVENT_FIRST},
            Parts(control=TakenUp),
        ),
        ({"raised_in_flight": "kept"}, Parts(redeploys=AsTheGuestStops)),
    ],
)
@pytest.mark.parametrize("lag", [0.0, 60.0])
def test_nobody_is_accused(
    contract: Contract, bench_of: Make, settings: Any, parts: Parts, lag: float
) -> None:
    chosen = Settings(**{"raised_in_flight": "closed", **settings})
    bench = bench_of(Emulator(chosen, parts=parts), read_lag_seconds=lag)
    cases = [one.steps for one in plan(contract) if _of_events(name(contract, one))]
    assert len(cases) > 10
    for steps in (*cases, EARLY_AND_LATE):
        run = perform(bench, steps, Ledger())
        assert (run.violations, run.problem) == ([], None)


def _of_events(label: str) -> bool:
    words = ("a day ago", "raised on the way", "successes", "five redeploys")
    return any(word in label for word in words)


@pytest.mark.parametrize("declared", ["kept", "closed"])
def test_who_declares_one_way_does_not_go_both(bench_of: Make, declared: str) -> None:
    emulator = Emulator(parts=Parts(redeploys=AsTheGuestStops))
    bench = bench_of(emulator, choices={"E1r": declared})
    run = perform(bench, EARLY_AND_LATE, Ledger())
    assert [one.clause for one in run.violations[:1]] == ["E1r"]


class LateAlone(Redeploys):
    """Of the events raised on the way the last one alone is closed, with the one that was answered."""

    def close_events(self, instance: Instance, flight: Flight) -> None:
        *_, last = instance.events.values()
        flight.answered = (*flight.answered, last)
        super().close_events(instance, flight)


class TakenUpForGood(TakenUp):
    """An event that was taken up goes on as Executing after a failure."""

    def add_event(self, asked: Any, instance_id: str) -> Any:
        answer = super().add_event(asked, instance_id)
        event = self._instance(instance_id).events[answer[1]["event_id"]]
        event.restore = None
        return answer


@pytest.mark.parametrize(
    ("parts", "ending", "clause"),
    [
        (Parts(redeploys=LateAlone), "succeed", "E1"),
        (Parts(control=TakenUpForGood), "fail", "E6"),
    ],
)
def test_these_do_what_no_reading_allows(
    bench_of: Make, parts: Parts, ending: str, clause: str
) -> None:
    settings = Settings(raised_in_flight="kept", event_in_flight="Executing")
    raised = Raise("i1", *READY)
    steps = (Create("i1", (), (READY,), ending=ending), Redeploy("i1"), raised, raised)
    run = perform(
        bench_of(Emulator(settings, parts=parts)), (*steps, Settle()), Ledger()
    )
    assert {one.clause for one in run.violations[:1]} == {clause}


class Forgets(Redeploys):
    """An event that no redeploy answers leaves the history with the redeploy."""

    def close_event(self, event: Event) -> None:
        super().close_event(event)
        instance = self.world.instances[event.instance_id]
        for one in [*instance.events.values()]:
            if one.event_type == "SystemFailure.Stop":
                instance.events.pop(one.event_id)


def test_what_was_not_closed_stays(bench_of: Make) -> None:
    made = Create("i1", (), (READY, ("SystemFailure.Stop", "Scheduled")))
    bench = bench_of(Emulator(parts=Parts(redeploys=Forgets)))
    run = perform(bench, (made, Redeploy("i1"), Settle()), Ledger())
    assert [one.clause for one in run.violations] == ["E2"]

"""Implementations whose reads are late, or whose events go other ways: no run may say a word against them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar
from unittest.mock import patch

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.emulator.errors import internal_error
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Event, Instance, Principal
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Release,
    Settle,
    Step,
)
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run
from redeploy_schemas.contract import load

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
LATE = 3.0
"""Seconds by which reads are behind."""


class RowsLate(Observations):
    """Shows locks as they were a while ago, and instances for a while after they are gone."""

    def instances(self, call: Call, principal: Principal) -> dict[str, object]:
        held = principal.account.instances
        gone = [
            one
            for at, one in RowsOf.gone
            if one.clock.now < at + LATE
            and one.account_id == principal.account.account_id
        ]
        with patch.dict(held, {one.instance_id: one for one in gone}):
            return super().instances(call, principal)

    def show_instance(self, instance: Instance) -> dict[str, object]:
        at, before = RowsOf.locks.get(instance.instance_id, (-LATE, ()))
        if instance.clock.now >= at + LATE:
            return super().show_instance(instance)
        with patch.object(instance, "lock_reasons", before):
            return super().show_instance(instance)


class RowsOf(ControlParts):
    """Keeps what is gone and what was changed, for reads that are late."""

    gone: ClassVar[list[tuple[float, Instance]]] = []
    locks: ClassVar[dict[str, tuple[float, tuple[str, ...]]]] = {}

    def change_instance(self, asked: Any, instance_id: str) -> Reply:
        one = self.world.instances[instance_id]
        self.locks[instance_id] = (one.clock.now, one.lock_reasons)
        return super().change_instance(asked, instance_id)

    def release(self, asked: Any, instance_id: str) -> Reply:
        one = self.world.instances[instance_id]
        self.gone.append((one.clock.now, one))
        return super().release(asked, instance_id)


class EventsLate(Observations):
    """Lists an event only some time after it was raised."""

    def _wanted(self, call: Call) -> Callable[[Event], bool]:
        wanted = super()._wanted(call)
        return lambda event: wanted(event) and event.clock.now >= event.published + LATE


CHANGES: tuple[Step, ...] = (
    Create("i1", (), (REBOOT,), ending="succeed"),
    Create("i2", (), (REBOOT,)),
    Create("i3"),
    Redeploy("i1"),
    Patch("i2", (("lock_reasons", ("security",)),)),
    Redeploy("i2"),
    Look(),
    Patch("i2", (("lock_reasons", ()),)),
    Raise("i3", *REBOOT),
    Look(),
    Release("i3"),
    Redeploy("i3"),
    Look(),
    Settle(),
)


@pytest.mark.parametrize(
    "parts",
    [{"observations": RowsLate, "control": RowsOf}, {"observations": EventsLate}],
    ids=["rows", "events"],
)
@pytest.mark.parametrize("lag", [None, 5.0])
def test_what_was_changed_through_the_control_plane_may_show_late(
    bench_of: Callable[..., Bench], parts: dict[str, Any], lag: float | None
) -> None:
    emulator = Emulator(parts=replace(Parts(), **parts))
    run = perform(bench_of(emulator, read_lag_seconds=lag), CHANGES, Ledger())
    assert (run.violations, run.problem) == ([], None)
    assert len(run.done) == len(CHANGES)


class InspectedLate(ControlParts):
    """Shows all but the first instance of an account only some time after they were made."""

    def inspect(self, asked: Any) -> Reply:
        status, fields = super().inspect(asked)
        rows: Any = fields["instances"]
        made = self.world.instances
        first, *rest = rows
        old = [one for one in rest if _age(made[one["instance_id"]]) >= LATE]
        return status, {"instances": [first, *old]}


def _age(one: Instance) -> float:
    return one.clock.now - one.created


@pytest.mark.parametrize(("lag", "broken"), [(None, []), (0.0, ["S1"])])
def test_an_inspection_may_be_late_where_reads_are(
    bench_of: Callable[..., Bench], lag: float | None, broken: list[str]
) -> None:
    emulator = Emulator(parts=replace(Parts(), control=InspectedLate))
    steps = (Create("i1", (), (REBOOT,)), Create("i2"), Redeploy("i1"), Look())
    run = perform(bench_of(emulator, read_lag_seconds=lag), steps, Ledger())
    assert ([one.clause for one in run.violations], run.problem) == (broken, None)


class ChangesInspectedLate(ControlParts):
    """Inspection shows 30 s late what a PATCH changed that nothing else shows."""

    names = ("billing", "disk_status", "local_disk")

    @cached_property
    def before(self) -> list[tuple[str, float, dict[str, Any]]]:
        return []

    def change_instance(self, asked: Any, instance_id: str) -> Reply:
        one = self._instance(instance_id)
        was = {name: getattr(one, name) for name in self.names}
        answer = super().change_instance(asked, instance_id)
        self.before.append((instance_id, one.clock.now, was))
        return answer

    def look(self, instance: Instance) -> dict[str, Any]:
        shown: dict[str, Any] = super().look(instance)
        for one, changed, was in self.before:
            if one == instance.instance_id and instance.clock.now < changed + 30.0:
                return {**shown, **was}
        return shown


@pytest.mark.parametrize(
    "change", [("billing", "expired"), ("disk_status", "incorrect")]
)
def test_what_only_inspection_shows_of_a_change_may_show_late(
    bench_of: Callable[..., Bench], change: tuple[str, str]
) -> None:
    emulator = Emulator(parts=Parts(control=ChangesInspectedLate))
    steps = (Create("i1", (), (REBOOT,)), Patch("i1", (change,)), Look())
    steps += (Redeploy("i1"), Look())
    run = perform(bench_of(emulator, read_lag_seconds=None), steps, Ledger())
    assert (run.violations, run.problem) == ([], None)


@pytest.mark.parametrize("lag", [None, 0.0])
def test_what_was_told_of_an_instance_made_must_be_inspected_later(
    bench_of: Callable[..., Bench], lag: float | None
) -> None:
    emulator = FAULTS["only-one-instance-inspected"].build()
    steps = (Create("i1", (), (REBOOT,)), Create("i2"), Redeploy("i1"), Settle())
    run = perform(bench_of(emulator, read_lag_seconds=lag), steps, Ledger())
    assert ([one.clause for one in run.violations], run.problem) == (["S1"], None)
    assert "inspection leaves out" in run.violations[0].observed


class Tells(ControlParts):
    """Tells of instances made, or of the first alone, what inspection shows, or does not."""

    told = 0

    def add_instances(self, asked: Any) -> Reply:
        status, fields = super().add_instances(asked)
        rows: Any = fields["instances"]
        for row in rows[self.told :]:
            del row["inspect"]
        return status, fields


class TellsOfTheFirst(Tells):
    """Leaves it out of all rows but the first."""

    told = 1


@pytest.mark.parametrize(
    ("parts", "more"), [(ControlParts, 0), (Tells, 1), (TellsOfTheFirst, 1)]
)
def test_what_was_told_of_every_instance_made_is_not_asked_for(
    bench_of: Callable[..., Bench], parts: type[ControlParts], more: int
) -> None:
    emulator = Emulator(parts=replace(Parts(), control=parts))
    steps = (Create("i1", (), (REBOOT,)), Create("i2"), Redeploy("i1"), Settle())
    bench = bench_of(emulator, read_lag_seconds=0.0)
    before = bench.api.requests
    run = perform(bench, steps, Ledger())
    assert (run.violations, run.problem) == ([], None)
    # An account, two instances and two reads; a call; time, and three reads.
    assert bench.api.requests - before == 9 + more


def test_where_no_read_is_late_nothing_is_waited_for(
    bench_of: Callable[..., Bench],
) -> None:
    emulator = Emulator(parts=replace(Parts(), observations=EventsLate))
    steps = (Create("i1"), Raise("i1", *REBOOT), Look())
    run = perform(bench_of(emulator, read_lag_seconds=0.0), steps, Ledger())
    assert [one.clause for one in run.violations] == ["S1"]


class Forgetful(Redeploys):
    """Takes an event from the history when it is closed."""

    def close_event(self, event: Event) -> None:
        super().close_event(event)
        del self.world.events[event.event_id]
        del self.world.instances[event.instance_id].events[event.event_id]


def one_life(bench: Bench, ending: str = "succeed") -> tuple[Run, Ledger]:
    unlisted = ("SystemMaintenance.Stop", "Scheduled")
    made = Create("i1", (), (REBOOT, unlisted), ending=ending)
    steps = (made, Redeploy("i1"), Look(), Advance(12.0), Look(), Settle())
    ledger = Ledger()
    return perform(bench, steps, ledger), ledger


def test_an_event_that_was_closed_may_be_gone(bench_of: Callable[..., Bench]) -> None:
    """It has left the open statuses, and more the page does not say (E1)."""
    bench = bench_of(Emulator(parts=replace(Parts(), redeploys=Forgetful)))
    run, ledger = one_life(bench)
    assert (run.violations, run.problem) == ([], None)
    assert ledger.times("E1") > 1


class AllGone(Redeploys):
    """Takes every event from the history, whatever the end."""

    def finish(self, instance: Instance, flight: Any) -> None:
        super().finish(instance, flight)
        instance.events.clear()


@pytest.mark.parametrize(("ending", "clause"), [("succeed", "E2"), ("fail", "E6")])
def test_one_that_was_not_to_be_closed_may_not(
    bench_of: Callable[..., Bench], ending: str, clause: str
) -> None:
    bench = bench_of(Emulator(parts=replace(Parts(), redeploys=AllGone)))
    run, _ = one_life(bench, ending)
    assert [one.clause for one in run.violations] == [clause]


class Unreliable(RedeployCalls):
    """Answers every tenth call with an InternalError; the rate limit has counted it."""

    calls = 0

    def start(self, *asked: Any) -> dict[str, object]:
        self.calls += 1
        if self.calls % 10 == 0:
            raise internal_error()
        return super().start(*asked)


def test_calls_that_met_an_error_were_made_all_the_same(
    bench_of: Callable[..., Bench],
) -> None:
    """Whether they use quota is open (ruling on A12): throttled after them is no violation of Q1."""
    limit = load().quota_calls
    bench = bench_of(Emulator(parts=replace(Parts(), calls=Unreliable)))
    steps = (
        Create("i1", (), (REBOOT,), count=limit + 2),
        Redeploy("i1", count=limit + 2),
    )
    ledger = Ledger()
    run = perform(bench, steps, ledger)
    assert (run.violations, run.problem) == ([], None)
    assert run.done[-1].observed.count("Throttling") == 2
    assert not {clause for clause, _ in ledger.told} & {"Q3", "Q6r"}


class OneLookLate(Observations):
    """Shows for one look more what an instance was when its redeploy was accepted, however long that is."""

    def show_instance(self, instance: Instance) -> dict[str, object]:
        row = super().show_instance(instance)
        flight = instance.flight
        if flight is None or flight.task.task_id in self.shown:
            return row
        self.shown.add(flight.task.task_id)
        return {**row, "Status": flight.before}

    @cached_property
    def shown(self) -> set[str]:
        return set()


@pytest.mark.parametrize("origin", ["Running", "Stopped"])
def test_a_read_may_catch_up_though_no_time_has_passed(
    bench_of: Callable[..., Bench], origin: str
) -> None:
    made = Create("i1", (("status", origin),), (REBOOT,), ending="succeed")
    steps = (made, Redeploy("i1"), Look(), Look(), Look(), Settle())
    emulator = Emulator(parts=Parts(observations=OneLookLate))
    bench = bench_of(emulator, read_lag_seconds=None)
    run = perform(bench, steps, Ledger())
    assert (run.violations, run.problem) == ([], None)
    first, second = run.done[2].observed, run.done[3].observed
    assert (origin in first, origin in second) == (True, False)

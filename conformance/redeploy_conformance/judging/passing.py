"""The machine of the contract, its second half: what an instance may become in time.

How a redeploy goes on its way, and what it leaves when it has ended.
"""

from collections.abc import Iterator
from itertools import product

from msgspec.structs import replace

from redeploy_conformance.judging.guards import responds_to
from redeploy_conformance.judging.model import Call, Rules, begin
from redeploy_conformance.judging.world import (
    ANYTHING,
    Event,
    Flight,
    Known,
    Told,
    World,
    exactly,
    other_than,
)
from redeploy_schemas.contract import Contract, Transition
from redeploy_schemas.vocabulary import Ending, LocalDisk, Storage

SUCCEEDED = (
    ("status", "L3"),
    ("host", "L4"),
    ("cloud_data", "D2"),
    ("orderly_stops", "L11"),
    ("power_offs", "L11"),
)
"""What rests on which clause after a success."""
RENEWED = (("local_data", "D1"), ("local_disk", "D3"))
"""The same, where there are local disks."""
ANSWERED, SIMULATED, NOT_NOW, UNLISTED = "E1", "E4", "E3", "E2"
"""The clauses that events rest on after a success."""
OF_SUCCESS = frozenset(
    {*dict((*SUCCEEDED, *RENEWED)).values(), ANSWERED, SIMULATED, NOT_NOW, UNLISTED}
)
"""Clauses that only a redeploy shows which succeeds."""


def passed(
    contract: Contract, world: World, now: float, rules: Rules
) -> Iterator[World]:
    """Yield every world that this one may have become by ``now``."""
    starts = [world]
    if world.doubt is not None:
        call = Call(force=world.doubt.force, unclear=world.doubt.unclear)
        starts += begin(contract, world, call, now, rules)
    for start in starts:
        if start.flight is None:
            yield start
            continue
        flight = replace(start.flight, late=now >= start.flight.due)
        yield from _steps(contract, start, flight)
        yield from finish(contract, start, flight)


def _steps(contract: Contract, world: World, flight: Flight) -> Iterator[World]:
    row = contract.transition_from[flight.origin]
    if flight.at < 0:
        yield replace(world, flight=replace(flight, moved=True))
    if flight.ending is Ending.SUCCEED:
        for at in range(max(flight.at, 0), len(row.path)):
            yield replace(
                world,
                status=row.path[at],
                flight=replace(flight, at=at, moved=True),
                told=(),
            )
        return
    moved = replace(flight, at=max(flight.at, 0), moved=True)
    for status in sorted({*row.through, row.path[0], flight.origin}):
        yield replace(world, status=status, flight=moved, told=())
    if row.path[-1] != flight.origin:
        running = replace(moved, watched="yes")
        yield replace(world, status=row.path[-1], flight=running, told=())


def finish(contract: Contract, world: World, flight: Flight) -> Iterator[World]:
    """Yield the worlds in which this redeploy has ended (L3–L6, L11, E1–E7, D1–D3)."""
    row = contract.transition_from[flight.origin]
    landed = replace(world, flight=None, told=())
    if flight.ending is Ending.FAIL:
        elsewhere = row.path[-1] != flight.origin
        yield replace(
            landed,
            status=flight.origin,
            orderly_stops=ANYTHING,
            power_offs=ANYTHING,
            told=(("L8r", flight.watched),) if flight.watched and elsewhere else (),
            why=_why_failed(world),
        )
        return
    local = world.storage == Storage.LOCAL
    for (events, closing), (counts, stopping) in product(
        _closings(contract, world, flight), _stops(row, world, flight)
    ):
        yield replace(
            landed,
            status=row.path[-1],
            host=other_than(world.host),
            local_disk=LocalDisk.HEALTHY.value if local else world.local_disk,
            local_data=other_than(world.local_data) if local else world.local_data,
            orderly_stops=counts[0],
            power_offs=counts[1],
            events=events,
            why=_why_succeeded(contract, world, flight),
            told=(*closing, *stopping),
        )


def _why_failed(world: World) -> tuple[tuple[str, str], ...]:
    fields = ("status", "lock_reasons", "local_disk", "local_data", "disk_status")
    return (
        *((name, "L6") for name in fields),
        ("host", "L5"),
        *((f"event {one.id}", _since(world, one, "E6")) for one in world.events),
    )


def _why_succeeded(
    contract: Contract, world: World, flight: Flight
) -> tuple[tuple[str, str], ...]:
    return (
        *SUCCEEDED,
        *(RENEWED if world.storage == Storage.LOCAL else ()),
        *(
            (f"event {one.id}", _since(world, one, clause))
            for one in world.events
            if (clause := _event_clause(contract, world, one, flight)) is not None
        ),
    )


def _since(world: World, event: Event, clause: str) -> str:
    """Return the clause that an event rests on: that of what closed it, if nobody has looked since."""
    before = dict(world.why).get(f"event {event.id}")
    return before if event.status is None and before else clause


def _event_clause(
    contract: Contract, world: World, event: Event, flight: Flight
) -> str | None:
    """Return the clause that an event rests on after a success; none where that is open (E1r)."""
    if event.id in flight.answers:
        return ANSWERED
    if event.simulated:
        return SIMULATED
    if responds_to(contract, world, event):  # raised on the way
        return None
    row = contract.event_by_type.get(event.type)
    if row is not None and event.status in row.statuses:
        return NOT_NOW
    return UNLISTED


def _closings(
    contract: Contract, world: World, flight: Flight
) -> Iterator[tuple[tuple[Event, ...], tuple[Told, ...]]]:
    """Yield which events a success may close: all answered ones, or exactly one (E7).

    Of those raised on the way, each that came up to some moment, or none (E1r).
    """
    live = [event for event in world.events if responds_to(contract, world, event)]
    answered = [event.id for event in live if event.id in flight.answers]
    raised = [event.id for event in live if event.id not in flight.answers]
    groups: list[tuple[set[str], tuple[Told, ...]]] = [(set(answered), ())]
    if len(answered) > 1:
        groups = [(set(answered), (("E7", "all"),))]
        groups += [({one}, (("E7", "one"),)) for one in answered]
    late: list[tuple[set[str], tuple[Told, ...]]] = [(set(), ())]
    if raised:
        kept, closed = ("E1r", "kept"), ("E1r", "closed")
        late = [(set(), (kept,)), (set(raised), (closed,))]
        late += [(set(raised[:n]), (kept, closed)) for n in range(1, len(raised))]
    several = [
        (first | second, (*a, *b)) for (first, a), (second, b) in product(groups, late)
    ]
    if raised and len(live) > 1:  # where one alone is closed, it may be any of them
        alone = (("E7", "one"), ("E1r", "closed"))
        several += [({one}, alone) for one in (*answered, *raised)]
    for shut, told in several:
        events = tuple(
            replace(event, status=None) if event.id in shut else event
            for event in world.events
        )
        yield events, told


def _stops(
    row: Transition, world: World, flight: Flight
) -> Iterator[tuple[tuple[Known, Known], tuple[Told, ...]]]:
    """Yield how the guest may have been stopped on the way: in order, or powered off (L11)."""
    orderly, power = world.orderly_stops, world.power_offs
    if not row.guest_runs:
        yield (orderly, power), ()
        return
    silent = flight.force is None and not flight.unclear
    if flight.force is not True:
        told = (("L11a", "orderly"),) if silent else ()
        yield (_one_more(orderly), power), told
    if flight.force is not False:
        told = (("L11a", "power-off"),) if silent else ()
        yield (orderly, _one_more(power)), told


def _one_more(count: Known) -> Known:
    if count.other:
        return ANYTHING
    return exactly(*(value + 1 for value in count.values))

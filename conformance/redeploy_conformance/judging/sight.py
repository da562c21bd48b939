"""Sight: what a look at one world may show, and what it means that it does."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from redeploy_conformance.judging.guards import responds_to
from redeploy_conformance.judging.model import Rules
from redeploy_conformance.judging.world import (
    ANYTHING,
    TAKEN_UP,
    Event,
    Flight,
    Known,
    Told,
    World,
    exactly,
    in_words,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending, Storage

View: TypeAlias = Mapping[str, Any]
"""What a look at one instance showed: field to value; only what could be seen is in it.

``events`` maps event ids to (type, status); the other fields are named as in ``World``.
"""

PLAIN = ("exists", "tenancy", "lock_reasons", "billing", "disk_status", "storage")
ENDED = {Ending.SUCCEED: "success", Ending.FAIL: "failure"}
"""What a redeploy has ended in, in words."""
MARKS = ("host", "local_data", "cloud_data", "orderly_stops", "power_offs")


class Expectation(msgspec.Struct, frozen=True, gc=False):
    """What the contract lets a look show in one field, and the clause it rests on."""

    field: str
    known: Known
    clause: str


class Mismatch(msgspec.Struct, frozen=True, gc=False):
    """A field that shows what no clause allows."""

    field: str
    clause: str
    expected: str
    observed: str


def picture(contract: Contract, world: World, rules: Rules) -> Iterator[Expectation]:
    """Yield what a look at this world may show, field by field; status first."""
    why = dict(world.why)
    default = _unasked(world)
    yield Expectation("exists", exactly(world.exists), default)
    if not world.exists:
        return
    echo = world.echo.statuses if world.echo else ()
    known = exactly(_status(world), *sorted(echo))
    yield Expectation("status", known, _status_clause(contract, world))
    flight = world.flight
    for name in MARKS:
        known = ANYTHING if flight else getattr(world, name)
        yield Expectation(name, known, why.get(name, default))
    if world.storage == Storage.LOCAL and not flight:
        disk = exactly(world.local_disk)
        yield Expectation("local_disk", disk, why.get("local_disk", default))
    for name in PLAIN[1:]:
        known = exactly(getattr(world, name))
        yield Expectation(name, known, why.get(name, default))
    for event in world.events:
        known = _event_shows(contract, world, event, rules)
        clause = why.get(f"event {event.id}", default)
        yield Expectation(f"event {event.id}", known, clause)


def refined(world: World, view: View, *, ambiguous: bool = False) -> World:
    """Return the world with what the view shows in place of what was open.

    As long as it is ``ambiguous`` whether a redeploy has ended, its end remains to be confirmed.
    """
    if _echoes(world, view):
        return world
    if world.flight is not None:
        return replace(world, flight=_polled(world, world.flight), quiet=(), told=())
    if not view.get("exists", True):
        return replace(world, told=())
    events = tuple(
        replace(event, status=view["events"][event.id][1], closed=True)
        if event.status is None and event.id in view.get("events", {})
        else event
        for event in world.events
    )
    marks: dict[str, Any] = {
        name: exactly(view[name]) for name in MARKS if name in view
    }
    if ambiguous:
        # What closed an event would not be told any more when it has become certain (E1c).
        closing = tuple(
            ("E1c", now.status)
            for old, now in zip(world.events, events, strict=True)
            if old.status is None and now.status is not None
        )
        told = (*world.told, *closing)
        return replace(world, events=events, told=told, **marks)
    return replace(world, events=events, why=(), told=(), **marks)


def _polled(world: World, flight: Flight) -> Flight:
    """Note that a failing redeploy of a stopped instance was polled on its way (L8r)."""
    if flight.ending is Ending.FAIL and flight.moved and world.status != flight.origin:
        return replace(flight, watched=flight.watched or "no")
    return flight


def _unasked(world: World) -> str:
    """Return the clause that a change breaks which nobody asked for.

    After a redeploy and a rejected call alike, the redeploy has the more to answer for.
    """
    return world.quiet[0] if world.quiet and not world.why else "L9"


def _status(world: World) -> str:
    flight = world.flight
    return flight.origin if flight is not None and flight.at < 0 else world.status


def _status_clause(contract: Contract, world: World) -> str:
    flight = world.flight
    if flight is None:
        return dict(world.why).get("status", _unasked(world))
    if flight.at == 0 and not flight.moved:
        return contract.transition_from[flight.origin].first_clause
    return "L8"


def _event_shows(contract: Contract, world: World, event: Event, rules: Rules) -> Known:
    """Return the statuses in which an event may show (E1, E1c, E1x); None where it is not listed.

    One that was closed may be gone, at once or later: the page does not say that it is kept. One that is
    raised during a redeploy may be taken up by it (E1r), and then shows what an answered one does.
    """
    closed = (*contract.final_event_statuses, None)
    echoes = _echoed(world, event.id)
    if event.status is None:
        return exactly(*sorted(echoes), *closed)
    if event.closed:
        return exactly(*sorted({event.status, *echoes}), None)
    # When an answered event is closed is open (E1x).
    if world.flight is not None and (
        event.id in world.flight.answers
        or (_may_be_taken_up(rules) and responds_to(contract, world, event))
    ):
        shows = {event.status, *TAKEN_UP, *echoes}
        return exactly(*sorted(shows.difference(closed)), *closed)
    return exactly(*sorted({event.status, *echoes}))


def _may_be_taken_up(rules: Rules) -> bool:
    """Whether an event raised during a redeploy may show that by then: not where either is declared otherwise."""
    late = rules.lags or not rules.stepped  # the redeploy may have ended already
    moves = late or rules.declared.get("E1x") != "unchanged"
    return moves and rules.declared.get("E1r") != "kept"


def _echoes(world: World, view: View) -> bool:
    """Whether a view shows what only a redeploy before can explain (L8l)."""
    if world.echo is None:
        return False
    own = {event.id: event.status for event in world.events}
    return view.get("status") != _status(world) or any(
        own.get(event) != status and (event, status) in world.echo.events
        for event, (_, status) in view.get("events", {}).items()
    )


def _echoed(world: World, event: str) -> set[str]:
    """Return the open statuses that late reads may show of an event that a redeploy before ended."""
    every = world.echo.events if world.echo else ()
    return {status for id, status in every if id == event}


def by_field(view: View) -> dict[str, object]:
    """Return what a view shows by the field of an expectation."""
    events = view.get("events", {}).items()
    return {**view, **{f"event {event}": status for event, (_, status) in events}}


def _visible(view: View, field: str) -> bool:
    return ("events" if field.startswith("event ") else field) in view


def mismatches(
    contract: Contract,
    world: World,
    view: View,
    shown: Mapping[str, object],
    rules: Rules,
) -> tuple[Mismatch, ...]:
    """Return what speaks against a world; ``shown`` are the view's fields, each event its own."""
    wrong = [
        Mismatch(one.field, one.clause, str(one.known), in_words(shown.get(one.field)))
        for one in picture(contract, world, rules)
        if not one.known.admits(shown.get(one.field)) and _visible(view, one.field)
    ]
    if wrong and wrong[0].field == "exists":
        return tuple(wrong[:1])
    wrong += _of_other_events(world, view)
    if world.late:
        seen = f"still {view.get('status')}"
        if world.flight is not None and view.get("status") in ("Running", "Stopped"):
            # Not the status alone tells: the server and the events may say that it has not ended.
            seen += f", and otherwise not as after a redeploy that ended in {ENDED[world.flight.ending]}"
        wrong.append(Mismatch("status", "L7", rules.ended, seen))
    for clause, word in (*world.told, *tells(contract, world, view, rules)):
        if rules.declared.get(clause, word) != word and not _unsure(
            clause, word, rules
        ):
            wrong.append(Mismatch("choice", clause, rules.declared[clause], word))
    return tuple(wrong)


def _of_other_events(world: World, view: View) -> Iterator[Mismatch]:
    """Yield events that nobody raised, and those that are of another type than they were."""
    clause = _unasked(world)
    known = {event.id: event.type for event in world.events}
    for event_id, (kind, status) in view.get("events", {}).items():
        field = f"event {event_id}"
        if world.exists and event_id not in known:
            yield Mismatch(field, clause, "no such event", f"{kind} {status}")
        elif world.exists and kind != known[event_id]:
            yield Mismatch(f"type of {field}", clause, known[event_id], kind)


def _unsure(clause: str, word: str, rules: Rules) -> bool:
    """Whether a choice may only seem so, and speaks against no declaration.

    What polls did not see they may have missed (L8r); where the status is late, the server may be
    that of a redeploy that has ended (L4f), and an event that of one that has failed (E1x). In real
    time a redeploy may end after the status was read, and before the event and the server are.
    """
    late = {("L4f", "new"), ("L4f", "old"), ("E1x", "unchanged"), ("E1x", "closed")}
    torn = rules.lags or not rules.stepped
    return (clause, word) == ("L8r", "no") or (torn and (clause, word) in late)


def confirms(contract: Contract, world: World, view: View) -> Iterator[tuple[str, str]]:
    """Yield the clauses that a view confirms, in this world."""
    if _echoes(world, view):
        return
    flight = world.flight
    if flight is not None:
        row = contract.transition_from[flight.origin]
        if _status(world) == row.path[0]:
            yield row.first_clause, ""
        yield "L8", _status(world)
    for clause in world.quiet:
        yield clause, ""
    if flight is not None:
        return
    if world.why:
        yield "L7", ""
        yield "L8", _status(world)
    before = {f"event {event.id}": event for event in world.events}
    for field, clause in world.why:
        if _visible(view, field) and _decides(world, field):
            event = before.get(field)
            yield clause, event.type if event else ""


def _decides(world: World, field: str) -> bool:
    """Whether a field was known well enough for a look at it to confirm anything."""
    if field in MARKS:
        known: Known = getattr(world, field)
        return known != ANYTHING
    return True


def tells(contract: Contract, world: World, view: View, rules: Rules) -> Iterator[Told]:
    """Yield the choices that a view shows by itself (E1c, E1x, L4f).

    In real time what is as after the redeploy may come of one that ended since the status was read.
    """
    for event in world.events:
        _, status = view.get("events", {}).get(event.id, (None, None))
        if status is None:
            continue
        if event.status is None:
            if status in contract.final_event_statuses:
                yield "E1c", status
        elif world.flight is not None and event.id in world.flight.answers:
            moved = status != event.status
            # Either choice shows these.
            alike = ("Executing", rules.declared.get("E1x"))
            same = not moved and event.status in alike
            # Of several events one alone may be answered (E7), and the others wait.
            plain = len(world.flight.answers) == 1 and not same
            closed = status in contract.final_event_statuses
            over = rules.lags or not rules.stepped  # it may be, and be shown late
            if plain and not (closed and over):
                word = "closed" if closed else status
                yield "E1x", word if moved else "unchanged"
    if world.flight is not None and "host" in view and not world.host.other:
        old = world.host.admits(view["host"])
        if old or rules.stepped:
            yield "L4f", "old" if old else "new"

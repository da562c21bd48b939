"""Belief: the worlds that one instance may be in, and how a look at it narrows them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from redeploy_conformance.fitting import agreed
from redeploy_conformance.guards import responds_to
from redeploy_conformance.model import Rules
from redeploy_conformance.passing import passed
from redeploy_conformance.world import (
    ANYTHING,
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

Belief: TypeAlias = frozenset[World]
View: TypeAlias = Mapping[str, Any]
"""What a look at one instance showed: field to value; only what could be seen is in it.

``events`` maps event ids to (type, status); the other fields are named as in ``World``.
"""

PLAIN = ("exists", "tenancy", "lock_reasons", "billing", "disk_status", "storage")
MARKS = ("host", "local_data", "cloud_data", "orderly_stops", "power_offs")
TAKEN_UP = ("Executing", "Scheduled")
"""Open statuses that an answered event may show while the redeploy runs, besides its own (E1x)."""


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


class Narrowed(msgspec.Struct, frozen=True, gc=False):
    """What a look left: the worlds, what it confirmed, the choices it told, or what is wrong.

    With ``mismatches`` the belief is the nearest world, adjusted to what was seen, and ``instead`` are
    the clauses that are broken in their place if another world, just as near, is the true one. Where
    all worlds left are under way, ``ended`` are those in which the redeploy is over and the clauses in
    ``instead`` are broken.
    """

    belief: Belief
    held: tuple[tuple[str, str], ...] = ()
    told: tuple[Told, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    instead: tuple[str, ...] = ()
    ended: Belief = frozenset()


def in_time(contract: Contract, belief: Belief, now: float, rules: Rules) -> Belief:
    """Return what the worlds may have become by ``now``."""
    if any(one.echo for one in belief):
        belief = frozenset(_faded(one, now) for one in belief)
    resting = [one for one in belief if one.flight is None and one.doubt is None]
    moving = belief.difference(resting)
    moved = (later for one in moving for later in passed(contract, one, now, rules))
    return frozenset((*resting, *moved))


def narrow(
    contract: Contract, belief: Belief, view: View, now: float, rules: Rules
) -> Narrowed:
    """Return the worlds that a view leaves; if none, the smallest set of mismatches."""
    shown = _fields(view)
    judged = [
        (world, _mismatches(contract, world, view, shown, rules)) for world in belief
    ]
    fit = [world for world, wrong in judged if not wrong]
    stable = view.get("status") in contract.transition_from
    if not fit:
        world, wrong = min(judged, key=lambda one: _weight(one[0], one[1], stable))
        near = _weight(world, wrong, stable)[:2]
        clauses = {
            one.clause
            for other, several in judged
            if _weight(other, several, stable)[:2] == near
            for one in several
        }
        if any(map(_after_an_error, belief)):
            wrong = (replace(wrong[0], clause="A12"),)
        instead = tuple(sorted(clauses - {one.clause for one in wrong}))
        nearest = frozenset({refined(world, view)})
        return Narrowed(nearest, mismatches=wrong, instead=instead)
    ambiguous = any(world.in_flight for world in fit)
    left = frozenset(refined(world, view, ambiguous=ambiguous) for world in fit)
    if rules.lags:  # what was seen is the past: the present may be further on
        left = in_time(contract, frozenset(filter(_under_way, left)), now, rules) | (
            frozenset(world for world in left if not _under_way(world))
        )
    sure = not (stable and all(one.in_flight for one in fit))
    instead, ended = ((), frozenset[World]()) if sure else _had_it_ended(judged, view)
    return Narrowed(
        left,
        agreed(_held(contract, world, view) for world in fit),
        agreed((*world.told, *_shown(contract, world, view, rules)) for world in fit),
        instead=instead,
        ended=ended,
    )


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
        replace(event, status=view["events"][event.id][1])
        if event.status is None and event.id in view.get("events", {})
        else event
        for event in world.events
    )
    marks: dict[str, Any] = {
        name: exactly(view[name]) for name in MARKS if name in view
    }
    if ambiguous:
        return replace(world, events=events, **marks)
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

    One that was closed may be gone: the page does not say that it is kept.
    """
    closed = (*contract.final_event_statuses, None)
    if event.status is None:
        return exactly(*closed)
    if world.flight is None:
        return exactly(event.status)
    answered = event.id in world.flight.answers
    shows = {event.status, *TAKEN_UP} if answered else {event.status}
    # When an event is closed is open (E1x). Where the status may be late, the redeploy may be over
    # already, and one closed that was raised on the way (E1r).
    if answered or (rules.lags and responds_to(contract, world, event)):
        return exactly(*sorted(shows.difference(closed)), *closed)
    return exactly(event.status)


def _after_an_error(world: World) -> bool:
    """Whether an InternalError left it open what this world is (A12)."""
    return "A12" in world.quiet or (world.flight is not None and world.flight.unsure)


def _under_way(world: World) -> bool:
    return world.flight is not None and world.flight.moved


def _echoes(world: World, view: View) -> bool:
    """Whether a view shows a status that only a redeploy before can explain (L8l)."""
    return world.echo is not None and view.get("status") != _status(world)


def _faded(world: World, now: float) -> World:
    over = world.echo is not None and now >= world.echo.due
    return replace(world, echo=None) if over else world


def _fields(view: View) -> dict[str, object]:
    """Return what a view shows by the field of an expectation."""
    events = view.get("events", {}).items()
    return {**view, **{f"event {event}": status for event, (_, status) in events}}


def _visible(view: View, field: str) -> bool:
    return ("events" if field.startswith("event ") else field) in view


def _mismatches(
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
            seen += f", and otherwise not as after a redeploy that ended in {_in_word(world.flight)}"
        wrong.append(Mismatch("status", "L7", rules.ended, seen))
    for clause, word in (*world.told, *_shown(contract, world, view, rules)):
        if rules.declared.get(clause, word) != word and not _unsure(
            clause, word, rules
        ):
            wrong.append(Mismatch("choice", clause, rules.declared[clause], word))
    return tuple(wrong)


def _in_word(flight: Flight) -> str:
    return "success" if flight.ending is Ending.SUCCEED else "failure"


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
    that of a redeploy that has ended (L4f), and an event that of one that has failed (E1x).
    """
    late = {("L4f", "new"), ("L4f", "old"), ("E1x", "unchanged")}
    return (clause, word) == ("L8r", "no") or (rules.lags and (clause, word) in late)


def _weight(
    world: World, wrong: tuple[Mismatch, ...], stable: bool
) -> tuple[int, bool, int, bool, list[str]]:
    """Order explanations: fewest clauses broken; a stable status has ended, another has not.

    One clause may be broken by many fields at once, as by several events (E6). Of two the one that
    is only against a declaration is better than one against the page.
    """
    bound = not all(one.field == "choice" for one in wrong)
    clauses = [one.clause for one in wrong]
    many = len(set(clauses))
    return many, world.in_flight is stable, len(wrong), bound, clauses


def _had_it_ended(
    judged: Iterable[tuple[World, tuple[Mismatch, ...]]], view: View
) -> tuple[tuple[str, ...], Belief]:
    """Return the worlds nearest to a view in which the redeploy has ended, and what they break."""
    ended = [
        (world, {one.clause for one in several})
        for world, several in judged
        if not world.in_flight
    ]
    fewest = min((len(several) for _, several in ended), default=0)
    nearest = [one for one in ended if len(one[1]) == fewest]
    clauses = set[str]().union(*(several for _, several in nearest))
    worlds = frozenset(refined(world, view) for world, _ in nearest)
    return tuple(sorted(clauses)), worlds


def _held(contract: Contract, world: World, view: View) -> Iterator[tuple[str, str]]:
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


def _shown(
    contract: Contract, world: World, view: View, rules: Rules
) -> Iterator[Told]:
    """Yield the choices that a view shows by itself (E1c, E1x, L4f)."""
    for event in world.events:
        _, status = view.get("events", {}).get(event.id, (None, None))
        if status is None:
            continue
        if event.status is None:
            yield "E1c", status
        elif world.flight is not None and event.id in world.flight.answers:
            moved = status != event.status
            # Either choice shows these.
            alike = ("Executing", rules.declared.get("E1x"))
            same = not moved and event.status in alike
            # Of several events one alone may be answered (E7), and the others wait.
            plain = len(world.flight.answers) == 1 and not same
            closed = status in contract.final_event_statuses
            if plain and not (closed and rules.lags):  # it may be over, and shown late
                word = "closed" if closed else status
                yield "E1x", word if moved else "unchanged"
    if world.flight is not None and "host" in view and not world.host.other:
        yield "L4f", "old" if world.host.admits(view["host"]) else "new"

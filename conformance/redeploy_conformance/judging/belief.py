"""Belief: the worlds that one instance may be in, and how a look at it narrows them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from redeploy_conformance.judging.fitting import agreed
from redeploy_conformance.judging.model import Rules
from redeploy_conformance.judging.passing import finish, passed
from redeploy_conformance.judging.sight import (
    ENDED,
    Mismatch,
    View,
    by_field,
    confirms,
    mismatches,
    refined,
    tells,
)
from redeploy_conformance.judging.world import Told, World
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending

Belief: TypeAlias = frozenset[World]


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
    shown = by_field(view)
    judged = [
        (world, mismatches(contract, world, view, shown, rules)) for world in belief
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
        other = _ended_otherwise(contract, world, view, shown, rules)
        if other is not None:
            wrong = (other, *wrong)
            clauses.add("S1")
        if any(one.clause == "L9" for one in wrong):
            clauses.update(world.quiet)  # or what was turned down meanwhile did it
        instead = tuple(sorted(clauses - {one.clause for one in wrong}))
        nearest = frozenset({refined(world, view)})
        return Narrowed(nearest, mismatches=wrong, instead=instead)
    ambiguous = any(world.in_flight for world in fit)
    left = frozenset(refined(world, view, ambiguous=ambiguous) for world in fit)
    if rules.lags:  # what was seen is the past: the present may be further on
        left = in_time(contract, frozenset(filter(_under_way, left)), now, rules) | (
            frozenset(world for world in left if not _under_way(world))
        )
        left |= frozenset(_caught_up(contract, left))
    sure = not (stable and all(one.in_flight for one in fit))
    instead, ended = ((), frozenset[World]()) if sure else _had_it_ended(judged, view)
    return Narrowed(
        left,
        agreed(confirms(contract, world, view) for world in fit),
        agreed((*world.told, *tells(contract, world, view, rules)) for world in fit),
        instead=instead,
        ended=ended,
    )


def _ended_otherwise(
    contract: Contract,
    world: World,
    view: View,
    shown: Mapping[str, object],
    rules: Rules,
) -> Mismatch | None:
    """Return what is wrong where a redeploy ended, and not as the control plane was asked for."""
    flight = world.flight
    if flight is None or not (flight.late and flight.asked):
        return None
    [other] = set(Ending) - {flight.ending}
    ends = finish(contract, world, replace(flight, ending=other))
    if all(mismatches(contract, one, view, shown, rules) for one in ends):
        return None
    asked, came = ENDED[flight.ending], ENDED[other]
    return Mismatch("end", "L7", f"in {asked}, as was asked for", f"in {came}")


def _after_an_error(world: World) -> bool:
    """Whether an InternalError left it open what this world is (A12)."""
    return "A12" in world.quiet or (world.flight is not None and world.flight.unsure)


def _under_way(world: World) -> bool:
    return world.flight is not None and world.flight.moved


def latest(worlds: Iterable[World]) -> Belief:
    """Return worlds, of those that differ in when a redeploy must have ended only the latest.

    Where answers are lost, nobody knows which of many calls began it, and none is too slow by the first.
    """
    dues: dict[World, float] = {}
    for world in worlds:
        timeless = _due(world, 0.0)
        due = world.flight.due if world.flight else 0.0
        dues[timeless] = max(due, dues.get(timeless, due))
    return frozenset(_due(world, due) for world, due in dues.items())


def _due(world: World, due: float) -> World:
    flight = world.flight
    return world if flight is None else replace(world, flight=replace(flight, due=due))


def _caught_up(contract: Contract, worlds: Belief) -> Iterator[World]:
    """Yield what a look that comes next may show, though no time has passed since one that was late."""
    for world in worlds:
        flight = world.flight
        if flight is not None and flight.at < 0 and not flight.moved:
            [first, *_] = contract.transition_from[flight.origin].path
            yield replace(world, status=first, flight=replace(flight, at=0))


def _faded(world: World, now: float) -> World:
    over = world.echo is not None and now >= world.echo.due
    return replace(world, echo=None) if over else world


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

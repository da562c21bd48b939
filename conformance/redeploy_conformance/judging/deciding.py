"""What an acceptance or a rejection means for one instance: the outcomes that it may be."""

import msgspec
from msgspec.structs import replace

from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.choices import Whys, undeclared
from redeploy_conformance.judging.fitting import agreed, confirmed, fits
from redeploy_conformance.judging.guards import reasons
from redeploy_conformance.judging.model import Call, Rules, admissible
from redeploy_conformance.judging.replies import Reply
from redeploy_conformance.judging.world import TAKEN_UP, Echo, Told, World
from redeploy_schemas.contract import Contract


class Decided(msgspec.Struct, frozen=True):
    """What every outcome agrees on that an answer may be: what it confirms, and tells.

    ``worlds`` is empty where the answer is not admissible: then ``late`` says that it would be, had
    a redeploy not to be over by then (L7), and ``against`` holds the choices that would explain it.
    ``whys`` are what the worlds may violate that the call was made in, ``excused`` the codes of open
    reasons beside them; ``listed`` whether the instance exists in all of them.
    """

    worlds: Belief
    held: tuple[tuple[str, str], ...] = ()
    told: tuple[Told, ...] = ()
    whys: Whys = frozenset()
    excused: frozenset[str] = frozenset()
    listed: bool = False
    late: bool = False
    against: tuple[Told, ...] = ()


def decide(
    contract: Contract,
    before: Belief,
    call: Call,
    reply: Reply,
    now: float,
    rules: Rules,
) -> Decided:
    """Return what an answer to a call means that was made in one of these worlds."""
    pairs = [
        (world, outcome)
        for world in before
        for outcome in admissible(contract, world, call, now, rules)
        if fits(contract, world, call, outcome, reply)
    ]
    bound = [
        (world, one)
        for world, one in pairs
        if not world.late and not undeclared(rules.declared, one.told)
    ]
    if not bound:
        late = bool(pairs) and all(world.late for world, _ in pairs)
        against = next((one.told for world, one in pairs if not world.late), ())
        return Decided(frozenset(), late=late, against=against)
    why = [reasons(contract, world) for world, _ in bound]
    worlds = frozenset[World]().union(*(one.worlds for _, one in bound))
    if rules.lags and not any(world.flight for world, _ in bound):
        worlds = _echoing(contract, before, worlds)
    return Decided(
        worlds,
        agreed(confirmed(contract, one, reply) for _, one in bound),
        agreed(one.told for _, one in bound),
        frozenset(one.violated for one in why),
        frozenset(excuse.code for one in why for excuse in one.excuses),
        all(world.exists for world, _ in bound),
    )


def _echoing(contract: Contract, before: Belief, worlds: Belief) -> Belief:
    """Return the worlds with what late reads may still show of a redeploy that is over (L8l).

    That it is over the answer told, not a look: until then the worlds of a redeploy under way
    stand for reads that lag.
    """
    under_way = [(one, one.flight) for one in before if one.flight is not None]
    if not under_way:
        return worlds
    statuses = {one.status for one, _ in under_way}
    for _, flight in under_way:
        statuses |= {flight.origin} if flight.at < 0 else set()
        statuses |= {*contract.transition_from[flight.origin].path[max(flight.at, 0) :]}
    events = {
        (event.id, status)
        for one, flight in under_way
        for event in one.events
        if event.status in contract.open_event_statuses
        for status in (event.status, *(TAKEN_UP if event.id in flight.answers else ()))
    }
    before_that = (one.echo.events for one, _ in under_way if one.echo is not None)
    events.update(*before_that)
    due = max(flight.due for _, flight in under_way)
    echo = Echo(frozenset(statuses), due, frozenset(events))
    return frozenset(replace(one, echo=echo) for one in worlds)

"""The machine of the contract: what a call may be answered, and what may follow in time.

Two total, pure functions carry everything: ``admissible`` (one world, one call, the outcomes) and
``passed`` (one world, some time, the worlds it may have become).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import msgspec
from msgspec.structs import replace

from redeploy_conformance.guards import Reasons, reasons, responds_to
from redeploy_conformance.world import (
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an implementation declares of itself, as far as judgement needs it.

    ``bound`` seconds until a redeploy has ended and every read shows it (L7); ``lags`` whether a
    read may be late (L8l); ``stepped`` whether nothing moves until the clock is advanced;
    ``declared`` choices by open clause, which bind.
    """

    bound: float
    lags: bool = True
    stepped: bool = False
    declared: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Return what equal rules share."""
        return hash((self.bound, self.lags, self.stepped, frozenset(self.declared)))

    @property
    def ended(self) -> str:
        """What L7 allows of a redeploy whose time is over, in words."""
        return (
            f"the redeploy, accepted more than {self.bound:g} s ago, has ended: in success or in "
            "failure, or as its outcome was asked for"
        )


class Call(msgspec.Struct, frozen=True, cache_hash=True, kw_only=True):
    """A RedeployInstance call as the contract sees it.

    ``barred`` is the clause by which the call is refused before the instance matters (A14, U1,
    U2, U4), ``silence`` the one that then forbids any effect; ``maybe`` the choices (taken,
    refused) where that is open; ``granted`` the clause by which a policy allows the call; ``foreign`` a
    caller to whom the instance does not exist; ``unclear`` a ForceStop whose meaning is open.
    """

    force: bool | None = None
    barred: str | None = None
    silence: str = "L10"
    maybe: tuple[Told, Told] | None = None
    granted: str | None = None
    foreign: bool = False
    unclear: bool = False


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """One answer that the contract admits, and what the instance may be afterwards.

    ``codes`` None with ``accepted`` false is any 4xx code that states nothing false, ``but``
    those. ``held`` are the (clause, row) pairs that this answer would confirm.
    """

    accepted: bool
    codes: frozenset[str] | None
    held: tuple[tuple[str, str], ...]
    told: tuple[Told, ...]
    worlds: frozenset[World]
    but: frozenset[str] = frozenset()


def admissible(
    contract: Contract, world: World, call: Call, now: float, rules: Rules
) -> tuple[Outcome, ...]:
    """Return every outcome that the contract admits; never empty.

    InternalError, throttling and a missing answer are admissible for any call and are judged by
    the oracle, since they do not depend on the instance.
    """
    if call.foreign:
        nowhere = replace(world, exists=False)
        silent = frozenset({replace(world, quiet=("L10",))})
        return tuple(
            replace(outcome, worlds=silent)
            for outcome in _judged(contract, nowhere, Call(), now, rules)
        )
    if call.barred is None and call.maybe is None:
        return tuple(_judged(contract, world, call, now, rules))
    silence = (call.silence, "L10") if call.silence != "L10" else ("L10",)
    silent = frozenset({replace(world, quiet=silence)})
    if call.maybe is None:
        held = ((call.barred or "", ""),)
        return (Outcome(False, None, held, (), silent),)
    taken, refused = call.maybe
    rest = tuple(
        replace(outcome, told=(*outcome.told, taken))
        for outcome in _judged(contract, world, call, now, rules)
    )
    return (*rest, Outcome(False, None, (), (refused,), silent))


def _judged(
    contract: Contract, world: World, call: Call, now: float, rules: Rules
) -> Iterator[Outcome]:
    """Yield the outcomes of a well-formed, signed and permitted call (A1–A13)."""
    why = reasons(contract, world)
    silent = frozenset({replace(world, quiet=("L10",))})
    told: tuple[Told, ...]
    for code in dict.fromkeys(row.code for row in why.violated):
        rows = [row for row in why.violated if row.code == code]
        held = tuple((row.clause, row.attribute) for row in rows)
        opens = [row.code_is_open for row in rows if row.code_is_open is not None]
        for clause in opens:
            other = ((clause, "other"),)
            yield Outcome(False, None, held, other, silent, frozenset({code}))
        told = tuple((clause, code) for clause in opens)
        yield Outcome(False, frozenset({code}), (*held, ("A8", code)), told, silent)
    for excuse in why.excuses:
        told = excuse.shows if why.violated else (*excuse.shows, *excuse.refuse)
        yield Outcome(False, frozenset({excuse.code}), (), told, silent)
        if excuse.code_is_free and not why.violated:
            yield Outcome(False, None, (), told, silent)
    if not why.violated:
        told = tuple(told for excuse in why.excuses for told in excuse.accept)
        flights = frozenset(begin(contract, world, call, now, rules))
        yield Outcome(True, frozenset(), _held_by_acceptance(why), told, flights)


def _held_by_acceptance(why: Reasons) -> tuple[tuple[str, str], ...]:
    held = [("E1", f"{event.type} {event.status}") for event in why.responds]
    if why.responds:
        held.append(("A9", ""))
    if why.gap:
        held.append(("A13", ""))
    return tuple(held)


def begin(
    contract: Contract, world: World, call: Call, now: float, rules: Rules
) -> Iterator[World]:
    """Yield what an instance may be right after its redeploy was accepted (L1, L2)."""
    path = contract.transition_from[world.status].path
    answers = frozenset(event.id for event in reasons(contract, world).responds)
    endings = (world.next_ending,) if world.next_ending else tuple(Ending)
    # What a redeploy before made of events is not seen yet, and rests on the same clauses.
    unseen = tuple(pair for pair in world.why if pair[0].startswith("event "))
    for ending in endings:
        flight = Flight(
            world.status,
            ending,
            call.force,
            answers,
            now + rules.bound,
            unclear=call.unclear,
        )
        base = replace(
            world, flight=flight, next_ending=None, why=unseen, quiet=(), doubt=None
        )
        seen = (("L8l", "fresh"),) if rules.stepped else ()
        yield replace(base, status=path[0], told=seen)
        if rules.lags:
            late = replace(flight, at=-1)
            yield replace(base, flight=late, told=(("L8l", "lags"),))


def undecided(
    contract: Contract, world: World, call: Call, now: float, rules: Rules
) -> frozenset[World]:
    """Return what an instance may be after a 500 InternalError: never called, or accepted (A12)."""
    either = {replace(world, quiet=("A12",))}
    for outcome in admissible(contract, world, call, now, rules):
        if outcome.accepted:
            either |= {_unsure(later) for later in outcome.worlds}
    return frozenset(either)


def _unsure(world: World) -> World:
    flight = world.flight and replace(world.flight, unsure=True)
    return replace(world, flight=flight, quiet=("A12",))


def unanswered(
    contract: Contract, world: World, call: Call, now: float, rules: Rules
) -> frozenset[World]:
    """Return what an instance may be after a call that no answer came to, now or later."""
    taken = [
        later
        for outcome in admissible(contract, world, call, now, rules)
        if outcome.accepted
        for later in outcome.worlds
    ]
    if not taken:
        return frozenset({world})
    late = next(later.flight for later in taken)
    return frozenset({replace(world, quiet=(), doubt=late), *taken})


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
    fixed = (
        ("status", "L3"),
        ("host", "L4"),
        ("cloud_data", "D2"),
        ("orderly_stops", "L11"),
        ("power_offs", "L11"),
    )
    local: tuple[tuple[str, str], ...] = ()
    if world.storage == Storage.LOCAL:
        local = (("local_data", "D1"), ("local_disk", "D3"))
    return (
        *fixed,
        *local,
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
        return "E1"
    if event.simulated:
        return "E4"
    if responds_to(contract, world, event):  # raised on the way
        return None
    row = contract.event_by_type.get(event.type)
    if row is not None and event.status in row.statuses:
        return "E3"
    return "E2"


def _closings(
    contract: Contract, world: World, flight: Flight
) -> Iterator[tuple[tuple[Event, ...], tuple[Told, ...]]]:
    """Yield which events a success may close: all answered ones, or exactly one (E7)."""
    live = [event for event in world.events if responds_to(contract, world, event)]
    answered = [event.id for event in live if event.id in flight.answers]
    raised = [event.id for event in live if event.id not in flight.answers]
    groups: list[tuple[set[str], tuple[Told, ...]]] = [(set(answered), ())]
    if len(answered) > 1:
        groups = [(set(answered), (("E7", "all"),))]
        groups += [({one}, (("E7", "one"),)) for one in answered]
    late: list[tuple[set[str], tuple[Told, ...]]] = [(set(), ())]
    if raised:
        late = [(set(), (("E1r", "kept"),)), (set(raised), (("E1r", "closed"),))]
    several = [
        (first | second, (*a, *b)) for (first, a), (second, b) in product(groups, late)
    ]
    if len(live) > 1:  # where only one is closed, it may be one raised on the way
        alone = (("E7", "one"), ("E1r", "closed"))
        several += [({one}, alone) for one in raised]
    for closed, told in several:
        events = tuple(
            replace(event, status=None) if event.id in closed else event
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

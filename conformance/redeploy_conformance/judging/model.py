"""The machine of the contract, its first half: what a call may be answered.

Two total, pure functions carry everything: ``admissible`` (one world, one call, the outcomes) and
``passed`` in ``passing`` (one world, some time, the worlds it may have become).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from redeploy_conformance.judging.guards import Reasons, reasons
from redeploy_conformance.judging.world import Flight, Told, World
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending


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
        if excuse.code_is_free:
            own = frozenset(row.code for row in why.violated)  # told for its reason
            yield Outcome(False, None, (), told, silent, own)
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
            asked=world.next_ending is not None,
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
    flights = (later.flight for later in taken if later.flight is not None)
    late = replace(next(flights), due=0.0)  # its time counts from when it takes effect
    return frozenset({replace(world, quiet=(), doubt=late), *taken})

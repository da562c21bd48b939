"""Linearizability: is there an order of concurrent calls that the contract admits (L12)?

The search of the published checkers: take any call that was pending before every answer still
missing, try its effect in every world, remember the (remaining calls, worlds) already refuted.
One instance at a time, since instances do not share state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redeploy_conformance.belief import Belief, in_time
from redeploy_conformance.model import Call, Rules, admissible, unanswered, undecided
from redeploy_conformance.oracle import fits
from redeploy_conformance.replies import Kind, Reply
from redeploy_schemas.contract import Contract


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: when it was made, when its answer came (any growing numbers), and the answer."""

    id: int
    begun: int
    ended: int
    call: Call
    reply: Reply


def linearize(
    contract: Contract,
    start: Belief,
    history: Sequence[Operation],
    now: float,
    rules: Rules,
) -> Belief:
    """Return every world in which some admitted order of the calls ends; empty if none does."""
    refuted: set[tuple[frozenset[int], Belief]] = set()

    def search(rest: tuple[Operation, ...], worlds: Belief) -> Belief:
        if not rest:
            return worlds
        key = (frozenset(one.id for one in rest), worlds)
        if key in refuted:
            return frozenset()
        first_answer = min(_end(one) for one in rest)
        found: Belief = frozenset()
        for one in rest:
            if one.begun > first_answer:
                continue
            left = after(contract, worlds, one, now, rules)
            if left:
                found |= search(tuple(x for x in rest if x is not one), left)
        if not found:
            refuted.add(key)
        return found

    return search(tuple(history), start)


def after(
    contract: Contract, worlds: Belief, one: Operation, now: float, rules: Rules
) -> Belief:
    """Return the worlds that the answer of one call leaves; empty if it is inadmissible."""
    if not rules.stepped:
        worlds = in_time(contract, worlds, now, rules)
    reply = one.reply
    if reply.kind is Kind.THROTTLED:
        return worlds
    left: Belief = frozenset()
    for world in worlds:
        if reply.kind is Kind.UNKNOWN:
            left |= unanswered(contract, world, one.call, now, rules)
        elif reply.kind is Kind.INTERNAL:
            left |= undecided(contract, world, one.call, now, rules)
        else:
            for outcome in admissible(contract, world, one.call, now, rules):
                if fits(contract, world, one.call, outcome, reply):
                    left |= outcome.worlds
    return left


def _end(one: Operation) -> float:
    """Return when a call's answer came; one that never came stays pending for ever."""
    return float("inf") if one.reply.kind is Kind.UNKNOWN else float(one.ended)

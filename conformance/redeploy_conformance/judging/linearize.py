"""Linearizability: is there an order of concurrent calls and looks that the contract admits (L12)?

The search of the published checkers: take any operation that was pending before every answer still
missing, try its effect in every world, remember what each (remaining operations, worlds) led to.
One instance at a time, since instances do not share state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redeploy_conformance.judging.belief import Belief, in_time, narrow
from redeploy_conformance.judging.fitting import fits
from redeploy_conformance.judging.model import (
    Call,
    Rules,
    admissible,
    unanswered,
    undecided,
)
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.sight import View
from redeploy_schemas.contract import Contract

WIDEST = 60
"""Characters that the time axis of a drawing may take."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, or with ``call`` None one look at the instance, and what it brought.

    ``begun`` and ``ended`` are any growing numbers.
    """

    id: int
    begun: int
    ended: int
    call: Call | None
    seen: Reply | View

    @property
    def pending(self) -> bool:
        """Whether no answer came, so that it may take effect at any time, or never."""
        return isinstance(self.seen, Reply) and self.seen.kind is Kind.UNKNOWN

    @property
    def inert(self) -> bool:
        """Whether it can have changed nothing: a look, or a call that was turned down."""
        return not isinstance(self.seen, Reply) or self.seen.kind in (
            Kind.REJECTED,
            Kind.THROTTLED,
        )

    def __str__(self) -> str:
        """Return what it brought, in a few words."""
        if isinstance(self.seen, Reply):
            return str(self.seen)
        return str(self.seen.get("status", "not listed"))


def linearize(
    contract: Contract,
    start: Belief,
    history: Sequence[Operation],
    now: float,
    rules: Rules,
) -> Belief:
    """Return every world in which some admitted order of a history ends; empty if none does."""
    known: dict[tuple[frozenset[int], Belief], Belief] = {}

    def search(rest: tuple[Operation, ...], worlds: Belief) -> Belief:
        if not rest:
            return worlds
        key = (frozenset(one.id for one in rest), worlds)
        if key not in known:
            first_answer = min(_end(one) for one in rest)
            found: Belief = frozenset()
            for one in rest:
                if one.begun > first_answer:
                    continue
                left = after(contract, worlds, one, now, rules)
                if left:
                    found |= search(tuple(x for x in rest if x is not one), left)
            known[key] = found
        return known[key]

    return search(tuple(history), start)


def after(
    contract: Contract, worlds: Belief, one: Operation, now: float, rules: Rules
) -> Belief:
    """Return the worlds that one operation leaves; empty if it is inadmissible in all."""
    if not rules.stepped:
        worlds = in_time(contract, worlds, now, rules)
    reply = one.seen
    if one.call is None or not isinstance(reply, Reply):
        left = narrow(contract, worlds, _as_view(reply), now, rules)
        return frozenset() if left.mismatches else left.belief
    if reply.kind is Kind.THROTTLED:
        return worlds
    found: Belief = frozenset()
    for world in worlds:
        if reply.kind is Kind.UNKNOWN:
            found |= unanswered(contract, world, one.call, now, rules)
        elif reply.kind is Kind.INTERNAL:
            found |= undecided(contract, world, one.call, now, rules)
        else:
            for outcome in admissible(contract, world, one.call, now, rules):
                if fits(contract, world, one.call, outcome, reply):
                    found |= outcome.worlds
    return found


def smallest(
    contract: Contract,
    start: Belief,
    history: Sequence[Operation],
    now: float,
    rules: Rules,
) -> list[Operation]:
    """Return as few operations of a refuted history as still refute it.

    Only operations without effect are left out: were the whole history in order, it would be in
    order without them too, so what is left speaks against the whole.
    """
    kept = list(history)
    for one in reversed(history):
        fewer = [other for other in kept if other is not one]
        if one.inert and fewer and not linearize(contract, start, fewer, now, rules):
            kept = fewer
    return kept


def drawn(history: Sequence[Operation]) -> str:
    """Return a history as lines of text: who was pending when, and what came."""
    if not history:
        return ""
    ticks = sorted({tick for one in history for tick in (one.begun, one.ended)})
    step = max(2, min(6, WIDEST // max(1, len(ticks))))
    place = {tick: n * step for n, tick in enumerate(ticks)}
    width = place[ticks[-1]] + 1
    lines = []
    for one in sorted(history, key=lambda one: one.begun):
        begun, ended = place[one.begun], place[one.ended]
        bar = " " * begun + "|" + "-" * (ended - begun - 1)
        bar += ">" if one.pending else "|"
        kind = "look" if one.call is None else "call"
        lines.append(f"{kind} {one.id}  {bar.ljust(width)}  {one}")
    return "\n".join(lines)


def _as_view(seen: Reply | View) -> View:
    return {} if isinstance(seen, Reply) else seen


def _end(one: Operation) -> float:
    """Return when an answer came; a call without one stays pending for ever."""
    return float("inf") if one.pending else float(one.ended)

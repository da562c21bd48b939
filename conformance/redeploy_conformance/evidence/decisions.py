"""What the oracle says of a belief and an answer, or a look, remembered by both.

Logs repeat themselves: the same belief meets the same answer again and again. Time is taken out of
beliefs, so that they do: a redeploy of a log has no due time, and is made late by whoever knows that
it is (L7).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle, Worlds
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import World
from redeploy_schemas.contract import Contract

KEY = "the instance"
REMEMBERED = 2048
"""Decisions kept; a belief of a log has some dozens of worlds."""
NEVER, PAST = float("inf"), -1.0
OWN = frozenset({"R1", "R4", "R5", "R6"})
"""Clauses that an answer confirms by its ids, which are judged apart."""
OTHERS = frozenset({"L9", "L10", "E2", "E3", "E4", "E6"})
"""Clauses about what does not change: a log does not show every hand, nor what the platform does."""
NOT_A_LOG = OTHERS | {"Q1", "Q2", "Q5", "Q6", "U1c", "Q4c"}
"""Clauses that a log cannot show, or that are judged apart."""

Shown = tuple[str | None, tuple[tuple[str, str, str], ...] | None]
"""A look as a key: the status, and the events (id, type, status), None for what was not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What an answer or a look meant: what is wrong, what it showed, the belief that it left.

    ``moves`` says whether a redeploy may be under way, or seem so. Decisions are counted, each by itself.
    """

    wrong: tuple[Violation, ...]
    shown: Ledger
    after: Belief
    moves: bool


class Decisions:
    """The oracle, with a memory."""

    def __init__(self, contract: Contract) -> None:
        """Begin with nothing remembered."""
        self.contract = contract
        self.rules = Rules(bound=NEVER, lags=True)
        self.answered = lru_cache(REMEMBERED)(self._answered)
        self.looked = lru_cache(REMEMBERED)(self._looked)
        self.late = lru_cache(REMEMBERED)(self._late)
        self.either = lru_cache(REMEMBERED)(self._either)
        self._same: dict[Belief, Belief] = {}

    def _oracle(self, belief: Belief) -> Oracle:
        oracle = Oracle(self.contract, self.rules)
        oracle.worlds, oracle.homes = Worlds({KEY: belief}), {KEY: ""}
        return oracle

    def _answered(
        self, belief: Belief, call: Call, kind: Kind, code: str | None
    ) -> Decision:
        """Judge an answer whose form is right."""
        oracle = self._oracle(belief)
        row = self.contract.error_by_code.get(code or "")
        reply = Reply(
            kind,
            200 if kind is Kind.ACCEPTED else row.http_status if row else 400,
            code,
            row.message if row else "not judged",
            "some request",
            "some task" if kind is Kind.ACCEPTED else None,
        )
        if kind is Kind.UNKNOWN:
            reply = Reply(kind, problem="not kept")
        wrong = oracle.answered(KEY, call, reply, 0.0)
        return self._decision(oracle, wrong)

    def _looked(self, belief: Belief, shown: Shown) -> Decision:
        """Judge a look."""
        oracle = self._oracle(belief)
        status, events = shown
        view: dict[str, Any] = {}
        if status is not None:
            view |= {"exists": True, "status": status}
        if events is not None:
            view["events"] = {id: (kind, at) for id, kind, at in events}
        wrong = oracle.looked({KEY: view}, 0.0)
        ended = any(not world.flight and not world.doubt for world in belief)
        on_its_way = status is not None and status not in self.contract.transition_from
        if wrong and ended and on_its_way:  # it may have ended: that is another hand's
            return Decision((), Ledger(), frozenset(), False)
        return self._decision(oracle, wrong)

    def _decision(self, oracle: Oracle, wrong: Sequence[Violation]) -> Decision:
        if any(one.clause in OTHERS for one in wrong):
            return Decision((), Ledger(), frozenset(), False)  # somebody else's doing
        after = oracle.worlds[KEY]
        moves = any(world.flight or world.doubt or world.echo for world in after)
        return Decision(tuple(wrong), _kept(oracle.ledger), self._one(after), moves)

    def _late(self, belief: Belief) -> Belief:
        """Return a belief in which every redeploy should have ended by now."""
        return self._one(frozenset(map(_overdue, belief)))

    def _either(self, one: Belief, two: Belief) -> Belief:
        """Return the belief that one of two beliefs is right."""
        return self._one(one | two)

    def _one(self, belief: Belief) -> Belief:
        """Return the one object that stands for equal beliefs: looking it up costs no comparison."""
        if len(self._same) > REMEMBERED:
            self._same.clear()
        return self._same.setdefault(belief, belief)


def _kept(ledger: Ledger) -> Ledger:
    """Return what of a ledger a log can show."""
    hidden = OWN | NOT_A_LOG
    kept = Ledger(precedence=ledger.precedence)
    for pair, count in ledger.held.items():
        if pair[0] not in hidden:
            kept.held[pair] = count
    for told, count in ledger.told.items():
        if told[0] not in hidden:
            kept.told[told] = count
            kept.evidence[told] = ledger.evidence[told]
    return kept


def _overdue(world: World) -> World:
    if world.flight is None:
        return replace(world, echo=None) if world.echo else world
    return replace(world, flight=replace(world.flight, due=PAST), echo=None)


def merge(
    into: Ledger, brought: Ledger, hidden: frozenset[str], times: int = 1
) -> None:
    """Add what was shown so many times, without the clauses that this kind of log cannot show."""
    _add(into.held, brought.held, hidden, times)
    _add(into.told, brought.told, hidden, times)
    _add(into.precedence, brought.precedence, frozenset(), times)
    for told, text in brought.evidence.items():
        into.evidence.setdefault(told, text)


def _add(
    into: dict[tuple[str, str], int],
    brought: Mapping[tuple[str, str], int],
    hidden: frozenset[str],
    times: int,
) -> None:
    for pair, count in brought.items():
        if pair[0] not in hidden:
            into[pair] = into.get(pair, 0) + count * times

"""What follows from a belief, remembered: runs and traces ask the same again and again.

Only where time is turned: on a real clock no two moments are alike.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from redeploy_conformance.judging.belief import Belief, Narrowed, in_time, narrow
from redeploy_conformance.judging.deciding import Decided, decide
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.names import Shown, seen_again
from redeploy_conformance.judging.replies import Reply
from redeploy_schemas.contract import Contract

REMEMBERED = 1024
"""Answers kept to each question; a belief has some dozens of worlds at most."""


class Memory:
    """The pure functions of judgement, of one contract and one set of rules."""

    def __init__(self, contract: Contract, rules: Rules) -> None:
        """Begin with nothing remembered."""
        self.contract = contract
        self.rules = rules
        keep: Callable[[Any], Any] = lru_cache(REMEMBERED) if rules.stepped else _as_is
        self.in_time: Callable[[Belief, float], Belief] = keep(self._in_time)
        self.narrow: Callable[[Belief, Shown, float], Narrowed] = keep(self._narrow)
        self.decide: Callable[[Belief, Call, Reply, float], Decided] = keep(
            self._decide
        )

    def _in_time(self, belief: Belief, now: float) -> Belief:
        return in_time(self.contract, belief, now, self.rules)

    def _narrow(self, belief: Belief, shown: Shown, now: float) -> Narrowed:
        return narrow(self.contract, belief, seen_again(shown), now, self.rules)

    def _decide(self, belief: Belief, call: Call, reply: Reply, now: float) -> Decided:
        return decide(self.contract, belief, call, reply, now, self.rules)


memory_of = lru_cache(2)(Memory)
"""The memory of a contract and rules, which the sessions of a process share."""


def _as_is(function: Any) -> Any:
    return function

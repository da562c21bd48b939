"""Calls and looks at once, and the judgement of the history that they make (L12)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.blaming import Violation, blame
from redeploy_conformance.judging.linearize import (
    Operation,
    after,
    drawn,
    linearize,
    smallest,
)
from redeploy_conformance.judging.model import Call
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply, flaws
from redeploy_conformance.judging.sight import View
from redeploy_conformance.parallel import Span
from redeploy_conformance.planning import steps as step
from redeploy_conformance.running.api import Api
from redeploy_schemas.contract import Contract

Seen = tuple[str, Reply] | Mapping[str, View]
"""What a job brought: the answer to a call on a key, or what a look showed of several."""
CALL = Call()


class Executor(Protocol):
    """What is needed of who carries steps out: calls, looks, and what is believed."""

    api: Api
    contract: Contract
    oracle: Oracle

    @property
    def now(self) -> float:
        """Seconds of the clock that redeploys run on."""

    def bind(self, key: str) -> str:
        """Return the id of an instance."""

    def call(self, key: str, one: step.Redeploy) -> Reply:
        """Make one call on an instance."""

    def glance(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what DescribeInstances alone shows of instances."""


def together(session: Executor, one: step.Together) -> tuple[str, list[Violation]]:
    """Call and look at once, and judge each instance's history as a whole."""
    for key in one.keys:
        session.bind(key)
    call = step.Redeploy(one.keys[0])
    jobs: list[list[Callable[[], Seen]]] = [
        [partial(_call, session, key, call)]
        for _ in range(one.calls)
        for key in one.keys
    ]
    if one.looks:
        jobs.append([partial(session.glance, one.keys)] * one.looks)
    spans = session.api.at_once(jobs)
    histories = {key: list(_history(spans, key)) for key in one.keys}
    shown = "; ".join(
        f"{key}: {', '.join(str(entry) for entry in history)}"
        for key, history in histories.items()
    )
    wrong: list[Violation] = []
    for key, history in histories.items():
        wrong += [replace(one, key=key) for one in _judge(session, key, history)]
    return shown, wrong


def _call(session: Executor, key: str, call: step.Redeploy) -> Seen:
    return key, session.call(key, call)


def _history(spans: Sequence[Span[Seen]], key: str) -> Iterator[Operation]:
    for n, span in enumerate(spans, 1):
        if isinstance(span.value, tuple):
            called, reply = span.value
            if called == key:
                yield Operation(n, span.begun, span.ended, CALL, reply)
        elif key in span.value:
            yield Operation(n, span.begun, span.ended, None, span.value[key])


def _judge(
    session: Executor, key: str, history: Sequence[Operation]
) -> list[Violation]:
    oracle = session.oracle
    start, now, rules = oracle.worlds[key], session.now, oracle.rules
    worlds = linearize(session.contract, start, history, now, rules)
    if not worlds:
        fewest = smallest(session.contract, start, history, now, rules)
        return [_blamed(session, start, fewest)]
    oracle.worlds[key] = worlds
    replies = [one.seen for one in history if isinstance(one.seen, Reply)]
    wrong = [
        flaw
        for reply in replies
        for flaw in (*flaws(session.contract, reply), *oracle.identify(reply))
    ]
    if any(reply.kind is Kind.ACCEPTED for reply in replies):
        oracle.ledger.confirm([("L12", "")])
        oracle.end_silence(key)
    return [Violation(one.clause, one.expected, one.observed) for one in wrong]


def _blamed(
    session: Executor, start: Belief, history: Sequence[Operation]
) -> Violation:
    """Name the clause of an answer that fits nowhere; L12 where only the order is wrong."""
    contract, now, rules = session.contract, session.now, session.oracle.rules
    accepted = Operation(0, 0, 1, CALL, Reply(Kind.ACCEPTED, 200))
    anywhere = start | after(contract, start, accepted, now, rules)
    for one in history:
        if isinstance(one.seen, Reply) and not after(
            contract, anywhere, one, now, rules
        ):
            return blame(contract, min(start, key=str), CALL, one.seen)
    return Violation(
        "L12",
        "an order of these calls and looks that the contract admits",
        "; ".join(str(one) for one in history),
        detail=drawn(history),
    )

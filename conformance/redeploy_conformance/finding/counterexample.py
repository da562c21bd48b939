"""A counterexample, written down: the clause, what was allowed and seen, and the steps as a story."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from redeploy_conformance.judging.blaming import REFUSED, Violation
from redeploy_conformance.judging.guards import reasons
from redeploy_conformance.judging.meaning import meaning
from redeploy_conformance.judging.world import World
from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.notation import to_json
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.redact import exchange
from redeploy_conformance.running.session import Done, Run
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Finding, TraceStep

MOST_WORLDS = 6
MOST_EXCHANGES = 6


def first_of_each(run: Run) -> dict[str, Violation]:
    """Return the first violation of each clause that a run broke."""
    first: dict[str, Violation] = {}
    for violation in run.violations:
        first.setdefault(violation.clause, violation)
    return first


def counterexample(
    contract: Contract,
    run: Run,
    violation: Violation,
    *,
    case: str,
    steps: Sequence[Step],
    reproduce: str,
    reproduced: int,
    attempts: int,
) -> Finding:
    """Return a violation of a run as a finding of a case, done again by ``steps``."""
    return Finding(
        clause=violation.clause,
        also=violation.also,
        instead=violation.instead,
        case=case,
        summary=contract.by_id[violation.clause].statement,
        expected=violation.expected,
        observed=violation.observed,
        trace=trace(contract, run, violation),
        steps=tuple(to_json(one) for one in steps),
        reproduce=reproduce,
        reproduced=reproduced,
        attempts=attempts,
    )


def trace(contract: Contract, run: Run, violation: Violation) -> tuple[TraceStep, ...]:
    """Return the steps of a run as a story: what was done, what was allowed, what came."""
    last = len(run.done)
    return tuple(
        TraceStep(
            n=number,
            text=str(one.step),
            detail=violation.detail if number == last else "",
            allowed=(violation.expected,)
            if number == last
            else _allowed(contract, one),
            observed=one.observed,
            worlds_before=_worlds(one.before),
            worlds_after=_worlds(one.after),
            exchanges=tuple(
                exchange(*pair) for pair in one.exchanges[-MOST_EXCHANGES:]
            ),
        )
        for number, one in enumerate(run.done, 1)
    )


def _allowed(contract: Contract, done: Done) -> tuple[str, ...]:
    """Return what a call could be answered, in the worlds before it.

    Nothing where that rests on what its caller's own statements name.
    """
    one = done.step
    if not isinstance(one, step.Redeploy) or one.key not in done.before:
        return ()
    call = meaning(contract, one)
    if call.barred is not None:
        return (REFUSED,)
    if one.statements is not None:
        return ()
    words = [REFUSED] if call.maybe else []
    for world in done.before[one.key]:
        if call.foreign:
            world = replace(world, exists=False, flight=None)
        why = reasons(contract, world)
        words += [row.code for row in why.violated] or ["accepted"]
        words += [excuse.code for excuse in why.excuses]
    return tuple(dict.fromkeys(words))


def _worlds(worlds: Mapping[str, frozenset[World]]) -> tuple[str, ...]:
    words = [
        f"{key}: {text}"
        for key, several in worlds.items()
        for text in sorted({str(world) for world in several})
    ]
    return tuple(words[:MOST_WORLDS])

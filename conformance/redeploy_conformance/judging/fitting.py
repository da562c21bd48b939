"""Whether an answer is one that an outcome describes, and what it then confirms."""

from collections.abc import Iterable

from redeploy_conformance.judging.guards import reasons
from redeploy_conformance.judging.model import Call, Outcome
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import World
from redeploy_schemas.contract import Contract


def fits(
    contract: Contract, world: World, call: Call, outcome: Outcome, reply: Reply
) -> bool:
    """Whether an answer is the one that an outcome describes."""
    if reply.kind is Kind.ACCEPTED or outcome.accepted:
        return reply.kind is Kind.ACCEPTED and outcome.accepted
    if outcome.codes is not None:
        return reply.code in outcome.codes
    if reply.code in outcome.but:
        return False
    if call.silence not in ("L10", "A14"):
        return True  # a caller who may not know may be told anything (U3)
    if call.silence == "A14" and (
        reply.code in contract.absence_codes  # of an id that is missing
        or any(reply.code == one.code for one in reasons(contract, world).excuses)
    ):
        return True
    return not states_untruth(contract, world, reply.code)


def states_untruth(contract: Contract, world: World, code: str | None) -> bool:
    """Whether a code states a condition as fact that does not hold (A8)."""
    row = contract.error_by_code.get(code or "")
    if row is None or not row.states_fact:
        return False
    return not any(one.code == row.code for one in reasons(contract, world).violated)


def confirmed(
    contract: Contract, outcome: Outcome, reply: Reply
) -> Iterable[tuple[str, str]]:
    """Yield the clauses that an answer confirms, by (clause, row), where this outcome is right."""
    yield from outcome.held
    code = reply.code or ""
    if reply.kind is Kind.REJECTED and code in contract.error_by_code:
        yield "R2", code
        yield "R3", code


def agreed(each: Iterable[Iterable[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    """Return what all agree on, in the order of the first."""
    first, *rest = each
    others = [set(one) for one in rest]
    return tuple(dict.fromkeys(x for x in first if all(x in one for one in others)))

"""Who may call, and how calls are signed."""

from collections.abc import Iterator
from dataclasses import replace

from redeploy_conformance.planning.plans.blocks import make
from redeploy_conformance.planning.steps import (
    WIRES,
    Case,
    Depth,
    Look,
    Redeploy,
    Settle,
    Step,
)
from redeploy_schemas.contract import Contract


def callers_and_signatures(contract: Contract) -> Iterator[Case]:
    """Yield each row of policies and each forged signature (U1 to U4)."""
    steps: tuple[Step, ...]
    for case in contract.policy_cases:
        call = Redeploy("i1", policy=case.name)
        steps = (make(contract), call, Look())
        depth = Depth.PLAN if case.beyond else Depth.TOUR
        yield Case(clauses=(case.clause,), row=case.name, steps=steps, depth=depth)
    refused = next(case.name for case in contract.policy_cases if not case.allowed)
    locked = make(contract, spec={"lock_reasons": ("security",)})
    call = Redeploy("i1", policy=refused)
    yield Case(clauses=("U3",), row="locked", steps=(locked, call, Look()))
    nobody = replace(call, key="i2")
    steps = (make(contract), nobody, Look())
    yield Case(clauses=("U3",), row="unknown id", steps=steps)
    stopped = make(contract, "i2", {"status": "Stopped"})
    calls = (call, replace(call, key="i2"))
    later = (make(contract), stopped, *calls, Look(), Settle())
    row_later = "refused, and later"
    yield Case(clauses=("U1",), row=row_later, steps=later, depth=Depth.PLAN)
    # One caller on two instances: what was decided of one says nothing of the other.
    first = contract.resource.replace("{instance}", "{i1}")
    mine = (("Allow", contract.action, first),)
    both = (Redeploy("i2", statements=mine), Redeploy("i1", statements=mine))
    steps = (make(contract), make(contract, "i2"), *both, both[0], Look(), Settle())
    row_both = "one caller on two instances, of which one is named"
    yield Case(clauses=("U2",), row=row_both, steps=steps, depth=Depth.PLAN)
    yield from _wide_or_late(contract)
    for row in contract.forgeries:
        call = Redeploy("i1", forgery=row.name)
        steps = (make(contract), call, Look(), Settle())
        depth = Depth.PLAN if row.beyond else Depth.TOUR
        yield Case(clauses=("U4",), row=row.name, steps=steps, depth=depth)
        for wire in WIRES:
            steps = (make(contract), replace(call, wire=wire), Look())
            label = f"{row.name}, as {wire}"
            yield Case(clauses=("U4",), row=label, steps=steps, depth=Depth.PLAN)


def _wide_or_late(contract: Contract) -> Iterator[Case]:
    """Yield policies that allow the call by a wildcard for a part of the resource, or behind many statements.

    What a wildcard means within the name of a region or an account, the page does not say.
    """
    whole, nothing = contract.resource, too_little(contract)
    allowed: list[tuple[tuple[str, str, str], ...]] = [
        (("Allow", contract.action, whole.replace(part, "*")),)
        for part in ("{region}", "{account}", "{instance}")
    ]
    allowed.append((*nothing, ("Allow", contract.action, whole)))
    made = [make(contract, f"i{n}") for n, _ in enumerate(allowed, 1)]
    calls = [
        Redeploy(one.key, statements=own)
        for one, own in zip(made, allowed, strict=True)
    ]
    steps: tuple[Step, ...] = (*made, *calls, Look())
    row = "allowed by one wildcard, and behind many statements"
    yield Case(clauses=("U2",), row=row, steps=steps, depth=Depth.PLAN)


def too_little(contract: Contract) -> tuple[tuple[str, str, str], ...]:
    """Return the statements that allow something else than the call: all of them do not allow it (U2).

    Policies with a deny are left out: it would refuse the call, whatever else is misread.
    """
    rows = [
        (one["Effect"], one["Action"], one["Resource"])
        for case in contract.policy_cases
        if not case.allowed
        and all(statement["Effect"] == "Allow" for statement in case.statements)
        for one in case.statements
    ]
    return tuple(dict.fromkeys(rows))

"""Calls and looks at once."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from redeploy_conformance.planning.plans.blocks import FAIL, SUCCEED, make
from redeploy_conformance.planning.steps import (
    Case,
    Depth,
    Look,
    Settle,
    Step,
    Together,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part


def calls_at_once(contract: Contract) -> Iterator[Case]:
    """Yield several calls at once, some of them watched (L12, L10)."""
    steps: tuple[Step, ...]
    for origin, calls in product(contract.transition_from, (2, 4)):
        made = make(contract, spec={"status": origin})
        steps = (made, Together(("i1",), calls), Look(), Settle())
        row = f"{origin}, {calls} calls"
        few = calls == 2 and origin == "Running"
        depth = Depth.TOUR if few else Depth.PLAN
        yield Case(clauses=("L12",), row=row, steps=steps, depth=depth)
        at_once = Together(("i1", "i2"), calls, looks=calls)
        steps = (made, replace(made, key="i2"), at_once, Look(), Settle())
        row = f"{origin}, {calls} calls each on two, watched"
        yield Case(clauses=("L12",), row=row, steps=steps, depth=Depth.PLAN)
    for origin in contract.transition_from:
        made = make(contract, spec={"status": origin})
        # Of two that were both accepted, the first would have ended, and closed the event.
        endings = (SUCCEED, SUCCEED, FAIL)
        several = tuple(
            replace(made, key=f"i{n}", ending=ending)
            for n, ending in enumerate(endings, 1)
        )
        at_once = Together(tuple(one.key for one in several), 3)
        yield Case(
            clauses=("L12",),
            row=f"{origin}, 3 calls each on three, in real time",
            steps=(*several, at_once, Look(), Settle()),
            unless=frozenset({Part.CLOCK.value}),
            depth=Depth.PLAN,
        )
    locked = make(contract, spec={"lock_reasons": ("security",)})
    steps = (locked, Together(("i1",), 2, looks=4), Look())
    row = "rejected calls, watched"
    yield Case(clauses=("L10",), row=row, steps=steps, depth=Depth.PLAN)

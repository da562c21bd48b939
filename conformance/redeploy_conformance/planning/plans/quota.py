"""The rate limit: bursts of calls, and what tells limiters apart."""

from collections.abc import Iterator
from dataclasses import replace

from redeploy_conformance.planning.plans.blocks import SUCCEED, event
from redeploy_conformance.planning.steps import (
    Advance,
    Case,
    Create,
    Look,
    Pause,
    Redeploy,
    Step,
    spec_items,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

RATE = ("Q1", "Q2", "Q4", "Q5", "Q6")


def _bystander(contract: Contract) -> Create:
    """Return an instance of another account, whose calls the limit must leave alone."""
    locked = spec_items({"lock_reasons": ("security",)})
    return Create("j1", locked, (event(contract),), "a2")


def burst(contract: Contract) -> Iterator[Case]:
    """Yield the burst that no admissible limiter lets through, and what comes after it."""
    limit, window = contract.quota_calls, contract.quota_seconds
    last = f"i{limit + 1}"
    steps: tuple[Step, ...] = (
        Create("i1", (), (event(contract),), count=limit + 2),
        _bystander(contract),
        Redeploy("i1", count=limit),
        Redeploy(last, count=2),
        Look((last, "j1")),
        Redeploy("j1"),
        Redeploy(last),  # what another account calls gives nothing back
        Advance(window + 2),
        Look((last,)),
        Redeploy(last),
    )
    row = f"{limit + 2} calls at once"
    yield Case(clauses=RATE, row=row, steps=steps, burst=True)


def limiters(contract: Contract) -> Iterator[Case]:
    """Yield the burst where time cannot be turned, and what tells limiters apart."""
    steps: tuple[Step, ...]
    limit, window = contract.quota_calls, contract.quota_seconds
    kind, status = event(contract)
    other = _bystander(contract)
    many = 2 * limit
    steps = (
        Create("i1", (), ((kind, status),), count=many + limit + limit // 5),
        other,
        Redeploy("i1", count=limit),
        Redeploy(f"i{limit + 1}", count=limit + 1),
        Look((f"i{many + 1}", "j1")),
        Redeploy("j1"),
        Pause(window * 1.25 + 1),
        Redeploy(f"i{many + 2}", count=limit + limit // 5 - 2),
    )
    yield Case(
        clauses=RATE,
        row=f"{many + 1} calls in real time, and more in another part of the period",
        steps=steps,
        unless=frozenset({Part.CLOCK.value}),
        burst=True,
    )
    # Not even a fixed window lets three whole bursts through within its seconds: one for less does.
    steps = (
        Create("i1", (), ((kind, status),), count=many + 3),
        Redeploy("i1", count=limit + 1),
        Advance(window * 0.485),
        Redeploy(f"i{limit + 2}", count=limit),
        Advance(window * 0.485),
        Redeploy(f"i{many + 2}", count=2),
    )
    row = "a burst, and again within the period, and again"
    yield Case(clauses=("Q2",), row=row, steps=steps, burst=True)
    # Nobody saves up while idle, nor is free for having been throttled once.
    # What is throttled does nothing, neither to a redeploy under way nor to what runs.
    going, still = f"i{many + 5}", f"i{many + 6}"
    half, first = limit // 2, many + 7
    begun = Create(going, (), ((kind, status),), ending=SUCCEED)
    steps = (
        Create("i1", (), ((kind, status),), count=many + 4),
        begun,
        replace(begun, key=still, ending=""),
        Redeploy(going),
        Redeploy("i1", count=limit + 1),
        Redeploy(going),
        Redeploy(still, force=True),
        Look((going, still)),
        Advance(window * 10),
        Look((going, still)),
        # Of whatever kind calls are, they count together.
        Create(
            f"i{first}",
            spec_items({"status": "Stopped"}),
            ((kind, status),),
            count=half,
        ),
        Redeploy(f"i{limit + 3}", count=limit + 2 - half),
        Redeploy(f"i{first}", force=True, count=half),
    )
    row = "a burst, and another long after it"
    yield Case(clauses=("Q2",), row=row, steps=steps, burst=True)
    theirs = Create("j1", (), ((kind, status),), "a2")
    steps = (theirs, *(Redeploy("j1", by="a1"),) * (limit + 1), Redeploy("j1"))
    row = "calls of another account on an instance, and its owner's"
    yield Case(clauses=("Q6r",), row=row, steps=steps, burst=True)
    steps = (Redeploy("i1"),) * (limit + 1)
    yield Case(clauses=("Q6r",), row="", steps=steps, burst=True)
    pool = Create("i1", (), ((kind, status),), count=limit + 102)
    steps = (
        pool,
        Redeploy("i1"),
        Advance(50.0),
        Redeploy("i2", count=limit - 1),
        Advance(11.0),
        Redeploy(f"i{limit + 1}", count=100),
        Advance(48.9),  # just before the sliding window lets go, in no fixed one
        Redeploy(f"i{limit + 101}", count=2),
    )
    yield Case(clauses=("Q3",), row="", steps=steps, burst=True)

"""What is accepted, and what is rejected with which code."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

from redeploy_conformance.planning.plans.blocks import (
    SUCCEED,
    WAITS,
    beside,
    event,
    harmless_values,
    life,
    make,
    settable,
    values,
    words,
)
from redeploy_conformance.planning.steps import (
    Advance,
    Break,
    Case,
    Create,
    Depth,
    Launch,
    Look,
    Pause,
    Redeploy,
    Release,
    Settle,
    Step,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

LATER = 300.0
"""Seconds after which an instance that was run is there still."""


def preconditions(contract: Contract) -> Iterator[Case]:
    """Yield each precondition violated, alone and beside what is harmless, and instances that are not there."""
    steps: tuple[Step, ...]
    for row in contract.preconditions:
        if not settable(row):
            continue
        clauses = (row.clause, "L10")
        for value in values(row, contract):
            made = make(contract, spec={row.attribute: value})
            label = f"{row.attribute}={words(value)}"
            steps = (made, Create("i2"), Redeploy("i1"), Look())
            yield Case(clauses=clauses, row=label, steps=steps)
        forced = (made, Redeploy("i1", force=True), Look(), Settle())
        row_forced = f"{label} forced, and later"
        yield Case(clauses=clauses, row=row_forced, steps=forced, depth=Depth.PLAN)
        for value in (*beside(row, contract), None):
            spec = {row.attribute: next(values(row, contract))}
            spec = {row.attribute: value} if value else {**spec, "status": "Stopped"}
            if value is None and row.attribute == "status":
                continue
            steps = (make(contract, spec=spec), Redeploy("i1"), Look())
            label = " ".join(f"{name}={words(one)}" for name, one in spec.items())
            yield Case(clauses=clauses, row=label, steps=steps, depth=Depth.PLAN)
    missing = (Redeploy("i1"),)
    never = "an id that never was"
    yield Case(clauses=("A1",), row=never, steps=missing, depth=Depth.OPENING)
    steps = (make(contract), Redeploy("i2"), Look())
    short = "only how another id begins"  # see Session.bind
    yield Case(clauses=("A1",), row=short, steps=steps, depth=Depth.PLAN)
    steps = (make(contract), Redeploy("i2"), Redeploy("i3"), Look())
    longer = "how another id begins, and another id with more behind it"
    yield Case(clauses=("A1",), row=longer, steps=steps, depth=Depth.PLAN)
    steps = (make(contract), Release("i1"), Redeploy("i1"), Look())
    yield Case(clauses=("A1",), row="a released instance", steps=steps)
    whole = life(make(contract), Redeploy("i1"), SUCCEED)
    steps = (*whole, Release("i1"), Redeploy("i1"))
    after = "released after a redeploy"
    yield Case(clauses=("A1",), row=after, steps=steps, depth=Depth.PLAN)
    opened = (event(contract),)
    mine, theirs = Create("i1", (), opened), Create("j1", (), opened, "a2")
    steps = (mine, theirs, Redeploy("j1", by="a1"), Look())
    yield Case(clauses=("A1",), row="another account's instance", steps=steps)


SOON = tuple(round(0.05 * 1.25**n, 3) for n in range(14))
"""Seconds between calls where time cannot be turned: nobody knows how long a redeploy takes there."""


def in_flight(contract: Contract) -> Iterator[Case]:
    """Yield calls on an instance whose redeploy is under way (A2)."""
    steps: tuple[Step, ...]
    for origin in contract.transition_from:
        made = make(contract, spec={"status": origin})
        # A second call at once meets the redeploy under way, however short that is.
        begun = (replace(made, ending=SUCCEED), Redeploy("i1"), Redeploy("i1"))
        steps = (*begun, Look())
        yield Case(
            clauses=("A2", "L1" if origin == "Running" else "L2"),
            row=f"a second call, begun {origin}",
            steps=steps,
        )
        some = [x for wait in WAITS for x in (Advance(wait), Redeploy("i1"))]
        steps = (*begun, *some)
        row = f"calls on the way, begun {origin}"
        yield Case(clauses=("A2",), row=row, steps=steps, depth=Depth.PLAN)
        watch = [x for _ in range(12) for x in (Advance(5.0), Look(), Redeploy("i1"))]
        steps = (*begun, *watch)
        row = f"calls all the way, begun {origin}"
        yield Case(clauses=("A2",), row=row, steps=steps, depth=Depth.PLAN)
        soon: list[Step] = []
        for wait in SOON:
            soon += [Look(), Redeploy("i1"), Pause(wait)]
        steps = (*begun, *soon, Settle())
        row = f"calls all the way in real time, begun {origin}"
        unless = frozenset({Part.CLOCK.value})
        yield Case(
            clauses=("L8", "A2"),
            row=row,
            steps=steps,
            unless=unless,
            depth=Depth.PLAN,
        )


def two_reasons(contract: Contract) -> Iterator[Case]:
    """Yield two preconditions violated at once, and one together with no event (A11)."""
    steps: tuple[Step, ...]
    rows = [row for row in contract.preconditions if settable(row)]
    pairs: list[Create] = []
    for first, second in combinations(rows, 2):
        one, two = next(values(first, contract)), next(values(second, contract))
        made = make(contract, spec={first.attribute: one, second.attribute: two})
        label = f"{first.attribute}={words(one)} {second.attribute}={words(two)}"
        pairs.append(made)
        steps = (made, Redeploy("i1"), Look())
        yield Case(clauses=("A11",), row=label, steps=steps)
    several = [replace(made, key=f"i{n}") for n, made in enumerate(pairs, 1)]
    again = [Redeploy(made.key) for made in several for _ in range(2)]
    steps = (*several, *again, Look())
    yield Case(clauses=("A11",), row="each pair twice", steps=steps, depth=Depth.PLAN)
    every = [
        {first.attribute: one, second.attribute: two}
        for first, second in combinations(rows, 2)
        if first.attribute != second.attribute
        for one, two in product(values(first, contract), values(second, contract))
    ]
    several = [make(contract, f"i{n}", spec) for n, spec in enumerate(every, 1)]
    steps = (*several, *(Redeploy(made.key) for made in several), Look())
    row_all = "every two values"
    yield Case(clauses=("A11",), row=row_all, steps=steps, depth=Depth.PLAN)
    many = [
        {row.attribute: next(values(row, contract)) for row in some}
        for size in range(3, len(rows) + 1)
        for some in combinations(rows, size)
        if len({row.attribute for row in some}) == size
    ]
    several = [make(contract, f"i{n}", spec) for n, spec in enumerate(many, 1)]
    steps = (*several, *(Redeploy(made.key) for made in several), Look())
    yield Case(clauses=("A11",), row="three and more", steps=steps, depth=Depth.PLAN)
    for row in rows:
        value = next(values(row, contract))
        made = make(contract, spec={row.attribute: value}, events=())
        label = f"{row.attribute}={words(value)} no event"
        yield Case(clauses=("A11",), row=label, steps=(made, Redeploy("i1"), Look()))


def harmless(contract: Contract) -> Iterator[Case]:
    """Yield values that are no reason to reject, so that none is invented (A8, A9)."""
    steps: tuple[Step, ...]
    for attribute in contract.attributes:
        if attribute.name == "local_disk":
            continue
        for value in harmless_values(contract, attribute.name):
            if value == attribute.default:
                continue
            chosen = (value,) if attribute.is_set else value
            made = make(contract, spec={attribute.name: chosen})
            steps = life(made, Redeploy("i1"), SUCCEED)
            label = f"{attribute.name}={words(chosen)} is no reason to reject"
            yield Case(clauses=("A9",), row=label, steps=steps, depth=Depth.PLAN)
    locks = harmless_values(contract, "lock_reasons")
    some = [set_of for size in (1, 2) for set_of in combinations(locks, size)]
    every = list(product(some, contract.transition_from, (None, True, False)))
    several = [
        replace(
            make(contract, f"i{n}", {"lock_reasons": held, "status": origin}),
            ending=SUCCEED,
        )
        for n, (held, origin, _) in enumerate(every, 1)
    ]
    calls = [
        Redeploy(made.key, force)
        for made, (*_, force) in zip(several, every, strict=True)
    ]
    steps = (*several, *calls, Look(), Settle())
    row_locks = "every two locks that are no reason to reject, forced or not"
    yield Case(clauses=("A9", "L11"), row=row_locks, steps=steps, depth=Depth.PLAN)
    steps = (make(contract, events=()), Redeploy("i1"), Look())
    yield Case(clauses=("A10",), row="", steps=steps)
    yield Case(
        clauses=("A15",), row="RunInstances", steps=(Launch("i1"), Redeploy("i1"))
    )
    steps = (Launch("i1"), Advance(LATER), Redeploy("i1"))
    row_later = "run a while ago"
    yield Case(clauses=("A15",), row=row_later, steps=steps, depth=Depth.PLAN)
    steps = (make(contract), Look(), Redeploy("i1"))
    row_seen = "DescribeInstances"
    yield Case(clauses=("A15",), row=row_seen, steps=steps, depth=Depth.PLAN)


def malformed(contract: Contract) -> Iterator[Case]:
    """Yield each row of calls with parameters that are missing, wrong, or spelled as some may not take."""
    steps: tuple[Step, ...]
    for row in contract.malformed:
        call = Redeploy("i1", malformed=row.name)
        steps = (make(contract), Create("i2"), call, Look())
        depth = Depth.PLAN if row.beyond else Depth.TOUR
        yield Case(clauses=(row.clause,), row=row.name, steps=steps, depth=depth)


def internal_errors(contract: Contract) -> Iterator[Case]:
    """Yield calls that meet an internal error, with and without effect (A12)."""
    steps: tuple[Step, ...]
    for effect, origin in product(("none", "accepted"), contract.transition_from):
        made = make(contract, spec={"status": origin})
        steps = (made, Break(effect), Redeploy("i1"), Look(), Settle())
        yield Case(clauses=("A12",), row=f"{origin}, effect {effect}", steps=steps)
    # One without effect leaves nothing behind that the next call could meet.
    calls = (Break("none"), Redeploy("i1"), Look(), Redeploy("i1"), Settle())
    steps = (make(contract), *calls)
    row = "effect none, called again at once"
    yield Case(clauses=("A12",), row=row, steps=steps, depth=Depth.PLAN)


def shape(contract: Contract) -> Iterator[Case]:
    """Yield answers of which two are compared: ids must differ, and whole they must be (R1 to R5)."""
    made = make(contract), make(contract, "i2")
    accepted = (*made, Redeploy("i1"), Redeploy("i2"))
    yield Case(
        clauses=("R1", "R4", "R5"),
        row="two accepted calls",
        steps=accepted,
        depth=Depth.PLAN,
    )
    locked = make(contract, spec={"lock_reasons": ("security",)})
    rejected = (locked, Redeploy("i1"), Look(), Redeploy("i1"))
    yield Case(
        clauses=("R2", "R3", "R4"),
        row="two rejected calls",
        steps=rejected,
        depth=Depth.PLAN,
    )

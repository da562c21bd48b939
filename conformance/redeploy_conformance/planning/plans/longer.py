"""Planned cases of long histories, of long waits, and of what one instance does to another one later.

Like those of ``crossings`` they come after the tour, and look for what shows only late.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from redeploy_conformance.planning.plans.blocks import (
    FAIL,
    LOCAL,
    SUCCEED,
    event,
    harmless_values,
    life,
    listed_pairs,
    make,
    settable,
    values,
)
from redeploy_conformance.planning.steps import (
    Advance,
    Case,
    Create,
    Depth,
    Look,
    Patch,
    Raise,
    Redeploy,
    Release,
    Script,
    Settle,
    Step,
    spec_items,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import LocalDisk

DAY = 86_400.0
"""Seconds for which nobody asks for anything."""

MONTHS = 40 * DAY
"""Seconds that an implementation has run before anything is made."""

FAILURES, SUCCESSES = 4, 9
"""Redeploys in a row that end alike: more than a counter of three bits tells apart."""


def longer(contract: Contract) -> Iterator[Case]:
    """Yield every case of this kind."""
    makers = (
        _in_a_row,
        _waiting,
        _failed_then_refused,
        _raised_on_the_way,
        _refused_on_the_way,
        _no_boolean,
        _all_at_once_changed,
        _others,
    )
    for make_cases in makers:
        for case in make_cases(contract):
            yield replace(case, depth=Depth.PLAN)


def _in_a_row(contract: Contract) -> Iterator[Case]:
    """Yield redeploys that fail again and again, and redeploys that succeed again and again."""
    kind, status = event(contract)
    pairs = [pair for pair, _ in listed_pairs(contract)]
    for origin in contract.transition_from:
        back = Patch("i1", spec_items({"status": origin}))
        steps: list[Step] = [
            make(contract, spec={**LOCAL, "status": origin}, events=pairs)
        ]
        for _ in range(FAILURES):
            steps += [Script("i1", FAIL), Redeploy("i1"), Settle()]
        steps += [Script("i1", SUCCEED), Redeploy("i1"), Look(), Settle()]
        row = f"{FAILURES} failures and a success, {origin}"
        yield Case(clauses=("L6", "E6"), row=row, steps=tuple(steps))
        steps = [make(contract, spec={"status": origin}, events=())]
        for _ in range(SUCCESSES):
            asked = (Raise("i1", kind, status), Script("i1", SUCCEED), Redeploy("i1"))
            steps += [back, *asked, Settle()]
        row = f"{SUCCESSES} successes, each time {origin}"
        yield Case(clauses=("L3", "A9"), row=row, steps=tuple(steps))


def _waiting(contract: Contract) -> Iterator[Case]:
    """Yield what has waited for a day, and what happens on an old implementation."""
    late = Raise("i1", *event(contract))
    for origin, ending in product(contract.transition_from, (SUCCEED, FAIL)):
        made = make(contract, spec={**LOCAL, "status": origin})
        whole = life(made, Redeploy("i1"), ending)
        steps: tuple[Step, ...] = (*whole, Advance(DAY), Look())
        clause = "L3" if ending == SUCCEED else "L6"
        row = f"{origin}, did {ending} a day ago"
        yield Case(clauses=(clause, "L9"), row=row, steps=steps)
    made = replace(make(contract, events=()), ending=SUCCEED)
    steps = (made, Advance(DAY), late, Redeploy("i1"), Settle())
    row = "made a day ago, and given an event now"
    yield Case(clauses=("A9", "A15"), row=row, steps=steps)
    # Who goes through each second on the way needs time for it, and answers each advance in time.
    weeks = (Advance(MONTHS / 8),) * 8
    steps = (*weeks, *life(make(contract), Redeploy("i1"), SUCCEED))
    row = "on an implementation that has run for more than a month"
    yield Case(clauses=("A9", "L3"), row=row, steps=steps)


def _failed_then_refused(contract: Contract) -> Iterator[Case]:
    """Yield refusals after a redeploy that failed, whose reasons go again."""
    made: list[Create] = []
    spoilt: list[Step] = []
    mended: list[Step] = []
    bad = [
        (row.attribute, value)
        for row in contract.preconditions
        if settable(row)
        for value in values(row, contract)
    ]
    for number, (name, value) in enumerate(bad, 1):
        key, attribute = f"i{number}", contract.attribute_by_name[name]
        good = () if attribute.is_set else attribute.default
        made.append(replace(make(contract, key), ending=FAIL))
        spoilt.append(Patch(key, spec_items({name: value})))
        mended += [Patch(key, spec_items({name: good})), Script(key, SUCCEED)]
    calls = [Redeploy(one.key) for one in made]
    steps: list[Step] = [*made, *calls, Settle()]
    steps += [*spoilt, *calls, Look()]
    steps += [*mended, *calls, Settle()]
    row = "failed, then refused for every reason, then mended"
    yield Case(clauses=("L10", "A9", "A8"), row=row, steps=tuple(steps))


def _raised_on_the_way(contract: Contract) -> Iterator[Case]:
    """Yield redeploys during which each listed event is raised: what fails leaves it as it is."""
    pairs = [pair for pair, needed in listed_pairs(contract) if not needed]
    for origin, ending in product(contract.transition_from, (FAIL, SUCCEED)):
        made = [
            replace(make(contract, f"i{n}", {"status": origin}), ending=ending)
            for n, _ in enumerate(pairs, 1)
        ]
        calls = [Redeploy(one.key) for one in made]
        late = [Raise(one.key, *pair) for one, pair in zip(made, pairs, strict=True)]
        row = f"each listed event raised on the way, {origin}, will {ending}"
        clauses = ("L6", "E6") if ending == FAIL else ("L3", "E1r")
        steps: tuple[Step, ...] = (*made, *calls, *late, Settle())
        yield Case(clauses=clauses, row=row, steps=steps)


def _refused_on_the_way(contract: Contract) -> Iterator[Case]:
    """Yield calls during a redeploy that are refused whatever the instance is: it goes on as it would."""
    refused = next(one for one in contract.policy_cases if not one.allowed)
    bad = [row for row in contract.malformed if contract.by_id[row.clause].required]
    kinds = [("A14", Redeploy("i1", malformed=row.name)) for row in bad]
    kinds += [("U4", Redeploy("i1", forgery=row.name)) for row in contract.forgeries]
    kinds += [("U1", Redeploy("i1", policy=refused.name))]
    for clause in dict.fromkeys(clause for clause, _ in kinds):
        own = [call for one, call in kinds if one == clause]
        made = [
            replace(make(contract, f"i{n}"), ending=SUCCEED)
            for n, _ in enumerate(own, 1)
        ]
        begun = [Redeploy(one.key, force=False) for one in made]
        calls = [replace(call, key=f"i{n}") for n, call in enumerate(own, 1)]
        steps: tuple[Step, ...] = (*made, *begun, *calls, Look(), Settle())
        row = "refused during a redeploy, which goes on"
        yield Case(clauses=(clause, "L10"), row=row, steps=steps)


def _no_boolean(contract: Contract) -> Iterator[Case]:
    """Yield calls whose ForceStop is no boolean where it would not matter, or nothing else is looked at."""
    gap = {**LOCAL, "local_disk": LocalDisk.ISOLATED.value}
    specs = [
        ({"status": origin}, (event(contract),)) for origin in contract.transition_from
    ]
    for row_of in contract.malformed:
        if "ForceStop" not in row_of.set or not contract.by_id[row_of.clause].required:
            continue
        made = [
            make(contract, f"i{n}", spec, events)
            for n, (spec, events) in enumerate([*specs, (gap, ())], 1)
        ]
        calls = [Redeploy(one.key, malformed=row_of.name) for one in made]
        row = f"{row_of.name}, whatever the instance is"
        steps: tuple[Step, ...] = (*made, *calls, Look(), Settle())
        yield Case(clauses=(row_of.clause, "L10"), row=row, steps=steps)


def _all_at_once_changed(contract: Contract) -> Iterator[Case]:
    """Yield instances of which everything is changed in one request, and what a look shows of it."""
    spec = {
        one.name: one.values[-1:] if one.is_set else one.values[-1]
        for one in contract.attributes
        if one.name not in ("exists", "in_flight", "status", "storage")
    }
    made = make(contract, spec=LOCAL)
    steps = (
        made,
        Look(),
        Patch("i1", spec_items(spec)),
        Look(),
        Redeploy("i1"),
        Look(),
    )
    yield Case(clauses=("A11",), row="everything changed at once", steps=steps)


def _others(contract: Contract) -> Iterator[Case]:
    """Yield what a release does to others, and calls without an id where it could mean just one."""
    lock = harmless_values(contract, "lock_reasons")[:1]
    locked = make(contract, "i2", {"lock_reasons": ("security", *lock)})
    others = (locked, make(contract, "i3"))
    steps: tuple[Step, ...] = life(make(contract), Redeploy("i1"), SUCCEED, *others)
    steps += (Release("i1"), Look(), Redeploy("i2"), Redeploy("i3"), Look())
    row = "beside one that was redeployed, and released"
    yield Case(clauses=("A3", "L9"), row=row, steps=steps)
    for row_of in contract.malformed:
        if "ForceStop" in row_of.set:
            continue
        call = Redeploy("i1", malformed=row_of.name)
        steps = (make(contract), call, Look(), Settle())
        row = f"{row_of.name}, in an account of one instance"
        yield Case(clauses=(row_of.clause, "L10"), row=row, steps=steps)
        forced = replace(call, force=True)
        steps = (make(contract), make(contract, "i2"), forced, Look(), Settle())
        row = f"{row_of.name}, forced"
        yield Case(clauses=(row_of.clause, "L10"), row=row, steps=steps)

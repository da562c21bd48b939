"""Planned cases of circumstances that meet, and of longer histories.

The plan's other cases go row by row on instances that are plain but for their row. What is wrong only
beside something else, or only later, is looked for here; none of these cases is on the tour.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, product
from typing import Any

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
    words,
)
from redeploy_conformance.planning.steps import (
    WIRES,
    Advance,
    Break,
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
    Simulate,
    Step,
    spec_items,
)
from redeploy_schemas.contract import Contract, Precondition
from redeploy_schemas.vocabulary import LocalDisk

ISOLATED = {**LOCAL, "local_disk": LocalDisk.ISOLATED.value}
FORCES = (None, True, False)
ENDINGS, LONG = (SUCCEED, FAIL, SUCCEED, SUCCEED, FAIL), (None, True, False, True, None)
"""How the redeploys of one long life end, and what they say of ForceStop: each time something else."""


def crossings(contract: Contract) -> Iterator[Case]:
    """Yield every case of this kind."""
    makers = (
        _refused_whatever_else,
        _refused_then_mended,
        _every_event,
        _failures_with_every_event,
        _changed_on_the_way,
        _called_on_the_way,
        _after_an_error,
        _many_lives,
        _other_callers,
        _forms,
        _refused_for_good,
    )
    for make_cases in makers:
        for case in make_cases(contract):
            yield replace(case, depth=Depth.PLAN)


def _violations(contract: Contract) -> Iterator[tuple[Precondition, Any]]:
    for row in contract.preconditions:
        if settable(row):
            for value in values(row, contract):
                yield row, value


def _origins(contract: Contract) -> Iterator[str]:
    """Yield the statuses that a redeploy may begin in, over and over."""
    every = tuple(contract.transition_from)
    return (every[n % len(every)] for n in count())


def _refused_whatever_else(contract: Contract) -> Iterator[Case]:
    """Yield each refusal beside every event, every ForceStop, and the isolation gap."""
    for row, value in _violations(contract):
        specs: list[tuple[dict[str, Any], tuple[tuple[str, str], ...]]] = [
            (needed, (pair,)) for pair, needed in listed_pairs(contract)
        ]
        specs += [(ISOLATED, ())]
        attribute = contract.attribute_by_name[row.attribute]
        locks = harmless_values(contract, "lock_reasons")
        if row.attribute != "lock_reasons":  # as what is not paid for is locked, too
            specs += [({"lock_reasons": (one,)}, (event(contract),)) for one in locks]
        mine = [{row.attribute: value}] * len(specs)
        if attribute.is_set:  # the order of what is listed is nobody's business
            good = harmless_values(contract, row.attribute)
            mine += [{row.attribute: (*value, one)} for one in good]
            mine += [{row.attribute: (*good[:1], *value, *good[1:][-1:])}]
            specs += [({}, (event(contract),))] * (len(good) + 1)
        made = [
            make(contract, f"i{n}", {"status": origin, **spec, **bad}, events)
            for n, ((spec, events), bad, origin) in enumerate(
                zip(specs, mine, _origins(contract), strict=False), 1
            )
        ]
        calls = [Redeploy(one.key, FORCES[n % 3]) for n, one in enumerate(made)]
        yield Case(
            clauses=(row.clause, "L10"),
            row=f"{row.attribute}={words(value)} whatever else there is",
            steps=(*made, *calls, Look()),
        )


def _refused_then_mended(contract: Contract) -> Iterator[Case]:
    """Yield a refusal whose reason goes, and comes back after a redeploy; what was asked for stays."""
    again = Raise("i1", *event(contract))
    all_made, mended = [], []
    for number, (row, value) in enumerate(_violations(contract), 1):
        attribute = contract.attribute_by_name[row.attribute]
        good = () if attribute.is_set else attribute.default
        key, spec = f"i{number}", {row.attribute: value}
        all_made.append(replace(make(contract, key, spec), ending=FAIL))
        mended.append(Patch(key, spec_items({row.attribute: good})))
        made = replace(make(contract, spec={row.attribute: value}), ending=SUCCEED)
        steps: tuple[Step, ...] = (
            made,
            Redeploy("i1"),
            Patch("i1", spec_items({row.attribute: good})),
            Redeploy("i1"),
            Look(),
            Settle(),
            again,
            Patch("i1", spec_items({row.attribute: value})),
            Redeploy("i1"),
            Look(),
        )
        label = f"{row.attribute}={words(value)} mended, and again after a redeploy"
        yield Case(clauses=(row.clause, "A9", "L10"), row=label, steps=steps)
    calls = [Redeploy(one.key) for one in all_made]
    steps = (*all_made, *calls, Look(), *mended, *calls, Look(), Settle())
    row_all = "every refusal mended, and will fail"
    yield Case(clauses=("L10",), row=row_all, steps=steps)


def _every_event(contract: Contract) -> Iterator[Case]:
    """Yield each row of the event table from each status, forced or not, and several that are alike."""
    for origin in contract.transition_from:
        every = [(pair, force) for pair in listed_pairs(contract) for force in FORCES]
        made = [
            replace(
                make(contract, f"i{n}", {"status": origin, **needed}, [pair]),
                ending=SUCCEED,
            )
            for n, ((pair, needed), _) in enumerate(every, 1)
        ]
        calls = [
            Redeploy(one.key, force)
            for one, (_, force) in zip(made, every, strict=True)
        ]
        yield Case(
            clauses=("E1", "A9"),
            row=f"every row of the table, {origin}",
            steps=(*made, *calls, Look(), Settle()),
        )
    plain = [row for row in contract.events if not row.only_with]
    twice = next(row for row in plain if len(row.statuses) > 1)
    other = next(row for row in plain if row is not twice)
    events = [(twice.type, status) for status in twice.statuses]
    events.append((other.type, other.statuses[0]))
    steps = life(make(contract, events=events), Redeploy("i1"), SUCCEED)
    yield Case(clauses=("E7",), row="two of one type and one of another", steps=steps)
    gap = make(contract, spec=ISOLATED, events=())
    simulated = Simulate("i1", event(contract)[0])
    steps = life(gap, Redeploy("i1"), SUCCEED, simulated)
    yield Case(clauses=("A13",), row="beside a simulated event", steps=steps)


def _failures_with_every_event(contract: Contract) -> Iterator[Case]:
    """Yield both endings of an instance that has all there may be: every event, every harmless lock."""
    pairs = [pair for pair, _ in listed_pairs(contract)]
    locks = harmless_values(contract, "lock_reasons")
    for origin, ending in product(contract.transition_from, (FAIL, SUCCEED)):
        spec = {**LOCAL, "status": origin, "lock_reasons": locks}
        steps = life(make(contract, spec=spec, events=pairs), Redeploy("i1"), ending)
        clause = "E6" if ending == FAIL else "L3"
        row = f"every listed event at once, {origin}, will {ending}"
        yield Case(clauses=(clause,), row=row, steps=steps)


def _changed_on_the_way(contract: Contract) -> Iterator[Case]:
    """Yield redeploys during which something else changes, which is kept (ruling on L6)."""
    late = Raise("i1", *event(contract))
    for origin in contract.transition_from:
        made = replace(make(contract, spec={"status": origin}), ending=FAIL)
        steps: tuple[Step, ...] = (made, Redeploy("i1"), late, Settle())
        row = f"an event raised on the way, {origin}"
        yield Case(clauses=("L6",), row=row, steps=steps)
        watch = [x for _ in range(12) for x in (Advance(2.0), Look(), Redeploy("i1"))]
        steps = (made, Redeploy("i1"), late, Redeploy("i1"), *watch, Settle())
        row = f"calls for an event raised on the way, begun {origin}"
        yield Case(clauses=("A2",), row=row, steps=steps)
    for ending in (SUCCEED, FAIL):
        made, asked = replace(make(contract), ending=ending), Script("i1", FAIL)
        steps = (made, Redeploy("i1"), asked, Settle(), late, Redeploy("i1"), Settle())
        row = f"will {ending}, and asked on the way that the next one fail"
        yield Case(clauses=("L6",), row=row, steps=steps)
    one = harmless_values(contract, "lock_reasons")[:1]
    for before, after in ((one, ()), ((), one)):
        made = make(contract, spec={"lock_reasons": before})
        spec = {
            "lock_reasons": after,
            "billing": "expired",
            "disk_status": "incorrect",
            "tenancy": "dedicated-host",
        }
        change = Patch("i1", spec_items(spec))
        steps = (replace(made, ending=SUCCEED), Redeploy("i1"), change, Settle())
        row = f"lock_reasons changed on the way to {words(after) or 'none'}"
        yield Case(clauses=("L3", "L9"), row=row, steps=steps)


def _called_on_the_way(contract: Contract) -> Iterator[Case]:
    """Yield further calls during a redeploy: forced ones, during one that fails, and without an event.

    Where an event taken up counts as none, and that is answered before the status, only the gap of A13
    shows what is answered for the status (A2).
    """
    gap = replace(make(contract, spec=ISOLATED, events=()), ending=SUCCEED)
    again: tuple[Step, ...] = (gap, Redeploy("i1"), Redeploy("i1"), Look(), Settle())
    yield Case(clauses=("A13", "A2"), row="called again in the gap", steps=again)
    for origin, ending in product(contract.transition_from, (SUCCEED, FAIL)):
        made = replace(make(contract, spec={"status": origin}), ending=ending)
        forced = Redeploy("i1", force=True)
        first: tuple[Step, ...] = (made, Redeploy("i1", force=False), forced)
        steps = (*first, Look(), Settle())
        row = f"a forced second call, begun {origin}, will {ending}"
        yield Case(clauses=("A2", "L10"), row=row, steps=steps)
        watch = [x for _ in range(12) for x in (Advance(2.0), Look(), forced)]
        row = f"forced calls all the way, begun {origin}, will {ending}"
        steps = (*first, *watch, Settle())
        yield Case(clauses=("A2",), row=row, steps=steps)


def _after_an_error(contract: Contract) -> Iterator[Case]:
    """Yield what is called after an InternalError: it is as if never made, or as if accepted."""
    kinds = (
        ("none", SUCCEED, True),
        ("none", FAIL, None),
        ("accepted", FAIL, None),
        ("accepted", SUCCEED, True),
        ("accepted", SUCCEED, False),
    )
    for origin, (effect, ending, force) in product(contract.transition_from, kinds):
        made = replace(make(contract, spec={**LOCAL, "status": origin}), ending=ending)
        call = Redeploy("i1", force)
        steps = (made, Break(effect), call, Look(), Settle(), call, Look(), Settle())
        word = {None: "", True: ", forced", False: ", in order"}[force]
        row = f"{origin}, effect {effect}, will {ending}{word}, and another call"
        yield Case(clauses=("A12",), row=row, steps=steps)


def _many_lives(contract: Contract) -> Iterator[Case]:
    """Yield a long history: what is counted wrong shows only after some redeploys."""
    again = Raise("i1", *event(contract))
    for origin in contract.transition_from:
        spec = {
            **LOCAL,
            "status": origin,
            "lock_reasons": harmless_values(contract, "lock_reasons")[:1],
        }
        steps: list[Step] = [make(contract, spec=spec)]
        for ending, force in zip(ENDINGS, LONG, strict=True):
            steps += [Script("i1", ending), Redeploy("i1", force), Look(), Settle()]
            steps += [again] if ending == SUCCEED else []
        row = f"five redeploys, {origin} at first"
        yield Case(clauses=("L3", "L6"), row=row, steps=tuple(steps))
    made = replace(make(contract), ending=SUCCEED)
    call = Redeploy("i1")
    gone = (made, call, Release("i1"), Look(), Settle(), call)
    yield Case(clauses=("A1",), row="released during a redeploy", steps=gone)


def _other_callers(contract: Contract) -> Iterator[Case]:
    """Yield policies on every form of request, and one that speaks of somebody else's instance."""
    refused = next(one for one in contract.policy_cases if not one.allowed)
    allowed = next(one for one in contract.policy_cases if one.allowed)
    steps: tuple[Step, ...]
    for wire in WIRES:
        calls = [
            Redeploy("i1", policy=refused.name, wire=wire),
            Redeploy("i2", policy=allowed.name, wire=wire),
        ]
        steps = (make(contract), make(contract, "i2"), *calls, Look())
        yield Case(clauses=("U1",), row=f"policies, as {wire}", steps=steps)
    theirs = Create("j1", (), (event(contract),), "a2")
    call = Redeploy("j1", by="a1", statements=(("Allow", "*", "*"),))
    steps = (make(contract), theirs, call, Look())
    row = "another account's instance, by a policy for everything"
    yield Case(clauses=("A1",), row=row, steps=steps)
    # To another account it names nothing, whatever its own account would be told.
    bad = [make(contract, spec={one.attribute: v}) for one, v in _violations(contract)]
    bad += [make(contract, events=()), make(contract)]
    made = [replace(one, key=f"j{n}", account="a2") for n, one in enumerate(bad, 1)]
    made[-1] = replace(made[-1], ending=SUCCEED)
    calls = [Redeploy(one.key, by="a1") for one in made]
    steps = (Create("i1"), *made, Redeploy(made[-1].key), *calls, Look(), Settle())
    row = "another account's instances, with all that speaks against a redeploy"
    yield Case(clauses=("A1", "L10"), row=row, steps=steps)


def _forms(contract: Contract) -> Iterator[Case]:
    """Yield ForceStop in every form of request: what it says, however spelled, and that it is no boolean."""
    bad = [row for row in contract.malformed if "ForceStop" in row.set]
    no_boolean = [row for row in bad if contract.by_id[row.clause].required]
    for wire in WIRES:
        made = [replace(make(contract, f"i{n}"), ending=SUCCEED) for n in (1, 2)]
        calls = [
            Redeploy("i1", force=True, wire=wire),
            Redeploy("i2", force=False, wire=wire),
        ]
        steps: tuple[Step, ...] = (*made, *calls, Look(), Settle())
        yield Case(clauses=("L11",), row=f"ForceStop, as {wire}", steps=steps)
        for row in no_boolean:
            call = Redeploy("i1", malformed=row.name, wire=wire)
            steps = (make(contract), call, Look())
            label = f"{row.name}, as {wire}"
            yield Case(clauses=(row.clause,), row=label, steps=steps)
        for row in bad:
            if row.means is not None:
                call = Redeploy("i1", malformed=row.name, wire=wire)
                steps = life(make(contract), call, SUCCEED)
                label = f"{row.name}, to the end, as {wire}"
                yield Case(clauses=(row.clause,), row=label, steps=steps)


def _refused_for_good(contract: Contract) -> Iterator[Case]:
    """Yield calls that are refused before the instance matters, and what comes of them later."""
    kinds = [Redeploy("i1", forgery=row.name) for row in contract.forgeries]
    yield _later(contract, "U4", "every forgery", kinds)
    bad = [row for row in contract.malformed if contract.by_id[row.clause].required]
    kinds = [Redeploy("i1", malformed=row.name) for row in bad]
    yield _later(contract, "A14", "every malformed call", kinds)
    refused = [one for one in contract.policy_cases if not one.allowed]
    for force in (None, True):
        kinds = [Redeploy("i1", force, policy=one.name) for one in refused]
        what = "every refusing policy" + (", forced" if force else "")
        yield _later(contract, "U2", what, kinds)


def _later(contract: Contract, clause: str, what: str, kinds: list[Redeploy]) -> Case:
    made = [make(contract, f"i{n}") for n in range(1, len(kinds) + 1)]
    calls = [replace(call, key=f"i{n}") for n, call in enumerate(kinds, 1)]
    steps: tuple[Step, ...] = (*made, *calls, Look(), Settle())
    return Case(clauses=(clause, "L10"), row=f"{what}, and later", steps=steps)

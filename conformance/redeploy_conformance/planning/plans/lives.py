"""What follows an accepted call: redeploys that succeed, that fail, and one after another."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from redeploy_conformance.planning.plans.blocks import (
    FAIL,
    LOCAL,
    SUCCEED,
    WAITS,
    event,
    harmless_values,
    life,
    make,
)
from redeploy_conformance.planning.steps import (
    Advance,
    Case,
    Depth,
    Look,
    Patch,
    Raise,
    Redeploy,
    Script,
    Settle,
    Step,
    Tasks,
    spec_items,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Storage

LONG_AGO = 7200.0
"""Seconds for which an instance just waits, so that whoever forgets it by then is seen."""

AGAIN, TIMES = 8.0, 85
"""Seconds between calls, and how many there are, while a redeploy is under way."""


def first_hops(contract: Contract) -> Iterator[Case]:
    """Yield the first moments of a redeploy, from each status that it may begin in."""
    steps: tuple[Step, ...]
    for origin, row in contract.transition_from.items():
        made = make(contract, spec={"status": origin})
        watch = [step for _ in range(8) for step in (Advance(2.0), Look())]
        steps = (replace(made, ending=SUCCEED), Redeploy("i1"), Look(), *watch)
        clauses = (row.first_clause,)
        yield Case(clauses=clauses, row="first seen", steps=steps, depth=Depth.PLAN)


def successes(contract: Contract) -> Iterator[Case]:
    """Yield redeploys that succeed: from where, with which disks, forced or not."""
    steps: tuple[Step, ...]
    forces = (None, True, False)
    for origin, storage, force in product(contract.transition_from, Storage, forces):
        spec = {"status": origin, "storage": storage.value}
        made = make(contract, spec=spec)
        beside = make(contract, "i2", LOCAL)
        far = replace(make(contract, "j1"), account="a2")
        call = Redeploy("i1", force=force)
        word = {None: "absent", True: "true", False: "false"}[force]
        depth = _paired(contract, origin, storage, forces.index(force))
        depth = Depth.PLAN if force else depth  # the opening forces both
        others = (beside, far)
        steps = life(made, call, SUCCEED, *others)
        clauses = ["L3", "L4", "D2", "L9", "L7", "L8"]
        clauses += ["D1"] if storage is Storage.LOCAL else []
        clauses += ["L11"] if force is not None else ["L11a"]
        label = f"{origin}, {storage.value} disks, ForceStop {word}"
        yield Case(clauses=tuple(clauses), row=label, steps=steps, depth=depth)
    yield from _watched(contract, SUCCEED, ("L8",))
    kind, status = event(contract)
    late = Raise("i1", kind, status)
    # Two before, so that it shows whether all are closed or only one (E7).
    made = replace(make(contract, events=((kind, status),) * 2), ending=SUCCEED)
    steps = (made, Redeploy("i1"), late, Settle())
    yield Case(clauses=("E1r",), row="", steps=steps)
    steps = (made, Advance(LONG_AGO), Redeploy("i1"), Settle())
    row = "made, and given an event, two hours ago"
    yield Case(clauses=("A9", "E1"), row=row, steps=steps, depth=Depth.PLAN)
    stopped = replace(make(contract, spec={"status": "Stopped"}), ending=SUCCEED)
    steps = (stopped, Advance(LONG_AGO), Redeploy("i1"), Settle())
    row = "Stopped for two hours"
    yield Case(clauses=("A9", "L3"), row=row, steps=steps, depth=Depth.PLAN)
    for ending in (SUCCEED, FAIL):
        made = replace(make(contract), ending=ending)
        both = (Tasks("i1"), Tasks("i2"))
        begin = (made, replace(made, key="i2"), Redeploy("i1"), Redeploy("i2"))
        steps = (*begin, *both, Settle(), *both)
        row = f"a redeploy that will {ending}"
        yield Case(clauses=("L13",), row=row, steps=steps, depth=Depth.PLAN)


def _paired(contract: Contract, origin: str, storage: Storage, third: int) -> Depth:
    """Keep half of all combinations for the tour: every two values still meet."""
    place = [*contract.transition_from].index(origin) + [*Storage].index(storage)
    return Depth.PLAN if (place + third) % 2 else Depth.TOUR


def _watched(
    contract: Contract, ending: str, clauses: tuple[str, ...]
) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for origin in contract.transition_from:
        made = replace(make(contract, spec={"status": origin}), ending=ending)
        some = [x for wait in WAITS for x in (Advance(wait), Look(("i1",), light=True))]
        steps = (made, Redeploy("i1"), *some, Settle())
        row = f"{origin}, will {ending}, seen at times"
        yield Case(clauses=clauses, row=row, steps=steps)
        many = [step for _ in range(6) for step in (Advance(10.0), Look())]
        steps = (made, Redeploy("i1"), *many, Settle())
        row = f"{origin}, will {ending}, watched"
        yield Case(clauses=clauses, row=row, steps=steps, depth=Depth.PLAN)


def failures(contract: Contract) -> Iterator[Case]:
    """Yield redeploys that fail: from where, with which disks, forced or not, or changed on the way."""
    steps: tuple[Step, ...]
    forces = (None, True)
    for origin, storage, force in product(contract.transition_from, Storage, forces):
        spec = {"status": origin, "storage": storage.value}
        made = make(contract, spec=spec)
        word = "" if force is None else ", forced"
        steps = life(made, Redeploy("i1", force=force), FAIL)
        label = f"{origin}, {storage.value} disks{word}"
        depth = _paired(contract, origin, storage, forces.index(force))
        clauses = ("L6", "L5", "E6")
        yield Case(clauses=clauses, row=label, steps=steps, depth=depth)
    for attribute, value in (("lock_reasons", ("financial",)), ("billing", "expired")):
        change = spec_items({attribute: value})
        made = make(contract)
        steps = (
            replace(made, ending=FAIL),
            Redeploy("i1"),
            Patch("i1", change),
            Settle(),
        )
        label = f"{attribute} changed on the way"
        yield Case(clauses=("L6",), row=label, steps=steps)
    yield from _watched(contract, FAIL, ("L8", "L8r"))


def histories(contract: Contract) -> Iterator[Case]:
    """Yield one redeploy after another on the same instance, for what is only forgotten later."""
    steps: tuple[Step, ...]
    kind, status = event(contract)
    again = Raise("i1", kind, status)
    for first, second in product((SUCCEED, FAIL), repeat=2):
        clause = "L3" if second == SUCCEED else "L6"
        spec = {**LOCAL, "lock_reasons": harmless_values(contract, "lock_reasons")[:1]}
        made = make(contract, spec=spec)
        between = (again,) if first == SUCCEED else ()
        steps = (
            *life(made, Redeploy("i1"), first),
            *between,
            Script("i1", second),
            Redeploy("i1"),
            Settle(),
        )
        row = f"a redeploy that will {second} after one that did {first}"
        yield Case(clauses=(clause,), row=row, steps=steps)
    locked = spec_items({"lock_reasons": ("security",)})
    steps = (
        *life(make(contract), Redeploy("i1"), SUCCEED),
        again,
        Patch("i1", locked),
        Redeploy("i1"),
        Settle(),
    )
    after = "locked after a redeploy"
    yield Case(clauses=("A3",), row=after, steps=steps, depth=Depth.PLAN)
    # A caller who asks again and again does not keep it from ending.
    call = Redeploy("i1", force=False)
    called = (call, *(Advance(AGAIN), call) * TIMES)
    steps = (make(contract), *called, Settle())
    row = "called again and again until it must have ended"
    yield Case(clauses=("L7", "L10"), row=row, steps=steps, depth=Depth.PLAN)
    # What was asked for by a call that was turned down is not done for the next.
    free = Patch("i1", spec_items({"lock_reasons": ()}))
    forced = (Redeploy("i1", force=True), free, Redeploy("i1", force=False))
    made = make(contract, spec={"lock_reasons": ("security",)})
    steps = (replace(made, ending=SUCCEED), *forced, Settle())
    row = "forced while locked, then in order"
    yield Case(clauses=("L11", "L10"), row=row, steps=steps, depth=Depth.PLAN)

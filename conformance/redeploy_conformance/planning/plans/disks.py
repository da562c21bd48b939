"""Local disks that are damaged or isolated."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle

from redeploy_conformance.planning.plans.blocks import (
    FAIL,
    LOCAL,
    SUCCEED,
    harmless_values,
    life,
    make,
    unlisted_pairs,
)
from redeploy_conformance.planning.steps import (
    Case,
    Depth,
    Look,
    Patch,
    Redeploy,
    Settle,
    Step,
    spec_items,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import LocalDisk


def local_disks(contract: Contract) -> Iterator[Case]:
    """Yield local disks that are damaged, or isolated with and without an event (A6d, A13, D3)."""
    steps: tuple[Step, ...]
    for disk in (LocalDisk.DAMAGED, LocalDisk.ISOLATED):
        spec = {**LOCAL, "local_disk": disk.value}
        steps = life(make(contract, spec=spec), Redeploy("i1"), SUCCEED)
        gone = disk is LocalDisk.ISOLATED
        clauses = ("D3",) if gone else ("A6d",)
        depth = Depth.PLAN if gone else Depth.TOUR
        yield Case(clauses=clauses, row=f"{disk.value} disk", steps=steps, depth=depth)
    isolated = {**LOCAL, "local_disk": LocalDisk.ISOLATED.value}
    for origin in contract.transition_from:
        made = make(contract, spec={**isolated, "status": origin}, events=())
        steps = life(made, Redeploy("i1"), SUCCEED)
        yield Case(clauses=("A13",), row=f"{origin}, no event", steps=steps)
    steps = life(make(contract, spec=isolated), Redeploy("i1"), SUCCEED)
    beside = "beside an event"
    yield Case(clauses=("A13",), row=beside, steps=steps, depth=Depth.PLAN)
    ends = [(contract.gap_ending_event_types[0], "Inquiring")]
    made = make(contract, spec=isolated, events=ends)
    yield Case(clauses=("A13e",), row="", steps=(made, Redeploy("i1"), Settle()))
    steps = tuple(_failures(contract, isolated))
    yield Case(clauses=("L6",), row="isolated disk", steps=steps, depth=Depth.PLAN)
    # Where the call is refused (A6d), there is nothing that may fail.
    damaged = {**LOCAL, "local_disk": LocalDisk.DAMAGED.value}
    steps = tuple(_failures(contract, damaged))
    row = "damaged disk, will fail"
    yield Case(clauses=("A6d",), row=row, steps=steps, depth=Depth.PLAN)
    harmless = {"lock_reasons": harmless_values(contract, "lock_reasons")}
    made = make(contract, spec={**isolated, **harmless}, events=())
    steps = life(made, Redeploy("i1"), SUCCEED)
    row = "no event, with every harmless lock"
    yield Case(clauses=("A13",), row=row, steps=steps, depth=Depth.PLAN)


def _failures(contract: Contract, spec: dict[str, str]) -> Iterator[Step]:
    """Yield redeploys that fail, from each status that one may begin in."""
    made = [
        make(contract, f"i{n}", {**spec, "status": origin})
        for n, origin in enumerate(contract.transition_from, 1)
    ]
    yield from (replace(one, ending=FAIL) for one in made)
    yield from (Redeploy(one.key) for one in made)
    yield from (Look(), Settle())


def beside_events(contract: Contract) -> Iterator[Case]:
    """Yield bad local disks beside each event, and the isolation gap beside all that does not end it."""
    steps: tuple[Step, ...]
    ends = contract.gap_ending_event_types
    listed = [(row.type, status) for row in contract.events for status in row.statuses]
    for disk in (LocalDisk.DAMAGED, LocalDisk.ISOLATED):
        gap = disk is LocalDisk.ISOLATED
        spec = {**LOCAL, "local_disk": disk.value}
        pairs = [pair for pair in listed if not (gap and pair[0] in ends)]
        made = [
            make(contract, f"i{n}", {**spec, "status": origin}, [pair])
            for n, (pair, origin) in enumerate(
                zip(pairs, cycle(contract.transition_from), strict=False), 1
            )
        ]
        scripted = [replace(one, ending=SUCCEED) for one in made]
        calls = [Redeploy(one.key) for one in made]
        steps = (*scripted, *calls, Look(), Settle())
        clauses = ("A13", "D3") if gap else ("A6d", "D3")
        row = f"{disk.value} disk, every row of the table"
        yield Case(clauses=clauses, row=row, steps=steps, depth=Depth.PLAN)
    others = [pair for pair in unlisted_pairs(contract) if pair[0] not in ends]
    isolated = {"local_disk": LocalDisk.ISOLATED.value}
    for origin in contract.transition_from:
        spec = {**LOCAL, **isolated, "status": origin}
        first = life(make(contract, spec=spec, events=others), Redeploy("i1"), SUCCEED)
        again = (Patch("i1", spec_items(isolated)), Redeploy("i1"), Look(), Settle())
        row = f"{origin}, only events that do not end it, and isolated again"
        steps = (*first, *again)
        yield Case(clauses=("A13", "D3"), row=row, steps=steps, depth=Depth.PLAN)

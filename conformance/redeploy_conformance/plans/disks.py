"""Local disks that are damaged or isolated."""

from collections.abc import Iterator

from redeploy_conformance.plans.blocks import (
    FAIL,
    LOCAL,
    SUCCEED,
    harmless_values,
    life,
    make,
)
from redeploy_conformance.steps import Case, Depth, Redeploy, Settle, Step
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
    kept = make(contract, spec=isolated)
    steps = life(kept, Redeploy("i1"), FAIL)
    yield Case(clauses=("L6",), row="isolated disk", steps=steps, depth=Depth.PLAN)
    # Where the call is refused (A6d), there is nothing that may fail.
    damaged = {**LOCAL, "local_disk": LocalDisk.DAMAGED.value}
    steps = life(make(contract, spec=damaged), Redeploy("i1"), FAIL)
    row = "damaged disk, will fail"
    yield Case(clauses=("A6d",), row=row, steps=steps, depth=Depth.PLAN)
    harmless = {"lock_reasons": harmless_values(contract, "lock_reasons")}
    made = make(contract, spec={**isolated, **harmless}, events=())
    steps = life(made, Redeploy("i1"), SUCCEED)
    row = "no event, with every harmless lock"
    yield Case(clauses=("A13",), row=row, steps=steps, depth=Depth.PLAN)

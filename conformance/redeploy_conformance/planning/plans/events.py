"""Which events are answered and ended by a redeploy: listed, unlisted, several, simulated."""

from collections.abc import Iterator
from typing import Any

from redeploy_conformance.planning.plans.blocks import (
    FAIL,
    SUCCEED,
    event,
    life,
    make,
    unlisted_pairs,
)
from redeploy_conformance.planning.steps import (
    Case,
    Depth,
    Redeploy,
    Settle,
    Simulate,
    Step,
)
from redeploy_schemas.contract import Contract

MANY = 101
"""Events of one instance: more than the largest page of the event history has."""


def listed(contract: Contract) -> Iterator[Case]:
    """Yield each listed event in each of its statuses: the call is accepted, and ends it (E1, A9)."""
    steps: tuple[Step, ...]
    for row in contract.events:
        for status in row.statuses:
            made = make(contract, spec=dict(row.only_with), events=[(row.type, status)])
            steps = life(made, Redeploy("i1"), SUCCEED)
            yield Case(clauses=("E1", "A9"), row=f"{row.type} {status}", steps=steps)


def unlisted(contract: Contract) -> Iterator[Case]:
    """Yield events that no row lists, alone and beside one that is (A10, E2, E3)."""
    steps: tuple[Step, ...]
    whole = unlisted_pairs(contract)
    for kind in dict.fromkeys(kind for kind, _ in whole):
        pairs = [pair for pair in whole if pair[0] == kind]
        alone = make(contract, events=[*pairs, event(contract)])
        steps = life(alone, Redeploy("i1"), SUCCEED)
        row = f"{kind} beside a listed one"
        yield Case(clauses=("E2",), row=row, steps=steps, depth=Depth.PLAN)
    for origin in contract.transition_from:
        spec = {"status": origin}
        alone = make(contract, spec=spec, events=[*whole, event(contract)])
        steps = life(alone, Redeploy("i1"), SUCCEED)
        row = f"all unlisted beside a listed one, {origin}"
        yield Case(clauses=("E2",), row=row, steps=steps, depth=Depth.PLAN)
    kind = contract.unlisted_event_types[0]
    for status in contract.open_event_statuses:
        made = make(contract, events=[(kind, status)])
        steps = (made, Redeploy("i1"), Settle())
        row = f"only {kind} {status}"
        first = status == contract.open_event_statuses[0]
        depth = Depth.TOUR if first else Depth.PLAN
        yield Case(clauses=("A10",), row=row, steps=steps, depth=depth)
    for limited in contract.events:
        if not limited.only_with:
            continue
        pairs = [(limited.type, status) for status in limited.statuses]
        made = make(contract, events=[*pairs, event(contract)])
        steps = life(made, Redeploy("i1"), SUCCEED)
        row = f"{limited.type} without local disks"
        yield Case(clauses=("E3",), row=row, steps=steps, depth=Depth.PLAN)


def several(contract: Contract) -> Iterator[Case]:
    """Yield instances with several events that a redeploy answers (E6, E7)."""
    steps: tuple[Step, ...]
    plain = [row for row in contract.events if not row.only_with]
    for count in (2, 3):
        pairs = [(row.type, row.statuses[0]) for row in plain[:count]]
        steps = life(make(contract, events=pairs), Redeploy("i1"), SUCCEED)
        row = f"{count} events"
        yield Case(clauses=("E7",), row=row, steps=steps, depth=Depth.PLAN)
        steps = life(make(contract, events=pairs), Redeploy("i1"), FAIL)
        yield Case(clauses=("E6",), row=row, steps=steps, depth=Depth.PLAN)
    made = make(contract, events=[event(contract)] * MANY)
    steps = life(made, Redeploy("i1"), SUCCEED)
    row = f"{MANY} events"
    yield Case(clauses=("E7",), row=row, steps=steps, depth=Depth.PLAN)


def simulated(contract: Contract) -> Iterator[Case]:
    """Yield simulated events, alone and beside a real one (E4, E5)."""
    steps: tuple[Step, ...]
    yield from _simulated_and_listed(contract)
    stopped = make(contract, spec={"status": "Stopped"}, events=())
    extra = Simulate("i1", "SystemMaintenance.Redeploy")
    steps = life(stopped, Redeploy("i1"), SUCCEED, extra)
    yield Case(clauses=("E5",), row="alone, Stopped", steps=steps, depth=Depth.PLAN)
    for n, kind in enumerate(
        ("SystemMaintenance.Reboot", "SystemMaintenance.Redeploy")
    ):
        depth = Depth.PLAN if n else Depth.TOUR
        extra = Simulate("i1", kind)
        steps = life(make(contract), Redeploy("i1"), SUCCEED, extra)
        row = f"{kind} beside a real event"
        yield Case(clauses=("E4",), row=row, steps=steps, depth=depth)
        row_fails = f"{row}, will fail"
        fails = life(make(contract), Redeploy("i1"), FAIL, extra)
        yield Case(clauses=("E6",), row=row_fails, steps=fails, depth=Depth.PLAN)
        steps = (make(contract, events=()), extra, Redeploy("i1"), Settle())
        yield Case(clauses=("E5",), row=kind, steps=steps, depth=depth)


def _simulated_and_listed(contract: Contract) -> Iterator[Case]:
    """Yield simulated events that but for this are of a row: in its status, and with what it needs."""
    kind = "SystemMaintenance.Redeploy"
    pairs: list[tuple[str, dict[str, Any]]]
    pairs = [(kind, {"status": origin}) for origin in contract.transition_from]
    limited = [row for row in contract.events if row.only_with]
    pairs += [(row.type, dict(row.only_with)) for row in limited]
    plain = [row for row in contract.events if not row.only_with]
    real = [(row.type, row.statuses[0]) for row in plain[:2]]
    for kind, spec in pairs:
        made = make(contract, spec=spec, events=real)
        steps = life(made, Redeploy("i1"), SUCCEED, Simulate("i1", kind))
        words = ", ".join(f"{name}={value}" for name, value in spec.items())
        row = f"{kind} beside two real events, {words}"
        yield Case(clauses=("E4",), row=row, steps=steps, depth=Depth.PLAN)

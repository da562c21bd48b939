"""Many things at once: a few calls that between them show most of what can go wrong."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from redeploy_conformance.planning.plans.authority import too_little
from redeploy_conformance.planning.plans.blocks import (
    FAIL,
    LOCAL,
    MORE,
    SUCCEED,
    event,
    harmless_values,
    make,
    unlisted_pairs,
    values,
)
from redeploy_conformance.planning.steps import (
    Case,
    Create,
    Depth,
    Look,
    Redeploy,
    Settle,
    Step,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import LocalDisk

FAILED_HOST = "SystemFailure."
"""How the types of events begin that tell of a failure that has happened."""

GLANCE = Look(("i1",), light=True)
FEW = 2
"""Events that are not responded to, where some will do: one page must hold all of the opening."""


def all_at_once(contract: Contract) -> Iterator[Case]:
    """Yield a few calls that between them show most of what can go wrong with one.

    Each instance has all that is no reason to reject and must stay, or go, in the end; the caller
    who may not has every policy that is too little. What breaks a clause here is made plain before
    it is reported.
    """
    listed = [(row.type, status) for row in contract.events for status in row.statuses]
    limited = [pair for pair in listed if contract.event_by_type[pair[0]].only_with]
    failure = next(
        pair
        for pair in listed
        if pair[0].startswith(FAILED_HOST) and pair not in limited
    )
    # One page of events must hold those of the whole opening: no type that is in no row is final.
    unknown, final = contract.unlisted_event_types, contract.final_event_statuses
    unlisted = [
        (kind, status)
        for kind, status in unlisted_pairs(contract)
        if kind not in unknown or status not in final
    ]
    strange = [pair for pair in unlisted if pair[0] in unknown]
    kept = harmless_values(contract, "lock_reasons")

    spec: dict[str, Any]
    calls: tuple[Step, ...]
    # Without local disks, so that the limited event is one that must stay. Of the others there are
    # more than a page of the event history has, where nobody asks for more.
    spec = {"lock_reasons": kept[:1]}
    plain = [pair for pair in listed if pair not in limited]
    again = plain[: max(0, MORE - len(listed))]
    events = [*unlisted, *listed, *again]
    made = replace(make(contract, spec=spec, events=events), ending=SUCCEED)
    calls = (Redeploy("i1", force=False), GLANCE, Redeploy("i1", force=True))
    yield _case(("L3", "E1", "E2", "A2"), "every event, called twice", made, *calls)

    # It fails, so that all must stay: locks, events, the isolated disk and the data. What would be a
    # reason to refuse beside an isolated disk is left out (A13e).
    isolated = {**LOCAL, "local_disk": LocalDisk.ISOLATED.value}
    spec = {**isolated, "lock_reasons": kept[1:2]}
    ends = contract.gap_ending_event_types
    most = [pair for pair in listed if pair[0] not in (event(contract)[0], *ends)]
    made = replace(make(contract, spec=spec, events=most), ending=FAIL)
    calls = (Redeploy("i1", force=True), GLANCE)
    yield _case(("L6", "L5", "E6"), "most listed types", made, *calls)

    # An isolated disk is no reason to reject (A13), and the redeploy brings a whole one (D3).
    spec = {**isolated, "status": "Stopped", "lock_reasons": kept[2:]}
    events = [event(contract), failure, *limited, *strange]
    made = replace(make(contract, spec=spec, events=events), ending=SUCCEED)
    row = "Stopped, isolated disk"
    yield _case(("L3", "A13", "D1", "D3", "E1", "E2"), row, made, *calls)

    # Neither are locks, one or many, nor events of another kind: the gap needs no event at all.
    spec = {**isolated, "status": "Stopped", "lock_reasons": kept}
    events = [pair for pair in unlisted if pair[0] not in ends][:FEW]
    made = replace(make(contract, spec=spec, events=events), ending=SUCCEED)
    row = "Stopped, in the isolation gap, every harmless lock"
    yield _case(("A13", "A8"), row, made, Redeploy("i1"), GLANCE)

    # Neither locks before and after it, nor the event, nor the isolated disk, nor force outweighs
    # the security lock.
    spec = {**isolated, "lock_reasons": (*kept[:1], "security", *kept[1:2])}
    made = make(contract, spec=spec, events=[failure])
    calls = (Redeploy("i1", force=True), GLANCE)
    yield _case(("A3", "L10"), "security lock among others, forced", made, *calls)

    # Nor does any of it outweigh what else speaks against a call.
    rules = {one.attribute: one for one in contract.preconditions}
    spec = {**isolated, "status": "Stopped", "lock_reasons": kept}
    disk = next(one for one in listed if "Disk" in one[0] and one[0] not in ends)
    for reason, events in (("tenancy", [failure]), ("disk_status", [failure, disk])):
        against = {reason: next(values(rules[reason], contract))}
        made = make(contract, spec={**spec, **against}, events=events)
        row = f"{reason} of a Stopped instance with an isolated disk"
        clauses = (rules[reason].clause, "L10")
        yield _case(clauses, row, made, Redeploy("i1"), GLANCE)

    # A misreading of any of the statements is enough to let this caller in.
    calls = (Redeploy("i1", force=True, statements=too_little(contract)), GLANCE)
    row = "every policy that is too little, forced"
    yield _case(("U2", "L10"), row, make(contract), *calls)

    # And a reason by itself, as plain as it can be.
    status = next(values(rules["status"], contract))
    made = make(contract, spec={"status": status})
    clauses = (rules["status"].clause, "L10")
    yield _case(clauses, f"status={status}", made, Redeploy("i1"), GLANCE)


def _case(clauses: tuple[str, ...], row: str, made: Create, *calls: Step) -> Case:
    # The neighbour has no events: one page of them must hold those of the whole opening.
    beside = Create("i2", tuple(LOCAL.items()))
    return Case(
        clauses=clauses,
        row=f"{row}, all at once",
        steps=(made, beside, *calls, Settle()),
        depth=Depth.OPENING,
        rich=True,
    )

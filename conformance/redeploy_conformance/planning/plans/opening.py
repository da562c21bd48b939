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

STOPPED = {"status": "Stopped"}
ISOLATED = {**LOCAL, "local_disk": LocalDisk.ISOLATED.value}
DAMAGED = {**LOCAL, "local_disk": LocalDisk.DAMAGED.value}
GLANCE = Look(("i1",), light=True)
FEW = 2
"""Events that are not responded to, where some will do: one page must hold all of the opening."""


def all_at_once(contract: Contract) -> Iterator[Case]:
    """Yield a few calls that between them show most of what can go wrong with one.

    Each instance has all that is no reason to reject and must stay, or go, in the end; the caller
    who may not has every policy that is too little. What breaks a clause here is made plain before
    it is reported.
    """
    listed = _listed(contract)
    limited = [pair for pair in listed if contract.event_by_type[pair[0]].only_with]
    failure = _failure(contract)
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
    spec = {**ISOLATED, **STOPPED, "lock_reasons": kept[1:2]}
    ends = contract.gap_ending_event_types
    most = [pair for pair in listed if pair[0] not in (event(contract)[0], *ends)]
    made = replace(make(contract, spec=spec, events=most), ending=FAIL)
    calls = (Redeploy("i1", force=True), GLANCE)
    yield _case(("L6", "L5", "E6"), "most listed types", made, *calls)

    # Where it is accepted (A6d), the redeploy brings an empty, whole disk for a damaged one.
    spec = {**DAMAGED, **STOPPED, "lock_reasons": kept[2:]}
    events = [event(contract), failure, *limited, *strange]
    made = replace(make(contract, spec=spec, events=events), ending=SUCCEED)
    row = "Stopped, damaged disk"
    yield _case(("A6d", "D1", "D3", "E1", "E2"), row, made, *calls)

    # An isolated disk is no reason to reject, nor are locks, one or many, nor events of another kind:
    # the gap needs no event at all.
    spec = {**ISOLATED, "lock_reasons": kept}
    events = [pair for pair in unlisted if pair[0] not in ends][:FEW]
    made = replace(make(contract, spec=spec, events=events), ending=SUCCEED)
    row = "in the isolation gap, every harmless lock"
    yield _case(("A13", "A8"), row, made, *calls)

    # Neither locks before and after it, nor the event, nor the isolated disk, nor force outweighs
    # the security lock.
    spec = {**ISOLATED, "lock_reasons": (*kept[:1], "security", *kept[1:2])}
    made = make(contract, spec=spec, events=[failure])
    calls = (Redeploy("i1", force=True), GLANCE)
    yield _case(("A3", "L10"), "security lock among others, forced", made, *calls)

    # Nor does any of it outweigh what else speaks against a call.
    yield _outweighed(contract, "tenancy")

    # A misreading of any of the statements is enough to let this caller in.
    calls = (Redeploy("i1", force=True, statements=too_little(contract)), GLANCE)
    row = "every policy that is too little, forced"
    yield _case(("U2", "L10"), row, make(contract), *calls)


def after_it(contract: Contract) -> Iterator[Case]:
    """Yield what is as rich, but shows too little for one of the first requests."""
    yield replace(_outweighed(contract, "disk_status"), depth=Depth.TOUR)


def _outweighed(contract: Contract, reason: str) -> Case:
    ends = contract.gap_ending_event_types
    disk = next(
        one for one in _listed(contract) if "Disk" in one[0] and one[0] not in ends
    )
    rule = next(one for one in contract.preconditions if one.attribute == reason)
    against = {reason: next(values(rule, contract))}
    kept = harmless_values(contract, "lock_reasons")
    spec = {**ISOLATED, **STOPPED, "lock_reasons": kept, **against}
    made = make(contract, spec=spec, events=[event(contract), _failure(contract), disk])
    row = f"{reason} of a Stopped instance with an isolated disk"
    return _case((rule.clause, "L10"), row, made, Redeploy("i1"), GLANCE)


def _listed(contract: Contract) -> list[tuple[str, str]]:
    return [(row.type, status) for row in contract.events for status in row.statuses]


def _failure(contract: Contract) -> tuple[str, str]:
    """Return the event of a failure that has happened, for every kind of instance."""
    return next(
        pair
        for pair in _listed(contract)
        if pair[0].startswith(FAILED_HOST)
        and not contract.event_by_type[pair[0]].only_with
    )


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

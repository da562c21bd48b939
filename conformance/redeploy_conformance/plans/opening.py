"""Many things at once: four redeploys that between them show most of what can go wrong."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from redeploy_conformance.plans.blocks import (
    FAIL,
    LOCAL,
    SUCCEED,
    event,
    make,
    unlisted_pairs,
)
from redeploy_conformance.steps import Case, Depth, Look, Redeploy, Settle
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import LocalDisk


def all_at_once(contract: Contract) -> Iterator[Case]:
    """Yield four redeploys that between them show most of what can go wrong with one.

    Each instance has all that is no reason to reject and must stay, or go, in the end. What breaks
    a clause here is made plain before it is reported.
    """
    listed = [(row.type, status) for row in contract.events for status in row.statuses]
    limited = [pair for pair in listed if _limited(contract, pair)]
    locks = contract.attribute_by_name["lock_reasons"].values
    kept = [one for one in locks if one != "security"]
    rich = [{**LOCAL, "lock_reasons": (lock,)} for lock in kept]
    every = [*listed, *unlisted_pairs(contract)]
    isolated = {**rich[2 % len(rich)], "local_disk": LocalDisk.ISOLATED.value}
    stopped = {"status": "Stopped", "lock_reasons": (kept[-1],)}
    rows: tuple[tuple[tuple[str, ...], str, dict[str, Any], Any, str, bool | None], ...]
    rows = (
        (("L3", "E1", "E2"), "every event", rich[0], every, SUCCEED, False),
        (
            ("L6", "L5", "E6"),
            "every listed event",
            rich[1 % len(rich)],
            listed,
            FAIL,
            None,
        ),
        (("L3", "E3"), "Stopped", stopped, [event(contract), *limited], SUCCEED, True),
        (
            ("D3", "A13"),
            "isolated disk, forced",
            isolated,
            [event(contract)],
            SUCCEED,
            True,
        ),
    )
    for clauses, row, spec, events, ending, force in rows:
        made = replace(make(contract, spec=spec, events=events), ending=ending)
        # The neighbours have no events: one page of them must hold those of the whole opening.
        beside = make(contract, "i2", LOCAL, ())
        call = Redeploy("i1", force=force)
        glance = Look(("i1",), light=True)
        yield Case(
            clauses=clauses,
            row=f"{row}, all at once",
            steps=(made, beside, call, glance, Settle()),
            depth=Depth.OPENING,
            rich=True,
        )


def _limited(contract: Contract, pair: tuple[str, str]) -> bool:
    return bool(contract.event_by_type[pair[0]].only_with)

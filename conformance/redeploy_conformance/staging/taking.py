"""What an instance that is there already may be, as far as the public API shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from redeploy_conformance.judging.views import event_of, view
from redeploy_conformance.judging.world import Event, World
from redeploy_conformance.staging.access import local_disks
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Storage

SIMULATED = "A simulated event"
"""How the reason of a simulated event begins."""


@dataclass(slots=True)
class Known:
    """What a run keeps of one instance: its simulated events, the others that were open, all listed.

    ``withdrawn`` are those it has canceled: a late look shows one open still.
    """

    simulated: dict[str, tuple[str, str]]
    found: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    withdrawn: set[str] = field(default_factory=set)


def taken(
    contract: Contract,
    listed: Mapping[str, Any],
    known: Known,
    rows: Sequence[Mapping[str, Any]],
    trusted: bool,
) -> list[World]:
    """Return what an instance may be: of open events that others made, who knows.

    ``listed`` is its row of DescribeInstances, ``rows`` those of its events; with ``trusted`` events
    that are not marked as simulated are none. ``known`` learns which are listed, and which others are open.
    """
    own: list[Event] = []
    found: list[Event] = []
    marked: list[Event] = []
    for row in rows:
        _, event_id, (kind, status) = event_of(row)
        if event_id in known.simulated:
            own.append(Event(event_id, kind, status, simulated=True))
        elif status in contract.open_event_statuses and event_id not in known.withdrawn:
            simulated = str(row.get("Reason", "")).startswith(SIMULATED)
            event = Event(event_id, kind, status, simulated=simulated)
            (marked if simulated else found).append(event)
    known.listed = frozenset(event_of(row)[1] for row in rows)
    known.found = frozenset(one.id for one in (*found, *marked))
    seen = view(listed, {}, None)
    shown = World(
        status=str(seen["status"]),
        tenancy=seen.get("tenancy", "default"),
        lock_reasons=seen.get("lock_reasons", frozenset()),
        storage=(Storage.LOCAL if local_disks(listed) else Storage.CLOUD).value,
    )
    real = replace(shown, events=(*own, *marked, *found))
    if not found or trusted:
        return [real]
    doubted = [replace(one, simulated=True) for one in found]
    return [real, replace(shown, events=(*own, *marked, *doubted))]

"""From observation answers to views: what a look showed of one instance."""

from collections.abc import Mapping
from typing import Any

INSPECTED = (
    "host",
    "local_data",
    "cloud_data",
    "orderly_stops",
    "power_offs",
    "billing",
    "disk_status",
)
"""What inspection alone shows, but for ``local_disk``, which is nothing where there is none."""


def view(
    listed: Mapping[str, Any] | None,
    events: Mapping[str, tuple[str, str]],
    inspected: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the view of one instance; ``listed`` None where DescribeInstances left it out."""
    if listed is None:
        return {"exists": False}
    seen: dict[str, Any] = {"exists": True, "events": dict(events)}
    seen["status"] = listed.get("Status")
    if "OperationLocks" in listed:
        seen["lock_reasons"] = _locks(listed["OperationLocks"])
    if "DedicatedHostAttribute" in listed:
        host = (listed["DedicatedHostAttribute"] or {}).get("DedicatedHostId")
        seen["tenancy"] = "dedicated-host" if host else "default"
    if inspected is not None:
        seen |= {name: inspected[name] for name in INSPECTED if name in inspected}
        if inspected.get("local_disk") is not None:
            seen["local_disk"] = inspected["local_disk"]
    return seen


def in_a_word(seen: Mapping[str, Any]) -> str:
    """Return which status a look showed, if it was to show that."""
    if not seen.get("exists", True):
        return "not listed"
    return str(seen.get("status", "status aside"))


def event_of(row: Mapping[str, Any]) -> tuple[str, str, tuple[str, str]]:
    """Return instance id, event id and (type, status) of a row of the event history."""
    kind, status = row.get("EventType") or {}, row.get("EventCycleStatus") or {}
    return (
        str(row.get("InstanceId")),
        str(row.get("EventId")),
        (str(kind.get("Name")), str(status.get("Name"))),
    )


def _locks(value: Any) -> frozenset[str]:
    rows = (value or {}).get("LockReason") or []
    return frozenset(
        row["LockReason"]
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("LockReason"), str)
    )

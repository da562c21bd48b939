"""Instance specs of the control protocol: reading and applying them."""

from collections.abc import Mapping
from typing import Final

from redeploy_conformance.emulator.state import EVENT_STATUSES, Instance, World

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "status": ("Running", "Stopped", "Pending", "Starting", "Stopping"),
    "tenancy": ("default", "dedicated-host"),
    "billing": ("current", "expired", "in-arrears"),
    "disk_status": ("normal", "incorrect"),
    "storage": ("cloud", "local"),
}
_LOCKS: Final = (
    "security",
    "financial",
    "recycling",
    "dedicatedhostfinancial",
    "refunded",
)
_LOCAL_DISKS: Final = ("healthy", "damaged", "isolated")
_NEW_ONLY: Final = ("events", "next_redeploy")


def apply_spec(
    world: World, instance: Instance, spec: Mapping[str, object], *, new: bool
) -> None:
    """Give the instance the attributes of the spec, and with `new` its events.

    Raises ValueError with half a sentence, before anything is changed, on an attribute
    or value that is not in the protocol.
    """
    unknown = set(spec) - set(_WORDS) - {"lock_reasons", "local_disk", *_NEW_ONLY}
    if unknown:
        raise ValueError(f"unknown attribute {sorted(unknown)[0]}")
    for name, words in _WORDS.items():
        if name in spec and spec[name] not in words:
            raise ValueError(f"{name} is none of {', '.join(words)}")
    locks = _locks(spec)
    storage = str(spec.get("storage", instance.storage))
    local_disk = _local_disk(instance, spec, storage)
    events = _events(spec, new)
    outcome = spec.get("next_redeploy")
    if outcome is not None and (not new or outcome not in ("succeed", "fail")):
        raise ValueError("next_redeploy is neither succeed nor fail for a new instance")

    if "status" in spec:
        instance.place(str(spec["status"]))
    for name in ("tenancy", "billing", "disk_status"):
        if name in spec:
            setattr(instance, name, spec[name])
    if locks is not None:
        instance.lock_reasons = locks
    if storage != instance.storage:
        instance.local_data = world.ids.data() if storage == "local" else None
        local = storage == "local"
        instance.instance_type = "ecs.i4.large" if local else "ecs.g7.large"
    instance.storage, instance.local_disk = storage, local_disk
    if outcome is not None:
        instance.next_outcome = "succeed" if outcome == "succeed" else "fail"
    for event_type, status in events:
        world.add_event(instance, event_type, status)


def check_event(event: object) -> tuple[str, str]:
    """Type and status of an event. Raises ValueError when there is none."""
    if not isinstance(event, Mapping):
        raise ValueError("an event is not a JSON object")
    event_type, status = event.get("type"), event.get("status")
    if not isinstance(event_type, str) or not event_type:
        raise ValueError("an event has no type")
    if not isinstance(status, str) or status not in EVENT_STATUSES:
        raise ValueError("an event has no status that events have")
    return event_type, status


def _locks(spec: Mapping[str, object]) -> tuple[str, ...] | None:
    given = spec.get("lock_reasons")
    if given is None and "lock_reasons" not in spec:
        return None
    if not isinstance(given, list) or any(lock not in _LOCKS for lock in given):
        raise ValueError(f"lock_reasons is not a list out of {', '.join(_LOCKS)}")
    return tuple(dict.fromkeys(given))


def _local_disk(
    instance: Instance, spec: Mapping[str, object], storage: str
) -> str | None:
    given = spec.get("local_disk")
    if storage == "cloud":
        if given is not None:
            raise ValueError("local_disk is not null though storage is cloud")
        return None
    if given is None:
        return instance.local_disk or "healthy"
    if given not in _LOCAL_DISKS:
        raise ValueError(f"local_disk is none of {', '.join(_LOCAL_DISKS)}")
    return str(given)


def _events(spec: Mapping[str, object], new: bool) -> list[tuple[str, str]]:
    if "events" not in spec:
        return []
    if not new:
        raise ValueError("events are not changed in this way")
    events = spec["events"]
    if not isinstance(events, list):
        raise ValueError("events is not a list")
    return [check_event(event) for event in events]

"""What the provider's own open events may do to an instance while a run is at work on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redeploy_conformance.judging.views import event_of, view
from redeploy_conformance.staging.access import local_disks
from redeploy_conformance.staging.taking import SIMULATED
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Storage

RELEASING = "recycling"
"""The lock of an instance that the provider takes back: minutes later it is gone."""


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """A system event that is open; ``not_before`` as the service writes it."""

    id: str
    type: str
    status: str
    not_before: str
    simulated: bool

    def __str__(self) -> str:
        """Return the event in words."""
        return f"{self.type} {self.status} ({self.id})"


def open_events(
    contract: Contract, rows: Sequence[Mapping[str, Any]]
) -> tuple[OpenEvent, ...]:
    """Return the events that are open, of ``rows`` of the event history."""
    found = []
    for row in rows:
        _, event_id, (kind, status) = event_of(row)
        if status in contract.open_event_statuses:
            simulated = str(row.get("Reason", "")).startswith(SIMULATED)
            not_before = str(row.get("NotBefore") or "")
            found.append(OpenEvent(event_id, kind, status, not_before, simulated))
    return tuple(found)


def answerable(contract: Contract, event: OpenEvent, local: bool | None) -> bool:
    """Whether the event table lets a redeploy respond to an event in its status.

    ``local`` says whether the instance has local disks, None where nobody knows.
    """
    row = contract.event_by_type.get(event.type)
    if row is None or event.status not in row.statuses:
        return False
    return local is not False or row.only_with.get("storage") != Storage.LOCAL.value


def coming(
    contract: Contract,
    row: Mapping[str, Any],
    events: Iterable[OpenEvent],
    now: float,
    until: float,
) -> str | None:
    """Return what the provider does to an instance by ``until``, or may, and so why it is left alone.

    ``row`` is that of DescribeInstances; both moments are in seconds since 1970. A Scheduled event
    begins at its time or any while after, one that is Inquiring waits for its owner.
    """
    local = local_disks(row)
    if RELEASING in view(row, {}, None).get("lock_reasons", ()):
        return f"the provider is about to release it: it is locked ({RELEASING})"
    for one in events:
        if one.simulated:
            continue
        if one.status == "Executing" and not answerable(contract, one, local):
            return f"{one} is moving it already"
        due = _moment(one.not_before)
        if due is None or due > until or (due < now and one.status != "Scheduled"):
            continue
        when = "at any moment" if due < now else f"at {one.not_before}"
        return (
            f"{one} may begin {when}, while the run is under way: "
            "what moves then could not be told from what the run does"
        )
    return None


def _moment(text: str) -> float | None:
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None

"""What a log shows of one request, whichever log it was, and what is wrong with a log."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from redeploy_conformance.judging.replies import Reply
from redeploy_conformance.judging.views import event_of, view
from redeploy_conformance.running.shapes import InstanceRow, unlike

READ_ONLY = ("Describe", "List", "Get", "Query", "Check")
"""How the names of operations begin that change nothing."""


MASKED = re.compile(r"\*{3}|\b(redacted|masked|removed|hidden)\b", re.IGNORECASE)
"""What stands in a log for what somebody has taken out of it."""


def masked(value: str | None) -> bool:
    """Whether a value was taken out of a log."""
    return value is not None and MASKED.search(value) is not None


class LogError(ValueError):
    """A log cannot be read from some place on; the message names the place and the reason."""


class Listed(msgspec.Struct, frozen=True, gc=False):
    """What a row of DescribeInstances shows of an instance; None for what it does not."""

    id: str
    status: str
    tenancy: str | None
    locks: frozenset[str] | None


Events: TypeAlias = tuple[tuple[str, str, str], ...]
"""Events of one instance: (id, type, status)."""
Page: TypeAlias = tuple[tuple[str, Events], ...]
"""A page of the event history: the events by instance."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One request of a log and its answer; times in seconds since 1970, of the log's own clock.

    ``account`` is whoever the log says has called, ``region`` where, both empty where it does not
    say: an id names an instance only there, and a rate limit may be of both. ``reply`` is the
    answer where the operation is RedeployInstance, ``listed`` what DescribeInstances showed,
    ``page`` what DescribeInstanceHistoryEvents did, of ``total`` events. ``whole`` is false where
    the log may have left parameters out. ``caller`` is who of the account has called, as far as the log
    says; ``named`` are ids of instances that stand anywhere in what others did.
    """

    begun: float
    ended: float
    action: str
    params: Mapping[str, str]
    account: str = ""
    region: str = ""
    reply: Reply | None = None
    listed: Sequence[Listed] = ()
    page: Page | None = None
    total: object = None
    whole: bool = True
    caller: str = ""
    named: tuple[str, ...] = ()


def listed_in(fields: Mapping[str, Any]) -> tuple[Listed, ...]:
    """Return the instances of an answer to DescribeInstances; rows that are none are left out."""
    rows = map(listed, _rows(fields, "Instances", "Instance"))
    return tuple(one for one in rows if one is not None)


def listed(row: Mapping[str, Any]) -> Listed | None:
    """Return the instance that a row shows; None where it is no row of an instance."""
    if unlike(row, InstanceRow) or masked(row["InstanceId"]) or masked(row["Status"]):
        return None
    shown = view(row, {}, None)
    host = row.get("DedicatedHostAttribute")
    if host and masked(host.get("DedicatedHostId")):
        shown.pop("tenancy", None)
    return Listed(
        row["InstanceId"],
        row["Status"],
        shown.get("tenancy"),
        shown.get("lock_reasons"),
    )


def page_in(fields: Mapping[str, Any]) -> Page:
    """Return the events of an answer to DescribeInstanceHistoryEvents."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in _rows(fields, "InstanceSystemEventSet", "InstanceSystemEventType"):
        shapes = (row.get("EventType"), row.get("EventCycleStatus"))
        if all(isinstance(one, dict) for one in shapes):
            key, event_id, (kind, status) = event_of(row)
            found.setdefault(key, []).append((event_id, kind, status))
    return tuple((key, tuple(events)) for key, events in found.items())


def _rows(fields: Mapping[str, Any], outer: str, inner: str) -> list[dict[str, Any]]:
    group = fields.get(outer)
    rows = group.get(inner) if isinstance(group, dict) else None
    return (
        [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
    )

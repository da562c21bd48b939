"""Which instances a request in a log may have moved: hands of others, and calls that were accepted."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from redeploy_conformance.evidence.sources import READ_ONLY, Seen
from redeploy_conformance.judging.replies import Kind
from redeploy_schemas.contract import Contract

Moved: TypeAlias = Sequence[str] | None
"""Ids of instances; None where it may be any."""
NAMING = ("instanceid", "resourceid")
"""How the names of parameters begin that name instances, in lower case."""
IDS = re.compile(r"\bi-[0-9A-Za-z]+")
"""What an id of an instance looks like, wherever it stands."""
HARMLESS = (
    "Allocate",
    "Authorize",
    "Copy",
    "Create",
    "Import",
    "Revoke",
    "Run",
    "Tag",
    "Untag",
)
"""How the names of operations begin that move no instance unless they name it."""
BEHIND = ("EventId", "DedicatedHost", "AutoProvisioningGroup")
"""How the names of parameters begin behind which there are instances that they do not name."""

REFUSED = ("Forbidden", "NoPermission", "Invalid", "Missing", "IncompleteSignature")
"""How codes begin by which the service says that it did not do what was asked for."""


def moved_by(seen: Seen) -> Moved:
    """Return the instances that an operation of others may have moved.

    One that names none may move any: the log may have left out which, or it names what they are in.
    """
    named = dict.fromkeys((*seen.named, *_named(seen.params)))
    if named:
        return list(named)
    behind = any(name.startswith(BEHIND) for name in seen.params)
    harmless = seen.whole and not behind and seen.action.startswith(HARMLESS)
    return () if harmless else None


def _named(params: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for name, value in params.items():
        ids = IDS.findall(value)
        if not ids and name.lower().startswith(NAMING) and "*" not in value:
            ids = [value]
        found += ids
    return found


def moves(contract: Contract, seen: Seen) -> Moved:
    """Return the instances that a request may have moved, whatever it is."""
    if seen.action == contract.operation:
        if seen.reply is None or unmoved(contract, seen):
            return ()
        key = seen.params.get("InstanceId")
        return (key,) if key and seen.whole else None
    return () if seen.action.startswith(READ_ONLY) else moved_by(seen)


def unmoved(contract: Contract, seen: Seen) -> bool:
    """Whether a call was answered by what says for certain that it did nothing, if that is true.

    A code of the service that is not in the page may tell of trouble after the call had taken effect.
    """
    reply = seen.reply
    if reply is None:
        return False
    if reply.kind is Kind.THROTTLED:
        return True
    code = reply.code or ""
    listed = code in contract.error_by_code or code.startswith(REFUSED)
    return reply.kind is Kind.REJECTED and (listed or not code)

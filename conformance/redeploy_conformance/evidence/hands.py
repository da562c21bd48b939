"""Other hands in a log: which instances an operation may have moved."""

import json
from collections.abc import Mapping

NAMING = ("InstanceId", "ResourceId")
"""How the names of parameters begin that name instances."""
BEHIND = ("EventId", "DedicatedHost", "AutoProvisioningGroup")
"""And of those behind which there are instances that they do not name."""


def moved_by(params: Mapping[str, str]) -> list[str] | None:
    """Return the ids of the instances that an operation names; None where it may be of any.

    That is where it names what instances are behind, or the log left out what it names.
    """
    named = [
        key
        for name, value in params.items()
        if name.startswith(NAMING)
        for key in _ids(value)
    ]
    behind = any(name.startswith(BEHIND) for name in params)
    return None if not named and (behind or not params) else named


def _ids(value: str) -> list[str]:
    if not value.startswith("["):
        return [value]
    try:
        found = json.loads(value)
    except ValueError:
        return []
    return [one for one in found if isinstance(one, str)]

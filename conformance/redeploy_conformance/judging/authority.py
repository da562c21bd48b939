"""Who may do what: the decision of RAM policies, computed from their language (U1, U2)."""

import re
from collections.abc import Iterable, Mapping


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with ``*`` (any text) and ``?`` (one character) covers a text."""
    parts = (
        ".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern
    )
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def allows(statements: Iterable[Mapping[str, str]], action: str, resource: str) -> bool:
    """Whether statements allow an action on a resource: some allow, and no deny, matches."""
    effects = {
        one["Effect"]
        for one in statements
        if matches(one["Action"], action) and matches(one["Resource"], resource)
    }
    return "Allow" in effects and "Deny" not in effects

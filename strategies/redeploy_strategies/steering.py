"""Steering: what was seen least so far is drawn most, so that long walks go where none went."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Seen: TypeAlias = Mapping[tuple[str, str], int]
"""How often each (clause, row) held with its premise true, in all that was run before."""

FAVOUR = 3
"""How many times as likely the rarest are drawn."""


def times(seen: Seen, clause: str) -> int:
    """Return how often a clause held, over all its rows."""
    return sum(count for (name, _), count in seen.items() if name == clause)


def favoured(rows: Iterable[T], count: Callable[[T], int]) -> list[T]:
    """Return rows to sample from, several times those that were seen least."""
    known = [(row, count(row)) for row in rows]
    least = min((seen for _, seen in known), default=0)
    return [row for row, seen in known for _ in range(FAVOUR if seen == least else 1)]

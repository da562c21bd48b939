"""What a log shows of one request, whichever log it was, and what is wrong with a log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redeploy_conformance.replies import Reply

READ_ONLY = ("Describe", "List", "Get", "Query", "Check")
"""How the names of operations begin that change nothing."""
MOST_IDS = 100_000
"""Ids that are remembered: a second one after so many others is not seen."""


class LogError(ValueError):
    """A log cannot be read from some place on; the message names the place and the reason."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of a log and its answer; times in seconds since 1970, of the log's own clock.

    ``account`` is whoever the log says has called, ``region`` where, both empty where it does not
    say: an id names an instance only there, and a rate limit may be of both. ``reply`` is the
    answer where the operation is RedeployInstance; ``fields`` the answer's fields where it is an
    observation that was answered well. ``wordless`` where the log keeps no HTTP status and no
    message text as it was sent.
    """

    begun: float
    ended: float
    action: str
    params: Mapping[str, str]
    account: str = ""
    region: str = ""
    reply: Reply | None = None
    fields: Mapping[str, Any] | None = None
    wordless: bool = False


class Recent(set[str]):
    """The ids seen last, a bounded number of them, in place of all."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self._order: dict[str, None] = {}

    def add(self, one: str) -> None:
        """Remember an id, and forget the oldest where there are too many."""
        super().add(one)
        self._order[one] = None
        if len(self._order) > MOST_IDS:
            oldest = next(iter(self._order))
            del self._order[oldest]
            self.discard(oldest)

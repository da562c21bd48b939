"""What a log shows of one request, whichever log it was, and what is wrong with a log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redeploy_conformance.replies import Reply


class LogError(ValueError):
    """A log cannot be read from some place on; the message names the place and the reason."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of a log and its answer; times in seconds since 1970, of the log's own clock.

    ``account`` is whoever the log says has called, empty where it does not say. ``reply`` is the
    answer where the operation is RedeployInstance; ``fields`` the answer's fields where it is an
    observation that was answered well. ``wordless`` where the log keeps no HTTP status and no
    message text as it was sent.
    """

    begun: float
    ended: float
    action: str
    params: Mapping[str, str]
    account: str = ""
    reply: Reply | None = None
    fields: Mapping[str, Any] | None = None
    wordless: bool = False

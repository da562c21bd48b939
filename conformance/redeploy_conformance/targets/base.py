"""The seam between the suite and an implementation under test."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse


class UnansweredError(Exception):
    """A request went out, or may have, and no whole answer came; the message says why."""


class UnreachableError(Exception):
    """Nothing of use answers where the target should be; the message says what did."""


class TargetUsageError(Exception):
    """A target is named or described in a way that means nothing; the message says what would."""


class Kind(StrEnum):
    """The ways to reach an implementation under test."""

    EMBEDDED = "embedded"
    HTTP = "http"
    FACTORY = "factory"


class Transport(Protocol):
    """The point of control and observation: bytes out, bytes back."""

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer to one request, redirects not followed.

        Raises:
            UnansweredError: no whole answer came within ``timeout`` seconds.
            UnreachableError: no connection could be made, so nothing was sent.
        """

    def close(self) -> None:
        """Let go of what is held."""


@dataclass(frozen=True, slots=True)
class Target:
    """An implementation under test: how it is called, how it is reached, what it declares."""

    name: str
    kind: str
    transport: Transport
    statement: Statement

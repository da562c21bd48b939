"""A transport that is watched: what is waited for, and whether anything was ever answered."""

import re
import threading
import time
from dataclasses import dataclass, field

from redeploy_conformance.targets.base import (
    Transport,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

TRIES = 2
"""How often an operation that never answered is waited for, before it counts as not there."""
ACTION = re.compile(r"\bAction=(\w+)")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request under way: what it asks for, since when in monotonic seconds, and till when."""

    what: str
    begun: float
    limit: float


@dataclass(slots=True)
class Watched:
    """Sends through another transport.

    An operation, or the control plane, that lets so many requests (``tries``) wait to the end and has
    never answered one is not there: a run of hundreds of calls would wait for each.
    """

    inner: Transport
    control: str
    tries: float = TRIES
    sent: int = 0
    under_way: dict[int, Waiting] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    waited: dict[str, int] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The Host that requests are signed for."""
        return getattr(self.inner, "host", "ecs.test")

    @property
    def holds(self) -> bool:
        """Whether calls at once wait for each other further inside (see ``parallel.hold``)."""
        return getattr(self.inner, "holds", False)

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer to one request (see ``Transport``)."""
        what = self._what(request)
        if self.waited.get(what, 0) >= self.tries:
            raise UnreachableError(self._never(what, timeout))
        self.sent += 1
        me, begun = threading.get_ident(), time.monotonic()
        self.under_way[me] = Waiting(what, begun, timeout)
        try:
            answer = self.inner.send(request, timeout)
        except UnansweredError as error:
            waited = time.monotonic() - begun >= timeout * 0.9
            if waited and what not in self.heard:
                self.waited[what] = self.waited.get(what, 0) + 1
                if self.waited[what] >= self.tries:
                    raise UnreachableError(self._never(what, timeout)) from error
            raise
        finally:
            del self.under_way[me]
        self.heard.add(what)
        self.waited.pop(what, None)
        return answer

    def close(self) -> None:
        """Let go of what is held."""
        self.inner.close()

    def _what(self, request: HttpRequest) -> str:
        """Return what a request asks for: an operation, or the control plane."""
        path = request.target.partition("?")[0]
        if self.control and path.startswith(self.control):
            discovery = path.rstrip("/") == self.control
            return "discovery" if discovery else "the control plane"
        for name, value in request.headers:
            if name == "x-acs-action":
                return value
        sent = request.target + request.body.decode("latin-1")
        found = ACTION.search(sent)
        return found[1] if found else "the endpoint"

    def _never(self, what: str, timeout: float) -> str:
        return f"{what} never answered, {self.tries} requests of {timeout:g} s each"

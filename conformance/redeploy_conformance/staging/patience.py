"""Signs of life: what a run is waiting for, told once a wait has become long."""

import threading
from collections.abc import Callable

from redeploy_conformance.staging.requests import read
from redeploy_conformance.targets.base import Transport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

LONG = 10.0
"""Seconds after which a wait is told."""
MOST = 60.0
"""Seconds after which it is told again, at the latest."""
GROWTH = 2.0


class Murmur:
    """Says when it is time to tell of a wait: after ``LONG``, then more and more seldom."""

    def __init__(self) -> None:
        """Begin with nothing waited for."""
        self._since: float | None = None
        self._pause = LONG

    def due(self, now: float) -> bool:
        """Return whether something is to be told now."""
        if self._since is None:
            self._since = now
        if now - self._since < self._pause:
            return False
        self._since, self._pause = now, min(self._pause * GROWTH, MOST)
        return True

    def spoken(self, now: float) -> None:
        """Begin anew: something else was told."""
        self._since, self._pause = now, LONG


class HeardTransport:
    """A transport that tells of every answer that takes long, while it is waited for."""

    def __init__(
        self, inner: Transport, tell: Callable[[str], None], after: float = LONG
    ) -> None:
        """Stand before another transport; the first word comes ``after`` so many seconds."""
        self.inner = inner
        self.tell = tell
        self.after = after

    @property
    def host(self) -> str:
        """The Host that requests are signed for."""
        return str(getattr(self.inner, "host", "ecs.test"))

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer to one request (see ``Transport``)."""
        answered = threading.Event()
        words = f"waiting for an answer to {read(request).action or 'a request'}"
        threading.Thread(
            target=self._murmur, args=(answered, words, timeout), daemon=True
        ).start()
        try:
            return self.inner.send(request, timeout)
        finally:
            answered.set()

    def _murmur(self, answered: threading.Event, words: str, timeout: float) -> None:
        pause, waited = self.after, 0.0
        while not answered.wait(pause):
            waited += pause
            self.tell(f"{words}: {waited:g} s by now, {timeout:g} s at most")
            pause = min(pause * GROWTH, MOST)

    def close(self) -> None:
        """Close the transport behind."""
        self.inner.close()

"""The time that a staging run goes by: one object, so that it can be told and waited for."""

import time
from typing import Protocol

from redeploy_conformance.running.watcher import Watcher


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> float:
        """Return seconds that only go forward."""

    def wall(self) -> float:
        """Return seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class RealClock:
    """The computer's clock."""

    def now(self) -> float:
        """Return seconds that only go forward."""
        return time.monotonic()

    def wall(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class WatchedClock:
    """A clock whose every reading is taken note of: what a run does next hangs on them."""

    def __init__(self, inner: Clock, watcher: Watcher) -> None:
        """Read another clock."""
        self.inner = inner
        self.watcher = watcher

    def now(self) -> float:
        """Return seconds that only go forward."""
        return self._noted(self.inner.now())

    def wall(self) -> float:
        """Return seconds since 1970."""
        return self._noted(self.inner.wall())

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.inner.sleep(seconds)

    def _noted(self, seconds: float) -> float:
        self.watcher.clock(seconds)
        return seconds

"""The clock that redeploys and the rate limit run on, and what falls due on it."""

import heapq
import time
from collections.abc import Callable
from itertools import count
from typing import Literal

ClockKind = Literal["virtual", "real"]


class Clock:
    """Seconds since the emulator began, and actions that fall due.

    A virtual clock moves only by `advance`. A real one follows the computer's clock,
    `time_scale` times as fast, whenever `settle` is called. Actions run in the order
    in which they fall due, each with `now` at its own due time.
    """

    def __init__(self, kind: ClockKind = "virtual", time_scale: float = 1.0) -> None:
        self.kind = kind
        self.now = 0.0
        self.epoch = time.time()
        self._scale = time_scale
        self._begin = time.monotonic()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Let `action` happen `seconds` from now."""
        due = self.now + max(0.0, seconds)
        heapq.heappush(self._due, (due, next(self._order), action))

    def advance(self, seconds: float) -> None:
        """Move a virtual clock on. Everything due by then has happened on return."""
        self._run_until(self.now + seconds)

    def settle(self) -> None:
        """Let happen what has fallen due on a real clock; nothing on a virtual one."""
        if self.kind == "real":
            self._run_until((time.monotonic() - self._begin) * self._scale)

    def forget(self) -> None:
        """Drop every action that has not happened yet."""
        self._due.clear()

    def _run_until(self, end: float) -> None:
        while self._due and self._due[0][0] <= end:
            due, _, action = heapq.heappop(self._due)
            self.now = max(self.now, due)
            action()
        self.now = max(self.now, end)

    def stamp(self, at: float | None = None) -> str:
        """A moment of this clock as `yyyy-MM-ddTHH:mm:ssZ`."""
        moment = self.epoch + (self.now if at is None else at)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))

    def minute(self, at: float | None = None) -> str:
        """A moment of this clock as `yyyy-MM-ddTHH:mmZ`."""
        return self.stamp(at)[:16] + "Z"

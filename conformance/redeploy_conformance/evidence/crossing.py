"""Requests of a log that were under way at the same time: either may have come first."""

from collections import deque
from collections.abc import Callable, Iterable

from redeploy_conformance.evidence.sources import Seen

HORIZON = 120.0
"""Seconds by which a log is read ahead: what takes longer to be answered is not known to cross."""
MOST = 10_000
"""Requests that are read ahead at most."""


class Ahead:
    """A log, read ahead so far that what came in while a request was under way is known."""

    def __init__(self, moves: Callable[[Seen], Iterable[str] | None]) -> None:
        """Take what tells which instances a request may move, None where any."""
        self._moves = moves
        self._waiting: deque[tuple[Seen, tuple[str | None, ...]]] = deque()
        self._every: deque[float] = deque()
        self._begun: dict[str | None, deque[float]] = {}

    def enter(self, seen: Seen) -> None:
        """Read one more request; they come in the order of their ends."""
        moved = self._moves(seen)
        keys: tuple[str | None, ...] = (None,) if moved is None else tuple(moved)
        self._waiting.append((seen, keys))
        if keys:
            _enter(self._every, seen.begun)
            for key in keys:
                _enter(self._begun.setdefault(key, deque()), seen.begun)

    def ready(self, *, rest: bool = False) -> Seen | None:
        """Return the next request of which all that crossed it has been read; with ``rest`` the next."""
        if not self._waiting:
            return None
        first, last = self._waiting[0], self._waiting[-1]
        if not (
            rest
            or len(self._waiting) > MOST
            or last[0].ended - first[0].ended > HORIZON
        ):
            return None
        seen, keys = self._waiting.popleft()
        if keys:
            _leave(self._every, seen.begun)
            for key in keys:
                _leave(self._begun[key], seen.begun)
                if not self._begun[key]:
                    del self._begun[key]
        return seen

    def busy(self, until: float) -> bool:
        """Whether what may move any instance at all had begun by then, and is yet to come."""
        return bool(self._every) and self._every[0] < until

    def crossed(self, key: str, until: float) -> bool:
        """Whether what may move an instance had begun by then, and is yet to come."""
        if not self.busy(until):
            return False
        several = (self._begun.get(one) for one in (key, None))
        return any(starts[0] < until for starts in several if starts)


def _enter(starts: deque[float], begun: float) -> None:
    """Enter a beginning; only the earliest of those to come is asked for, so later ones before it never are."""
    while starts and starts[-1] > begun:
        starts.pop()
    starts.append(begun)


def _leave(starts: deque[float], begun: float) -> None:
    if starts and starts[0] == begun:
        starts.popleft()

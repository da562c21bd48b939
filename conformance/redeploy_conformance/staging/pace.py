"""When to look next: often while things change, more and more seldom while they do not."""

from collections.abc import Iterable

GROWTH = 1.3
MOST = 1.5
"""How many times the least pause between two looks may become."""
HAIR = 0.001
"""Seconds by which a look that is wished for comes later, so that no rounding makes it early."""


class Pace:
    """The pauses between looks; never shorter than ``least`` seconds."""

    def __init__(self, least: float) -> None:
        """Begin with the shortest pause."""
        self.least = least
        self._next = least
        self._last = float("-inf")

    def wait(self, now: float, wishes: Iterable[float] = ()) -> float:
        """Return how long to wait from now, and count on a look then.

        ``wishes`` are moments at which something may well have changed: the first of them that is
        still to come gets its look, and pauses are short again after it.
        """
        soonest = max(now, self._last + self.least)
        at = max(now, self._last + self._next)
        self._next = min(self._next * GROWTH, self.least * MOST)
        wish = min((one + HAIR for one in wishes if one > self._last), default=None)
        if wish is not None and at > wish - self.least:  # no other look just before it
            if wish <= max(now, self._last + self.least * 2):  # and none before that
                at = max(soonest, wish)
                self.hurry()
            else:
                at = max(now, min(at, wish - self.least))
        self._last = at
        return at - now

    def hurry(self) -> None:
        """Look again after the shortest pause: something changed, or may well have."""
        self._next = self.least

"""When to look next: often while things change, more and more seldom while they do not."""

GROWTH = 1.3
MOST = 4.0
"""How many times the least pause between two looks may become."""


class Pace:
    """The pauses between looks; never shorter than ``least`` seconds."""

    def __init__(self, least: float) -> None:
        """Begin with the shortest pause."""
        self.least = least
        self._next = least
        self._last = float("-inf")

    def wait(self, now: float) -> float:
        """Return how long to wait from now, and count on a look then."""
        pause = max(0.0, self._last + self._next - now)
        self._last = now + pause
        self._next = min(self._next * GROWTH, self.least * MOST)
        return pause

    def hurry(self) -> None:
        """Look again after the shortest pause: something changed."""
        self._next = self.least

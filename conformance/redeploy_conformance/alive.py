"""Signs of life: what is waited for, and how far it is, for whoever sits before something slow.

The one mechanism for it: of pytest runs (``plugin/alive.py``) and of commands for a real account.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from redeploy_conformance.targets.watched import Watched
from redeploy_reports.phrases import count

PATIENCE = 8.0
"""Seconds that one thing is waited for, before it is said."""
EACH = 0.5
"""Seconds between two looks."""
SOON, SELDOM = (10.0, 20.0, 40.0, 60.0), (60.0, 120.0, 300.0)
"""Seconds between two lines of progress, on a terminal and in a log: the last one from then on."""
Say = Callable[[str], None]
HowFar = Callable[[], str]


@dataclass(slots=True)
class Alive:
    """Decides what is said when; seconds are monotonic.

    ``say`` takes a line, ``how_far`` tells how much of the run is done; without it nothing is said
    of that. A fast target hears of neither.
    """

    say: Say
    how_far: HowFar | None = None
    often: bool = False
    begun: float = field(default_factory=time.monotonic)
    transport: Watched | None = None
    _told: int = 0
    _next: float = 0.0
    _waiting: set[float] = field(default_factory=set)
    _silent_till: float = 0.0

    def __post_init__(self) -> None:
        """Let the first line of progress be due after a first while."""
        self._next = self.begun + self._pauses[0]

    @property
    def _pauses(self) -> tuple[float, ...]:
        return SOON if self.often else SELDOM

    def tell(self, line: str) -> None:
        """Say what has happened; progress is told when it was silent for a while after that."""
        self._told, self._next = 0, time.monotonic() + self._pauses[0]
        self.say(line)

    def look(self, now: float) -> None:
        """Say what is due."""
        if self.transport is not None and now >= self._silent_till:
            for one in list(self.transport.under_way.values()):
                if now - one.begun > PATIENCE and one.begun not in self._waiting:
                    self._waiting.add(one.begun)
                    # A target that is slow and no more is soon told of less often.
                    self._silent_till = now + min(10.0 * len(self._waiting), SELDOM[-1])
                    self.say(
                        f"waiting for {one.what}: no answer for {now - one.begun:.0f} s so far, "
                        f"given up after {one.limit:g} s"
                    )
                    break
        if self.how_far is not None and now >= self._next:
            self._told += 1
            pauses = self._pauses
            self._next = now + pauses[min(self._told, len(pauses) - 1)]
            self.say(f"{now - self.begun:.0f} s: {self.how_far()}")


def so_far(done: int, total: int, requests: int, now: str) -> str:
    """Return in words how much of a run is done, and what is under way."""
    words = f"{done} of {count(total, 'case')} done, {count(requests, 'request')}"
    return f"{words}, now {now}" if now else words


@contextmanager
def watching(alive: Alive) -> Iterator[Alive]:
    """Look time and again, in a thread, until the block ends."""
    ended = threading.Event()

    def go() -> None:
        while not ended.wait(EACH):
            alive.look(time.monotonic())

    thread = threading.Thread(target=go, daemon=True, name="signs of life")
    thread.start()
    try:
        yield alive
    finally:
        ended.set()
        thread.join(5)

"""Servers of cases that are over: they stay for a while, so that a call that is sent again later is seen."""

import threading
import time
from collections import deque
from typing import Protocol

SECONDS = 2.0
"""How long a server stays at least, as long as there are no more than ``MOST``."""

MOST = 128
"""Servers that stay at a time: each has a listener and a thread."""


class Ending(Protocol):
    """What stays, and can be ended."""

    def end(self) -> None:
        """End it."""
        ...


_KEPT: deque[tuple[float, Ending]] = deque()
_LOCK = threading.Lock()


def keep(server: Ending) -> None:
    """Let a server stay, and end those that have stayed long enough."""
    now = time.monotonic()
    with _LOCK:
        _KEPT.append((now, server))
        over = []
        while len(_KEPT) > MOST or now - _KEPT[0][0] > SECONDS:
            over.append(_KEPT.popleft()[1])
    for one in over:
        one.end()

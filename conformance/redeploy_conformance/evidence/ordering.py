"""Logs in the order of time: nobody delivers them quite in order."""

import sys
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import TypeAlias

from redeploy_conformance.evidence.opening import larger
from redeploy_conformance.evidence.sources import LogError, Seen

WINDOW, BLOCK = 4096, 1024
"""Requests held back to put them in order, and how many are let go at once.

Sorting what nearly is in order costs next to nothing.
"""
SMALL = 64 * 1024 * 1024
"""Bytes of a file that is put in order as a whole: some come newest first."""
Entry: TypeAlias = tuple[float, int, int, Seen]
"""A time, a rank among those of the same time, the place in the file, and the request."""


def held_back(path: Path) -> int:
    """Return how many requests of a file are held back: all, where it is small enough."""
    return WINDOW if larger(path, SMALL) else sys.maxsize


def in_order(
    entries: Iterator[Entry], hold: int = WINDOW, *, strictly: bool = False
) -> Iterator[Seen]:
    """Yield requests by time, each of them at most ``hold`` places late.

    Raises:
        LogError: the entries are damaged, or ``strictly`` and one is later than that; what came
            before it was yielded.
    """
    held: list[Entry] = []
    damage: LogError | None = None
    let_go = float("-inf")
    try:
        for entry in entries:
            if strictly and entry[0] < let_go:
                raise LogError(
                    f"entry {entry[2]}: it is older than {hold:,} entries before it; a file of "
                    f"more than {SMALL >> 20} MB has to be nearly in the order of time"
                )
            held.append(entry)
            if len(held) - BLOCK == hold:
                held.sort()
                let_go = held[BLOCK - 1][0]
                yield from (one[3] for one in held[:BLOCK])
                del held[:BLOCK]
    except LogError as error:
        damage = error
    held.sort()
    yield from (one[3] for one in held)
    if damage is not None:
        raise damage


def merged(
    logs: Sequence[tuple[float, Callable[[], Iterator[Seen]]]],
    order: Callable[[Seen], tuple[float, int]],
) -> Iterator[Seen]:
    """Yield the requests of several logs as one, in order; each log is in order by itself.

    A log comes with when it begins, and is opened no sooner: of logs that follow each other, one is
    in memory at a time.
    """
    waiting = sorted(enumerate(logs), key=lambda one: (-one[1][0], -one[0]))
    under_way: list[tuple[tuple[float, int], int, Seen, Iterator[Seen]]] = []
    while waiting or under_way:
        while waiting and (not under_way or waiting[-1][1][0] <= under_way[0][0][0]):
            number, (_, open_log) = waiting.pop()
            _push(under_way, number, open_log(), order)
        if under_way:
            _, number, seen, rest = heappop(under_way)
            yield seen
            _push(under_way, number, rest, order)


def _push(
    under_way: list[tuple[tuple[float, int], int, Seen, Iterator[Seen]]],
    number: int,
    rest: Iterator[Seen],
    order: Callable[[Seen], tuple[float, int]],
) -> None:
    seen = next(rest, None)
    if seen is not None:
        heappush(under_way, (order(seen), number, seen, rest))

"""Jobs done at once, with the order in which they began and ended."""

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """What a job returned, and its place among all beginnings and endings."""

    begun: int
    ended: int
    value: T


def at_once(jobs: Sequence[Callable[[], T]]) -> list[Span[T]]:
    """Run every job in a thread of its own, all released together."""
    tick = itertools.count()
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> Span[T]:
        gate.wait(timeout=30)
        begun = next(tick)
        value = job()
        return Span(begun, next(tick), value)

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))

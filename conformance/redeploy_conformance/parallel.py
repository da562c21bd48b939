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


def at_once(jobs: Sequence[Sequence[Callable[[], T]]]) -> list[Span[T]]:
    """Do every row of jobs, one after the other, in a thread of its own, all released together."""
    tick = itertools.count()
    gate = threading.Barrier(len(jobs))

    def run(row: Sequence[Callable[[], T]]) -> list[Span[T]]:
        gate.wait(timeout=30)
        spans = []
        for job in row:
            begun = next(tick)
            value = job()
            spans.append(Span(begun, next(tick), value))
        return spans

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [span for spans in pool.map(run, jobs) for span in spans]

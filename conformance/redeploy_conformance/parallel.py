"""Jobs done at once, with the order in which they began and ended."""

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """What a job returned, and its place among all beginnings and endings."""

    begun: int
    ended: int
    value: T


class _Gate:
    """Opens when everybody has come."""

    def __init__(self, parties: int) -> None:
        self._missing = parties
        self._lock = threading.Lock()
        self._open = threading.Event()

    def come(self) -> None:
        with self._lock:
            self._missing -= 1
            if not self._missing:
                self._open.set()

    def wait(self) -> None:
        self._open.wait()


class _Thread(threading.local):
    gate: _Gate | None = None


_thread = _Thread()


def held() -> bool:
    """Whether this thread has yet to wait for the others (see ``hold``)."""
    return _thread.gate is not None


def hold() -> None:
    """Wait, right before a request leaves, until the others done at once are as far.

    Once in each thread of ``at_once``; anywhere else there is nobody to wait for.
    """
    gate, _thread.gate = _thread.gate, None
    if gate is not None:
        gate.come()
        gate.wait()


def at_once(jobs: Sequence[Sequence[Callable[[], T]]]) -> list[Span[T]]:
    """Do every row of jobs, one after the other, in a thread of its own.

    The first requests of all rows leave together: what it takes to build and sign one, or to open a
    connection for it, would keep calls apart that are meant to meet. Whoever is interrupted while he
    waits for them may end at once: no thread keeps the process.
    """
    tick = itertools.count()
    gate = _Gate(len(jobs))

    def run(row: Sequence[Callable[[], T]]) -> list[Span[T]]:
        _thread.gate = gate
        spans = []
        try:
            for job in row:
                begun = next(tick)
                value = job()
                spans.append(Span(begun, next(tick), value))
        finally:
            if held():  # it failed before it sent anything: nobody waits for it
                _thread.gate = None
                gate.come()
        return spans

    def work(row: Sequence[Callable[[], T]], done: Future[list[Span[T]]]) -> None:
        try:
            done.set_result(run(row))
        except BaseException as error:
            done.set_exception(error)

    # Not a pool's: Python waits for the threads of one before it ends, and those of a row may wait long.
    rows: list[Future[list[Span[T]]]] = [Future() for _ in jobs]
    for pair in zip(jobs, rows, strict=True):
        threading.Thread(target=work, args=pair, daemon=True).start()
    wait(rows)
    return [span for row in rows for span in row.result()]

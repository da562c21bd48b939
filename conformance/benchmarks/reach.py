"""What the emulator as it is does in each case: the lines it runs, what it is asked, what it answers.

A mutant in a line that a case does not reach cannot change what the case reports, and neither can one
that answers the same requests with the same bytes. Only the other cases need be judged again.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

Line = tuple[str, int]
"""A module of the emulator, and the number of a line."""
Tape = tuple[tuple[HttpRequest, HttpResponse], ...]


class Answering(Protocol):
    """An emulator, as far as it is needed here."""

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request."""


class Straight:
    """A transport into an emulator without a socket; ``tape``, if there is one, keeps what passes.

    A crash of the emulator is a 500, as a server would make it.
    """

    def __init__(self, emulator: Answering) -> None:
        """Begin with an emulator; another one may be put in its place."""
        self.emulator = emulator
        self.tape: list[tuple[HttpRequest, HttpResponse]] | None = None
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer."""
        if self.tape is None:
            return answered(self.emulator, request)
        with self._lock:
            answer = answered(self.emulator, request)
            self.tape.append((request, answer))
        return answer

    def close(self) -> None:
        """Nothing is held."""


def answered(emulator: Answering, request: HttpRequest) -> HttpResponse:
    """Return an emulator's answer, or a bare 500 where it crashes."""
    try:
        return emulator.handle(request)
    except Exception as error:
        text = f"{type(error).__name__}: {error}".encode()
        return HttpResponse(500, (("content-type", "text/plain"),), text)


def same(emulator: Answering, tape: Tape) -> bool:
    """Whether an emulator answers as on the tape."""
    return all(answered(emulator, request) == answer for request, answer in tape)


@dataclass(frozen=True, slots=True)
class Reached:
    """What the emulator as it is does under some settings.

    ``always`` are the lines that run before any case; ``lines``, ``tapes`` and ``reports`` are those
    of each case, in the order in which they are run.
    """

    always: frozenset[Line]
    lines: dict[str, frozenset[Line]] = field(default_factory=dict)
    tapes: dict[str, Tape] = field(default_factory=dict)
    reports: dict[str, CaseReport] = field(default_factory=dict)

    def cases(self, module: str, span: range) -> frozenset[str]:
        """Return the cases that reach a statement of a module."""
        wanted = {(module, line) for line in span}
        if wanted & self.always:
            return frozenset(self.lines)
        return frozenset(name for name, seen in self.lines.items() if wanted & seen)


@contextmanager
def stopped(moment: float) -> Iterator[None]:
    """Let ``time.time`` stand still meanwhile, so that the same is written with the same stamps."""
    real = time.time
    time.time = lambda: moment
    try:
        yield
    finally:
        time.time = real


@contextmanager
def traced(folder: Path) -> Iterator[set[Line]]:
    """Gather the lines of a folder's modules that run meanwhile, in any new thread too."""
    lines: set[Line] = set()
    modules = {str(path): path.stem for path in folder.glob("*.py")}

    def on_call(frame: FrameType, event: str, arg: Any) -> Any:
        module = modules.get(frame.f_code.co_filename)
        if module is None:
            return None

        def on_line(frame: FrameType, event: str, arg: Any) -> Any:
            if event == "line":
                lines.add((module, frame.f_lineno))
            return on_line

        return on_line

    before = sys.gettrace()
    threading.settrace(on_call)
    sys.settrace(on_call)
    try:
        yield lines
    finally:
        sys.settrace(before)
        threading.settrace(before)  # type: ignore[arg-type]

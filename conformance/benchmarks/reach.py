"""Which lines of the emulator each case of the plan reaches, and what it reports there.

A mutant in a line that a case does not reach cannot change what the case reports, so that only the
others need be run again.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from redeploy_conformance.investigate import CaseReport

Line = tuple[str, int]
"""A module of the emulator, and the number of a line."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What the emulator as it is does under some settings.

    ``always`` are the lines that run before any case; ``lines`` and ``reports`` are those of each
    case, in the order in which they are run.
    """

    always: frozenset[Line]
    lines: dict[str, frozenset[Line]] = field(default_factory=dict)
    reports: dict[str, CaseReport] = field(default_factory=dict)

    def cases(self, module: str, span: range) -> frozenset[str]:
        """Return the cases that reach a statement of a module."""
        wanted = {(module, line) for line in span}
        if wanted & self.always:
            return frozenset(self.lines)
        return frozenset(name for name, seen in self.lines.items() if wanted & seen)


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

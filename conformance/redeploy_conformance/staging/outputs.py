"""Where the result and the trace of a run go, as asked for: kept in the journal for who goes on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

RESULT = "redeploy-conformance-result.json"
"""Where a result goes when nobody has ever said where."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Absolute paths of the result and of the trace; no trace is written without one."""

    result: str
    trace: str | None

    @classmethod
    def of(cls, result: str, trace: str | None) -> "Outputs":
        """Return the outputs for paths as they were given, from wherever the command was typed."""
        given = str(Path(trace).absolute()) if trace is not None else None
        return cls(str(Path(result).absolute()), given)

    def to_json(self) -> dict[str, Any]:
        """Return them as a line of the journal holds them."""
        return {"result": self.result, "trace": self.trace}


def remembered(lines: Iterable[Mapping[str, Any]]) -> Outputs | None:
    """Return where the lines of a journal say that outputs go, by the last word on it."""
    told = [line["outputs"] for line in lines if line.get("outputs") is not None]
    return Outputs(**told[-1]) if told else None


def traces(first: str) -> tuple[list[str], str]:
    """Return the traces that are there of the processes of a run, and where the next one goes.

    Each process writes a file of its own, so that no earlier one is written over: ``run.trace``,
    ``run.trace.2``, … What is no file, such as ``/dev/null``, takes them all.
    """
    there: list[str] = []
    names = chain([first], (f"{first}.{n}" for n in count(2)))
    path = next(names)
    while Path(path).is_file():
        there.append(path)
        path = next(names)
    return there, path

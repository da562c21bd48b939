"""The trace of a staging run: every answer and every reading of a clock, in the order they came.

What a run does hangs on nothing else, so that ``again`` can carry it out once more from the trace.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from redeploy_conformance.evidence.writer import TraceWriter
from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.running.watcher import Watcher
from redeploy_conformance.staging.clock import Clock, WatchedClock
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.targets.base import (
    Transport,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.vocabulary import RunVerdict


class TraceError(Exception):
    """A trace cannot be written; the message names the file."""


class Witness(Watcher, Protocol):
    """Is also told of what is decided between the steps."""

    def asked(self, stopping: bool) -> bool:
        """Return whether no further case is to be begun; ``stopping`` says that the run was asked to end."""

    def case(self, report: CaseReport) -> None:
        """Take note that a case is over."""

    def passed(
        self, request: HttpRequest, answer: HttpResponse | Exception, seconds: float
    ) -> None:
        """Take note of a request that left, and of its answer, before anything comes of it."""


class StagingWriter(TraceWriter):
    """Writes the trace of one process of a staging run."""

    def __init__(self, path: Path) -> None:
        """Begin an empty file.

        Raises:
            TraceError: it cannot be written.
        """
        self.path = path
        try:
            super().__init__(path)
        except OSError as error:
            raise TraceError(f"{path}: {error.strerror or error}") from error

    def exchange(
        self, request: HttpRequest, answer: HttpResponse | Exception, seconds: float
    ) -> None:
        """Write nothing: what the fence lets out is told by ``passed``, in its place."""

    def passed(
        self, request: HttpRequest, answer: HttpResponse | Exception, seconds: float
    ) -> None:
        """Write a request that left, and its answer."""
        super().exchange(request, answer, seconds)

    def _line(self, record: str, document: dict[str, Any]) -> None:
        try:
            super()._line(record, document)
        except OSError as error:
            with suppress(OSError):  # or what is left would be tried again at the end
                self._file.close()
            why = f"the trace {self.path} cannot be written: {error.strerror or error}"
            raise TraceError(why) from error
        except ValueError as error:
            raise TraceError(f"the trace {self.path} is closed") from error


class WatchedTransport:
    """A transport on the far side of the fence, of which everything is taken note."""

    def __init__(self, inner: Transport, witness: Witness) -> None:
        """Stand before another transport."""
        self.inner = inner
        self.witness = witness

    @property
    def host(self) -> str:
        """The Host that requests are signed for."""
        return str(getattr(self.inner, "host", "ecs.test"))

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer to one request (see ``Transport``)."""
        begun = time.monotonic()
        try:
            answer = self.inner.send(request, timeout)
        except (UnansweredError, UnreachableError) as error:
            self.witness.passed(request, error, time.monotonic() - begun)
            raise
        self.witness.passed(request, answer, time.monotonic() - begun)
        return answer

    def close(self) -> None:
        """Close the transport behind."""
        self.inner.close()


@contextmanager
def opened(trace: str | None) -> Iterator[StagingWriter | None]:
    """Begin a trace for a run that is about to begin; where that fails nothing is left of it.

    Raises:
        TraceError: it cannot be written, or is there already: no earlier run's is written over.
    """
    if trace is None:
        yield None
        return
    path = Path(trace)
    if path.is_file():
        raise TraceError(f"{path} is there already: name another file")
    writer = StagingWriter(path)
    try:
        yield writer
    except BaseException:
        writer.close()
        if path.is_file():  # not a device: /dev/null stays
            path.unlink()
        raise


@contextmanager
def cut_written(past: Past, writer: StagingWriter | None) -> Iterator[None]:
    """Say in the last line of a trace that the run did not come to its end, where that is so."""
    try:
        yield
    except SystemExit as error:
        if writer is not None:
            verdict = RunVerdict(int(error.code or 0))
            seconds = past.seconds(time.time())
            with suppress(TraceError):  # then it has no last line, which says the same
                writer.end(verdict, seconds, complete=False)
        raise


def watched(clock: Clock, watcher: Watcher | None) -> Clock:
    """Return a clock whose readings are taken note of, where there is somebody to do so."""
    return clock if watcher is None else WatchedClock(clock, watcher)


def goes_on_from(
    run: str, settings: Settings, lines: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what the first line of a trace says of a staging run.

    Of the cases that earlier processes judged, the journal's lines only keep which they were; where
    somebody's files are is nobody's business.
    """
    kept = [_plain(line) if line["line"] == "case" else dict(line) for line in lines]
    for line in kept:
        line.pop("outputs", None)
    return {"run": run, "settings": settings.to_json(), "journal": kept}


def _plain(line: Mapping[str, Any]) -> dict[str, Any]:
    report = line["report"]
    named = {"name": report["name"], "problem": report["problem"]}
    return {"line": "case", "at": line["at"], **named}

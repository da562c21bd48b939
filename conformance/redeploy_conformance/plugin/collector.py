"""Collects what the tests of a run brought, and makes the result of it."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redeploy_conformance.files import write_whole
from redeploy_conformance.finding.investigate import CaseReport, command
from redeploy_conformance.results.stream import StreamWriter
from redeploy_conformance.results.verdict import Start, Taken, judge, started_on
from redeploy_conformance.targets.base import TargetUsageError
from redeploy_conformance.targets.find import describe
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load
from redeploy_schemas.records import Finding, Problem, Result

if TYPE_CHECKING:
    import pytest

    from redeploy_conformance.plugin.run import Reporter


class Collector:
    """One run's gathering, from the first test to the result file."""

    def __init__(
        self, reporter: "Reporter", workers: int, started: datetime, clock: float
    ) -> None:
        """Begin; ``started`` and ``clock``, in monotonic seconds, are when the run began."""
        self.reporter = reporter
        self.workers = workers
        self.started = started
        self.clock = clock
        self.taken = Taken()
        self.result: Result | None = None
        self.stream: StreamWriter | None = None
        self.stream_path = reporter.stream_path
        self.two = False
        """Whether two workers were seen to judge different implementations."""

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return round(time.monotonic() - self.clock, 3)

    def take(self, report: "pytest.TestReport") -> None:
        """Take one test's report."""
        brought = getattr(report, "redeploy", None)
        if brought is not None:
            self.enter(CaseReport.from_json(brought["case"]), brought["offer"])
        elif report.failed or hasattr(report, "redeploy_slip"):
            self._crash(Problem(case=report.nodeid, text=report.redeploy_slip))

    def enter(self, report: CaseReport, offer: Mapping[str, Any] | None = None) -> None:
        """Enter one case, and what its worker found the implementation to be."""
        offer = dict(offer or {})
        known = self.taken.offer
        if known and offer and known != offer and not self.two:
            self.two = True
            text = f"workers reached different implementations: {known} and {offer}"
            self._crash(Problem(case=report.name, text=text))
        self.taken.offer = known or offer
        self.taken.reports.append(report)
        self._follow(lambda to: to.case(report.to_json(), offer, self.seconds))

    def _crash(self, crash: Problem) -> None:
        self.taken.crashes.append(crash)
        self._follow(lambda to: to.crash(crash, self.seconds))

    def conclude(self, *, complete: bool) -> Result:
        """Return the result of what was taken."""
        seconds = self.seconds
        result = judge(self._start(), self.taken, seconds, complete=complete)
        self.result = replace(result, findings=tuple(self._numbered(result.findings)))
        return self.result

    def end_stream(self, result: Result, *, complete: bool) -> None:
        """Write the closing line of the stream, if there is one.

        Raises:
            OSError: it cannot be written.
        """
        if self.stream is not None:
            self.stream.end(result, complete=complete)

    def _follow(self, write: Callable[[StreamWriter], None]) -> None:
        """Write to the stream, if one is wanted; when it fails, the suite failed, and goes on."""
        if self.stream_path is None:
            return
        try:
            if self.stream is None:
                self.stream = StreamWriter(Path(self.stream_path))
                self.stream.start(self._start())
            write(self.stream)
        except OSError as error:
            text = f"{self.stream_path}: {error.strerror or error}"
            self.taken.crashes.append(Problem(case="the stream", text=text))
            self.stream = self.stream_path = None

    def _numbered(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield findings; those that no case of the plan shows are replayed by their number."""
        path, target = self.reporter.result_path, self.reporter.target_word
        for number, one in enumerate(findings, 1):
            again = command("replay", path, target, "--finding", str(number))
            yield one if one.reproduce else replace(one, reproduce=again)

    def _start(self) -> Start:
        kind, statement = self._target()
        return started_on(
            load(),
            statement,
            kind,
            self.started,
            seed=self.reporter.seed,
            workers=self.workers,
        )

    def _target(self) -> tuple[str, Statement]:
        try:
            return describe(self.reporter.target_word, load())
        except TargetUsageError:
            return "unknown", Statement(name=self.reporter.target_word)

    def write(self, result: Result) -> None:
        """Write the result file, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        write_whole(Path(self.reporter.result_path), result.to_text())

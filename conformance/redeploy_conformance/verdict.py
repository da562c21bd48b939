"""Collects what the tests of a run brought, and makes the result of it."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redeploy_conformance.api import Offer
from redeploy_conformance.conclude import Gathered, Sums
from redeploy_conformance.files import write_whole
from redeploy_conformance.investigate import CaseReport, command
from redeploy_conformance.planner import name, plan
from redeploy_conformance.sentences import sentence
from redeploy_conformance.stream import StreamWriter
from redeploy_conformance.targets.base import TargetUsageError
from redeploy_conformance.targets.find import describe
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load
from redeploy_schemas.records import Finding, Problem, Record, Result
from redeploy_schemas.records import Target as TargetRecord
from redeploy_schemas.vocabulary import Part, RunVerdict

if TYPE_CHECKING:
    import pytest

    from redeploy_conformance.plugin_run import Reporter

SUITE = "redeploy-conformance"
PLANNED = frozenset({"embedded", "http", "factory"})
"""Kinds of targets that a run does the cases of the plan on."""
LAST = 3
"""Cases at the end of which one that found nobody there says that the target was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Record):
    """What is known of a run before its first case; the target's offers are not yet."""

    suite_version: str
    contract_edition: str
    contract_sha256: str
    target: TargetRecord
    started: str
    seed: int
    workers: int


@dataclass(slots=True)
class Taken:
    """What the tests of a run brought so far: reports, our own errors, what discovery found.

    ``lost`` says that a worker found nobody there; ``sums`` are the reports that were not kept, and
    came before the others.
    """

    reports: list[CaseReport] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    crashes: list[Problem] = field(default_factory=list)
    offer: dict[str, Any] = field(default_factory=dict)
    lost: bool = False


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
        elif report.failed:
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
            self.taken.crashes.append(Problem(case="the stream", text=str(error)))
            self.stream = self.stream_path = None

    def _numbered(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield findings; those that no case of the plan shows are replayed by their number."""
        path, target = self.reporter.result_path, self.reporter.target_word
        for number, one in enumerate(findings, 1):
            again = command("replay", path, target, "--finding", str(number))
            yield one if one.reproduce else replace(one, reproduce=again)

    def _start(self) -> Start:
        contract = load()
        kind, statement = self._target()
        return Start(
            suite_version=version(SUITE),
            contract_edition=contract.edition,
            contract_sha256=contract.sha256,
            target=TargetRecord(
                name=statement.name,
                version=statement.version,
                kind=kind,
                address=statement.url,
                offers=(),
                declares=declared(statement),
            ),
            started=self.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
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


def judge(start: Start, taken: Taken, seconds: float, *, complete: bool) -> Result:
    """Return the result of a run from what its tests brought."""
    contract = load()
    target, found = start.target, taken.offer
    offer = Offer(
        found.get("name", target.name),
        found.get("version", target.version or ""),
        found.get("region", ""),
        frozenset(Part(word) for word in found.get("parts", ())),
    )
    declared = target.declares
    absent = frozenset(Part(word) for word in declared.get("absent", ()))
    choices = dict(declared.get("choices", {}))
    fresh = declared.get("read_lag_seconds") == 0 or choices.get("L8l") == "fresh"
    gathered = Gathered(contract, offer, choices, absent, fresh=fresh)
    gathered.add_sums(taken.sums)
    for report in taken.reports:
        gathered.add(report)
    gathered.problems += taken.crashes
    lost = taken.lost or any(report.lost for report in taken.reports[-LAST:])
    if complete and not lost and target.kind in PLANNED:
        gathered.filtered = (
            not {name(contract, one) for one in plan(contract)} <= gathered.names
        )
    clauses = gathered.clauses()
    verdict = gathered.verdict(clauses)
    if verdict is not RunVerdict.NOT_CONFORMING and lost:
        verdict = RunVerdict.UNREACHABLE
    if taken.crashes:
        verdict = RunVerdict.SUITE_FAILED
    elif not complete and verdict is RunVerdict.CONFORMING:
        verdict = RunVerdict.INCOMPLETE
    return Result(
        suite_name=SUITE,
        suite_version=start.suite_version,
        contract_edition=start.contract_edition,
        contract_sha256=start.contract_sha256,
        target=replace(
            target,
            name=offer.name,
            version=offer.version,
            offers=tuple(sorted(part.value for part in offer.parts)),
        ),
        started=start.started,
        seconds=seconds,
        seed=start.seed,
        workers=start.workers,
        cases=gathered.cases,
        requests=gathered.requests,
        steps=gathered.steps,
        complete=complete and not lost,
        verdict=verdict.words,
        exit_code=int(verdict),
        sentence=sentence(verdict, clauses, gathered.problems),
        clauses=clauses,
        findings=tuple(gathered.findings),
        problems=tuple(gathered.problems),
        moves=gathered.moves(),
        bursts=tuple(gathered.bursts),
    )


def declared(statement: Statement) -> dict[str, Any]:
    declared: dict[str, Any] = {
        "redeploy_seconds": statement.redeploy_seconds,
        "answer_seconds": statement.answer_seconds,
    }
    if statement.read_lag_seconds is not None:
        declared["read_lag_seconds"] = statement.read_lag_seconds
    if statement.choices:
        declared["choices"] = dict(statement.choices)
    if statement.absent:
        declared["absent"] = list(statement.absent)
    return declared

"""Collects what the tests of a run brought, and makes the result of it."""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redeploy_conformance.api import Offer
from redeploy_conformance.conclude import Gathered, sentence
from redeploy_conformance.investigate import CaseReport, command
from redeploy_conformance.stream import StreamWriter
from redeploy_conformance.targets.base import TargetUsageError
from redeploy_conformance.targets.find import find
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load
from redeploy_schemas.records import Finding, Problem, Record, Result
from redeploy_schemas.records import Target as TargetRecord
from redeploy_schemas.vocabulary import Part, RunVerdict

if TYPE_CHECKING:
    import pytest

    from redeploy_conformance.plugin import Reporter

SUITE = "redeploy-conformance"


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
    """What the tests of a run brought so far: reports, our own errors, what discovery found."""

    reports: list[CaseReport] = field(default_factory=list)
    crashes: list[Problem] = field(default_factory=list)
    offer: dict[str, Any] = field(default_factory=dict)


class Collector:
    """One run's gathering, from the first test to the result file."""

    def __init__(self, reporter: "Reporter", workers: int) -> None:
        """Begin to count."""
        self.reporter = reporter
        self.workers = workers
        self.started = datetime.now(UTC)
        self.clock = time.monotonic()
        self.taken = Taken()
        self.any = False
        self.result: Result | None = None
        self.stream: StreamWriter | None = None

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return round(time.monotonic() - self.clock, 3)

    def take(self, report: "pytest.TestReport") -> None:
        """Take one test's report."""
        if not self.any and self.reporter.stream_path:
            self.stream = StreamWriter(Path(self.reporter.stream_path))
            self.stream.start(self._start())
        self.any = True
        brought = getattr(report, "redeploy", None)
        if brought is not None:
            self.taken.offer = brought["offer"] or self.taken.offer
            self.taken.reports.append(CaseReport.from_json(brought["case"]))
            if self.stream is not None:
                self.stream.case(brought["case"], brought["offer"], self.seconds)
        elif report.failed:
            text = str(report.longrepr).strip().splitlines()
            last = text[-1] if text else "no reason given"
            crash = Problem(case=report.nodeid, text=last[:500])
            self.taken.crashes.append(crash)
            if self.stream is not None:
                self.stream.crash(crash, self.seconds)

    def conclude(self, *, complete: bool) -> Result:
        """Return the result of what was taken, and close the stream."""
        seconds = self.seconds
        result = judge(self._start(), self.taken, seconds, complete=complete)
        self.result = replace(result, findings=tuple(self._numbered(result.findings)))
        if self.stream is not None:
            self.stream.end(self.result, complete=complete)
        return self.result

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
            target = find(self.reporter.target_word, load())
        except TargetUsageError:
            return "unknown", Statement(name=self.reporter.target_word)
        target.transport.close()
        return target.kind, target.statement

    def write(self, result: Result) -> None:
        """Write the result file, whole or not at all."""
        path = Path(self.reporter.result_path)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(result.to_text(), "utf-8")
        draft.replace(path)


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
    gathered = Gathered(contract, offer, dict(declared.get("choices", {})), absent)
    for report in taken.reports:
        gathered.add(report)
    gathered.problems += taken.crashes
    clauses = gathered.clauses()
    verdict = gathered.verdict(clauses)
    lost = any(report.lost for report in taken.reports[-3:])
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
        sentence=sentence(verdict, clauses),
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

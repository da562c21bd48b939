"""Collects what the tests of a run brought, and makes the result of it."""

import os
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redeploy_conformance.api import Offer
from redeploy_conformance.conclude import Gathered, sentence
from redeploy_conformance.investigate import CaseReport
from redeploy_conformance.targets.base import TargetUsageError
from redeploy_conformance.targets.find import find
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load
from redeploy_schemas.records import Problem, Result
from redeploy_schemas.records import Target as TargetRecord
from redeploy_schemas.vocabulary import Part, RunVerdict

if TYPE_CHECKING:
    import pytest

    from redeploy_conformance.plugin import Reporter

SUITE = "redeploy-conformance"


class Collector:
    """One run's gathering, from the first test to the result file."""

    def __init__(self, reporter: "Reporter", workers: int) -> None:
        """Begin to count."""
        self.reporter = reporter
        self.workers = workers
        self.started = datetime.now(UTC)
        self.clock = time.monotonic()
        self.reports: list[CaseReport] = []
        self.offer: dict[str, Any] = {}
        self.crashes: list[Problem] = []
        self.any = False
        self.result: Result | None = None

    def take(self, report: "pytest.TestReport") -> None:
        """Take one test's report."""
        self.any = True
        brought = getattr(report, "redeploy", None)
        if brought is not None:
            self.offer = brought["offer"] or self.offer
            self.reports.append(CaseReport.from_json(brought["case"]))
        elif report.failed:
            text = str(report.longrepr).strip().splitlines()
            last = text[-1] if text else "no reason given"
            self.crashes.append(Problem(case=report.nodeid, text=last[:500]))

    def conclude(self, *, complete: bool) -> Result:
        """Return the result of what was taken."""
        contract = load()
        kind, statement = self._target()
        offer = Offer(
            self.offer.get("name", statement.name),
            self.offer.get("version", statement.version),
            self.offer.get("region", ""),
            frozenset(Part(word) for word in self.offer.get("parts", ())),
        )
        absent = frozenset(Part(word) for word in statement.absent)
        gathered = Gathered(contract, offer, dict(statement.choices), absent)
        for report in self.reports:
            gathered.add(report)
        gathered.problems += self.crashes
        clauses = gathered.clauses()
        verdict = gathered.verdict(clauses)
        lost = any(report.lost for report in self.reports[-3:])
        if verdict is not RunVerdict.NOT_CONFORMING and lost:
            verdict = RunVerdict.UNREACHABLE
        if self.crashes:
            verdict = RunVerdict.SUITE_FAILED
        elif not complete and verdict is RunVerdict.CONFORMING:
            verdict = RunVerdict.INCOMPLETE
        self.result = Result(
            suite_name=SUITE,
            suite_version=version(SUITE),
            contract_edition=contract.edition,
            contract_sha256=contract.sha256,
            target=TargetRecord(
                name=offer.name,
                version=offer.version,
                kind=kind,
                address=statement.url,
                offers=tuple(sorted(part.value for part in offer.parts)),
                declares=_declared(statement),
            ),
            started=self.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            seconds=round(time.monotonic() - self.clock, 3),
            seed=self.reporter.seed,
            workers=self.workers,
            cases=gathered.cases,
            requests=gathered.requests,
            steps=gathered.steps,
            complete=complete and not lost,
            moves=gathered.moves(),
            bursts=tuple(gathered.bursts),
            verdict=verdict.words,
            exit_code=int(verdict),
            sentence=sentence(verdict, clauses),
            clauses=clauses,
            findings=tuple(gathered.findings),
            problems=tuple(gathered.problems),
        )
        return self.result

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


def _declared(statement: Statement) -> dict[str, Any]:
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

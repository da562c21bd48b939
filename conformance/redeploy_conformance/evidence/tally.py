"""What a log has shown so far: clauses and choices counted, and the violations, a bounded number."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from redeploy_conformance.evidence.decisions import REMEMBERED, Decision, merge
from redeploy_conformance.evidence.shown import result_of
from redeploy_conformance.evidence.sources import Seen
from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.redact import showable
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Finding, Result, TraceStep

MOST_FINDINGS = 100
"""Findings of a clause that are kept; further ones are only counted."""


@dataclass(slots=True)
class Tally:
    """Sums of what was shown, without the clauses that this kind of log hides."""

    contract: Contract
    hidden: frozenset[str] = frozenset()
    ledger: Ledger = field(default_factory=Ledger)
    met: Counter[Decision] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    more: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    reproduce: str = ""
    records: int = 0
    calls: int = 0
    first: float | None = None
    last: float = float("-inf")

    def record(self, seen: Seen) -> None:
        """Count a record, and note when it was."""
        self.records += 1
        self.calls += seen.action == self.contract.operation
        if self.first is None:
            self.first = seen.begun
        self.last = max(self.last, seen.ended)

    def meet(self, decision: Decision) -> None:
        """Count a decision: what it showed is added up once for all the times it was met."""
        self.met[decision] += 1
        if len(self.met) > REMEMBERED:
            self._add_up()

    def _add_up(self) -> None:
        for decision, times in self.met.items():
            merge(self.ledger, decision.shown, self.hidden, times)
        self.met.clear()

    def note(
        self, key: str, seen: Seen, observed: str, wrong: Iterable[Violation]
    ) -> None:
        """Note what one record violates."""
        for one in wrong:
            if self.kept[one.clause] >= MOST_FINDINGS:
                self.more[one.clause] += 1
                continue
            self.kept[one.clause] += 1
            at = datetime.fromtimestamp(seen.begun, UTC).isoformat(
                timespec="milliseconds"
            )
            text = f"{at} {seen.action} {key or 'without an id'}"
            self.findings.append(self._finding(text, one, observed))

    def _finding(self, text: str, one: Violation, observed: str) -> Finding:
        """Return a finding; what it takes over from the log may hold secrets, or be very long."""
        return Finding(
            clause=one.clause,
            also=one.also,
            instead=one.instead,
            case="log",
            summary=self.contract.by_id[one.clause].statement,
            expected=showable(one.expected),
            observed=showable(one.observed),
            trace=(_step(text, one, observed),),
            steps=(),
            reproduce=self.reproduce,
            reproduced=0,
            attempts=0,
        )

    def _findings(self) -> list[Finding]:
        """Return what was found; of a clause with more than are kept, the last one says how many."""
        last = {one.clause: n for n, one in enumerate(self.findings)}
        told = list(self.findings)
        for clause, times in self.more.items():
            one = told[last[clause]]
            [step] = one.trace
            more = (
                f"{step.text}, and {count(times, 'more violation')} of {clause} later"
            )
            told[last[clause]] = replace(one, trace=(replace(step, text=more),))
        return told

    def result(
        self,
        kind: str,
        names: Sequence[str],
        ids: Ledger,
        redeploy_seconds: float | None,
    ) -> Result:
        """Return what the logs show; ``ids`` is what was shown by the ids of answers."""
        self._add_up()
        ledger = Ledger()
        for part in (self.ledger, ids):
            merge(ledger, _showable(part), self.hidden)
        report = CaseReport(
            "log",
            (),
            ledger,
            self._findings(),
            "; ".join(map(showable, self.problems)) or None,
            requests=self.records,
        )
        begun = datetime.fromtimestamp(self.first or 0.0, UTC)
        seconds = 0.0 if self.first is None else max(0.0, self.last - self.first)
        return result_of(
            self.contract,
            report,
            kind=kind,
            names=names,
            calls=self.calls,
            started=begun.strftime("%Y-%m-%dT%H:%M:%SZ"),
            seconds=round(seconds, 3),
            version=version("redeploy-conformance"),
            redeploy_seconds=redeploy_seconds,
        )


def _step(text: str, wrong: Violation, observed: str) -> TraceStep:
    return TraceStep(
        n=1,
        text=showable(text),
        detail=showable(wrong.detail),
        allowed=(showable(wrong.expected),),
        observed=showable(observed),
        worlds_before=(),
        worlds_after=(),
        exchanges=(),
    )


def _showable(ledger: Ledger) -> Ledger:
    """Return the counts of a ledger, with choices and evidence as they may be shown."""
    shown = Ledger(held=ledger.held, precedence=ledger.precedence)
    for (clause, word), times in ledger.told.items():
        told = (clause, showable(word))
        shown.told[told] += times
        shown.evidence.setdefault(
            told, showable(ledger.evidence.get((clause, word), ""))
        )
    return shown

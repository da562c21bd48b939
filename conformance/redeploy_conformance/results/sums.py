"""What the cases of a run brought, added up."""

from dataclasses import dataclass, field, replace

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.finding.touring import TOUR
from redeploy_conformance.judging.ledger import Ledger
from redeploy_schemas.records import Burst, Finding, Problem
from redeploy_schemas.vocabulary import NOT_CHOSEN

TOUR_ENDED = "the tour ended before"
"""How it begins why what only the tour would have met was not exercised."""


@dataclass(slots=True, kw_only=True)
class Sums:
    """What cases brought, added up in the order of the plan, so that none needs to be kept."""

    ledger: Ledger = field(default_factory=Ledger)
    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)
    trouble: dict[str, str] = field(default_factory=dict)
    idle: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    declined: dict[str, str] = field(default_factory=dict)
    # Cases by why they do not apply.
    left: dict[str, list[str]] = field(default_factory=dict)
    cut: tuple[str, str] | None = None  # why the tour ended early, and what would help
    requests: int = 0
    steps: int = 0
    cases: int = 0
    bursts: list[Burst] = field(default_factory=list)

    def add(self, report: CaseReport) -> None:
        """Enter one case; only one that something was done for counts as one."""
        self.cases += bool(report.steps or report.requests or report.skipped)
        self.names.add(report.name)
        self.requests += report.requests
        self.steps += report.steps
        self.ledger.merge(report.ledger)
        self.bursts += [replace(one, case=report.name) for one in report.ledger.bursts]
        self.findings += report.findings
        if report.declined is not None:
            for clause in report.clauses:
                self.declined.setdefault(clause, report.declined)
            if report.name == TOUR:
                words = f"{NOT_CHOSEN}, and {report.declined}"
                self.cut = words, "run all cases, without a filter"
            return
        if report.skipped is not None:
            self.left.setdefault(report.skipped, []).append(report.name)
        self.ran |= set(report.clauses)
        if report.name == TOUR and report.findings:
            first = report.findings[0].clause
            words = f"{TOUR_ENDED}, at a violation of {first}"
            self.cut = words, f"mend {first} first"
        elif report.name == TOUR and report.problem is not None:
            words = f"{TOUR_ENDED}: {report.problem}"
            self.cut = words, "see what could not be run"
        if report.findings:
            broken = report.findings[0].clause
            for clause in report.clauses:
                self.ended.setdefault(clause, broken)
        if report.problem is not None:
            self.problems.append(Problem(case=report.name, text=report.problem))
            for clause in report.clauses[:1]:
                self.trouble.setdefault(clause, report.problem)
        for clause in report.idle:
            text = f"{report.name} ran, but what it needs did not come about"
            self.idle.setdefault(clause, text)

    def add_sums(self, before: "Sums") -> None:
        """Enter cases that were added up already, as if they had come one by one."""
        self.cases += before.cases
        self.cut = self.cut or before.cut
        self.requests += before.requests
        self.steps += before.steps
        self.ledger.merge(before.ledger)
        self.bursts += before.bursts
        self.findings += before.findings
        self.problems += before.problems
        self.names |= before.names
        self.ran |= before.ran
        for why, names in before.left.items():
            self.left.setdefault(why, []).extend(names)
        for mine, theirs in (
            (self.declined, before.declined),
            (self.ended, before.ended),
            (self.trouble, before.trouble),
            (self.idle, before.idle),
        ):
            for clause, text in theirs.items():
                mine.setdefault(clause, text)

"""Running the tour, and going back from a violation on it to the one case that shows it."""

from collections.abc import Iterable
from dataclasses import replace

from redeploy_conformance.bench import Bench
from redeploy_conformance.investigate import CaseReport, command, findings, perform
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.oracle import Violation
from redeploy_conformance.planner import name, plan
from redeploy_conformance.session import Run
from redeploy_conformance.steps import Case
from redeploy_conformance.weave import Tour, tour
from redeploy_schemas.records import Finding
from redeploy_schemas.vocabulary import Part

TOUR = "tour"
TRIED = 3
"""Cases of one violated clause that are run alone, until one shows a violation."""
NEEDS = frozenset({Part.CLOCK, Part.ACCOUNTS, Part.INSTANCES})
"""The parts of the control protocol without which many cases cannot share a session."""


def perform_tour(bench: Bench) -> tuple[Tour, CaseReport, Run]:
    """Run the tour; nothing is looked into yet."""
    through = tour(bench.contract, plan(bench.contract), bench.offer.parts)
    report = CaseReport(TOUR, ())
    requests, steps = bench.api.requests, bench.steps
    run = perform(bench, through.steps, report.ledger, counted=True)
    bench.seen.update(report.ledger.held)
    report.problem, report.lost = run.problem, run.lost
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    return through, report, run


def looked_into(bench: Bench, through: Tour, run: Run, target: str) -> list[Finding]:
    """Return what is behind the violations of a tour, the surest first.

    Where the case that an instance is of breaks a clause by itself too, that is the finding; the
    fewer steps it takes, the plainer is the cause. Other violations need more than one case: what
    one instance suffers may be another one's doing, so they come last, and the steps of the tour
    are reduced.
    """
    found: list[Finding] = []
    rest: dict[str, Violation] = {}
    for clause, several in _by_clause(run.violations).items():
        for violation in several[:TRIED]:
            alone = _alone(bench, through.owners.get(violation.key), target)
            if alone:
                found += alone
                break
        else:
            rest[clause] = several[0]
    found.sort(key=lambda one: len(one.steps))
    known = {one.clause for one in found}
    again = command("run", target, "--case", TOUR)
    for clause, violation in rest.items():
        if clause not in known:
            only = replace(run, violations=[violation])
            found += findings(bench, TOUR, only, again, drawn=True)
    return list({(one.clause, one.case): one for one in found}.values())


def _by_clause(violations: Iterable[Violation]) -> dict[str, list[Violation]]:
    grouped: dict[str, list[Violation]] = {}
    for one in violations:
        grouped.setdefault(one.clause, []).append(one)
    return grouped


def _alone(bench: Bench, case: Case | None, target: str) -> list[Finding]:
    """Return what a case finds by itself."""
    if case is None:
        return []
    label = name(bench.contract, case)
    run = perform(bench, case.steps, Ledger())
    again = command("run", target, "--case", label)
    return findings(bench, label, run, again, drawn=case.rich)

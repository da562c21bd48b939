"""Running the tour, and going back from a violation on it to the one case that shows it."""

from dataclasses import replace

from redeploy_conformance.bench import Bench
from redeploy_conformance.investigate import CaseReport, command, findings, perform
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.oracle import Violation
from redeploy_conformance.planner import name, plan
from redeploy_conformance.session import Run
from redeploy_conformance.weave import Tour, tour
from redeploy_schemas.records import Finding
from redeploy_schemas.vocabulary import Part

TOUR = "tour"
NEEDS = frozenset({Part.CLOCK, Part.ACCOUNTS, Part.INSTANCES})
"""The parts of the control protocol without which many cases cannot share a session."""


def perform_tour(bench: Bench) -> tuple[Tour, CaseReport, Run]:
    """Run the tour; nothing is looked into yet."""
    through = tour(bench.contract, plan(bench.contract), bench.offer.parts)
    report = CaseReport(TOUR, ())
    requests, steps = bench.api.requests, bench.steps
    run = perform(bench, through.steps, report.ledger)
    report.problem, report.lost = run.problem, run.lost
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    return through, report, run


def traced(
    bench: Bench, through: Tour, run: Run, violation: Violation, target: str
) -> list[Finding]:
    """Return what is found when the case that an instance is of is run alone, if anything is.

    Otherwise the violation needs more than that case, and the steps of the tour are reduced.
    """
    case = through.owners.get(violation.key)
    if case is not None:
        label = name(bench.contract, case)
        alone = perform(bench, case.steps, Ledger())
        if alone.violations:
            again = command("run", target, "--case", label)
            return findings(bench, label, alone, again)
    again = command("run", target, "--case", TOUR)
    only = replace(run, violations=[violation])
    return findings(bench, TOUR, only, again, drawn=True)

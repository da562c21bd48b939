"""Running the tour, and going back from a violation on it to the one case that shows it."""

from collections.abc import Iterable
from dataclasses import replace as replaced

from msgspec.structs import replace

from redeploy_conformance.finding.investigate import (
    CaseReport,
    command,
    findings,
    guessed_finding,
    perform,
    perform_case,
)
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.planning.weave import Tour, tour
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run
from redeploy_schemas.records import Finding
from redeploy_schemas.vocabulary import Part

TOUR = "tour"
TRIED = 3
"""Cases of one violated clause that are run alone, until one shows a violation."""
NEEDS = frozenset({Part.CLOCK, Part.ACCOUNTS, Part.INSTANCES})
"""The parts of the control protocol without which many cases cannot share a session."""


def perform_tour(bench: Bench) -> tuple[Tour, CaseReport, Run]:
    """Run the tour; nothing is looked into yet."""
    through = tour(plan(bench.contract), bench.offer.parts)
    whole = Case(clauses=(), row="", steps=through.steps)
    return through, *perform_case(bench, TOUR, whole)


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
            alone = _alone(bench, through, run, violation, target)
            if alone:
                found += alone
                break
        else:
            rest[clause] = several[0]
    known = {one.clause for one in found}
    again = command("run", target, "--case", TOUR)
    for clause, violation in rest.items():
        if clause not in known:
            only = replaced(run, violations=[violation])
            found += findings(bench, TOUR, only, again, drawn=True)
    found.sort(key=surest_first)
    return list({(one.clause, one.case): one for one in found}.values())


def surest_first(one: Finding) -> tuple[bool, int]:
    """Return by what findings of the tour are put in order: those of one case first, the short before the long."""
    return one.case == TOUR, len(one.steps)


def _by_clause(violations: Iterable[Violation]) -> dict[str, list[Violation]]:
    grouped: dict[str, list[Violation]] = {}
    for one in violations:
        grouped.setdefault(one.clause, []).append(one)
    return grouped


def _alone(
    bench: Bench, through: Tour, run: Run, violation: Violation, target: str
) -> list[Finding]:
    """Return what the case that an instance is of finds by itself."""
    case = through.owners.get(violation.key)
    if case is None:
        return []
    label = name(bench.contract, case)
    again = command("run", target, "--case", label)
    if case.rich:
        done = [one.step for one in run.done]
        key, steps = through.own(done, violation.key)
        mine = replace(violation, key=key)
        likely = guessed_finding(bench, label, steps, mine, again)
        if likely is not None:
            return [likely]
    run = perform(bench, case.steps, Ledger())
    return findings(bench, label, run, again, drawn=case.rich)

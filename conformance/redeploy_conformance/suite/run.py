"""What a packaged test does: run, report, and fail with the story of a violation."""

import pytest
from hypothesis import seed
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from redeploy_conformance.api import LostError, OfferError, SetUpError
from redeploy_conformance.bench import Bench
from redeploy_conformance.investigate import (
    CaseReport,
    command,
    findings,
    perform_case,
)
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.machine import BrokenClauseError, TroubleError, explorer
from redeploy_conformance.planner import name, possible
from redeploy_conformance.plugin import Reporter
from redeploy_conformance.redact import scrubbed
from redeploy_conformance.session import Run, Session, not_as_offered
from redeploy_conformance.steps import Case
from redeploy_conformance.touring import NEEDS, looked_into, perform_tour
from redeploy_reports.story import story
from redeploy_strategies.profiles import cheap

WALKS, STEPS = 15, 40
NO_BURST = "a burst of calls is only sent to this machine, or with --burst"


def run_case(bench: Bench, case: Case, reporter: Reporter) -> None:
    """Run one planned case.

    Raises:
        pytest.fail.Exception: a clause is violated; the message is the story.
        pytest.skip.Exception: the case needs what is not offered, or could not be set up.
    """
    label = name(bench.contract, case)
    reporter.stop_if_lost()
    doable = possible(case, bench.offer.parts)
    if doable is None:
        lacking = case.needs - {part.value for part in bench.offer.parts}
        reporter.enter(CaseReport(label, ()))
        pytest.skip(f"needs {', '.join(sorted(lacking))} of the control protocol")
    if case.burst and not (bench.near or reporter.burst):
        reporter.enter(CaseReport(label, case.clauses, declined=NO_BURST))
        pytest.skip(NO_BURST)
    requests, steps = bench.api.requests, bench.steps
    report, run = perform_case(bench, label, doable)
    again = command("run", reporter.target_word, "--case", label)
    report.findings = findings(bench, label, run, again)
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    _tell(report, reporter, bench)


def run_tour(bench: Bench, reporter: Reporter) -> None:
    """Run the cases of the tour together; what is found is looked into by the case it came from.

    Raises:
        pytest.fail.Exception: a clause is violated; the message is the story.
        pytest.skip.Exception: the implementation cannot be toured, or something went wrong.
    """
    reporter.stop_if_lost()
    if not bench.offer.parts >= NEEDS:
        pytest.skip("needs accounts, clock, instances of the control protocol")
    requests, steps = bench.api.requests, bench.steps
    through, report, run = perform_tour(bench)
    report.findings = looked_into(bench, through, run, reporter.target_word)
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    _tell(report, reporter, bench)


def explore(bench: Bench, number: int, reporter: Reporter) -> None:
    """Run some walks.

    Raises:
        pytest.fail.Exception: a clause is violated; the message is the story.
        pytest.skip.Exception: the implementation cannot be explored so.
    """
    reporter.stop_if_lost()
    if not bench.offer.parts >= NEEDS:
        pytest.skip("needs accounts, clock, instances of the control protocol")
    report = CaseReport(f"walk {number}", ())
    requests, steps = bench.api.requests, bench.steps

    sessions: list[Session] = []
    runs: list[Run] = []

    def begin() -> Session:
        try:
            session = bench.session(Ledger())
        except OfferError as error:
            runs.append(Run(violations=[not_as_offered(error)]))
            raise BrokenClauseError(runs[-1]) from error
        except SetUpError as error:
            runs.append(Run(problem=str(error), lost=isinstance(error, LostError)))
            raise TroubleError(str(error)) from error
        sessions.append(session)
        runs.append(session.run)
        return session

    machine = explorer(bench.contract, bench.offer.parts, dict(bench.seen), begin)
    drawn = seed(reporter.seed * 1000 + number)(machine)
    try:
        run_state_machine_as_test(
            drawn, settings=cheap(WALKS, STEPS, reporter.database)
        )
    except (BrokenClauseError, TroubleError, Flaky):
        # Hypothesis does a failing walk again, and says Flaky where that went well. What was seen
        # once was seen all the same.
        broken = next((one for one in runs if one.violations), None)
        stuck = next((one for one in runs if one.problem is not None), None)
        if broken is not None:
            report.findings = findings(bench, report.name, broken, "", drawn=True)
        elif stuck is not None:
            report.problem, report.lost = stuck.problem, stuck.lost
        else:
            raise
    for session in sessions:
        report.ledger.merge(session.oracle.ledger)
    bench.seen.update(report.ledger.held)
    for session in sessions:
        bench.steps += len(session.run.done)
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    _tell(report, reporter, bench)


def _tell(report: CaseReport, reporter: Reporter, bench: Bench) -> None:
    """Hand the report over, and end the test as pytest's users expect."""
    secrets = set(bench.api.secrets)
    report = CaseReport.from_json(scrubbed(report.to_json(), secrets))
    reporter.enter(report)
    if report.findings:
        pytest.fail("\n\n".join(story(one) for one in report.findings), pytrace=False)
    if report.problem is not None:
        pytest.skip(f"could not run: {report.problem}")
    if report.skipped is not None:
        pytest.skip(f"does not apply: {report.skipped}")
    if report.idle:
        pytest.skip(f"did not exercise {', '.join(report.idle)}")

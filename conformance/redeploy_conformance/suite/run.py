"""What a packaged test does: run, report, and fail with the story of a violation."""

import pytest

from redeploy_conformance.finding.investigate import (
    CaseReport,
    command,
    findings,
    perform_case,
)
from redeploy_conformance.finding.touring import NEEDS, TOUR, looked_into, perform_tour
from redeploy_conformance.finding.walking import perform_walks
from redeploy_conformance.planning.planner import name, possible, why_not
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.plugin.run import Reporter
from redeploy_conformance.redact import scrubbed
from redeploy_conformance.running.bench import Bench
from redeploy_reports.story import story

NO_CLOCK = "needs accounts, clock, instances of the control protocol"
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
        reporter.enter(CaseReport(label, ()))
        pytest.skip(why_not(case, bench.offer.parts))
    if case.burst and not (bench.near or reporter.burst):
        reporter.enter(CaseReport(label, case.clauses, declined=NO_BURST))
        pytest.skip(NO_BURST)
    begun = bench.api.requests, bench.steps
    report, run = perform_case(bench, label, doable)
    again = command("run", reporter.target_word, "--case", label)
    report.findings = findings(bench, label, run, again, drawn=case.rich)
    _tell(report, reporter, bench, begun)


def run_tour(bench: Bench, reporter: Reporter) -> None:
    """Run the cases of the tour together; what is found is looked into by the case it came from.

    Raises:
        pytest.fail.Exception: a clause is violated; the message is the story.
        pytest.skip.Exception: the implementation cannot be toured, or something went wrong.
    """
    reporter.stop_if_lost()
    if not bench.offer.parts >= NEEDS:
        reporter.enter(CaseReport(TOUR, (), declined=f"the tour {NO_CLOCK}"))
        reporter.leave_out(NO_CLOCK)
    begun = bench.api.requests, bench.steps
    through, report, run = perform_tour(bench)
    report.findings = looked_into(bench, through, run, reporter.target_word)
    _tell(report, reporter, bench, begun)


def explore(bench: Bench, number: int, reporter: Reporter) -> None:
    """Run some walks.

    Raises:
        pytest.fail.Exception: a clause is violated; the message is the story.
        pytest.skip.Exception: the implementation cannot be explored so.
    """
    reporter.stop_if_lost()
    if not bench.offer.parts >= NEEDS:
        reporter.leave_out(NO_CLOCK)
    begun = bench.api.requests, bench.steps
    report, run = perform_walks(bench, number, reporter.seed, reporter.database)
    report.findings = findings(bench, report.name, run, "", drawn=True)
    _tell(report, reporter, bench, begun)


def _tell(
    report: CaseReport, reporter: Reporter, bench: Bench, begun: tuple[int, int]
) -> None:
    """Hand the report over, and end the test as pytest's users expect.

    ``begun`` are the requests and steps before; those of looking into what was found count too.
    """
    report.requests = bench.api.requests - begun[0]
    report.steps = bench.steps - begun[1]
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

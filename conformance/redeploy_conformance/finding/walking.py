"""Running walks: what exploration draws, until a violation or until all were walked."""

from contextlib import suppress

from hypothesis import seed
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.finding.machine import KeptWalkError, WalkEndedError, explorer
from redeploy_conformance.finding.walks import walk_name
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.running.api import LostError, OfferError, SetUpError
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run, Session, not_as_offered
from redeploy_strategies.profiles import cheap

WALKS, STEPS = 15, 40
"""Walks of one call, and the steps of each."""


def perform_walks(
    bench: Bench, number: int, start: int, database: ExampleDatabase | None = None
) -> tuple[CaseReport, Run]:
    """Run some walks; nothing is looked into yet.

    ``number`` tells one call of a run from another, ``start`` is the seed of the run. A walk that
    breaks a clause is kept in the ``database``, and those kept are walked first. The run returned is
    the first with a violation; without one, that with which the walks ended. What else was raised on
    the way is raised here.
    """
    report = CaseReport(walk_name(number), ())
    requests, steps = bench.api.requests, bench.steps

    sessions: list[Session] = []
    runs: list[Run] = []

    def begin() -> Session:
        try:
            session = bench.session(Ledger())
        except OfferError as error:
            runs.append(Run(violations=[not_as_offered(error)]))
            raise WalkEndedError from error
        except SetUpError as error:
            runs.append(Run(problem=str(error), lost=isinstance(error, LostError)))
            raise WalkEndedError from error
        sessions.append(session)
        runs.append(session.run)
        return session

    parts, seen = bench.offer.parts, dict(bench.seen)
    machine = explorer(bench.contract, parts, seen, begin, kept=database is not None)
    drawn = seed(start * 1000 + number)(machine)
    try:
        with suppress(WalkEndedError, KeptWalkError):
            run_state_machine_as_test(drawn, settings=cheap(WALKS, STEPS, database))
    except Flaky as error:
        # To keep a walk, Hypothesis does it again, and says Flaky where that went well. What was seen
        # once was seen all the same. Without a violation it was our own error that did not come again.
        if not any(one.violations for one in runs):
            raise next(iter(getattr(error, "exceptions", ())), error) from None
    came = next((one for one in runs if one.violations), runs[-1] if runs else Run())
    report.problem, report.lost = came.problem, came.lost
    for session in sessions:
        report.ledger.merge(session.oracle.ledger)
        bench.steps += len(session.run.done)
    bench.seen.update(report.ledger.held)
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    # Hypothesis keeps the class of each machine for good, and with it whatever ``begin`` holds.
    sessions.clear()
    runs.clear()
    return report, came

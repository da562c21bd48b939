"""Running walks: what exploration draws, until a violation or until all were walked."""

from contextlib import suppress

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from redeploy_conformance.api import LostError, OfferError, SetUpError
from redeploy_conformance.bench import Bench
from redeploy_conformance.investigate import CaseReport
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.machine import WalkEndedError, explorer
from redeploy_conformance.session import Run, Session, not_as_offered
from redeploy_strategies.profiles import cheap

WALKS, STEPS = 15, 40
"""Walks of one call, and the steps of each."""
OF_A_RUN = 4
"""Calls of one run of the suite, each numbered."""


def perform_walks(bench: Bench, number: int, start: int) -> tuple[CaseReport, Run]:
    """Run some walks; nothing is looked into yet.

    ``number`` tells one call of a run from another, ``start`` is the seed of the run. The run
    returned is that of the walk with which it ended, at a violation, at trouble or after the last.
    """
    report = CaseReport(f"walk {number}", ())
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

    machine = explorer(bench.contract, bench.offer.parts, dict(bench.seen), begin)
    drawn = seed(start * 1000 + number)(machine)
    # The first violation or trouble ends the drawing, so it is in the last run.
    with suppress(WalkEndedError):
        run_state_machine_as_test(drawn, settings=cheap(WALKS, STEPS))
    came = runs[-1] if runs else Run()
    report.problem, report.lost = came.problem, came.lost
    for session in sessions:
        report.ledger.merge(session.oracle.ledger)
        bench.steps += len(session.run.done)
    bench.seen.update(report.ledger.held)
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    return report, came

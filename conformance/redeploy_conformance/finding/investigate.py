"""From a violation to a finding: the fewest steps that show it, and how often they do."""

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from msgspec.structs import replace

from redeploy_conformance.finding.bursts import bursts
from redeploy_conformance.finding.counterexample import counterexample, first_of_each
from redeploy_conformance.finding.guesses import (
    Guesses,
    each_alone,
    guesses,
    special,
    together,
)
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.minimise import (
    Search,
    Steps,
    focused,
    minimise,
)
from redeploy_conformance.planning.steps import Case, Step
from redeploy_conformance.running.api import LostError, OfferError, SetUpError
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run, not_as_offered
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Finding

ATTEMPTS = 3
MOST_REQUESTS, MOST_SECONDS = 1500, 20.0
"""What the search for fewer steps may cost."""
TIMES = 10
"""How often the steps of one instance are tried, where what broke a clause did not do so again."""
MANY = 3
"""With more special things about them, guessed steps are reduced further."""
CALLERS = frozenset({"U1", "U2"})
"""Clauses that only a caller breaks who may not; with nothing granted it is U1, else U2."""
UNASKED = frozenset({"L9", "L10", "A12", "A14", "Q4", "U1", "U2", "U4"})
"""Clauses that a change breaks which nobody asked for: a call that was turned down made it, or the
redeploy of another instance. The fewest steps tell."""


@dataclass(slots=True)
class CaseReport:
    """What became of one case; ``idle`` names clauses that it ran for and did not exercise.

    ``declined`` says why it was not run at all, though it could have been.
    """

    name: str
    clauses: tuple[str, ...]
    ledger: Ledger = field(default_factory=Ledger)
    findings: list[Finding] = field(default_factory=list)
    problem: str | None = None
    skipped: str | None = None
    idle: tuple[str, ...] = ()
    declined: str | None = None
    lost: bool = False
    requests: int = 0
    steps: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values, for a worker to hand to its controller."""
        return {
            **{one.name: getattr(self, one.name) for one in fields(self)},
            "ledger": self.ledger.to_json(),
            "findings": [one.to_json() for one in self.findings],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "CaseReport":
        """Return the report that ``to_json`` wrote."""
        return cls(
            **{
                **data,
                "clauses": tuple(data["clauses"]),
                "idle": tuple(data["idle"]),
                "ledger": Ledger.from_json(data["ledger"]),
                "findings": [Finding.from_json(one) for one in data["findings"]],
            }
        )


def perform(
    bench: Bench,
    steps: Sequence[Step],
    ledger: Ledger,
    *,
    counted: bool = False,
    doubts: bool = True,
) -> Run:
    """Carry steps out in a fresh session; trouble with it is a problem of the run.

    ``counted`` says whether what it shows counts for the run's verdict; ``doubts`` is as in `Session`.
    """
    try:
        session = bench.session(ledger, counted=counted)
        session.doubts = doubts
        run = session.perform(steps)
        ledger.bursts += bursts(session.oracle.quotas)
    except OfferError as error:
        run = Run(violations=[not_as_offered(error)])
    except SetUpError as error:
        run = Run(problem=str(error), lost=isinstance(error, LostError))
    bench.steps += len(run.done)
    return run


def perform_case(bench: Bench, label: str, case: Case) -> tuple[CaseReport, Run]:
    """Run a planned case, and return what became of it; findings are not looked into yet."""
    report = CaseReport(label, case.clauses)
    requests, steps = bench.api.requests, bench.steps
    run = perform(bench, case.steps, report.ledger, counted=True)
    bench.seen.update(report.ledger.held)
    report.problem, report.skipped, report.lost = run.problem, run.skipped, run.lost
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    if not (run.violations or run.problem or run.skipped):
        report.idle = idle(bench.contract, report)
    return report, run


def idle(contract: Contract, report: CaseReport) -> tuple[str, ...]:
    """Return the clause that a case ran for, where what it needs did not come about."""
    return tuple(
        one
        for one in report.clauses[:1]
        if contract.by_id[one].required and not report.ledger.times(one)
    )


def guessed_finding(
    bench: Bench, case: str, steps: Steps, violation: Violation, reproduce: str
) -> Finding | None:
    """Return a finding where a likely trace of ``steps`` breaks the clause, before they are done."""
    guess = guessed(bench, steps, violation) if _cheap(bench) else None
    if guess is None:
        return None
    fewest, shown = guess
    return _written(bench, case, violation, shown[0], fewest, reproduce, shown)


def findings(
    bench: Bench, case: str, run: Run, reproduce: str, *, drawn: bool = False
) -> list[Finding]:
    """Return a finding for the first violation of each clause that a run broke.

    ``drawn`` says that the steps were drawn, or woven from many cases, rather than planned.
    Without a command to ``reproduce`` it, a finding is replayed from the result file.
    """
    done = [one.step for one in run.done]
    return [
        _finding(bench, case, one, run, done, reproduce, drawn)
        for one in first_of_each(run).values()
    ]


def _finding(
    bench: Bench,
    case: str,
    violation: Violation,
    run: Run,
    done: Sequence[Step],
    reproduce: str,
    drawn: bool,
) -> Finding:
    shown: list[Run] = []
    attempts = 0
    if bench.offer.parts and _cheap(bench):
        attempts = ATTEMPTS
        guess = guessed(bench, done, violation) if drawn else None
        if guess is None:
            fewest, again = shortest(bench, done, violation, drawn=drawn)
            if again is not None:
                done, run = fewest, again
            shown = _shown(bench, done, violation)
            seldom = drawn and len(shown) < ATTEMPTS
            fewer = now_and_then(bench, done, violation) if seldom else None
            if fewer is not None:
                done, shown, attempts = fewer
        else:
            done, shown = guess
        if shown:
            run = shown[0]
        found = cause(bench, done, violation) if drawn else None
        if found is not None:
            violation, done, shown = found
            run = shown[0]
    return _written(bench, case, violation, run, done, reproduce, shown, attempts)


def now_and_then(
    bench: Bench, steps: Sequence[Step], violation: Violation
) -> tuple[Steps, list[Run], int] | None:
    """Return the steps of the instance alone, the runs of them that show it, and how often they were done.

    What is wrong by chance is not so each time, and seldom again in the same place of a long trace.
    None where they never show it, or are all the steps there are.
    """
    alone = tuple(focused(steps, violation.key)) if violation.key else tuple(steps)
    for times in range(1, TIMES + 1) if len(alone) < len(steps) else ():
        run = perform(bench, alone, Ledger())
        if _same(run, violation) is not None:
            return alone, [run, *_shown(bench, alone, violation)], times + ATTEMPTS
    return None


def cause(
    bench: Bench, steps: Sequence[Step], violation: Violation
) -> tuple[Violation, Steps, list[Run]] | None:
    """Return what one of several calls breaks by itself, if it changes what nobody asked for.

    And if without that call, the clause that was seen broken is not.
    """
    if violation.clause in UNASKED or violation.clause == "S1":
        return None
    for alone, rest in each_alone(steps, _busy(bench)):
        wrong = perform(bench, alone, Ledger()).violations
        first = next((one for one in wrong if one.clause in UNASKED), None)
        if first is None or _same(_tried(bench, rest, violation), violation):
            continue
        fewest = tuple(shortest(bench, alone, first, drawn=True)[0])
        if shown := _shown(bench, fewest, first):
            return first, fewest, shown
    return None


def _written(
    bench: Bench,
    case: str,
    violation: Violation,
    run: Run,
    done: Sequence[Step],
    reproduce: str,
    shown: Sequence[Run],
    attempts: int = ATTEMPTS,
) -> Finding:
    violation = told_apart(bench, run, _same(run, violation) or violation)
    if bench.api.watcher is not None:
        bench.api.watcher.finding(case, violation.clause, run.number)
    return counterexample(
        bench.contract,
        run,
        violation,
        case=case,
        steps=done,
        reproduce=reproduce,
        reproduced=len(shown),
        attempts=attempts,
    )


def told_apart(bench: Bench, run: Run, violation: Violation) -> Violation:
    """Return the violation as one of the call that was turned down, if all is well without it.

    A redeploy that has ended on the same instance has the more to answer for otherwise (L9).
    """
    silent = next((one for one in violation.instead if one in UNASKED), None)
    if violation.clause != "L9" or silent is None or not _cheap(bench):
        return violation
    rest = [one.step for one in run.done if not one.observed.startswith(("4", "5"))]
    if len(rest) == len(run.done) or _same(_tried(bench, rest, violation), violation):
        return violation
    return _put_down(violation, silent)


def as_named(run: Run, clause: str) -> Violation | None:
    """Return the violation of a clause in a run, or one that ``told_apart`` would put down to it."""
    seen = first_of_each(run)
    other = seen.get("L9")
    if clause not in seen and other is not None and clause in other.instead:
        return _put_down(other, clause)
    return seen.get(clause)


def _put_down(violation: Violation, clause: str) -> Violation:
    others = (one for one in violation.instead if one != clause)
    return replace(violation, clause=clause, instead=(*others, violation.clause))


def _cheap(bench: Bench) -> bool:
    """Whether trying again costs nothing but requests: time is turned, not waited for."""
    return any(part.value == "clock" for part in bench.offer.parts)


def _same(run: Run, wanted: Violation) -> Violation | None:
    """Return the violation of the same clause, or of one that is told from it by fewer steps."""
    return next((one for one in run.violations if _alike(one, wanted)), None)


def _alike(one: Violation, other: Violation) -> bool:
    both = {one.clause, other.clause}
    seen = "answer" not in (one.field, other.field)
    return len(both) == 1 or both == CALLERS or (seen and both <= UNASKED)


def shortest(
    bench: Bench, steps: Sequence[Step], violation: Violation, *, drawn: bool
) -> tuple[Sequence[Step], Run | None]:
    """Return the fewest steps that still break the clause, and their run; None if no fewer do."""
    begun, started = bench.api.requests, time.monotonic()

    def breaks(fewer: Sequence[Step]) -> Run | None:
        run = _tried(bench, fewer, violation)
        return run if _same(run, violation) is not None else None

    def may_go_on() -> bool:
        spent = bench.api.requests - begun
        return spent < MOST_REQUESTS and time.monotonic() - started < MOST_SECONDS

    search = Search(breaks, may_go_on)
    fewest = minimise(steps, violation.key, search, drawn=drawn)
    return fewest, search.best


def _tried(bench: Bench, steps: Sequence[Step], violation: Violation) -> Run:
    """Do fewer steps. Of the control plane it was cleared before, and will be when they are confirmed."""
    return perform(bench, steps, Ledger(), doubts=violation.clause == "S1")


def _shown(bench: Bench, steps: Sequence[Step], violation: Violation) -> list[Run]:
    """Do the steps some times more; return the runs that broke the clause again."""
    before = bench.api.requests
    runs = [perform(bench, steps, Ledger()) for _ in range(ATTEMPTS)]
    bench.confirming = bench.api.requests - before
    return [run for run in runs if _same(run, violation) is not None]


def guessed(
    bench: Bench, steps: Sequence[Step], violation: Violation
) -> tuple[Steps, list[Run]] | None:
    """Return the plainest of the likely traces that broke the clause, and runs that show it.

    The likeliest are tried first: where nothing special is needed, that is all it takes. Others
    are tried beside one another. What a look showed needs a redeploy of which it is known how it ends.
    """
    row = next(row for row in bench.contract.events if not row.only_with)
    event = (row.type, row.statuses[0])
    about, ended = violation.event, violation.field != "answer"
    enough = MANY + ended  # how it ends counts as special, and is needed here
    guess: Steps | None = None
    for some in guesses(
        steps, violation.key, event, about, ended=ended, busy=_busy(bench)
    ):
        if violation.clause in CALLERS:
            some = tuple(filter(_by_somebody, some))
        found = _broken(bench, some, violation) if some else None
        guess = min((one for one in (guess, found) if one), key=special, default=None)
        if guess is not None and special(guess) <= enough:
            break
    if guess is None:
        return None
    shown = _shown(bench, guess, violation)
    if shown and special(guess) > enough:
        fewest, again = shortest(bench, guess, violation, drawn=True)
        more = _shown(bench, fewest, violation) if again else []
        guess, shown = (tuple(fewest), more) if more else (guess, shown)
    return (guess, shown) if shown else None


def _busy(bench: Bench) -> str:
    """Return a status on the way of a redeploy."""
    return next(iter(bench.contract.transition_from.values())).path[0]


def _broken(bench: Bench, some: Guesses, violation: Violation) -> Steps | None:
    """Return the first of some guesses, tried beside one another, that breaks the clause."""
    through, owners = together(some)
    broken = {
        owners[one.key]
        for one in _tried(bench, through, violation).violations
        if one.key in owners and _alike(one, violation)
    }
    return next((one for one in some if one in broken), None)


def _by_somebody(steps: Steps) -> bool:
    """Whether a call is made by somebody whose policies matter, not by the account itself."""
    calls = (one for one in steps if isinstance(one, step.Redeploy))
    return any(one.policy or one.statements is not None for one in calls)


def command(*words: str) -> str:
    """Return a shell command, quoted."""
    return shlex.join(("redeploy-conformance", *words))

"""Recorded sessions run again: the same executor and the same oracle, no network."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from redeploy_conformance.evidence.lines import (
    ClockLine,
    DamagedError,
    DoneLine,
    ExchangeLine,
    HeaderLine,
    SessionLine,
    SpansLine,
    StepLine,
)
from redeploy_conformance.evidence.setting import setting_from
from redeploy_conformance.evidence.tape import Tape, TapeApi, TapeError
from redeploy_conformance.finding.bursts import bursts
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.pinned import StepReader
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.redact import brief
from redeploy_conformance.running.api import LostError, OfferError, SetUpError
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run, Session, not_as_offered
from redeploy_conformance.targets.base import Target
from redeploy_conformance.wire.http import HttpResponse
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract

MOST_DONE = 500
"""Steps of a session that are kept for the story of a violation."""
UNFIT = (KeyError, ValueError, OverflowError, RecursionError)
"""What is raised where lines that no run has written are carried out.

In a run that would be an error of the suite, which is why nothing but a trace hides it.
"""


@dataclass(slots=True)
class Again:
    """One recorded session on its way through executor and oracle."""

    line: SessionLine
    ledger: Ledger = field(default_factory=Ledger)
    session: Session | None = None
    reader: StepReader | None = None
    steps: list[Step] | None = None
    run: Run = field(default_factory=Run)


class Player:
    """Runs the sessions of one recorded process again."""

    def __init__(self, header: HeaderLine, contract: Contract) -> None:
        """Put the recorded target on the bench."""
        setting = setting_from(header)
        self.tape = Tape()
        transport = _NoTransport()
        target = Target(
            setting.statement.name, setting.kind, transport, setting.statement
        )
        api = TapeApi(
            target,
            setting.region,
            clock_id=setting.clock_id,
            tape=self.tape,
            recorded_host=setting.host,
        )
        self.bench = Bench(contract, target, api, setting.offer, setting.alone)
        self.current: Again | None = None
        self.number = 0
        """Of the last session that has begun: a process counts them from 1, without a gap."""

    def begin(self, line: SessionLine) -> None:
        """Begin a session; what was sent to prepare it follows.

        Raises:
            TapeError: it is not the next one.
        """
        self.number += 1
        if line.n != self.number:
            raise TapeError(
                f"session {line.n} stands where session {self.number} belongs"
            )
        self.tape.clear()
        self.current = Again(line)

    def hear(self, line: ExchangeLine | ClockLine | SpansLine) -> None:
        """Put what was recorded on the tape."""
        if isinstance(line, ExchangeLine):
            self.tape.load(line)
        elif isinstance(line, ClockLine):
            self.tape.clocks.append(line.now)
        else:
            self.tape.spans.append(line.spans)

    def step(self, line: StepLine) -> None:
        """Take the steps that come next; they are done when all that belongs to them is there.

        Raises:
            TapeError: no session has begun, its preparation does not fit what was recorded, or
                others are not over.
            InvalidStepError: they are no steps.
        """
        again = self._going()
        if again.steps is not None:
            raise TapeError("steps begin before those before them have ended")
        if again.session is None:
            self._open(again)
        if again.session is None:
            self.current = None  # it has begun then: whatever this says is not so
            raise TapeError("steps follow where the session could not begin")
        if again.reader is None:
            again.reader = StepReader(self.bench.contract)
        again.steps = [again.reader.read(one) for one in line.steps]
        if not again.steps:
            raise TapeError("no steps are about to be done")

    def done(self, line: DoneLine) -> int:
        """Carry the steps out, compare what the suite made of them then, and return how many went.

        Raises:
            TapeError: what was recorded is not what these steps do, or not all of it.
        """
        again = self._going()
        if again.session is None or again.steps is None:
            raise TapeError("steps end that have not begun")
        run = again.run
        broken, before = len(run.violations), len(run.done)
        trouble = run.problem, run.lost, run.skipped
        try:
            with as_recorded():
                again.session.do_together(again.steps)
            if not self.tape.empty:
                raise TapeError("more was recorded than these steps do")
            clauses = [one.clause for one in run.violations[broken:]]
            same(line, len(again.steps), clauses, run.problem)
        except TapeError:
            # What is damaged here accuses nobody.
            del run.violations[broken:], run.done[before:]
            run.problem, run.lost, run.skipped = trouble
            raise
        again.steps = None
        went = len(run.done) - before
        del run.done[:-MOST_DONE]
        return went

    @property
    def amid(self) -> bool:
        """Whether steps have begun that have not ended yet."""
        return self.current is not None and self.current.steps is not None

    def end(self) -> Again | None:
        """Return the session that is over, if one had begun; steps without an end are left out."""
        again, self.current = self.current, None
        if again is not None and again.session is None and not _failed(again.run):
            self._open(again)
        if again is not None and again.session is not None:
            again.ledger.bursts += bursts(again.session.oracle.quotas)
        self.tape.clear()
        return again

    def cut(self) -> None:
        """Hear no more of the session under way; one that had not begun by then never will."""
        again = self.current
        if again is None or again.session is not None or _failed(again.run):
            return
        try:
            self._open(again)
        except TapeError:
            # Its preparation is cut off: whoever calls tells of the damage.
            self.current = None

    def _going(self) -> Again:
        if self.current is None:
            raise TapeError("a step stands outside of any session")
        return self.current

    def _open(self, again: Again) -> None:
        counted = again.line.counted
        try:
            with as_recorded():
                again.session = self.bench.session(again.ledger, counted=counted)
        except OfferError as error:
            run = Run(violations=[not_as_offered(error)])
        except SetUpError as error:
            run = Run(problem=str(error), lost=isinstance(error, LostError))
        else:
            run = again.session.run
        if not self.tape.empty:
            raise TapeError("more was recorded than the beginning of a session takes")
        again.run = run
        run.number = again.line.n


def _failed(run: Run) -> bool:
    return bool(run.violations or run.problem)


class _NoTransport:
    """Stands for a target that nobody can ask any more."""

    def send(self, request: object, timeout: float) -> HttpResponse:
        """Refuse: everything is answered from the tape."""
        raise TapeError("nothing may be sent while a trace is checked")

    def close(self) -> None:
        """Nothing is held."""


def same(
    line: DoneLine, steps: int, clauses: Sequence[str], problem: str | None
) -> None:
    """Make sure that the suite made of so many steps what it made of them then.

    The words of ``observed`` and ``problem`` are not compared: no verdict rests on them, another
    version may choose others, and what was taken out of answers as a secret is missing in them.

    Raises:
        TapeError: it is something else.
    """
    if list(clauses) != line.clauses:
        raise TapeError(
            f"these exchanges break {_names(clauses)}, the trace says "
            f"{_names(line.clauses)}"
        )
    if (line.problem is None) != (problem is None):
        told = ("brought trouble", "went well")
        known = told[problem is None], told[line.problem is None]
        raise TapeError(f"these steps {known[0]}, the trace says that they {known[1]}")
    if len(line.observed) != steps:
        said = count(len(line.observed), "step")
        raise TapeError(f"the trace says what was observed of {said}, not of {steps}")


def _names(clauses: Sequence[str]) -> str:
    return brief(", ".join(clauses) or "nothing")


@contextmanager
def as_recorded() -> Iterator[None]:
    """Tell of what cannot be carried out as damage of the trace.

    Raises:
        TapeError: it cannot.
    """
    try:
        yield
    except DamagedError:
        raise
    except UNFIT as error:
        raise TapeError("these steps cannot be done as recorded") from error

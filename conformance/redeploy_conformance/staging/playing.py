"""The tape of a staging run: the lines of its trace in place of transport, clock and witness."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from redeploy_conformance.evidence.again import same
from redeploy_conformance.evidence.lines import (
    CaseLine,
    ClockLine,
    DamagedError,
    DoneLine,
    EndLine,
    ExchangeLine,
    FindingLine,
    Line,
    SessionLine,
    SpansLine,
    StepLine,
    StopLine,
    lines_of,
)
from redeploy_conformance.evidence.tape import (
    TapeError,
    answer_in,
    asked_in,
    in_order,
)
from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.parallel import Span
from redeploy_conformance.planning.notation import to_json
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.redact import brief
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

T = TypeVar("T")
L = TypeVar("L", bound=Line)
WORDS: dict[type, str] = {
    ExchangeLine: "a request",
    ClockLine: "a reading of the clock",
    EndLine: "the end",
}


class StagingTape:
    """The lines of a trace in place of transport, clock and witness of a run."""

    def __init__(self, path: Path) -> None:
        """Begin before the first line.

        Raises:
            OSError: the file cannot be read.
        """
        self.at = 0
        self.host = ""
        self.last = 0.0
        self.over = False
        self.stopped = False
        self.denied = False
        """Whether the steps under way did not come to what the trace says that they did."""
        self._sessions = 0
        self._lines = lines_of(path)
        self._next: Line | None = None
        self._job = ""
        self._jobs: dict[str, deque[Line]] = {}

    def take(self, kind: type[L]) -> L:
        """Return the next line, of the job under way if there is one.

        Raises:
            TapeError: it is of another kind.
            DamagedError: there is none, or it cannot be read.
        """
        mine = self._jobs.get(self._job)
        if self._job and not mine:
            raise TapeError("something that was done at once is missing")
        line = mine.popleft() if mine else self._pull()
        if isinstance(line, EndLine) and not line.complete and kind is not EndLine:
            raise DamagedError(self.at, "the run was cut short here")
        if not isinstance(line, kind):
            raise TapeError(f"{_words(type(line))} stands where {_words(kind)} belongs")
        return line

    def peek(self) -> Line:
        """Return the next line, and leave it there."""
        if self._next is None:
            self._next = self._pull()
        return self._next

    def _pull(self) -> Line:
        line, self._next = self._next, None
        if line is None:
            try:
                self.at, line = next(self._lines)
            except StopIteration:
                raise DamagedError(
                    self.at + 1, "the last line is missing: it was cut short"
                ) from None
        return line

    def end(self) -> EndLine:
        """Return the last line.

        Raises:
            TapeError: something follows it.
        """
        line = self.take(EndLine)
        if next(self._lines, None) is not None:
            raise TapeError("the trace goes on after its end")
        return line

    # ------------------------------------------------------------------ transport and clock

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the recorded answer, after a look whether it is to this request."""
        line = self.take(ExchangeLine)
        action = dict(request.headers).get("x-acs-action", "")
        asked = asked_in(action, request.target, request.body.decode())
        recorded = asked_in(line.action, line.target, line.body)
        if recorded != asked:
            raise TapeError(
                f"{brief(_asked(recorded))} stands where the run asks {brief(_asked(asked))}"
            )
        return answer_in(line)

    def close(self) -> None:
        """Nothing is held."""

    def now(self) -> float:
        """Return the recorded reading; when all is over, the last one."""
        if not self.over:
            self.last = self.take(ClockLine).now
        return self.last

    def wall(self) -> float:
        """Return the recorded reading of the wall clock."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Go on at once: the time has passed already."""

    # ------------------------------------------------------------------ witness

    def session(self, *, counted: bool) -> int:
        """Return the recorded number of a session; a process counts them from 1, without a gap."""
        self._sessions += 1
        number = self.take(SessionLine).n
        if number != self._sessions:
            raise TapeError(
                f"session {number} stands where session {self._sessions} belongs"
            )
        return number

    def step(self, steps: Sequence[Step]) -> None:
        """Make sure that these steps come next."""
        if self.take(StepLine).steps != [to_json(one) for one in steps]:
            raise TapeError(f"other steps stand where the run does {steps[0]}")

    def done(
        self, observed: Sequence[str], clauses: Sequence[str], problem: str | None
    ) -> None:
        """Make sure that the steps broke the same clauses."""
        self.denied = True
        same(self.take(DoneLine), len(observed), clauses, problem)
        self.denied = False

    def finding(self, case: str, clause: str, session: int) -> None:
        """Make sure that it was found then."""
        line = self.take(FindingLine)
        if (line.case, line.clause) != (case, clause):
            raise TapeError(f"{brief(line.clause)} stands where {clause} is found")

    def case(self, report: CaseReport) -> None:
        """Make sure that the same case was over."""
        if self.take(CaseLine).name != report.name:
            raise TapeError(f"another case stands where {report.name} is over")

    def asked(self, stopping: bool) -> bool:
        """Return whether the run was asked to end by then."""
        if isinstance(self.peek(), StopLine):
            self.take(StopLine)
            self.stopped = True
            return True
        return False

    def at_once(self, jobs: Sequence[Sequence[Callable[[], T]]]) -> list[Span[T]]:
        """Do jobs one after the other, in the order in which the fence let them in."""
        answered = self._sort_out()
        rows = sorted(range(len(jobs)), key=lambda n: answered.get(f"{n}.0", n))
        values: dict[int, list[T]] = {}
        failed: dict[int, SetUpError] = {}
        for row in rows:
            values[row] = []
            try:
                for column, job in enumerate(jobs[row]):
                    self._job = f"{row}.{column}"
                    values[row].append(job())
            except SetUpError as error:
                failed[row] = error
            finally:
                self._job = ""
        if any(self._jobs.values()):
            raise TapeError("more was done at once than these steps do")
        if failed:
            raise failed[min(failed)]
        spans = self.take(SpansLine).spans
        done = [value for row in range(len(jobs)) for value in values[row]]
        in_order(spans, [len(values[row]) for row in range(len(jobs))])
        return [Span(*span, value) for span, value in zip(spans, done, strict=True)]

    def _sort_out(self) -> dict[str, int]:
        """Load what jobs did side by side, each by itself; return where each was first answered."""
        self._jobs, first = {}, dict[str, int]()
        while isinstance(line := self.peek(), ExchangeLine | ClockLine) and line.job:
            self._jobs.setdefault(line.job, deque()).append(self._pull())
            if isinstance(line, ExchangeLine):
                first.setdefault(line.job, self.at)
        return first

    def exchange(
        self, request: HttpRequest, answer: HttpResponse | Exception, seconds: float
    ) -> None:
        """Nothing: it came from here."""

    def passed(
        self, request: HttpRequest, answer: HttpResponse | Exception, seconds: float
    ) -> None:
        """Nothing: it came from here."""

    def clock(self, now: float) -> None:
        """Nothing: it came from here."""

    def secret(self, text: str) -> None:
        """Nothing is written."""


def _words(kind: type) -> str:
    return WORDS.get(kind, f"a {kind.__name__}")


def _asked(one: tuple[str, Mapping[str, str]]) -> str:
    return f"{one[0]} {dict(one[1])}"

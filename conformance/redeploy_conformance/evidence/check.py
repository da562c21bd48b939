"""The verdict of a run, drawn again from its trace alone.

Nothing that a trace says of clauses is believed: every session runs again through executor and
oracle, with the recorded answers in place of the target. One case is in memory at a time.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redeploy_conformance.evidence.again import Again, Player
from redeploy_conformance.evidence.lines import (
    TRACE_FORMAT,
    CaseLine,
    ClockLine,
    DamagedError,
    DoneLine,
    EndLine,
    ExchangeLine,
    FindingLine,
    HeaderLine,
    Line,
    SessionLine,
    SpansLine,
    StepLine,
    lines_of,
)
from redeploy_conformance.evidence.tape import TapeError
from redeploy_conformance.finding.counterexample import counterexample, first_of_each
from redeploy_conformance.finding.investigate import (
    CaseReport,
    as_named,
    command,
    idle,
)
from redeploy_conformance.finding.touring import TOUR, surest_first
from redeploy_conformance.planning.notation import InvalidStepError
from redeploy_conformance.redact import brief
from redeploy_conformance.results.verdict import LAST, Start, Taken, declared, judge
from redeploy_conformance.running.session import Run
from redeploy_conformance.targets.base import Kind
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import (
    Finding,
    InvalidRecordError,
    Problem,
    Result,
    Target,
)
from redeploy_schemas.vocabulary import RunVerdict

CUT = "the last case, cut short"
MOST = 500
"""Signs of what is told of damage."""


class ForeignTraceError(ValueError):
    """A trace is of another contract, or does not belong to the others; the message says it."""


@dataclass(slots=True)
class _Case:
    """What belongs to the case under way: what counts, and the sessions that broke a clause."""

    report: CaseReport
    broken: list[tuple[Again, Run]] = field(default_factory=list)
    named: list[FindingLine] = field(default_factory=list)


@dataclass(slots=True)
class _Shown:
    """What the lines of one run show: a violation, that nobody was there, steps without an end."""

    broken: bool = False
    silent: bool = False
    unended: bool = False

    def enough(self, line: EndLine) -> bool:
        """Whether it may have come to what the last line says.

        The other way round it need not: known deviations are violations, too, and of several traces
        together more is shown than of one. A run that was cut short may know of a process that found
        nobody there, and wrote nothing.
        """
        match RunVerdict(line.exit_code):
            case RunVerdict.NOT_CONFORMING:
                return self.broken
            case RunVerdict.UNREACHABLE:
                return self.silent or not line.complete
            case RunVerdict.SUITE_FAILED:
                return bool(line.crashes)
        return True


class Checker:
    """Takes the lines of traces, and draws the verdict of what they show."""

    def __init__(self, contract: Contract) -> None:
        """Begin with nothing seen."""
        self.contract = contract
        self.start: Start | None = None
        self.taken = Taken()
        self.seconds = 0.0
        self.complete = True
        self.skipped: set[str] = set()
        self._lost: deque[bool] = deque(maxlen=LAST)
        self.lines = 0
        self._player: Player | None = None
        self._case = _fresh()
        self._name = self._place = ""
        self._ended = False
        self._shown = _Shown()

    def read(self, path: Path) -> None:
        """Take one trace; damage ends it there, and what came before counts.

        Raises:
            OSError: the file cannot be read.
            ForeignTraceError: it is of another contract or target than those before.
        """
        self._name, self._place, self._ended = path.name, str(path), False
        self._player, self._shown = None, _Shown()
        at = 0
        try:
            for at, line in lines_of(path):  # noqa: B007 - the place of whatever is raised
                self.lines += 1
                self._take(line)
            if not self._ended:
                raise DamagedError(at + 1, "the last line is missing: it was cut short")
        except DamagedError as error:
            self._damaged(str(error))
        except (TapeError, InvalidStepError) as error:
            self._damaged(f"line {at}: {brief(str(error), MOST)}")
        self._close(CUT)

    def _damaged(self, text: str) -> None:
        self.complete = False
        if self._player is not None:
            self._player.cut()
            self._session(self._player.end())
        self._case.report.problem = f"{self._name}, {text}"

    def _take(self, line: Line) -> None:
        if isinstance(line, HeaderLine):
            self._header(line)
            return
        if self._ended:
            raise TapeError("the trace goes on after its end")
        if isinstance(line, EndLine):
            self._end(line)
            return
        player = self._player
        if player is None:
            raise TapeError("the trace does not begin with its header")
        match line:
            case ExchangeLine():
                self._case.report.requests += 1
                player.hear(line)
            case ClockLine() | SpansLine():
                player.hear(line)
            case StepLine():
                player.step(line)
            case DoneLine():
                self._case.report.steps += player.done(line)
            case SessionLine():
                self._session(player.end())
                player.begin(line)
            case FindingLine():
                _over(player)
                self._session(player.end())
                self._case.named.append(line)
            case CaseLine():
                _over(player)
                strange = [
                    one for one in line.clauses if one not in self.contract.by_id
                ]
                if strange:
                    raise TapeError(
                        f"the contract has no clause {brief(repr(strange[0]))}"
                    )
                self._case.report.clauses = tuple(line.clauses)
                self._close(line.name)

    def _header(self, line: HeaderLine) -> None:
        if self._player is not None:
            self._close(CUT)
        if line.staging is not None:
            raise ForeignTraceError(
                f"{self._name} is of a staging run: it is checked by itself, or together with "
                "the other parts of that run"
            )
        self._ended = False
        start = start_of(line)
        if start.contract_sha256 != self.contract.sha256:
            raise ForeignTraceError(
                f"{self._name} is of another contract ({brief(start.contract_edition)}, "
                f"{brief(start.contract_sha256[:12])}) than this suite's "
                f"({self.contract.edition}, {self.contract.sha256[:12]})"
            )
        if self.start is not None and self.start.target != start.target:
            raise ForeignTraceError(
                f"{self._name} is of another target than the trace before it: "
                f"{brief(start.target.name)}, not {brief(self.start.target.name)}"
            )
        try:
            self._player = Player(line, self.contract)
        except ValueError as error:
            raise TapeError(str(error)) from error
        said = self._player.bench.target.statement
        if start.target.declares != declared(said) or start.target.name != said.name:
            raise TapeError("its target declares other things than its statement")
        if start.target.kind != line.kind or line.kind not in set(Kind):
            kinds = brief(f"{start.target.kind!r} and {line.kind!r}")
            raise TapeError(f"its target is of the kinds {kinds}")
        if sorted(start.target.offers) != sorted(line.offer["parts"]):
            raise TapeError("its target offers other parts than were found")
        self.start = self.start or start
        offer = line.offer
        self.taken.offer = {**offer, "parts": sorted(offer["parts"])}

    def _end(self, line: EndLine) -> None:
        self._close(CUT)
        self._ended = True
        self.complete = self.complete and line.complete
        self.seconds += line.seconds
        try:
            self.taken.crashes += [Problem.from_json(one) for one in line.crashes]
        except InvalidRecordError as error:
            raise TapeError(str(error)) from error
        if line.verdict not in _words(line.exit_code):
            told = brief(repr(line.verdict))
            raise TapeError(f"its last line says {told} and {line.exit_code}")
        shown, self._shown = self._shown, _Shown()
        if not shown.enough(line):
            raise TapeError(
                f"its last line says {line.verdict!r}, which its lines do not show"
            )
        if shown.unended and line.complete and not line.crashes:
            raise TapeError("there are steps before it that have not ended")

    def _session(self, again: Again | None) -> None:
        """Enter a session that is over."""
        if again is None:
            return
        report, run = self._case.report, again.run
        self._shown.unended |= again.steps is not None
        if again.line.counted:
            report.ledger.merge(again.ledger)
            report.problem, report.skipped = run.problem, run.skipped
            report.lost = run.lost
        if run.violations:
            self._case.broken.append((again, run))

    def _close(self, name: str) -> None:
        """End the case under way; where nothing was under way, there is none."""
        if self._player is not None:
            problem = self._case.report.problem
            self._session(self._player.end())
            self._case.report.problem = self._case.report.problem or problem
        case, self._case = self._case, _fresh()
        report = case.report
        report.name = name
        if name == CUT and not (report.requests or report.problem):
            return
        report.findings = list(self._findings(case))
        if name == TOUR:
            report.findings.sort(key=surest_first)
        told = report.findings or report.problem or report.skipped
        if report.requests and not told:
            report.idle = idle(self.contract, report)
        self._shown.broken |= bool(report.findings)
        self._shown.silent |= report.lost
        self.taken.sums.add(report)
        self._lost.append(report.lost)
        if report.skipped:
            self.skipped.add(report.name)

    def _findings(self, case: _Case) -> Iterator[Finding]:
        """Yield what the violations of a case come to: as the run named them, if they are there.

        A run that was cut short may not have come to name them.
        """
        by_number = {again.line.n: run for again, run in case.broken}
        for one in {(one.clause, one.case): one for one in case.named}.values():
            run = by_number.get(one.session)
            if run is None or as_named(run, one.clause) is None:
                case.report.problem = (
                    f"{self._name}: the finding of {brief(one.clause)} in "
                    f"{brief(one.case)} is not in "
                    f"session {one.session}"
                )
                self.complete = False
                continue
            yield self._finding(case, one.case, one.clause)
        named = {one.clause for one in case.named}
        cut = case.report.name == CUT
        if named and not cut:
            return
        shown = [one for one in case.broken if one[0].line.counted]
        if not (shown or cut):
            # Nothing is named that the others could have looked into: one of them counts.
            shown = case.broken[:1]
        for _, run in shown:
            for clause in first_of_each(run):
                if clause not in named:
                    yield self._finding(case, case.report.name, clause)

    def _finding(self, case: _Case, name: str, clause: str) -> Finding:
        """Return a finding, told by the shortest session that broke the clause."""
        shown = [(run, as_named(run, clause)) for _, run in case.broken]
        runs = [run for run, violation in shown if violation is not None]
        best = min(reversed(runs), key=lambda run: len(run.done))
        violation = as_named(best, clause)
        assert violation is not None
        again = sum(len(run.done) == len(best.done) for run in runs) - 1
        return counterexample(
            self.contract,
            best,
            violation,
            case=name,
            steps=[one.step for one in best.done],
            reproduce=command("check-trace", self._place),
            reproduced=again,
            attempts=again,
        )

    def result(self) -> Result:
        """Return the verdict of everything taken.

        Raises:
            ForeignTraceError: no trace had a header.
        """
        if self.start is None:
            told = self.taken.sums.problems
            why = f": {told[0].text}" if told else ""
            raise ForeignTraceError(f"no trace was read that says what it is of{why}")
        self.taken.lost = any(self._lost)
        return judge(self.start, self.taken, self.seconds, complete=self.complete)


def check(paths: Iterable[Path], contract: Contract) -> Checker:
    """Return the checker that has read these traces of one target.

    Raises:
        OSError: a file cannot be read.
        ForeignTraceError: a trace is of another contract, or of another target than the first.
    """
    checker = Checker(contract)
    for path in paths:
        checker.read(path)
    return checker


def _fresh() -> _Case:
    return _Case(CaseReport("", ()))


def _over(player: Player) -> None:
    """Make sure that no steps are under way: what follows says what they have shown."""
    if player.amid:
        raise TapeError("the steps before it have not ended")


def _words(code: int) -> tuple[str, ...]:
    return tuple(one.words for one in RunVerdict if one == code)


def start_of(line: HeaderLine) -> Start:
    """Return what the first line says of how a run began."""
    if line.format != TRACE_FORMAT:
        raise ForeignTraceError(
            f"a trace of format {brief(repr(line.format))}, not {TRACE_FORMAT}"
        )
    try:
        target = Target.from_json(line.target)
    except InvalidRecordError as error:
        raise TapeError(str(error)) from error
    if line.workers < 1:
        raise TapeError("a run has a process at least")
    return Start(
        suite_version=line.suite_version,
        contract_edition=line.contract_edition,
        contract_sha256=line.contract_sha256,
        target=target,
        started=line.started,
        seed=line.seed,
        workers=line.workers,
    )

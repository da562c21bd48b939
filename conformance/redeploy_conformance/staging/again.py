"""The verdict of a staging run, drawn again from its trace: the same run, from the tape.

Transport and clock are the only ways in which anything reaches a run. With both replaced by what was
recorded, plan, fence, driver, oracle and restorer do again what they did; nothing that a trace says
of clauses is believed.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from redeploy_conformance.evidence.again import as_recorded
from redeploy_conformance.evidence.check import ForeignTraceError, start_of
from redeploy_conformance.evidence.lines import (
    DamagedError,
    HeaderLine,
    lines_of,
)
from redeploy_conformance.evidence.tape import TapeError
from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.beginning import assemble
from redeploy_conformance.staging.driver import OutOfReachError
from redeploy_conformance.staging.finding import NothingInsideError
from redeploy_conformance.staging.journal import JOURNAL_FORMAT, Journal
from redeploy_conformance.staging.past import NO_SEQUEL
from redeploy_conformance.staging.playing import StagingTape
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.targets.base import TargetUsageError
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Problem, Result
from redeploy_schemas.validation import problems

KEY = Credentials("LTAIrecorded", "the secret is in no trace")


class _NoJournal(Journal):
    """A journal that is only told, and not kept."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self.path = Path("the journal")
        self._wall = wall

    def append(self, line: str, **fields: Any) -> dict[str, Any]:
        return {"line": line, "at": round(self._wall(), 3), **fields}


def is_staging(path: Path) -> bool:
    """Whether a trace is of a staging run, by its first line.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        _, line = next(lines_of(path))
    except (DamagedError, StopIteration):
        return False
    return isinstance(line, HeaderLine) and line.staging is not None


def check_staging(paths: Sequence[Path], contract: Contract) -> Result:
    """Return the verdict of a staging run from the traces of its processes, in their order.

    Raises:
        OSError: a file cannot be read.
        ForeignTraceError: a trace is of another contract, or of another run than the first.
    """
    run, before, result = "", list[CaseReport](), None
    for path in paths:
        again = _Again(path, contract)
        if run not in ("", again.run):
            raise ForeignTraceError(f"{path.name} is of another run")
        result = again.carry_out(before)
        run, before = again.run, again.staging.past.reports
    assert result is not None
    return result


class _Again:
    """One process of a run, once more."""

    def __init__(self, path: Path, contract: Contract) -> None:
        self.name = path.name
        self.contract = contract
        self.tape = tape = StagingTape(path)
        try:
            header = tape.take(HeaderLine)
            start = start_of(header)
            self.run, settings, self.journal = self._told(header)
        except (TapeError, DamagedError) as error:
            raise ForeignTraceError(f"{path.name}: {error}") from error
        if start.contract_sha256 != contract.sha256:
            raise ForeignTraceError(
                f"{path.name} is of another contract ({start.contract_edition})"
            )
        tape.host = header.host
        self.staging: Staging = assemble(
            contract,
            settings,
            tape,
            lambda: KEY,
            _NoJournal(tape.wall),
            lambda text: None,
            tape,
            tape,
        )
        self.wrong: list[str] = []

    def _told(
        self, header: HeaderLine
    ) -> tuple[str, Settings, list[Mapping[str, Any]]]:
        """Return what a header says of the run: its id, its settings, what it goes on from."""
        told = header.staging or {}
        begun = {"line": "begin", "at": 0.0, "format": JOURNAL_FORMAT}
        begun |= {"contract_sha256": header.contract_sha256}
        begun |= {"run": told.get("run"), "settings": told.get("settings")}
        journal = told.get("journal")
        if not isinstance(journal, list):
            raise TapeError("its first line does not say what it goes on from")
        for line in [begun, *journal]:
            named = _is_case(line) and line.keys() == {"line", "at", "name", "problem"}
            wrong = [] if named else problems("run/journal", line)
            if wrong:
                raise TapeError(f"its first line: {wrong[0]}")
        return told["run"], Settings.from_json(told["settings"]), journal

    def carry_out(self, before: Sequence[CaseReport]) -> Result:
        """Return the verdict; ``before`` are the cases that earlier processes judged."""
        staging, tape, left = self.staging, self.tape, list[str]()
        complete = False
        try:
            self._begin(before)
            try:
                with as_recorded():
                    staging.carry_out(staging.plan())
                    left = staging.restore()
            except (
                OutOfReachError,
                NothingInsideError,
                SetUpError,
                TargetUsageError,
            ) as error:
                self.wrong.append(str(error))
            else:
                tape.wall()  # by which the run's own result counted its seconds
            tape.over = True
            complete = tape.end().complete and not tape.stopped and not self.wrong
        except DamagedError as error:
            self.wrong.append(f"{self.name}, {error}")
        except TapeError as error:
            self.wrong.append(f"{self.name}, line {tape.at}: {error}")
        tape.over = True
        if self.wrong and staging.driver is not None:
            staging.api.watcher = None
            if tape.denied:  # what is damaged here accuses nobody
                run = staging.driver.session.run
                run.violations.clear()
                run.problem, run.lost = None, False
            staging.past.reports += staging.driver.unfinished()
        made = staging.result(left, complete=complete)
        wrong = (Problem(case="the trace", text=one) for one in self.wrong)
        return replace(made, problems=(*made.problems, *wrong))

    def _begin(self, before: Sequence[CaseReport]) -> None:
        staging, known = self.staging, deque(before)
        if not self.journal:
            staging.begin(self.run)
            return
        missing = False
        for line in self.journal:
            if not _is_case(line):
                try:
                    staging.past.take(line)
                except NO_SEQUEL as error:
                    raise TapeError(
                        "a line of its journal does not follow from those before it"
                    ) from error
                continue
            name, problem = line["name"], line["problem"]
            if known and known[0].name == name:
                staging.past.reports.append(known.popleft())
            else:
                missing = True
                staging.past.reports.append(CaseReport(name, (), problem=problem))
        if missing:
            self.wrong.append(
                f"{self.name} goes on from an earlier process of the run, whose trace is to be "
                "given before it"
            )
        staging.go_on()


def _is_case(line: Any) -> bool:
    return isinstance(line, dict) and line.get("line") == "case"

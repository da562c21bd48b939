"""A run that is killed at every position of its journal, and brought back or gone on with.

The run is made once. At every position the process is forked: the child is the moment after the kill,
with the account as it is then, and goes on from the journal alone.
"""

import gc
import json
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.staging.journal import Journal, JournalError
from redeploy_conformance.staging.running import Staging
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems

from .conftest import ACCEPTS, Account, MakeAccount

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="the moment after a kill is a fork of the process"
)
LAUNCH = {"InstanceType": "ecs.g6.large", "ImageId": "img"}
AT_ONCE = 3
"""Children at a time."""
DEAD = 5400.0
"""Seconds that pass until somebody comes back, at every other position."""

Check = Callable[[Account], None]


class Killer:
    """Forks at every position of a journal, and gathers what the children found wrong."""

    def __init__(
        self, account: Account, checks: dict[str, Check], *, every: bool = True
    ) -> None:
        self.account = account
        self.checks = checks
        self.every = every
        self.positions = 0
        self.wrong: list[str] = []
        self._running: dict[int, Path] = {}

    def dead(self, what: str, tail: bytes = b"") -> None:
        """Be killed here, once for each check, or for one of them in turn.

        ``tail`` is half a line that was being written.
        """
        self.positions += 1
        data = self.account.journal.read_bytes() + tail
        for number, (name, check) in enumerate(self.checks.items()):
            # Of two positions in a row the first is come back to late (DEAD): each check is both.
            if not self.every and (self.positions // 2 + number) % 2:
                continue
            while len(self._running) >= AT_ONCE:
                self._wait()
            folder = self.account.folder / f"{self.positions} {name}"
            folder.mkdir()
            (folder / "journal.jsonl").write_bytes(data)
            double = self.account.double
            with double.world.lock, double._drawing:
                child = os.fork()
            if child:
                self._running[child] = folder
                continue
            self._child(folder, check, f"{what} ({name})")

    def _child(self, folder: Path, check: Check, what: str) -> None:
        try:
            later = DEAD * (self.positions % 2)
            account = replace(self.account, folder=folder)
            account.clock.sleep(later)
            check(account)
        except BaseException:
            text = f"killed at position {self.positions}, {what}:\n"
            (folder / "wrong").write_text(text + traceback.format_exc())
        finally:
            os._exit(0)

    def _wait(self) -> None:
        child, status = os.waitpid(next(iter(self._running)), 0)
        folder = self._running.pop(child)
        if status:
            self.wrong.append(f"{folder.name}: the child ended with {status}")
        elif (folder / "wrong").exists():
            self.wrong.append((folder / "wrong").read_text())

    def done(self) -> None:
        """Wait for the last ones."""
        while self._running:
            self._wait()
        assert self.wrong == []


@contextmanager
def killing(killer: Killer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process be killed before, in the middle of, and after each line."""
    append = Journal.append
    judged: dict[str, list[str]] = {}

    def once(schema: str, document: dict[str, Any]) -> list[str]:
        """Hold each line against its schema once; the children inherit what came of it."""
        key = json.dumps(document)
        if key not in judged:
            judged[key] = problems(schema, document)
        return judged[key]

    def deadly(self: Journal, line: str, **fields: Any) -> Any:
        if self.path != killer.account.journal:  # a child's
            return append(self, line, **fields)
        what = f"{line} {fields.get('action', '')}".strip()
        killer.dead(f"in the middle of {what}", b'{"line": "wri')
        document: dict[str, Any] = append(self, line, **fields)
        once("run/journal", document)
        killer.dead(f"after {what}")
        return document

    gc.freeze()  # a child that collects copies the memory of the whole process
    gc.disable()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", deadly)
        patch.setattr("redeploy_conformance.staging.journal.problems", once)
        try:
            yield
        finally:
            gc.enable()
            gc.unfreeze()
    killer.done()


def choice(late: float) -> EmulatorSettings:
    """An implementation whose looks show what was ``late`` seconds ago."""
    return replace(ACCEPTS, reads="lags" if late else "fresh", read_lag_seconds=late)


def settings_of(account: Account, late: float = 0.0) -> Any:
    return account.settings(
        launch=LAUNCH,
        clauses=("A15", "E4", "L2", "L12"),
        statement={"read_lag_seconds": late},
    )


def verdicts(result: Result) -> dict[str, str]:
    assert (result.findings, result.problems) == ((), ())
    return {one.id: one.verdict for one in result.clauses}


def finished(run: Staging) -> Result:
    with run.journal:
        run.carry_out(run.plan())
        left = run.restore()
        assert left == []
        return run.result(left, complete=True)


def through(account: Account, late: float = 0.0) -> Result:
    """Run all of it and put everything back."""
    return finished(account.begin(settings_of(account, late)))


def writes(account: Account) -> int:
    return account.journal.read_text().count('"line": "write"')


def may_begin(account: Account) -> bool:
    """Whether there is anything to come back to; an empty journal is said to be one."""
    if b'"line": "begin"' in account.journal.read_bytes():
        return True
    with pytest.raises(JournalError, match="nothing was begun, so delete it"):
        account.go_on()
    return False


@pytest.mark.parametrize(
    ("count", "late", "every"),
    [
        (1, 0.0, False),
        pytest.param(1, 0.0, True, marks=pytest.mark.long),
        pytest.param(2, 20.0, True, marks=pytest.mark.long),
    ],
)
def test_after_a_kill_at_any_position_all_is_put_back_or_gone_on_with(
    account_of: MakeAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    late: float,
    every: bool,
) -> None:
    calm = account_of(count=count, settings=choice(late))
    calm.folder = tmp_path / "calm"
    calm.folder.mkdir()
    whole = verdicts(through(calm, late))
    assert writes(calm) > 15

    account = account_of(count=count, settings=choice(late))
    account.folder = tmp_path / "killed"
    account.folder.mkdir()
    before = account.shown()

    def restored(account: Account) -> None:
        if not may_begin(account):
            return
        for _ in range(2):
            run = account.go_on(judging=False)
            asked = writes(account)
            with run.journal:
                assert run.restore() == []
            assert account.shown() == before
        assert writes(account) == asked, "the second time nothing is left to do"

    def resumed(account: Account) -> None:
        if not may_begin(account):
            return
        run = account.go_on()
        assert verdicts(finished(run)) == whole
        assert account.shown() == before
        assert run.past.redeploys <= run.settings.redeploys
        asked = writes(account)
        again = account.go_on()
        with again.journal:
            again.carry_out(again.plan())
            assert again.restore() == []
        assert writes(account) == asked, "the second time nothing is left to do"

    checks = {"restore": restored, "resume": resumed}
    killer = Killer(account, checks, every=every)
    with killing(killer, monkeypatch):
        assert verdicts(through(account, late)) == whole
    lines = account.journal.read_text().count("\n")
    assert lines > 40
    assert killer.positions == 2 * lines
    assert account.shown() == before


@pytest.mark.parametrize("late", [0.0, 20.0])
def test_restoring_may_itself_be_killed_at_any_position(
    account_of: MakeAccount,
    monkeypatch: pytest.MonkeyPatch,
    late: float,
) -> None:
    account = account_of(settings=choice(late))
    before = account.shown()
    first, second = list(before)[:2]
    run = account.begin(settings_of(account, late))
    keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
    region = [("RegionId", "cn-hangzhou")]
    event = [("InstanceId.1", second), ("EventType", "SystemMaintenance.Reboot")]
    event += [("NotBefore", "2027-03-01T00:00:00Z")]
    own = [("Amount", "1"), ("InstanceChargeType", "PostPaid")]
    own += [("AutoReleaseTime", "2027-03-01T00:00:00Z")]
    own += [("Tag.1.Key", "redeploy-conformance-run"), ("Tag.1.Value", run.past.run)]
    key = account.wallet()
    # A stop, a simulated event, a redeploy under way, an instance made.
    with run.journal:
        run.api.ask("StopInstance", [("InstanceId", first), *keep], key)
        run.api.ask("CreateSimulatedSystemEvents", [*region, *event], key)
        run.api.ask("RedeployInstance", [("InstanceId", second)], key)
        run.api.ask("RunInstances", [*region, *own], key)
    assert len(account.shown()) == len(before) + 1

    def restored(account: Account) -> None:
        run = account.go_on(judging=False)
        with run.journal:
            assert run.restore() == []
        assert account.shown() == before

    killer = Killer(account, {"restore": restored})
    with killing(killer, monkeypatch):
        restored(account)
    assert killer.positions > 16


def test_a_journal_whose_end_is_torn_is_read_up_to_there(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    through(account)
    whole = account.journal.read_bytes()
    account.journal.write_bytes(whole + b'{"line": "answ')
    run = account.go_on(judging=False)
    with run.journal:
        assert run.restore() == []
    assert account.journal.read_bytes().startswith(whole)
    assert b"answ{" not in account.journal.read_bytes()

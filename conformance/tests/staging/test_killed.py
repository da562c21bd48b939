"""A run that is killed: at every write and at every line of its journal, and brought back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.staging.journal import Journal
from redeploy_conformance.staging.requests import read
from redeploy_conformance.targets.base import Transport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import LONG, Account

MakeAccount = Callable[..., Account]
ACCEPTS = replace(LONG, no_event="accept", simulated_only="accept")
LAUNCH = {"InstanceType": "ecs.g6.large", "ImageId": "img"}


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Deadly:
    """A transport that kills its caller at one write, before or after the service has acted."""

    def __init__(self, inner: Transport, at: int, *, acted: bool) -> None:
        self.inner = inner
        self.at = at
        self.acted = acted
        self.writes = 0

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        if not read(request).writes:
            return self.inner.send(request, timeout)
        self.writes += 1
        if 0 < self.at < self.writes:
            raise Killed  # no other thread of a dead process goes on
        if self.writes != self.at:
            return self.inner.send(request, timeout)
        if self.acted:
            self.inner.send(request, timeout)
        raise Killed

    def close(self) -> None:
        self.inner.close()


def settings_of(account: Account) -> Any:
    return account.settings(launch=LAUNCH, clauses=("A15", "E4", "L2", "L12"))


def through(account: Account, transport: Transport | None = None) -> dict[str, str]:
    """Run all of it, and return the verdict of each clause."""
    run = account.begin(settings_of(account), transport)
    with run.journal:
        run.carry_out(run.plan())
        left = run.restore()
        assert left == []
        result = run.result(left, complete=True)
    assert result.problems == ()
    return {one.id: one.verdict for one in result.clauses}


def killed(account: Account, at: int, *, acted: bool) -> bool:
    """Run until the kill; False where the run is over before."""
    run = account.begin(
        settings_of(account), Deadly(account.transport(), at, acted=acted)
    )
    with run.journal:
        try:
            run.carry_out(run.plan())
            run.restore()
        except Killed:
            return True
    return False


def restored(account: Account) -> list[str]:
    run = account.go_on()
    with run.journal:
        return run.restore()


@pytest.fixture
def whole(account_of: MakeAccount, tmp_path: Path) -> tuple[int, dict[str, str]]:
    """How many writes a run makes, and what it says of each clause."""
    account = account_of(settings=ACCEPTS)
    account.folder = tmp_path / "whole"
    account.folder.mkdir()
    deadly = Deadly(account.transport(), 0, acted=False)
    verdicts = through(account, deadly)
    assert deadly.writes > 15
    return deadly.writes, verdicts


@pytest.mark.parametrize("acted", [False, True], ids=["before", "after"])
def test_after_a_kill_at_any_write_restore_brings_everything_back_and_may_be_repeated(
    account_of: MakeAccount,
    whole: tuple[int, dict[str, str]],
    tmp_path: Path,
    acted: bool,
) -> None:
    for at in range(1, whole[0] + 1):
        account = account_of(settings=ACCEPTS)
        account.folder = tmp_path / f"{at}"
        account.folder.mkdir()
        before = account.shown()
        assert killed(account, at, acted=acted), at
        assert restored(account) == [], at
        assert account.shown() == before, at
        lines = account.journal.read_text().count('"line": "write"')
        assert restored(account) == [], at
        assert account.shown() == before, at
        again = account.journal.read_text().count('"line": "write"')
        assert again == lines, "the second time there is nothing left to do"


@pytest.mark.parametrize("acted", [False, True], ids=["before", "after"])
def test_after_a_kill_at_any_write_resume_comes_to_the_same_verdict(
    account_of: MakeAccount,
    whole: tuple[int, dict[str, str]],
    tmp_path: Path,
    acted: bool,
) -> None:
    for at in range(1, whole[0] + 1):
        account = account_of(settings=ACCEPTS)
        account.folder = tmp_path / f"{at}"
        account.folder.mkdir()
        before = account.shown()
        assert killed(account, at, acted=acted), at
        run = account.go_on()
        with run.journal:
            run.carry_out(run.plan())
            assert run.restore() == [], at
            result = run.result([], complete=True)
        assert account.shown() == before, at
        verdicts = {one.id: one.verdict for one in result.clauses}
        assert (at, verdicts, result.findings) == (at, whole[1], ())
        assert run.past.redeploys <= run.settings.redeploys


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
def test_after_a_kill_at_any_line_of_the_journal_restore_brings_everything_back(
    account_of: MakeAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: bool,
) -> None:
    append = Journal.append
    at, over = 0, False
    while not over:
        at += 1
        account = account_of(settings=ACCEPTS)
        account.folder = tmp_path / f"{at}"
        account.folder.mkdir()
        before = account.shown()
        monkeypatch.setattr(Journal, "append", dying(append, at + 1, written=written))
        over = not killed(account, 0, acted=False)
        monkeypatch.setattr(Journal, "append", append)
        assert restored(account) == [], at
        assert account.shown() == before, at
    assert at > 40


def dying(
    append: Callable[..., Any], last: int, *, written: bool
) -> Callable[..., Any]:
    """Return an ``append`` in whose nth line the process dies, written whole or in part."""
    lines = iter(range(1, 1_000_000))

    def die(self: Journal, line: str, **fields: Any) -> Any:
        number = next(lines)
        if number < last:
            return append(self, line, **fields)
        if number == last and written:
            append(self, line, **fields)
        elif number == last:
            torn(self)
        raise Killed  # nor does any other thread of a dead process go on

    return die


def torn(journal: Journal) -> None:
    """Leave half a line behind, as a kill in the middle of writing may."""
    with journal.path.open("ab") as file:
        file.write(b'{"line": "wri')


def test_a_journal_whose_end_is_torn_is_read_up_to_there(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    assert killed(account, 3, acted=True)
    whole = account.journal.read_bytes()
    account.journal.write_bytes(whole + b'{"line": "answ')
    assert restored(account) == []
    assert account.journal.read_bytes().startswith(whole)
    assert b"answ{" not in account.journal.read_bytes()

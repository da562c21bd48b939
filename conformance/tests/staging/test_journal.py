"""The journal: one owner, lines of one shape, nothing secret."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from redeploy_conformance.staging.journal import Journal, JournalError, read_lines
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.settings import Settings
from redeploy_schemas.validation import problems

from .conftest import ACCEPTS, LONG, MakeAccount, Watching


def test_every_line_of_a_run_is_as_the_schema_says_and_holds_no_secret(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=replace(LONG, no_event="accept"))
    run = account.begin()
    with run.journal:
        run.carry_out(run.plan())
        run.restore()
    text = account.journal.read_text()
    kinds = set()
    for line in text.splitlines():
        document = json.loads(line)
        kinds.add(document["line"])
        assert problems("run/journal", document) == []
    assert kinds == {
        "begin",
        "before",
        "write",
        "answer",
        "settled",
        "case",
        "restored",
    }
    assert account.double.key.secret not in text


@pytest.mark.parametrize("signature", ["v1", "v3"])
def test_who_goes_on_signs_as_before(account_of: MakeAccount, signature: str) -> None:
    account = account_of()
    said = {"signature": signature}
    account.begin(account.settings(statement=said)).journal.close()
    run = account.go_on()
    assert run.settings == account.settings(statement=said)
    run.journal.close()


def test_the_past_is_the_same_read_again_as_lived(account_of: MakeAccount) -> None:
    account = account_of(settings=replace(LONG, no_event="accept"))
    run = account.begin()
    with run.journal:
        run.carry_out(run.plan())
        run.restore()
    again = Past()
    for line in read_lines(account.journal):
        again.take(line)
    lived = run.past
    assert (again.before, again.spent, again.flying) == (
        lived.before,
        lived.spent,
        lived.flying,
    )
    assert (again.events, again.unsure, again.writes) == (
        lived.events,
        lived.unsure,
        lived.writes,
    )
    assert again.restored
    assert Settings.from_json(again.settings) == run.settings


def test_a_journal_that_is_there_is_not_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "j"
    Journal(path, new=True).close()
    with pytest.raises(JournalError, match="is there already"):
        Journal(path, new=True)


def test_a_journal_has_one_owner_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with (
        Journal(path, new=True),
        pytest.raises(JournalError, match="is in use by another run"),
    ):
        Journal(path, new=False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no json\n", "line 1: not JSON"),
        ('{"line": "settled", "at": 1, "instance": "i"}\n', "line 1: a journal begins"),
        ('{"line": "nonsense", "at": 1}\n', "line 1: "),
        ("", "is empty"),
    ],
)
def test_what_is_no_journal_is_named_with_its_line(
    account_of: MakeAccount, text: str, why: str
) -> None:
    account = account_of()
    account.journal.write_text(text)
    with pytest.raises(JournalError, match=why):
        account.go_on()


def test_a_line_that_does_not_follow_from_those_before_it_is_named(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    account.begin().journal.close()
    text = account.journal.read_text()
    line = '{"line": "answer", "at": 9, "number": 7, "status": 200, "code": null, '
    account.journal.write_text(text + line + '"task": null, "made": []}\n')
    number = text.count("\n") + 1
    with pytest.raises(JournalError, match=f"line {number}: it does not follow from"):
        account.go_on()


@pytest.mark.parametrize(
    ("gone", "where"),
    [
        (("before",), "line 2"),
        (("write", "answer"), "line 3"),
    ],
)
def test_a_journal_that_misses_what_came_before_a_write_is_not_gone_on_with(
    account_of: MakeAccount, gone: tuple[str, ...], where: str
) -> None:
    account = account_of()
    first = next(iter(account.shown()))
    keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
    run = account.begin()
    with run.journal:
        for action in ("StopInstance", "StartInstance"):
            more = keep if action == "StopInstance" else []
            run.api.ask(action, [("InstanceId", first), *more], account.wallet())
            account.clock.sleep(120.0)
    lines = account.journal.read_text().splitlines(keepends=True)
    kinds = [json.loads(line)["line"] for line in lines]
    assert kinds == ["begin", "before", "write", "answer", "write", "answer"]
    for kind in gone:
        del lines[kinds.index(kind)]
        kinds.remove(kind)
    account.journal.write_text("".join(lines))
    with pytest.raises(JournalError, match=f"{where}: it does not follow from"):
        account.go_on(judging=False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 100_000, "line 2: not JSON"),
        ('{"line": "resume", "at": NaN}', "line 2: not JSON"),
        ('{"line": "resume", "at": 1' + "0" * 400 + "}", r"line 2: \$.at is "),
        ('{"line": "resume", "at": 1e308}', r"line 2: \$.at is "),
    ],
)
def test_a_line_that_no_journal_holds_is_named(
    account_of: MakeAccount, text: str, why: str
) -> None:
    account = account_of()
    account.begin().journal.close()
    with account.journal.open("a") as file:
        file.write(f"{text}\n")
    with pytest.raises(JournalError, match=why):
        account.go_on()


def test_a_clock_that_was_ahead_is_not_waited_for(account_of: MakeAccount) -> None:
    account = account_of(settings=ACCEPTS)
    shown = account.shown()
    first, second = list(shown)[:2]
    run = account.begin()
    keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
    with run.journal:
        run.api.ask("StopInstance", [("InstanceId", first), *keep], account.wallet())
        run.api.ask("RedeployInstance", [("InstanceId", second)], account.wallet())
    ahead = 86_400.0
    lines = map(json.loads, account.journal.read_text().splitlines())
    account.journal.write_text(
        "".join(json.dumps(one | {"at": one["at"] + ahead}) + "\n" for one in lines)
    )
    before = account.clock.wall()
    again = account.go_on(judging=False)
    with again.journal:
        assert again.restore() == []
    assert account.shown() == shown
    assert account.clock.wall() - before < 3_600.0


def test_a_journal_of_another_contract_is_not_gone_on_with(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    account.begin().journal.close()
    text = account.journal.read_text()
    other = text.replace(account.contract.sha256, "0" * 64)
    account.journal.write_text(other)
    with pytest.raises(JournalError, match="another edition of the contract"):
        account.go_on()


def test_a_journal_of_another_contract_still_puts_everything_back(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    before = account.shown()
    run = account.begin()
    first = next(iter(before))
    keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
    run.api.ask("StopInstance", [("InstanceId", first), *keep], account.wallet())
    run.journal.close()
    text = account.journal.read_text()
    account.journal.write_text(text.replace(account.contract.sha256, "0" * 64))
    again = account.go_on(judging=False)
    with again.journal:
        assert again.restore() == []
    assert account.shown() == before


def test_what_cannot_be_put_back_is_named_with_the_reason(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    first = next(iter(account.shown()))
    run = account.begin()
    keep = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
    with run.journal:
        run.api.ask("StopInstance", [("InstanceId", first), *keep], account.wallet())
        account.double.world.instances[first].tags.clear()
        assert run.restore() == [
            f"{first} was Running: it stays Stopped, though Running was asked for 5 times "
            f"({first} is neither named nor tagged for this run)"
        ]
    assert not run.past.restored


def test_what_the_owner_does_after_all_was_put_back_is_not_undone(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=replace(LONG, no_event="accept"))
    first = next(iter(account.shown()))
    run = account.begin(account.settings(clauses=("L3",)))
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
    writes = run.past.writes
    account.double.world.instances[first].move("Stopped", account.clock.now())
    shown = account.shown()
    assert shown[first][0] == "Stopped"
    for judging in (False, True):
        again = account.go_on(judging=judging)
        with again.journal:
            if judging:
                again.carry_out(again.plan())
            assert again.restore() == []
        assert again.past.writes == writes
        assert account.shown() == shown


def test_the_minutes_do_not_run_between_two_processes(account_of: MakeAccount) -> None:
    account = account_of()
    run = account.begin()
    account.clock.sleep(60.0)
    run.fence.note("settled", instance="i-1")
    run.journal.close()
    account.clock.sleep(86_400.0)
    again = account.go_on()
    account.clock.sleep(30.0)
    assert again.past.seconds(account.clock.wall()) == pytest.approx(90.0)
    again.journal.close()


def test_a_line_that_cannot_be_written_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "j", new=True)
    journal.append("resume")
    before = journal.path.read_bytes()
    write = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) > 4:
            return write(file, data[:4])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", lambda file, data: full(file, data[:8]))
    with pytest.raises(JournalError, match="cannot be written: No space left"):
        journal.append("resume")
    assert journal.path.read_bytes() == before
    journal.close()


def test_what_is_not_in_the_journal_is_not_sent(
    account_of: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_of(settings=replace(LONG, no_event="accept"))
    before = account.shown()
    watching = Watching(account.transport())
    run = account.begin(transport=watching)

    def full(self: Journal, line: str, **fields: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "append", full)
    with run.journal, pytest.raises(JournalError):
        run.carry_out(run.plan())
    assert not any(read(one).writes for one in watching.requests)
    assert account.shown() == before

"""Runs that are killed or asked to end, as processes: what is left, and what brings it back."""

import json
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Principal

from .served import (
    Served,
    redeploying,
    result_of,
    statement_of,
    wait_for,
    written,
)


@pytest.fixture(autouse=True)
def _not_under_nohup() -> Iterator[None]:
    """Let what a test starts hear SIGHUP, also where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("writes", [4, pytest.param(16, marks=pytest.mark.long)])
def test_after_kill_9_resume_goes_on_and_restore_brings_everything_back(
    account: Served, writes: int
) -> None:
    process = account.start("stage", statement_of(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= writes)
    process.kill()
    process.communicate(timeout=10)
    code, out, err = account.run("resume", journal.name)
    assert code == 3, out + err
    assert "INCOMPLETE" in out
    assert account.statuses() == ["Running", "Stopped", "Running"]
    code, out, _ = account.run("restore", journal.name)
    assert (code, out) == (0, "everything is as it was\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_ctrl_c_ends_in_order_and_restores(
    account: Served, how: signal.Signals
) -> None:
    process = account.start("stage", statement_of(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 14)
    process.send_signal(how)
    _, err = process.communicate(timeout=40)
    assert process.returncode == 3
    assert "ending in order" in err
    assert account.statuses() == ["Running", "Stopped", "Running"]
    assert json.loads(journal.read_text().splitlines()[-1])["line"] == "restored"
    result = json.loads(
        (account.folder / "redeploy-conformance-result.json").read_text()
    )
    assert result["run"]["complete"] is False


def patient(account: Served) -> str:
    """Declare that redeploys take long, so that they are waited for however busy this machine is."""
    target = Path(statement_of(account))
    text = target.read_text()
    assert "redeploy_seconds = 5\n" in text
    target.write_text(text.replace("redeploy_seconds = 5\n", "redeploy_seconds = 30\n"))
    return str(target)


def test_a_second_ctrl_c_ends_at_once_and_tells_what_was_left(account: Served) -> None:
    """While the clock of the account stands, its redeploys are under way.

    Where a call of one is cut, nobody knows whether it was begun: all of its time is waited for.
    """
    clock = account.double.world.clock
    clock.kind = "virtual"
    process = account.start("stage", patient(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: redeploying(journal))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "ending in order" not in process.stderr.readline():
        assert process.poll() is None  # two signals at once might count as one
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3, err
    first, second, _ = account.double.account.instances
    for one, status in ((first, "Running"), (second, "Stopped")):  # a call may be cut
        assert re.search(f"(left behind|not known): {one} was {status}", err), err
    assert f"put back with: redeploy-conformance restore {journal.name}" in err
    clock.kind = "real"
    code, out, _ = account.run("restore", journal.name)
    assert (code, out) == (0, "everything is as it was\n")
    assert account.statuses() == ["Running", "Stopped", "Running"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_restore_that_is_ended_tells_what_is_left(
    account: Served, how: signal.Signals
) -> None:
    clock = account.double.world.clock
    clock.kind = "virtual"
    process = account.start("stage", patient(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: redeploying(journal))
    process.kill()
    process.communicate(timeout=10)
    asked = len(account.double.asked)
    process = account.start("restore", journal.name)
    wait_for(lambda: len(account.double.asked) > asked + 1)
    process.send_signal(how)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3, err
    first, second, _ = account.double.account.instances
    for one, status in ((first, "Running"), (second, "Stopped")):
        assert re.search(f"(left behind|not known): {one} was {status}", err), err
    assert f"put back with: redeploy-conformance restore {journal.name}" in err
    clock.kind = "real"
    code, out, _ = account.run("restore", journal.name)
    assert (code, out) == (0, "everything is as it was\n")


def test_a_second_ctrl_c_ends_two_calls_at_once_too(account: Served) -> None:
    """Their answers take longer than anybody would wait."""
    whole = account.double.operations["RedeployInstance"]
    called, ended = threading.Event(), threading.Event()

    def slow(call: Call, principal: Principal) -> dict[str, object]:
        called.set()
        ended.wait(30)
        return whole(call, principal)

    account.double.operations["RedeployInstance"] = slow
    words = ["stage", statement_of(account), *account.limits(), "--clause", "L12"]
    process = account.start(*words)
    try:
        assert called.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "ending in order" not in process.stderr.readline():
            assert process.poll() is None  # two signals at once might count as one
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
        ended.set()
    assert process.returncode == 3, err
    assert "not known" in err
    assert "Traceback" not in err
    code, out, _ = account.run("restore", "redeploy-conformance-journal.jsonl")
    assert (code, out) == (0, "everything is as it was\n")


def test_a_run_to_whom_nobody_listens_any_more_still_puts_everything_back(
    account: Served,
) -> None:
    words = ["stage", statement_of(account), *account.limits(), "--clause", "L3"]
    process = account.start(*words)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 2)
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(timeout=40) == 3
    assert json.loads(journal.read_text().splitlines()[-1])["line"] == "restored"
    assert account.statuses() == ["Running", "Stopped", "Running"]
    assert result_of(account)["run"]["complete"] is True


def test_a_result_that_cannot_be_written_is_shown_and_written_later(
    account: Served,
) -> None:
    folder = account.folder / "out"
    folder.mkdir()
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    limits = [*account.limits(), "--clause", "U4", "--result", "out/result.json"]
    process = account.start("stage", statement_of(account), *limits)
    wait_for(lambda: written(journal) > 0)
    folder.rmdir()
    out, err = process.communicate(timeout=40)
    assert process.returncode == 3, err
    assert "INCOMPLETE" in out
    assert "out/result.json cannot be written (No such file or directory)" in err
    code, _, err = account.run("resume", str(journal), "--result", "result.json")
    assert code == 3, err
    assert (account.folder / "result.json").exists()

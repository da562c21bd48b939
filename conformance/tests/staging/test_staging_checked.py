"""The verdict of a run drawn again from its traces, by a process that has no key and nobody to ask."""

import json
import os
import signal
import subprocess
from typing import Any

import pytest
from warm import warm

from .served import (
    Served,
    redeploying,
    result_of,
    statement_of,
    wait_for,
    written,
)


def checked(account: Served, *traces: str) -> tuple[int, dict[str, Any]]:
    """Draw the verdict from traces in another process, which has no key and nobody to ask."""
    process = subprocess.run(
        [*warm(), "check-trace", *traces, "--result", "drawn.json"],
        cwd=account.folder,
        env={"HOME": str(account.folder), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert "Traceback" not in process.stderr
    document = json.loads((account.folder / "drawn.json").read_text())
    return process.returncode, document


@pytest.mark.parametrize("trouble", [0.01])
def test_check_trace_draws_the_verdict_of_stage_again(account: Served) -> None:
    limits = [*account.limits(), "--trace", "run.trace"]
    code, out, err = account.run("stage", statement_of(account), *limits)
    assert code == 3, out + err
    asked = len(account.double.asked)
    assert checked(account, "run.trace") == (3, result_of(account))
    assert len(account.double.asked) == asked
    text = (account.folder / "run.trace").read_text()
    assert account.double.key.secret not in text
    assert json.loads(text.splitlines()[-1])["complete"] is True
    code, _, err = account.run(
        "resume", "redeploy-conformance-journal.jsonl", "--trace", "run.trace"
    )
    told = "redeploy-conformance: run.trace is there already: name another file\n"
    assert (code, err) == (2, told)
    assert (account.folder / "run.trace").read_text() == text


def test_a_killed_run_that_was_resumed_is_judged_from_both_its_traces(
    account: Served,
) -> None:
    limits = [*account.limits(), "--trace", "1.trace"]
    process = account.start("stage", statement_of(account), *limits)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 16)
    process.kill()
    process.communicate(timeout=10)
    code, drawn = checked(account, "1.trace")
    assert (code, drawn["run"]["complete"]) == (3, False)
    assert "cut" in drawn["problems"][-1]["text"]
    code, out, err = account.run("resume", journal.name, "--trace", "2.trace")
    assert code == 3, out + err
    assert checked(account, "1.trace", "2.trace") == (3, result_of(account))


def test_the_trace_of_a_run_that_was_ended_says_that_it_is_not_complete(
    account: Served,
) -> None:
    limits = [*account.limits(), "--trace", "run.trace"]
    process = account.start("stage", statement_of(account), *limits)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 14)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)
    lines = (account.folder / "run.trace").read_text().splitlines()
    assert json.loads(lines[-1])["complete"] is False
    assert checked(account, "run.trace") == (3, result_of(account))


def test_a_run_ended_at_once_says_so_in_the_last_line_of_its_trace(
    account: Served,
) -> None:
    limits = [*account.limits(), "--trace", "run.trace"]
    process = account.start("stage", statement_of(account), *limits)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: redeploying(journal))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "ending in order" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    lines = (account.folder / "run.trace").read_text().splitlines()
    last = json.loads(lines[-1])
    assert (last["record"], last["complete"], last["exit_code"]) == ("end", False, 3)
    code, drawn = checked(account, "run.trace")
    assert (code, drawn["run"]["complete"]) == (3, False)
    assert (
        f"line {len(lines)}: the run was cut short here"
        in (drawn["problems"][-1]["text"])
    )

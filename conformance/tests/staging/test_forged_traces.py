"""Traces of staging runs that somebody has edited: damage is told, and accuses nobody."""

import json
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.again import check_staging
from redeploy_schemas.records import Result

from .conftest import ACCEPTS, LISTED, Account, MakeAccount
from .test_staging_trace import begun, finished


@pytest.fixture
def faulty(account_of: MakeAccount, tmp_path: Path) -> tuple[Account, list[Any]]:
    """An account on which L3 is broken, and the lines of a run's trace."""
    account = account_of(settings=ACCEPTS, parts=FAULTS["success-ends-stopped"].parts)
    path = tmp_path / "run.trace"
    live = finished(*begun(account, path, statement=LISTED))
    assert {one.clause for one in live.findings} == {"L3"}
    return account, [json.loads(line) for line in path.read_text().splitlines()]


def _checked(account: Account, path: Path, lines: list[Any]) -> Result:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return check_staging([path], account.contract)


def _damaged(result: Result, text: str) -> None:
    assert (result.complete, result.exit_code, result.findings) == (False, 3, ())
    assert text in result.problems[-1].text


def test_steps_that_came_to_something_else_accuse_nobody(
    faulty: tuple[Account, list[Any]], tmp_path: Path
) -> None:
    account, lines = faulty
    at = next(n for n, one in enumerate(lines) if one.get("clauses") == ["L3"])
    path = tmp_path / "run.trace"
    lines[at]["clauses"] = []
    _damaged(_checked(account, path, lines), "break L3, the trace says nothing")
    lines[at] = {"record": "clock", "now": 1.0}
    _damaged(_checked(account, path, lines), "a reading of the clock stands where")


def test_a_step_that_breaks_a_clause_by_a_changed_answer_accuses_nobody(
    account_of: MakeAccount, tmp_path: Path
) -> None:
    account, path = account_of(), tmp_path / "run.trace"
    finished(*begun(account, path))
    text = path.read_text()
    assert "InvalidInstanceId.NotFound" in text
    path.write_text(
        text.replace("InvalidInstanceId.NotFound", "InvalidInstanceId.Gone")
    )
    drawn = check_staging([path], account.contract)
    _damaged(drawn, "break A1, the trace says nothing")
    assert "A1" not in {one.id for one in drawn.clauses if one.verdict == "pass"}


def test_the_number_of_a_session_and_what_came_of_steps_are_compared(
    faulty: tuple[Account, list[Any]], tmp_path: Path
) -> None:
    account, lines = faulty
    path = tmp_path / "run.trace"
    done = next(one for one in lines if one["record"] == "done")
    done["problem"] = "it could not be done"
    told = "these steps went well, the trace says that they brought trouble"
    _damaged(_checked(account, path, lines), told)
    session = next(one for one in lines if one["record"] == "session")
    session["n"] = 7
    told = "session 7 stands where session 1 belongs"
    _damaged(_checked(account, path, lines), told)


@pytest.mark.parametrize("problem", [KeyError, ValueError, OverflowError])
def test_what_no_run_has_done_is_damage(
    faulty: tuple[Account, list[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    problem: type[Exception],
) -> None:
    def fail(*args: object) -> None:
        raise problem

    monkeypatch.setattr("redeploy_conformance.staging.driver.Driver.run", fail)
    account, lines = faulty
    drawn = _checked(account, tmp_path / "run.trace", lines)
    _damaged(drawn, "these steps cannot be done as recorded")

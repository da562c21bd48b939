"""A task that ended in success, on an instance of which looks show what only a failure explains."""

from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.emulator.state import Task
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.serving import REAL

from .conftest import LISTED, LONG, MakeAccount, run_on, with_events

LIKE_REAL = EmulatorSettings(**REAL, no_event="accept", simulated_only="accept")
UNTOLD = {**LISTED, "read_lag_seconds": None}


def test_an_instance_that_another_redeploy_stopped_does_not_pass_for_one_that_failed(
    account_of: MakeAccount,
) -> None:
    parts = FAULTS["neighbour-stopped"].parts
    account = account_of(count=4, settings=LIKE_REAL, parts=parts)
    found = run_on(account, redeploys=200, statement=UNTOLD).findings
    assert {one.clause for one in found} <= {"L9", "L13", "L3", "L6"}
    contradicted = [one for one in found if one.clause == "L13"]
    assert contradicted
    assert all("L9" in one.instead for one in contradicted)


@pytest.mark.parametrize(("late", "blamed"), [(0.0, "L13"), (None, "E6")])
def test_a_path_that_goes_back_may_be_what_is_broken_instead(
    account_of: MakeAccount, late: float | None, blamed: str
) -> None:
    parts = FAULTS["goes-back-to-stopping"].parts
    account = with_events(account_of(count=3, settings=LIKE_REAL, parts=parts))
    said = {**LISTED, "read_lag_seconds": late}
    found = run_on(account, redeploys=60, events_are_real=True, statement=said).findings
    assert {one.clause for one in found} == {blamed}
    assert all("L8" in one.instead for one in found)


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
@pytest.mark.parametrize("late", [0.0, 59.0])
def test_no_task_contradicts_a_correct_account(
    account_of: MakeAccount, outcome: str, late: float
) -> None:
    lags = {"reads": "lags", "read_lag_seconds": late} if late else {}
    account = account_of(settings=replace(LIKE_REAL, default_outcome=outcome, **lags))
    result = run_on(account, redeploys=200, statement=UNTOLD)
    assert result.findings == ()


@pytest.mark.parametrize("late", [0.0, None])
def test_a_list_that_is_declared_and_shows_no_task_is_accused(
    account_of: MakeAccount, late: float | None
) -> None:
    account = account_of(settings=replace(LONG, tasks="absent"))
    said = {**LISTED, "read_lag_seconds": late}
    result = run_on(with_events(account), events_are_real=True, statement=said)
    assert {(one.clause, one.observed) for one in result.findings} == {
        ("L13", "not listed")
    }


@pytest.mark.parametrize("late", [0.0, None])
def test_a_task_that_does_not_come_to_its_end_is_accused(
    account_of: MakeAccount, late: float | None
) -> None:
    parts = FAULTS["task-never-finishes"].parts
    account = account_of(settings=LIKE_REAL, parts=parts)
    said = {**LISTED, "read_lag_seconds": late}
    result = run_on(account, clauses=("L1", "L2"), statement=said)
    assert {(x.clause, x.expected) for x in result.findings} == {
        ("L13", "Finished or Failed, as declared")
    }
    assert {x.observed for x in result.findings} == {"RedeployInstance Processing"}


@pytest.mark.parametrize(("told", "late"), [(4.0, 0.0), (59.0, 60.0), (59.0, None)])
def test_a_task_may_be_over_a_moment_after_its_instance_and_be_told_late(
    account_of: MakeAccount, told: float, late: float | None
) -> None:
    class Late(Observations):
        def show_task(self, task: Task) -> dict[str, object]:
            row = super().show_task(task)
            over = task.finished
            if over is not None and self.world.clock.now < over + told:
                return {**row, "TaskStatus": "Processing"}
            return row

    account = account_of(settings=LIKE_REAL, parts=Parts(observations=Late))
    said = {**LISTED, "read_lag_seconds": late}
    assert run_on(account, statement=said).findings == ()

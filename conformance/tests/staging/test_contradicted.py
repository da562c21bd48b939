"""A task that ended in success, on an instance of which looks show what only a failure explains."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.serving import REAL
from redeploy_schemas.records import Result

from .conftest import Account

LIKE_REAL = EmulatorSettings(**REAL, no_event="accept", simulated_only="accept")
MakeAccount = Callable[..., Account]


def run_on(account: Account) -> Result:
    said = {"read_lag_seconds": None, "choices": {"L13": "listed"}}
    settings = account.settings(redeploys=200, statement=said)
    run = account.begin(settings)
    with run.journal:
        run.carry_out(run.plan())
        return run.result(run.restore(), complete=True)


def test_an_instance_that_another_redeploy_stopped_does_not_pass_for_one_that_failed(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=LIKE_REAL, parts=FAULTS["neighbour-stopped"].parts)
    found = run_on(account).findings
    assert {one.clause for one in found} <= {"L9", "L13", "L3", "L6"}
    contradicted = [one for one in found if one.clause == "L13"]
    assert contradicted
    assert all("L9" in one.instead for one in contradicted)


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
@pytest.mark.parametrize("late", [0.0, 59.0])
def test_no_task_contradicts_a_correct_account(
    account_of: MakeAccount, outcome: str, late: float
) -> None:
    lags = {"reads": "lags", "read_lag_seconds": late} if late else {}
    account = account_of(settings=replace(LIKE_REAL, default_outcome=outcome, **lags))
    assert run_on(account).findings == ()

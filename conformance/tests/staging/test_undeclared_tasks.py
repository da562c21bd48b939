"""Nothing is declared of tasks: they are looked up, and accuse nobody (L13)."""

from dataclasses import replace

import pytest

from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.meant import statement_of
from redeploy_conformance.staging.requests import read
from redeploy_schemas.contract import Contract

from .conftest import ACCEPTS, MakeAccount, Watching, passed, run_on

REGION = {"assumed": True, "read_lag_seconds": None, "redeploy_seconds": 600.0}


def test_a_region_alone_declares_nothing(contract: Contract) -> None:
    words = {"target": "cn-hangzhou", "endpoint": None, "ca_file": None}
    assert statement_of(contract, words).choices == {}


@pytest.mark.parametrize("tasks", ["listed", "absent"])
def test_an_account_may_list_tasks_or_not(account_of: MakeAccount, tasks: str) -> None:
    account = account_of(settings=replace(ACCEPTS, tasks=tasks))
    watching = Watching(account.transport())
    result = run_on(account, watching, statement=REGION)
    assert (result.findings, result.problems) == ((), ())
    assert passed(result) >= {"L1", "L2", "L3"}
    asked = [read(one).action for one in watching.requests]
    assert "DescribeTasks" in asked
    [told] = [one for one in result.clauses if one.id == "L13"]
    assert [one.choice for one in told.choices] == [tasks]
    assert told.declared is None


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
@pytest.mark.parametrize(
    "fault", [name for name, one in FAULTS.items() if "L13" in one.clauses]
)
def test_a_task_that_is_told_wrongly_accuses_nobody(
    account_of: MakeAccount, fault: str, outcome: str
) -> None:
    settings = replace(ACCEPTS, default_outcome=outcome)
    account = account_of(settings=settings, parts=FAULTS[fault].parts)
    assert run_on(account, statement=REGION).findings == ()

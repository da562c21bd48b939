"""Redeploys that take longer than declared, or whose tasks nobody may look up: no run hangs on them."""

from dataclasses import replace

import pytest

from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.finding import inside
from redeploy_conformance.staging.requests import read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import (
    ACCEPTS,
    LISTED,
    Account,
    MakeAccount,
    Watching,
    run_on,
    with_events,
)

SLOW = replace(ACCEPTS, stopping_seconds=700.0)
"""A redeploy of a running instance takes much longer than is declared."""
ENDLESS = replace(ACCEPTS, stopping_seconds=1700.0)
"""It takes longer than a run waits for it."""
FORBIDDEN = HttpResponse(
    403,
    (("content-type", "application/json"),),
    b'{"RequestId":"1","Code":"Forbidden.RAM","Message":"Not authorized."}',
)


class Forbidding(Watching):
    """An account on which a key may not do one operation, from its so many-th request on."""

    action = "DescribeTasks"
    after = 0

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = super().send(request, timeout)
        asked = [one for one in self.requests if read(one).action == self.action]
        forbidden = read(request).action == self.action and len(asked) > self.after
        return FORBIDDEN if forbidden else answer


def powered(watching: Watching) -> list[str]:
    asked = [read(one) for one in watching.requests]
    return [one.action for one in asked if one.action.startswith(("Start", "Stop"))]


def slow(account_of: MakeAccount, settings: EmulatorSettings) -> Account:
    account = account_of(count=2, settings=settings)
    for one in list(account.double.account.instances.values())[:2]:
        one.place("Running")
    return account


def test_an_instance_whose_redeploy_is_under_way_still_is_left_alone(
    account_of: MakeAccount,
) -> None:
    account = slow(account_of, ENDLESS)
    watching = Watching(account.transport())
    run = account.begin(account.settings(statement=LISTED), watching)
    with run.journal:
        run.carry_out(run.plan())
        left = run.restore()
        result = run.result(left, complete=True)
    assert {one.clause for one in result.findings} == {"L7"}
    assert powered(watching) == []
    assert len(left) == 2
    assert all("a redeploy of it is under way still" in one for one in left)
    stuck = [one.reason or "" for one in result.clauses]
    assert any("does not come to its end" in one for one in stuck)
    account.clock.sleep(1000.0)
    again = account.go_on(judging=False)
    with again.journal:
        assert again.restore() == []


@pytest.mark.parametrize("assumed", [True, False])
def test_nobody_is_too_slow_for_a_limit_that_nobody_declared(
    account_of: MakeAccount, assumed: bool
) -> None:
    account = slow(account_of, SLOW)
    said = {**LISTED, "assumed": assumed}
    before = account.shown()
    run = account.begin(account.settings(statement=said, redeploys=4))
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    assert {one.clause for one in result.findings} == (set() if assumed else {"L7"})
    told = [one.text for one in result.problems]
    assert any("nobody has declared" in one for one in told) == assumed
    assert account.shown() == before


def test_a_task_that_is_over_is_not_taken_for_a_slow_one(
    account_of: MakeAccount,
) -> None:
    parts = FAULTS["success-ends-stopped"].parts
    account = with_events(account_of(count=3, settings=ACCEPTS, parts=parts))
    said = {**LISTED, "assumed": True, "read_lag_seconds": None}
    result = run_on(account, redeploys=60, events_are_real=True, statement=said)
    assert not [one for one in result.problems if "nobody has declared" in one.text]
    by_clause = {one.clause: one for one in result.findings}
    assert "L3" in by_clause["L7"].instead


def test_what_was_cut_short_is_waited_for_though_its_time_is_over(
    account_of: MakeAccount,
) -> None:
    account = slow(account_of, SLOW)
    before = account.shown()
    run = account.begin(account.settings(statement=LISTED))
    one = next(iter(before))
    with run.journal:
        run.api.ask("RedeployInstance", [("InstanceId", one)], account.wallet())
    account.clock.sleep(400.0)  # later than it should have been over
    watching = Watching(account.transport())
    again = account.go_on(watching, judging=False)
    with again.journal:
        assert again.restore() == []
    assert powered(watching) == []
    assert account.shown() == before


def test_a_key_that_may_not_look_tasks_up_is_told_before_anything_is_done(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    run = account.begin(
        account.settings(statement=LISTED), Forbidding(account.transport())
    )
    with run.journal, pytest.raises(Exception, match="DescribeTasks answered 403"):
        inside(run.reader, run.wallet, run.settings, run.contract, "")


def test_a_task_that_cannot_be_looked_up_any_more_keeps_no_run_from_its_end(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    forbidding = Forbidding(account.transport())
    forbidding.after = 4
    run = account.begin(account.settings(statement=LISTED), forbidding)
    with run.journal:
        run.carry_out(run.plan())
        left = run.restore()
        result = run.result(left, complete=True)
    assert (result.findings, left) == ((), [])
    assert "DescribeTasks answered 403 Forbidden.RAM" in {
        one.text for one in result.problems
    }
    assert account.shown() == before

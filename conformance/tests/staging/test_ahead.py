"""While events may be seen late, an instance is stopped for its next case: nothing is lost by that."""

import json
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.state import Flight, Instance
from redeploy_conformance.session import UNDECLARED_LAG
from redeploy_conformance.staging.cases import StagingCase
from redeploy_conformance.staging.declining import ENDED, Declined
from redeploy_conformance.staging.driver import Driver
from redeploy_conformance.staging.posts import Post
from redeploy_conformance.staging.requests import read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Result

from .conftest import ACCEPTS, LISTED, Account, MakeAccount, Watching, passed, run_on

UNTOLD = {**LISTED, "read_lag_seconds": None}
CANCEL = "CancelSimulatedSystemEvents"


class ClosedLate(Redeploys):
    """A success closes simulated events, and that shows only after 50 s."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        """Close them later."""
        super().succeed(instance, flight)
        self.world.clock.later(50.0, lambda: self._close(instance))

    def _close(self, instance: Instance) -> None:
        for event in self.world.open_events(instance):
            if event.simulated:
                self.close_event(event)


class Refusing(Watching):
    """Refuses to stop an instance, from the ``first`` time up to the ``last``."""

    def __init__(self, account: Account, first: int, last: int) -> None:
        super().__init__(account.transport())
        self.refused = range(first, last + 1)
        self.stops = 0

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        if read(request).action == "StopInstance":
            self.stops += 1
            if self.stops in self.refused:
                body = b'{"Code": "OperationDenied", "RequestId": "1"}'
                kind = (("content-type", "application/json"),)
                return HttpResponse(403, kind, body)
        return super().send(request, timeout)


def lines(account: Account) -> list[dict[str, Any]]:
    return [json.loads(one) for one in account.journal.read_text().splitlines()]


def moments(account: Account, action: str) -> list[float]:
    return [one["at"] for one in lines(account) if one.get("action") == action]


def clean(result: Result) -> None:
    assert (result.findings, result.problems) == ((), ())
    assert {"E4", "L3", "L7", "L8"} <= passed(result)


@pytest.fixture
def account(account_of: MakeAccount) -> Account:
    return account_of(count=1, settings=ACCEPTS)


def test_an_instance_is_stopped_for_its_next_case_while_events_may_be_seen_late(
    account: Account,
) -> None:
    clean(run_on(account, clauses=("E4",), statement=UNTOLD))
    stops = moments(account, "StopInstance")
    canceled = moments(account, CANCEL)
    assert stops[1] + UNDECLARED_LAG <= canceled[0] < stops[1] + UNDECLARED_LAG + 5.0
    calls = moments(account, "RedeployInstance")
    assert calls[-1] - canceled[0] < 10.0, "it is stopped by then"


def test_a_stop_that_takes_longer_than_reads_are_late_is_looked_for_when_it_is_usually_over(
    account: Account,
) -> None:
    clean(
        run_on(account, clauses=("E4",), statement={**LISTED, "read_lag_seconds": 20})
    )
    stops = moments(account, "StopInstance")
    took = moments(account, "RedeployInstance")[-1] - stops[1]
    assert ACCEPTS.stopping_seconds < took <= ACCEPTS.stopping_seconds + 5.0


def test_nothing_is_stopped_early_where_no_read_is_late(account: Account) -> None:
    clean(run_on(account, clauses=("E4",), statement=LISTED))
    actions = [one.get("action") for one in lines(account)]
    assert actions[: actions.index(CANCEL)].count("StopInstance") == 1


@pytest.mark.parametrize("late", [0.0, 50.0])
def test_an_event_that_is_seen_late_to_be_closed_is_seen(
    account_of: MakeAccount, late: float
) -> None:
    lags = replace(ACCEPTS, reads="lags", read_lag_seconds=late) if late else ACCEPTS
    account = account_of(count=1, settings=lags, parts=Parts(redeploys=ClosedLate))
    found = run_on(account, clauses=("E4",), statement=UNTOLD).findings
    assert {one.clause for one in found} == {"E4"}
    assert len({one.case for one in found}) == 2


def test_a_look_that_shows_the_status_of_before_the_stop_accuses_nobody(
    account_of: MakeAccount,
) -> None:
    lags = replace(ACCEPTS, reads="lags", read_lag_seconds=59.0)
    for outcome in ("succeed", "fail"):
        account = account_of(count=1, settings=replace(lags, default_outcome=outcome))
        account.journal.unlink(missing_ok=True)
        result = run_on(account, statement=UNTOLD)
        assert (result.findings, result.problems) == ((), ())
        assert {"succeed": "E4", "fail": "E6"}[outcome] in passed(result)


def test_a_stop_that_is_refused_is_no_trouble_of_the_case_before(
    account: Account,
) -> None:
    result = run_on(account, Refusing(account, 2, 2), clauses=("E4",), statement=UNTOLD)
    clean(result)
    never = Refusing(account, 2, 99)
    account.journal.unlink()
    result = run_on(account, never, clauses=("E4",), statement=UNTOLD)
    assert {one.id: one.held for one in result.clauses}["E4"] == 1
    (problem,) = [one for one in result.problems if one.case != "restore"]
    assert problem.case == "E4-simulated-event SystemMaintenance.Redeploy"
    assert "OperationDenied" in problem.text


def test_nothing_is_stopped_for_a_case_that_is_not_to_come(account: Account) -> None:
    before = account.shown()
    run = account.begin(account.settings(clauses=("E4",), statement=UNTOLD))

    class Stopping(Watching):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            if read(request).action == "RedeployInstance":
                run.stop()
            return super().send(request, timeout)

    run.fence.inner = Stopping(account.transport())
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        assert "E4" in passed(run.result([], complete=True))
    assert len(moments(account, "StopInstance")) == 1
    assert account.shown() == before


def test_an_instance_that_may_not_be_touched_any_more_is_trouble_of_the_next_case(
    account: Account,
) -> None:
    class Losing(Watching):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            if read(request).action == "RedeployInstance":
                next(iter(account.double.account.instances.values())).tags = {}
            return super().send(request, timeout)

    losing = Losing(account.transport())
    result = run_on(account, losing, clauses=("E4",), statement=UNTOLD)
    assert {one.id: one.held for one in result.clauses}["E4"] == 1
    (problem,) = [one for one in result.problems if one.case != "restore"]
    assert problem.case == "E4-simulated-event SystemMaintenance.Redeploy"
    assert "neither named nor tagged" in problem.text


def test_an_instance_that_was_stopped_for_a_declined_case_stands_by_as_it_is(
    account_of: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is Stopped by then, though its last case left it Running."""
    account = account_of(settings=ACCEPTS)
    too_much, declined = Driver._too_much, list[str]()

    def last(self: Driver, post: Post, case: StagingCase) -> Declined | None:
        if case.name.startswith("E4") and post.next is None:
            assert post.errand is not None
            declined.append(case.name)
            return ENDED
        return too_much(self, post, case)

    monkeypatch.setattr(Driver, "_too_much", last)
    run = account.begin(account.settings(clauses=("E4", "L3"), statement=UNTOLD))
    with run.journal:
        plan = run.plan()
        several = [case for lane in plan.lanes for case in lane.cases]
        first, second = plan.lanes
        simulated = [one for one in several if one.name.startswith("E4")]
        lives = [one for one in several if one.name.startswith("L3")]
        first.cases = [one.on(first.key) for one in simulated]
        second.cases = [one.on(second.key) for one in lives]
        run.carry_out(plan)
        assert run.restore() == []
        result = run.result([], complete=True)
    assert len(declined) == 1
    assert len(lives) == 4
    assert (result.findings, result.problems) == ((), ())
    assert "L9" in passed(result)

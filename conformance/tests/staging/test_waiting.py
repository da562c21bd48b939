"""Waiting well: redeploys on several instances overlap, and one look serves them all."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from redeploy_conformance.running.session import UNDECLARED_LAG
from redeploy_conformance.staging.driver import Driver
from redeploy_conformance.staging.pace import MOST, Pace
from redeploy_conformance.staging.requests import read
from redeploy_conformance.targets.base import Transport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import ACCEPTS, LISTED, LONG, Account, MakeAccount, Watching

OF_RUNNING = LONG.stopping_seconds + LONG.stopped_seconds + LONG.starting_seconds
OF_STOPPED = LONG.starting_seconds


def carried_out(
    account: Account, transport: Transport | None = None, **fields: object
) -> Driver:
    run = account.begin(account.settings(**fields), transport)
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        assert run.result([], complete=True).findings == ()
    assert run.driver is not None
    return run.driver


class Chains(Watching):
    """Adds up how long the redeploys of each instance take, one after the other."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.transport())
        self.instances = account.double.account.instances
        self.seconds: Counter[str] = Counter()

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        asked = read(request)
        before = {one: self.instances[one].status for one in self.instances}
        answer = super().send(request, timeout)
        if asked.action == "RedeployInstance" and answer.status < 300:
            (one,) = asked.instances
            self.seconds[one] += OF_RUNNING if before[one] == "Running" else OF_STOPPED
        return answer


@pytest.mark.parametrize("lag", [0.0, None])
@pytest.mark.parametrize("count", range(1, 9))
def test_the_run_takes_no_longer_than_the_longest_chain_and_a_third(
    account_of: MakeAccount, count: int, lag: float | None
) -> None:
    """A chain are the redeploys of one instance: what lies between them counts for nothing."""
    account = account_of(count=count, settings=ACCEPTS)
    chains = Chains(account)
    begun = account.clock.now()
    statement = {**LISTED, "read_lag_seconds": lag}
    driver = carried_out(account, chains, statement=statement)
    took = driver.looks[-1] - begun
    chain = max(chains.seconds.values())
    assert sum(chains.seconds.values()) > 8 * OF_STOPPED + count * OF_STOPPED
    assert took <= 1.3 * chain, (took, chain)


def test_looks_are_shared_and_at_least_five_seconds_apart(
    account_of: MakeAccount,
) -> None:
    driver = carried_out(account_of(count=4, settings=ACCEPTS))
    gaps = [
        later - earlier
        for earlier, later in zip(driver.looks, driver.looks[1:], strict=False)
    ]
    assert min(gaps) >= 5.0
    assert max(gaps) <= 10.0 + 0.001  # none before one that is wished for by then


def test_redeploys_on_different_instances_overlap(account_of: MakeAccount) -> None:
    account = account_of(count=4, settings=ACCEPTS)
    before = account.clock.now()
    carried_out(account, clauses=("A15",), statement=LISTED)  # each as it is found
    took = account.clock.now() - before
    assert took < 2 * (OF_RUNNING + OF_STOPPED)
    assert all(
        one.redeploys >= 1
        for one in list(account.double.account.instances.values())[:-1]
    )


def from_call_to_end(account: Account, clause: str, lag: float | None) -> float:
    """Run the cases of a clause, and return how long its first redeploy was waited for."""
    statement = {**LISTED, "read_lag_seconds": lag}
    carried_out(account, clauses=(clause,), statement=statement)
    lines = [json.loads(one) for one in account.journal.read_text().splitlines()]
    calls = [one["at"] for one in lines if one.get("action") == "RedeployInstance"]
    ends = [one["at"] for one in lines if one["line"] == "settled"]
    return float(ends[0] - calls[0])


def test_a_look_that_may_be_of_before_the_call_is_not_taken_for_the_end(
    account_of: MakeAccount,
) -> None:
    """It is over before the next look: whether that shows Running again or still, nobody knows."""
    quick = replace(ACCEPTS, stopping_seconds=1.0, stopped_seconds=1.0)
    quick = replace(quick, starting_seconds=1.0, reads="lags", read_lag_seconds=20.0)
    took = from_call_to_end(account_of(count=1, settings=quick), "A15", 20.0)
    assert took > 20.0


def test_a_look_that_can_only_be_of_the_end_is_not_waited_after(
    account_of: MakeAccount,
) -> None:
    took = from_call_to_end(account_of(count=1, settings=ACCEPTS), "A15", None)
    assert OF_RUNNING <= took < OF_RUNNING + UNDECLARED_LAG


def test_events_are_judged_only_when_no_look_at_them_can_be_late(
    account_of: MakeAccount,
) -> None:
    took = from_call_to_end(account_of(count=1, settings=ACCEPTS), "E4", None)
    assert took >= OF_STOPPED + UNDECLARED_LAG


def test_events_are_judged_as_soon_as_no_look_at_them_can_be_late(
    account_of: MakeAccount,
) -> None:
    """The end is seen late by a pause, and the lag is counted from there: nothing is added to it."""
    took = from_call_to_end(account_of(count=1, settings=ACCEPTS), "E4", None)
    assert took <= OF_STOPPED + UNDECLARED_LAG + 5.0 * MOST + 0.1


def test_what_took_so_long_before_is_looked_for_when_it_must_be_over(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    carried_out(account, clauses=("L3",), statement=LISTED)
    lines = [json.loads(one) for one in account.journal.read_text().splitlines()]
    calls = [one["at"] for one in lines if one.get("action") == "RedeployInstance"]
    ends = [one["at"] for one in lines if one["line"] == "settled"]
    first, *_ = ends
    later = [end - max(at for at in calls if at < end) for end in ends[1:]]
    of_running = [one for one in later if one >= OF_RUNNING]
    assert first - calls[0] >= OF_RUNNING
    assert len(of_running) > 2
    assert min(of_running) < OF_RUNNING + 2.5


def test_a_look_that_is_wished_for_comes_then_and_none_just_before_it() -> None:
    pace = Pace(5.0)
    assert pace.wait(0.0) == 0.0
    assert pace.wait(0.0, [9.0]) == pytest.approx(9.0, abs=0.01)
    assert pace.wait(9.01, [12.0]) == pytest.approx(5.0, abs=0.01)  # never sooner


def test_the_pace_slows_down_while_nothing_changes_and_hurries_when_it_does() -> None:
    pace, now, waits = Pace(5.0), 0.0, []
    pace.wait(now)
    for n in range(9):
        if n == 7:
            pace.hurry()
        wait = pace.wait(now)
        now += wait
        waits.append(wait)
    assert waits == pytest.approx([6.5, 7.5, 7.5, 7.5, 7.5, 7.5, 7.5, 5, 6.5], 1e-3)

"""Cases are dealt out so that the last is done soon, and put in an order in which little is waited for."""

from collections.abc import Sequence

import pytest

from redeploy_conformance.running.session import UNDECLARED_LAG
from redeploy_conformance.staging.cases import (
    StagingCase,
    as_found,
    cases,
    leaves_events,
)
from redeploy_conformance.staging.dealing import Lane, deal
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.weighing import CALL, USUAL, seconds, weigher
from redeploy_schemas.contract import Contract

from .conftest import LISTED, Account, MakeAccount


@pytest.fixture
def account(account_of: MakeAccount) -> Account:
    return account_of()


def usual_seconds(
    contract: Contract, settings: Settings, status: str, several: Sequence[StagingCase]
) -> float:
    return seconds(status, map(weigher(contract, settings), several))


def dealt(account: Account, count: int, lag: float | None) -> tuple[Lane, ...]:
    settings = account.settings(statement={**LISTED, "read_lag_seconds": lag})
    statuses = ["Running" if n % 2 else "Stopped" for n in range(count)]
    lanes = [Lane(f"i{n}", f"i-{n}", one) for n, one in enumerate(statuses, 1)]
    for lane in lanes:
        lane.cases.append(as_found(account.contract, lane.key, lane.instance))
    deal(account.contract, settings, lanes, cases(account.contract, launch=False))
    return tuple(lanes)


def lengths(
    account: Account, lanes: tuple[Lane, ...], lag: float | None
) -> list[float]:
    settings = account.settings(statement={**LISTED, "read_lag_seconds": lag})
    return [
        usual_seconds(account.contract, settings, one.status, one.cases)
        for one in lanes
    ]


@pytest.mark.parametrize("lag", [0.0, None])
@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_no_lane_is_much_longer_than_all_of_them_are(
    account: Account, count: int, lag: float | None
) -> None:
    each = lengths(account, dealt(account, count, lag), lag)
    # What is dealt out in one piece is longer where events may be seen late.
    assert max(each) - sum(each) / count < (20.0 if lag == 0 else 25.0)


def test_lanes_that_are_not_even_are_dealt_anew(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = max(lengths(account, dealt(account, 4, None), None))
    monkeypatch.setattr("redeploy_conformance.staging.dealing.BEGINNINGS", 0)
    assert best < max(lengths(account, dealt(account, 4, None), None))


def test_simulated_events_come_first_then_what_the_instance_is_stopped_for_meanwhile(
    account: Account,
) -> None:
    for lane in dealt(account, 2, None):
        marks = [(one.status or "", leaves_events(one)) for one in lane.cases]
        brought = [one for one in marks if one[0]]
        stopped = [one for one in brought if one[0] == "Stopped"]
        assert brought[: len(stopped)] == sorted(stopped, key=lambda one: not one[1])
        assert marks[-len(brought) :] == brought
    names = [[one.name for one in lane.cases] for lane in dealt(account, 1, None)]
    assert names[0][-7].startswith("E4")
    assert names[0][-5] == "L3-success-running from Stopped"


def test_events_that_may_be_seen_late_are_waited_for_before_the_next_case(
    contract: Contract, account: Account
) -> None:
    several = {one.name: one for one in cases(contract, launch=False)}
    event = several["E4-simulated-event SystemMaintenance.Reboot"]
    stopped = several["L3-success-running from Stopped"]

    def usual(*order: StagingCase, lag: float | None) -> float:
        settings = account.settings(statement={**LISTED, "read_lag_seconds": lag})
        return usual_seconds(contract, settings, "Running", order)

    fresh = usual(stopped, event, lag=0)
    assert usual(event, stopped, lag=0) == fresh
    assert usual(event, stopped, lag=None) == fresh + 60.0
    assert usual(stopped, event, lag=None) == fresh + 60.0
    assert usual(event, stopped, lag=90.0) == fresh + 90.0


def test_what_is_expected_of_a_redeploy_hangs_on_where_it_begins_and_whether_it_may_be_refused(
    contract: Contract, account: Account
) -> None:
    several = {one.name: one for one in cases(contract, launch=False)}
    found = as_found(contract, "i1", "i-1")
    lenient = several["A14v-lenient-values ForceStop is 1"]

    def redeploys(status: str, case: StagingCase) -> float:
        settings = account.settings(statement={**LISTED, "read_lag_seconds": 0})
        return usual_seconds(contract, settings, status, [case]) - CALL * USUAL

    usual = 300.0 * USUAL
    assert redeploys("Running", found) == usual
    assert redeploys("Stopped", found) == usual / 2
    assert redeploys("Running", lenient) == usual / 2
    untold = account.settings(statement={"read_lag_seconds": None})
    for status in ("Running", "Stopped"):
        took = usual_seconds(contract, untold, status, [found])
        assert took - CALL * USUAL == 300.0 + UNDECLARED_LAG
    refused = several["A14-malformed ForceStop is a word"]
    assert redeploys("Running", refused) == 0.0

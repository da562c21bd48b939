"""The redeploys that a run is allowed: plan, run and fence reckon alike, also with what must be refused."""

import re
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.errors import incorrect_status
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Principal
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.cases import at_stake, cases, redeploys
from redeploy_conformance.staging.fence import Fence, FenceError
from redeploy_conformance.staging.finding import inside
from redeploy_conformance.staging.journal import read_lines
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.plan_lines import plan_lines
from redeploy_conformance.staging.requests import read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems

from .conftest import ACCEPTS, Account, MakeAccount, Watching, run_on

REFUSED = (
    "A14-malformed ForceStop is a word",
    "A14-malformed ForceStop is a number",
    "U4-signature wrong key",
    "U4-signature replayed nonce",
)
NAMELESS = (
    "A1-unknown-id",
    "A14-malformed no InstanceId",
    "A14-malformed empty InstanceId",
)


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the fence did not let out."""
    told: list[str] = []
    send = Fence.send

    def watched(self: Fence, request: HttpRequest, timeout: float) -> HttpResponse:
        try:
            return send(self, request, timeout)
        except FenceError as error:
            told.append(str(error))
            raise

    monkeypatch.setattr(Fence, "send", watched)
    return told


def watched_run_on(account: Account, **fields: Any) -> tuple[Result, Watching]:
    watching = Watching(account.transport())
    return run_on(account, watching, **fields), watching


def made(account: Account) -> int:
    return sum(one.redeploys for one in account.double.account.instances.values())


def test_a_call_that_must_be_refused_stakes_a_redeploy_where_it_names_an_instance(
    contract: Contract,
) -> None:
    stakes = {
        one.name: (redeploys(contract, one), at_stake(contract, one))
        for one in cases(contract, launch=False)
    }
    assert {stakes[name] for name in REFUSED} == {(0, 1)}
    assert {stakes[name] for name in NAMELESS} == {(0, 0)}
    assert stakes["L12-concurrent-calls"] == (2, 2)


def test_without_a_redeploy_the_plan_leaves_out_what_the_fence_would_not_let_out(
    account_of: MakeAccount, refusals: list[str]
) -> None:
    account = account_of(settings=ACCEPTS)
    run = account.begin(account.settings(redeploys=0))
    with run.journal:
        plan = run.plan()
        found = inside(run.reader, run.wallet, run.settings, run.contract, "")
    lines = plan_lines(plan, found)
    planned = [case.name for lane in plan.lanes for case in lane.cases]
    assert sorted(planned) == sorted(NAMELESS)
    why = (
        "the 0 redeploys allowed cannot reach it: its calls must be refused, "
        "but one that is not would cost a redeploy, and none is allowed"
    )
    for name in REFUSED:
        assert f"  {name}: {why}" in lines
    account.journal.unlink()
    result, watching = watched_run_on(account, redeploys=0)
    calls = [read(one) for one in watching.requests if read(one).writes]
    assert not {one for call in calls for one in call.instances} & set(account.shown())
    assert refusals == []
    assert (result.findings, result.problems) == ((), ())
    (gap,) = [one for one in result.clauses if one.id == "U4"]
    assert (gap.verdict, gap.reason) == ("not exercised", why)
    assert gap.remedy == "begin a run with more --redeploys than 0"


@pytest.mark.parametrize("count", [1, 2])
def test_one_redeploy_is_enough_for_everything_that_must_be_refused(
    account_of: MakeAccount, refusals: list[str], count: int
) -> None:
    account = account_of(count=count, settings=ACCEPTS)
    result, _ = watched_run_on(account, redeploys=1)
    held = {one.id for one in result.clauses if one.verdict == "pass"}
    assert held >= {"A14", "U4"}
    assert (result.problems, refusals) == ((), [])
    assert made(account) == 1


@pytest.mark.parametrize(
    "fault", ["bad-force-stop-takes-effect", "unsigned-call-accepted"]
)
@pytest.mark.parametrize("most", [0, 1, 2])
def test_on_a_broken_target_too_no_more_come_about_than_are_allowed(
    account_of: MakeAccount, fault: str, most: int
) -> None:
    account = account_of(settings=ACCEPTS, parts=FAULTS[fault].parts)
    result, _ = watched_run_on(account, redeploys=most)
    assert made(account) <= most
    if most:
        assert result.findings
    else:
        assert result.findings == ()


def test_the_plan_says_that_a_broken_target_may_cost_more(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1)
    run = account.begin(account.settings(redeploys=5, clauses=("U4",)))
    with run.journal:
        plan = run.plan()
        found = inside(run.reader, run.wallet, run.settings, run.contract, "")
    lines = plan_lines(plan, found)
    assert lines[0].startswith("at most 0 redeploys of 1 instance,")
    assert lines[1].startswith("in 8 cases every call must be refused: ")
    assert lines[1].endswith("there are never more than 5")
    assert any(
        "(no redeploy where it is refused, as it must be, " in one for one in lines
    )


def test_a_redeploy_that_was_reserved_and_made_is_not_counted_twice(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    result, _ = watched_run_on(account, redeploys=2, clauses=("E1",))
    assert made(account) == 2
    reasons = [str(one.reason) for one in result.clauses]
    assert not any("may be used up" in one for one in reasons)


@pytest.mark.parametrize("lag", [0.0, 20.0])
def test_a_call_that_was_refused_and_took_effect_is_counted_once_it_shows(
    account_of: MakeAccount, lag: float
) -> None:
    fault = FAULTS["bad-force-stop-takes-effect"]
    account = account_of(count=1, settings=ACCEPTS, parts=fault.parts)
    wanted = account.settings(clauses=("A14",), statement={"read_lag_seconds": lag})
    run = account.begin(wanted)
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    assert {one.clause for one in result.findings} == {"A14"}
    assert made(account) == run.past.redeploys == 2
    again = Past()
    for line in read_lines(account.journal):
        assert problems("run/journal", line) == []
        again.take(line)
    assert again.redeploys == 2


def test_a_plan_of_one_speaks_of_one(account_of: MakeAccount) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    statement = {"redeploy_seconds": 50.0}
    settings = account.settings(
        redeploys=1, minutes=1.0, clauses=("L3",), statement=statement
    )
    run = account.begin(settings)
    with run.journal:
        plan = run.plan()
    found = inside(run.reader, run.wallet, settings, run.contract, "")
    text = "\n".join(plan_lines(plan, found))
    assert text.startswith("at most 1 redeploy of 1 instance, at most 1 minute\n")
    assert "(up to 1 redeploy, up to " in text
    assert not re.search(r"\b1 (redeploys|instances|minutes|cases)\b", text)


@pytest.mark.parametrize("minutes", [6.0, 7.0, 12.0, 13.0])
def test_where_looks_may_be_late_too_no_case_ends_later_than_allowed(
    account_of: MakeAccount, minutes: float
) -> None:
    account = account_of(settings=ACCEPTS)
    lag = {"read_lag_seconds": None}
    run = account.begin(account.settings(statement=lag, minutes=minutes))
    with run.journal:
        run.carry_out(run.plan())
        assert account.clock.now() <= minutes * 60
        assert run.restore() == []


class Lying(RedeployCalls):
    """Refuses what it does all the same."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        super().handle(call, principal)
        raise incorrect_status()


def test_what_was_refused_and_done_all_the_same_is_put_back_when_it_is_over(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=ACCEPTS, parts=Parts(calls=Lying))
    next(iter(account.double.account.instances.values())).status = "Stopped"
    before = account.shown()
    result = run_on(account, account.transport(), clauses=("L12",))
    assert {one.clause for one in result.findings} == {"L12"}
    account.clock.sleep(1000.0)
    assert account.shown() == before

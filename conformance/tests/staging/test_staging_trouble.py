"""Trouble of the service, of the key, or on the way: it accuses nobody and proves nothing."""

import json

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Principal, Statement
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.doctoring import examine
from redeploy_conformance.staging.double import Weather
from redeploy_conformance.staging.requests import read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import (
    ACCEPTS,
    LONG,
    Deaf,
    MakeAccount,
    Watching,
    passed,
    run_on,
    with_events,
)


@pytest.mark.parametrize(
    "seed",
    [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 6))],
)
def test_a_service_that_fails_now_and_then_is_accused_of_nothing(
    account_of: MakeAccount, seed: int
) -> None:
    account = account_of(
        settings=ACCEPTS if seed % 2 else LONG,
        weather=Weather(errors=0.06, refusals=0.06, lost=0.04, slow=0.1),
        seed=seed,
    )
    before = account.shown()
    bound = {"redeploy_seconds": 900.0}  # a slow one takes 600
    run = account.begin(account.settings(statement=bound))
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    assert result.findings == ()
    assert account.shown() == before
    made = sum(one.redeploys for one in account.double.account.instances.values())
    assert made <= run.past.redeploys <= run.settings.redeploys
    assert run.api.repeated + run.reader.repeated > 0


def test_a_lost_answer_is_waited_for_and_accuses_nobody(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()

    deaf = Deaf(account.transport())
    deaf.actions = ("RedeployInstance",)
    run = account.begin(account.settings(clauses=("A15", "L3")), deaf)
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    made = sum(one.redeploys for one in account.double.account.instances.values())
    assert (result.findings, result.problems) == ((), ())
    assert 0 < made <= run.past.redeploys
    assert not passed(result) & {"R1", "R5", "A9"}
    assert account.shown() == before


def test_a_key_that_may_not_redeploy_accuses_nobody_and_proves_nothing(
    account_of: MakeAccount,
) -> None:
    account = with_events(account_of())
    deny = Statement("Deny", ("ecs:RedeployInstance",), ("*",))
    rest = Statement("Allow", ("*",), ("*",))
    key = account.double.world.add_principal(account.double.account, (deny, rest))
    account.double.key = key
    result = run_on(account, events_are_real=True)
    assert result.findings == ()
    assert not passed(result) & {"A1", "A9", "E1", "L3", "R1"}
    assert {one.text for one in result.problems} == {
        "the key may not redeploy this instance: 403 Forbidden.RAM"
    }


@pytest.mark.parametrize(
    "code", ["InvalidSecurityToken.Expired", "ServiceUnavailable", "UnknownError"]
)
def test_trouble_of_the_service_with_any_call_is_no_violation_and_no_pass(
    account_of: MakeAccount, code: str
) -> None:
    status = 400 if code.startswith("Invalid") else 500

    class Broken(RedeployCalls):
        def handle(self, call: Call, principal: Principal) -> dict[str, object]:
            raise ApiError(status, code, "Try again.")

    account = with_events(account_of(parts=Parts(calls=Broken)))
    result = run_on(account, events_are_real=True)
    assert result.findings == ()
    assert not passed(result) & {"A1", "A9", "A14", "E1", "L3", "R1"}


def test_an_internal_error_in_the_words_of_other_operations_is_no_violation(
    account_of: MakeAccount,
) -> None:
    text = "The request processing has failed due to some unknown error, exception or failure."

    class Failing(RedeployCalls):
        calls = 0

        def handle(self, call: Call, principal: Principal) -> dict[str, object]:
            self.calls += 1
            if self.calls % 4:
                return super().handle(call, principal)
            raise ApiError(500, "InternalError", text)

    account = account_of(settings=ACCEPTS, parts=Parts(calls=Failing))
    result = run_on(account)
    assert result.findings == ()
    assert "R3" in passed(result)


@pytest.mark.parametrize("status", [200, 302, 403, 413, 502])
def test_a_gateway_on_the_way_is_no_violation_and_no_pass(
    account_of: MakeAccount, status: int
) -> None:
    page = HttpResponse(status, (("content-type", "text/html"),), b"<html>No.</html>")

    class Behind(Watching):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            if read(request).action == "RedeployInstance":
                return page
            return super().send(request, timeout)

    account = with_events(account_of())
    result = run_on(account, Behind(account.transport()), events_are_real=True)
    assert result.findings == ()
    assert not passed(result) & {"A1", "A9", "A14", "E1", "L3", "R1"}


def test_a_look_that_took_long_is_judged_by_when_it_was_asked_for(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)

    class Slow(Watching):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            answer = super().send(request, timeout)
            if read(request).action == "DescribeInstances":
                account.clock.sleep(20.0)
            return answer

    declared = {"redeploy_seconds": 152.0}  # one takes 150
    run = account.begin(account.settings(statement=declared), Slow(account.transport()))
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    assert result.findings == ()
    assert passed(result) >= {"L3", "L7"}


def test_a_code_that_repeats_the_secret_is_not_shown(account_of: MakeAccount) -> None:
    account = account_of()
    secret = account.double.key.secret

    class Telling(Watching):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            fields = {"RequestId": "r", "Code": f"Denied {secret}"}
            return HttpResponse(403, (), json.dumps(fields).encode())

    telling = Telling(account.transport())
    run = account.begin(transport=telling)
    with run.journal, pytest.raises(SetUpError, match="403 Denied") as caught:
        run.plan()
    assert secret not in str(caught.value)
    points = [text for _, text in examine(run.reader, telling, account.wallet)]
    assert any("is refused: 403 Denied" in one for one in points)
    assert not any(secret in one for one in points)

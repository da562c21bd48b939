"""Runs on a double in virtual time: what they decide, what they catch, what they leave alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.emulator.state import Event
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.requests import read
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems

from .conftest import (
    ACCEPTS,
    LISTED,
    LONG,
    MakeAccount,
    Watching,
    announced,
    passed,
    run_on,
    with_events,
)


def told(result: Result) -> dict[str, list[str]]:
    return {
        one.id: [choice.choice for choice in one.choices]
        for one in result.clauses
        if one.choices
    }


def test_where_calls_without_an_event_are_refused_only_what_costs_nothing_is_decided(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    before = account.shown()
    result = run_on(account)
    assert passed(result) == {"A1", "A8", "A14", "A15", "R2", "R3", "R4", "L10", "U4"}
    assert told(result) == {"A10": ["refuse"], "E5": ["refuse"]}
    assert (result.exit_code, result.findings, result.problems) == (3, (), ())
    assert account.shown() == before
    assert all(one.redeploys == 0 for one in account.double.account.instances.values())


def test_where_they_are_accepted_the_life_of_a_redeploy_is_decided_too(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    result = run_on(account, statement=LISTED)
    assert passed(result) >= {"A2", "R1", "R5", "L1", "L2", "L3", "L7", "L8", "L9"}
    assert passed(result) >= {"L10", "L12", "E4"}
    assert told(result)["A10"] == ["accept"]
    assert told(result)["L13"] == ["listed"]
    assert (result.findings, result.problems) == ((), ())
    assert account.shown() == before


def test_events_that_are_said_to_be_real_are_judged(account_of: MakeAccount) -> None:
    account = with_events(account_of())
    result = run_on(account, events_are_real=True, statement=LISTED)
    assert passed(result) >= {"A9", "E1"}
    assert told(result)["E1c"] == ["Executed"]
    assert result.findings == ()


class Unmarked(Observations):
    """Shows of no event that it is a simulated one."""

    def show_event(self, event: Event) -> dict[str, object]:
        return {**super().show_event(event), "Reason": ""}


@pytest.mark.parametrize("without", [{}, {"NotBefore": None}])
def test_a_simulated_event_is_known_by_the_id_that_was_answered(
    account_of: MakeAccount, without: dict[str, object]
) -> None:
    class Timeless(Observations):
        def show_event(self, event: Event) -> dict[str, object]:
            row = super().show_event(event)
            del row["NotBefore"]
            return {**row, **without}

    account = account_of(settings=ACCEPTS, parts=Parts(observations=Timeless))
    before = account.shown()
    result = run_on(account, clauses=("E4",))
    assert (result.findings, result.problems) == ((), ())
    assert "E4" in passed(result)
    assert account.shown() == before


def test_events_of_which_that_is_not_said_accuse_nobody(
    account_of: MakeAccount,
) -> None:
    account = account_of(parts=Parts(observations=Unmarked))
    for one in list(account.double.account.instances.values())[:-1]:
        event = announced(account, one)
        event.simulated = True  # another hand's, and nothing shows it
    result = run_on(account)
    assert result.findings == ()
    assert not passed(result) & {"A9", "E1"}


def test_why_a_clause_was_not_decided_is_said_with_a_remedy(
    account_of: MakeAccount,
) -> None:
    result = run_on(account_of())
    gaps = {one.id: one.reason for one in result.clauses if one.verdict != "pass"}
    assert gaps["L4"] == "needs what no public operation does or shows: inspect"
    assert gaps["A3"] == "no operation sets lock_reasons"
    assert gaps["A7"] == "no operation used here shows billing"
    assert gaps["Q1"] == (
        "needs a burst of calls, which an account that is in use is spared"
    )
    assert gaps["L3"] == "what it needs did not come about on these instances"
    assert problems("run/result", result.to_json()) == []


@pytest.mark.parametrize("said", [False, True])
def test_who_said_that_events_are_real_is_not_told_to_say_so(
    account_of: MakeAccount, said: bool
) -> None:
    result = run_on(account_of(), events_are_real=said)
    gaps = {one.id: str(one.reason) for one in result.clauses if one.verdict != "pass"}
    assert ("--events-are-real" in gaps["E1"]) is not said


def test_an_instance_that_is_found_locked_decides_the_lock(
    account_of: MakeAccount,
) -> None:
    account = with_events(account_of())
    first = next(iter(account.double.account.instances.values()))
    first.lock_reasons = ("security",)
    result = run_on(account, events_are_real=True)
    assert "A3" in passed(result)


def test_what_the_service_says_and_nobody_can_check_is_no_violation(
    account_of: MakeAccount,
) -> None:
    account = with_events(account_of(count=1))
    first = next(iter(account.double.account.instances.values()))
    first.billing = "in-arrears"
    result = run_on(account, clauses=("A15",))
    assert result.findings == ()
    assert [one.text for one in result.problems] == [
        "the call was rejected with InstanceExpiredOrInArrears, and the public API used "
        "here does not show whether that is true"
    ]


def test_an_instance_of_its_own_is_made_used_and_deleted(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    before = account.shown()
    watching = Watching(account.transport())
    launch = {"InstanceType": "ecs.g6.large", "ImageId": "img"}
    run = account.begin(account.settings(launch=launch, clauses=("A15",)), watching)
    with run.journal:
        run.carry_out(run.plan())
        assert len(account.shown()) == len(before) + 1
        assert run.restore() == []
    assert account.shown() == before
    actions = [read(one).action for one in watching.requests]
    assert actions.count("RunInstances") == actions.count("DeleteInstance") == 1


def test_cases_that_the_budget_does_not_reach_are_named(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    result = run_on(account, redeploys=1)
    made = [one.redeploys for one in account.double.account.instances.values()]
    assert sum(made) <= 1
    gaps = {one.id: one.reason for one in result.clauses if one.verdict != "pass"}
    assert gaps["L12"] == "the 1 redeploy allowed cannot reach it"


def test_asked_to_end_a_run_begins_no_further_case_and_puts_everything_back(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    run = account.begin()
    with run.journal:
        run.say = lambda text: run.stop() if len(run.past.reports) >= 12 else None
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=False)
    assert account.shown() == before
    assert 12 <= len(run.past.reports) < 15
    assert not result.complete
    again = account.go_on()
    with again.journal:
        again.carry_out(again.plan())
        assert again.restore() == []
        whole = again.result([], complete=True)
    assert account.shown() == before
    assert whole.findings == ()
    assert {"L12", "E4", "L3"} <= passed(whole)


CAUGHT = (
    "unknown-id-accepted",
    "stopped-not-found",
    "second-call-in-flight-accepted",
    "row-reboot-scheduled-not-responded-to",
    "task-id-missing",
    "accepted-with-http-400",
    "http-400-for-incorrectinstancestatus",
    "text-of-incorrectinstancestatus",
    "request-id-missing-in-errors",
    "task-id-reused",
    "rejected-call-has-task-id",
    "bad-force-stop-takes-effect",
    "events-stay-open",
    "closed-event-is-scheduled",
    "success-ends-stopped",
    "success-of-stopped-ends-stopped",
    "never-ends",
    "shows-pending-on-the-way",
    "success-changes-tenancy",
    "simulated-event-closed",
    "altered-call-accepted-v3",
    "replayed-nonce-accepted",
    "stale-timestamp-accepted",
    "unsigned-call-accepted",
    "bad-signature-takes-effect",
)
"""Faults that the public API can show in the time of a few redeploys."""


@pytest.mark.parametrize("fault", CAUGHT)
def test_a_fault_that_the_public_api_shows_is_caught(
    account_of: MakeAccount, tmp_path: Path, fault: str
) -> None:
    blamed: set[str] = set()
    for n, (settings, real) in enumerate(((ACCEPTS, True), (LONG, False))):
        account = account_of(settings=settings, parts=FAULTS[fault].parts)
        account.folder = tmp_path / f"{n}"
        account.folder.mkdir()
        if real:
            with_events(account)
        result = run_on(account, events_are_real=real, statement=LISTED)
        blamed |= {one.clause for one in result.findings}
        if blamed & set(FAULTS[fault].clauses):
            return
    pytest.fail(f"blamed: {blamed}")


LEGAL = (
    "reference",
    "L8l-lags",
    "E1c-avoided",
    "E1x-executing",
    "E5-accept",
    "L13-absent",
    "combination-1",
    "combination-4",
)


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        pytest.param(
            name, declared, id=f"{name} {'listed' if declared else ''}".strip()
        )
        for name in LEGAL
        for declared in ({}, LISTED)
        if not declared or variants(LONG)[name].tasks == "listed"
    ],
)
@pytest.mark.parametrize("ending", ["succeed", "fail"])
def test_a_legal_variant_is_accused_of_nothing(
    account_of: MakeAccount, name: str, ending: Any, declared: dict[str, Any]
) -> None:
    base = variants(LONG)[name]
    choice: EmulatorSettings = replace(
        base, default_outcome=ending, read_lag_seconds=20.0
    )
    account = with_events(account_of(settings=choice))
    statuses = [status for status, _ in account.shown().values()]
    lag = 20.0 if base.reads == "lags" else 0.0
    run = account.begin(
        account.settings(statement={"read_lag_seconds": lag, **declared})
    )
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        result = run.result([], complete=True)
    assert (result.findings, result.problems) == ((), ())
    assert [status for status, _ in account.shown().values()] == statuses

"""The suite on trial: faults are caught under their clauses, and the command says so.

Every fault and every legal variant is tried by ``redeploy-conformance selftest``, and by CI beside these
tests, but for the late faults, of which each has a case of its own in ``test_late_faults.py``.
"""

import subprocess
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from warm import warm

from redeploy_conformance.cli import main
from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.faults.registry import REGISTERED, Fault
from redeploy_conformance.finding.investigate import perform_case
from redeploy_conformance.finding.touring import perform_tour
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.results.conclude import CONSISTENT
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.trial import trial as trial_module
from redeploy_conformance.trial.selftest import line, sound, summary, trials
from redeploy_conformance.trial.trial import Trial, try_fault
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part


def test_the_catalogue_is_large_and_covers_every_required_clause(
    contract: Contract,
) -> None:
    assert len(FAULTS) >= 180
    required = {one.id for one in contract.clauses if one.required}
    missing = required - {clause for one in FAULTS.values() for clause in one.clauses}
    assert not missing, (
        f"no fault breaks {', '.join(sorted(missing))}: add one in faults/"
    )


def test_what_should_go_one_way_has_a_fault_that_wavers(contract: Contract) -> None:
    faults = {clause for one in FAULTS.values() for clause in one.clauses}
    missing = sorted(CONSISTENT - faults)
    assert not missing, f"no fault wavers in {', '.join(missing)}: add one in faults/"


DEEP = {
    "wrong only on the second redeploy": "second-success-ends-stopped",
    "wrong only on the third": "third-redeploy-keeps-the-host",
    "only after a failed one": "same-host-after-an-earlier-failure",
    "only with two events open": "two-events-refused",
    "only for Stopped with ForceStop": "forced-stopped-refused",
    "only when two preconditions are violated": "two-problems-cancel-each-other",
    "a lost update under concurrency": "rejection-undoes-the-other-call",
    "a stale read": "read-goes-back-after-the-end",
    "a RequestId reused after n calls": "request-id-reused-much-later",
    "an event closed late": "event-closed-an-hour-late",
    "a lock forgotten after a redeploy": "security-lock-forgotten-after-a-redeploy",
    "quota counted per instance": "quota-per-instance",
    "quota never recovering": "quota-never-recovers",
    "a wildcard matched too widely": "wildcard-matches-too-much",
    "a refused call that takes effect later": "rejected-call-takes-effect-later",
    "a throttled one": "throttled-call-takes-effect-later",
    "a forged one": "forged-call-takes-effect-later",
}


@pytest.mark.parametrize("fault", DEEP.values(), ids=list(DEEP))
def test_a_fault_that_only_a_history_or_a_combination_shows_is_caught(
    fault: str,
) -> None:
    trial = try_fault(fault)
    assert trial.caught, line(True, trial)


MISSED = Trial("x", ("A1",), None, "")
WRONG = Trial("x", ("A1",), "A2", "case")
RIGHT = Trial("x", ("A1",), "A1", "case", requests=9)
ALARM = Trial("v", (), "L3", "case")


@pytest.mark.parametrize(
    ("done", "good"),
    [
        ([(True, RIGHT)], True),
        ([(True, RIGHT), (True, MISSED)], False),
        ([(True, WRONG)], False),
        ([(False, Trial("v", (), None, ""))], True),
        ([(False, ALARM)], False),
    ],
)
def test_one_miss_one_wrong_blame_or_one_alarm_fails(
    done: list[tuple[bool, Trial]], good: bool
) -> None:
    assert sound(done) is good
    words = [line(*one) for one in done]
    assert any(
        word.startswith(("MISSED", "MISATTRIBUTED", "FALSE ALARM")) for word in words
    ) is (not good)
    assert summary(done)


def test_through_the_command() -> None:
    run = subprocess.run(
        [*warm(), "selftest", "security-lock-ignored", "deny-ignored"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0
    assert "2 of 2 faults caught" in run.stdout
    bad = subprocess.run(
        [*warm(), "selftest", "no-such-fault"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert bad.returncode == 2
    assert bad.stderr.strip().endswith(
        "there is no fault and no variant 'no-such-fault'"
    )


def one_by_one(*names: str) -> tuple[int, list[str]]:
    """Run the command in this process; return its exit code and the first words of its lines."""
    came = CliRunner().invoke(main, ["selftest", "-n", "1", *names])
    return came.exit_code, [text.split(" ")[0] for text in came.output.splitlines()]


def test_a_planted_fault_that_breaks_nothing_is_told_as_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harmless = Fault("planted", "It breaks nothing.", ("A3",), Parts())
    monkeypatch.setitem(REGISTERED, "planted", harmless)
    code, words = one_by_one("planted")
    assert (code, words[0]) == (1, "MISSED")


def test_a_planted_fault_of_another_clause_is_told_as_misattributed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = replace(FAULTS["security-lock-ignored"], id="planted", clauses=("D2",))
    monkeypatch.setitem(REGISTERED, "planted", other)
    code, words = one_by_one("planted", "expired-accepted")
    assert (code, words[:3]) == (1, ["MISATTRIBUTED", "caught", "1"])


def test_a_planted_variant_that_is_not_legal_is_told_as_a_false_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted = {"planted": Settings(quota=499)}
    monkeypatch.setattr("redeploy_conformance.trial.trial.variants", lambda: planted)
    monkeypatch.setattr(
        "redeploy_conformance.emulator.variants.variants", lambda: planted
    )
    code, words = one_by_one("planted")
    assert (code, words[0]) == (1, "FALSE")


def test_three_thirds_are_the_whole_plan(
    monkeypatch: pytest.MonkeyPatch, contract: Contract
) -> None:
    """Of legal variants each does one, and its neighbours do the others."""
    done: list[list[str]] = []

    def begin(*parts: Any) -> Any:
        done.append([])
        return perform_tour(*parts)

    def perform(bench: Bench, label: str, case: Case) -> Any:
        done[-1].append(label)
        return perform_case(bench, label, case)

    few = plan(contract)[-40:-20]
    monkeypatch.setattr(trial_module, "plan", lambda _: few)
    monkeypatch.setattr(trial_module, "perform_tour", begin)
    monkeypatch.setattr(trial_module, "perform_case", perform)
    legal = ["reference", "A10-accept", "L4f-new"]
    came = list(trials((), legal, 1, walks=False, thirds=True))
    assert [broken or trial.alarmed for broken, trial in came] == [False] * 3
    assert max(map(len, done)) - min(map(len, done)) <= 1
    every = [name(contract, one) for one in few if possible(one, frozenset(Part))]
    assert sorted(one for part in done for one in part) == sorted(every)

"""A run that is killed at one telling place, and what whoever goes on with it owes the owner."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.staging.journal import Journal
from redeploy_conformance.staging.running import Staging
from redeploy_schemas.records import Result

from .conftest import ACCEPTS, LONG, Account, MakeAccount, passed

Line = Mapping[str, Any]
LATE = replace(
    variants(LONG)["L8l-lags"],
    read_lag_seconds=20.0,
    no_event="accept",
    simulated_only="accept",
)
"""Looks show what was 20 seconds ago."""
SAID = {"read_lag_seconds": 20.0}
LAUNCH = {"InstanceType": "ecs.g6.large", "ImageId": "img"}


class KilledError(BaseException):
    """The process is no more."""


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Staging, Any], None]:
    """Carry a run out, and kill it after the first line of its journal that fits."""

    def kill(run: Staging, fits: Callable[[Line], bool]) -> None:
        append = Journal.append

        def deadly(self: Journal, line: str, **fields: Any) -> dict[str, Any]:
            document = append(self, line, **fields)
            if fits(document):
                raise KilledError
            return document

        plan = run.plan()
        with monkeypatch.context() as patch, run.journal:
            patch.setattr(Journal, "append", deadly)
            with pytest.raises(KilledError):
                run.carry_out(plan)

    return kill


Kill = Callable[[Staging, Callable[[Line], bool]], None]


def gone_on(account: Account) -> Result:
    run = account.go_on()
    with run.journal:
        run.carry_out(run.plan())
        left = run.restore()
        assert left == []
        assert run.past.redeploys <= run.settings.redeploys
        return run.result(left, complete=True)


def write(action: str, nth: int = 1) -> Callable[[Line], bool]:
    """The moment before the nth request of a kind leaves."""
    asked: list[int] = []

    def fits(line: Line) -> bool:
        asked.extend([line["number"]] if line.get("action") == action else [])
        return len(asked) == nth

    return fits


def answer(action: str, nth: int = 1) -> Callable[[Line], bool]:
    """The moment after its answer came."""
    left = write(action, nth)
    return lambda line: left(line) and line["line"] == "answer"


def test_a_stop_under_way_is_waited_for_though_looks_are_late(
    account_of: MakeAccount, killed: Kill
) -> None:
    account = account_of(settings=LATE)
    before = account.shown()
    (_, stopped, _) = before
    wanted = account.settings(
        instances=(stopped,), tag=None, clauses=("E4", "L12"), statement=SAID
    )
    killed(account.begin(wanted), answer("StopInstance"))
    result = gone_on(account)
    assert result.findings == ()
    assert passed(result) >= {"E4", "L12"}
    assert account.shown() == before


def test_a_redeploy_of_the_instance_that_the_run_made_is_waited_for_too(
    account_of: MakeAccount, killed: Kill
) -> None:
    account = account_of(count=1, settings=LATE)
    before = account.shown()
    wanted = account.settings(launch=LAUNCH, clauses=("A15",), statement=SAID)
    killed(account.begin(wanted), answer("RedeployInstance", nth=2))
    *_, made = account.double.account.instances.values()
    assert made.status == "Stopping"
    result = gone_on(account)
    assert (result.findings, result.problems) == ((), ())
    assert "A15" in passed(result)
    assert account.shown() == before


@pytest.mark.parametrize("at", [write, answer])
@pytest.mark.parametrize("action", ["CreateSimulatedSystemEvents", "RedeployInstance"])
def test_a_simulated_event_of_a_case_that_was_cut_is_canceled_and_the_case_done_again(
    account_of: MakeAccount, killed: Kill, action: str, at: Callable[[str], Any]
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    before = account.shown()
    killed(account.begin(account.settings(clauses=("E4",))), at(action))
    result = gone_on(account)
    assert (result.findings, result.problems) == ((), ())
    assert "E4" in passed(result)
    assert account.shown() == before


def test_where_the_budget_does_not_reach_to_do_it_again_that_is_said(
    account_of: MakeAccount, killed: Kill
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    before = account.shown()
    wanted = account.settings(clauses=("L2",), redeploys=2)
    assert account.begin(wanted).plan().redeploys == 2
    account.journal.unlink()
    killed(account.begin(wanted), answer("RedeployInstance"))
    result = gone_on(account)
    (why,) = [one.reason for one in result.clauses if one.id == "L2"]
    assert why == (
        "the 2 redeploys allowed cannot reach it; "
        "spent so far: 1, also on what was cut short"
    )
    assert result.exit_code == 3
    assert account.shown() == before


def test_a_violation_is_kept_though_the_run_dies_while_it_tidies_up(
    account_of: MakeAccount, killed: Kill
) -> None:
    parts: Parts = FAULTS["simulated-event-closed"].parts
    account = account_of(count=1, settings=ACCEPTS, parts=parts)
    run = account.begin(account.settings(clauses=("E4",)))
    killed(run, write("CancelSimulatedSystemEvents"))
    again = account.go_on()
    with again.journal:
        result = again.result([], complete=False)
    assert [one.clause for one in result.findings] == ["E4"]


def names(report: CaseReport) -> list[str]:
    """The clauses that a case held."""
    return [row[0] for row in report.to_json()["ledger"]["held"]]


def test_an_instance_without_a_case_stands_by_while_another_is_redeployed(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=2, settings=ACCEPTS)
    run = account.begin(account.settings(clauses=("L2",)))
    with run.journal:
        plan = run.plan()
        assert sorted(len(lane.cases) for lane in plan.lanes) == [0, 1]
        run.carry_out(plan)
        assert run.restore() == []
    (report,) = run.past.reports
    assert "L9" in names(report)


def test_the_instance_that_the_run_made_stands_by_after_its_case_is_over(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    run = account.begin(account.settings(launch=LAUNCH, clauses=("A15",)))
    with run.journal:
        run.carry_out(run.plan())
    lines = account.journal.read_text().splitlines(keepends=True)
    cut = [one for one in lines if '"name": "A15-as-found' not in one]
    assert len(cut) == len(lines) - 1
    account.journal.write_text("".join(cut))
    again = account.go_on()
    with again.journal:
        again.carry_out(again.plan())
        assert again.restore() == []
    (report,) = [one for one in again.past.reports if "as-found" in one.name]
    assert "L9" in names(report)


def test_what_a_redeploy_does_to_an_instance_that_stands_by_is_a_violation(
    account_of: MakeAccount,
) -> None:
    parts: Parts = FAULTS["neighbour-stopped"].parts
    account = account_of(count=2, settings=ACCEPTS, parts=parts)
    run = account.begin(account.settings(clauses=("L2",)))
    with run.journal:
        run.carry_out(run.plan())
        result = run.result(run.restore(), complete=True)
    assert [one.clause for one in result.findings] == ["L9"]


def test_of_two_instances_that_is_not_said(account_of: MakeAccount) -> None:
    account = account_of(count=2)  # calls without an event are refused
    run = account.begin(account.settings(clauses=("L2",)))
    with run.journal:
        run.carry_out(run.plan())
        result = run.result(run.restore(), complete=True)
    (gap,) = [one for one in result.clauses if one.id == "L9"]
    assert gap.reason == "what it needs did not come about on these instances"


@pytest.mark.parametrize("most", [1, 40])
def test_of_a_single_instance_it_is_said_what_the_frame_needs(
    account_of: MakeAccount, most: int
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    run = account.begin(account.settings(clauses=("L1", "L2"), redeploys=most))
    with run.journal:
        run.carry_out(run.plan())
        result = run.result(run.restore(), complete=True)
    (gap,) = [one for one in result.clauses if one.id == "L9"]
    assert gap.reason == (
        "it shows on one instance while another is redeployed, and there was but one"
    )
    assert "--launch" in str(gap.remedy)

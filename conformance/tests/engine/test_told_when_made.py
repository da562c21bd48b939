"""What the control plane told or did, and is not so: the blame is its own (S1), not a redeploy's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.control_parts import (
    ControlError,
    ControlParts,
    Reply,
)
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Principal
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.planning.steps import (
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Release,
    Settle,
    Step,
)
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
STEPS = (
    Create("i1", (("storage", "local"),), (REBOOT,), ending="fail"),
    Redeploy("i1", force=False),
    Settle(),
)


class TellsOtherwise(ControlParts):
    """Tells of instances made what inspection does not show."""

    other: ClassVar[dict[str, object]]

    def add_instances(self, asked: Any) -> Reply:
        status, fields = super().add_instances(asked)
        rows: Any = fields["instances"]
        told = [{**one, "inspect": {**one["inspect"], **self.other}} for one in rows]
        return status, {"instances": told}


class OtherHost(TellsOtherwise):
    """Has not decided yet where."""

    other: ClassVar[dict[str, object]] = {"host": "to be decided"}


class OtherData(TellsOtherwise):
    """Has not made the disk yet."""

    other: ClassVar[dict[str, object]] = {"local_data": "to be made"}


class OtherInstance(TellsOtherwise):
    """Tells of one that nobody made."""

    other: ClassVar[dict[str, object]] = {"instance_id": "i-other"}


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        (OtherHost, "as its host to be decided, and GET instances shows"),
        (OtherData, "as its local_data to be made, and GET instances shows"),
        (OtherInstance, "told of i-other"),
    ],
)
def test_it_is_not_a_redeploy_that_is_blamed(
    bench_of: Callable[..., Bench], parts: type[ControlParts], what: str
) -> None:
    emulator = Emulator(parts=replace(Parts(), control=parts))
    run = perform(bench_of(emulator), STEPS, Ledger())
    assert ([one.clause for one in run.violations], run.problem) == (["S1"], None)
    assert what in run.violations[0].observed


def test_an_answer_judged_by_what_was_told_blames_no_redeploy_either(
    contract: Contract, bench_of: Callable[..., Bench]
) -> None:
    label = "A2-status forced calls all the way, begun Running, will fail"
    (case,) = (one for one in plan(contract) if name(contract, one) == label)
    bench = bench_of(FAULTS["told-other-than-inspected"].build())
    run = perform(bench, case.steps, Ledger())
    assert [one.clause for one in run.violations] == ["S1"]


def test_where_it_was_true_the_redeploy_is_to_blame(
    bench_of: Callable[..., Bench],
) -> None:
    emulator = FAULTS["failure-changes-host"].build()
    run = perform(bench_of(emulator), STEPS, Ledger())
    assert [one.clause for one in run.violations] == ["L5"]


class ChangesNothing(ControlParts):
    """Says that it did what it was asked for, and did not."""

    def change_instance(self, asked: Any, instance_id: str) -> Reply:
        return 200, {}

    def release(self, asked: Any, instance_id: str) -> Reply:
        return 200, {}

    def add_event(self, asked: Any, instance_id: str) -> Reply:
        return 201, {"event_id": f"e-{instance_id}"}


LOCKED = Patch("i1", (("lock_reasons", ("security",)),))


@pytest.mark.parametrize(
    "steps",
    [
        (LOCKED, Redeploy("i1")),
        (Redeploy("i1"), LOCKED, Settle()),
        (Release("i1"), Redeploy("i1")),
        (Release("i1"), Look()),
        (Raise("i1", *REBOOT), Look()),
    ],
)
@pytest.mark.parametrize("lag", [0.0, None])
def test_a_change_that_was_not_made_is_no_violation_of_a_redeploy(
    bench_of: Callable[..., Bench], steps: tuple[Step, ...], lag: float | None
) -> None:
    emulator = Emulator(parts=replace(Parts(), control=ChangesNothing))
    made = Create("i1", (), (REBOOT,), ending="succeed")
    run = perform(bench_of(emulator, read_lag_seconds=lag), (made, *steps), Ledger())
    assert ([one.clause for one in run.violations], run.problem) == (["S1"], None)
    assert "made and changed alike" in run.violations[0].observed
    assert run.violations[0].key == "i1"
    assert run.violations[0].instead == ()


class LateReads(Observations):
    """Shows locks as they were ten seconds ago, and an instance for as long after its release."""

    def instances(self, call: Call, principal: Principal) -> dict[str, object]:
        shown = super().instances(call, principal)
        at, asked = principal.account.clock.now, call.params.get("InstanceIds", "")
        past = self.__dict__.setdefault("past", {}).setdefault(asked, [])
        past.append((at, shown))
        return next(rows for then, rows in past if then > at - 10.0 or rows is shown)


@pytest.mark.parametrize("change", [LOCKED, Release("i1")])
def test_what_shows_late_though_no_read_is_declared_to_be_late_is_told_as_that(
    bench_of: Callable[..., Bench], change: Step
) -> None:
    emulator = Emulator(parts=replace(Parts(), observations=LateReads))
    steps = (Create("i1", (), (REBOOT,)), change, Look())
    run = perform(bench_of(emulator), steps, Ledger())
    [found] = run.violations
    assert (found.clause, found.instead) == ("S1", ("L8l",))
    assert found.observed.startswith(
        "reads are late, though declared not to be: an instance changed alike, and never "
        "called, shows only 60 s later another i1's "
    )


@pytest.mark.parametrize(
    ("fault", "change", "clause"),
    [
        ("security-lock-ignored", LOCKED, "A3"),
        ("any-status-accepted", Patch("i1", (("status", "Pending"),)), "A2"),
    ],
)
def test_a_change_that_was_made_is_not_doubted(
    bench_of: Callable[..., Bench], fault: str, change: Patch, clause: str
) -> None:
    made = Create("i1", (), (REBOOT,), ending="succeed")
    steps = (made, change, Redeploy("i1"))
    run = perform(bench_of(FAULTS[fault].build()), steps, Ledger())
    assert [one.clause for one in run.violations] == [clause]
    assert run.done[-1].after.keys() == {"i1"}
    (call, _), *more = run.done[-1].exchanges
    assert not more
    assert "RedeployInstance" in str(call.headers)


class Full(ControlParts):
    """Has room for one instance."""

    def add_instances(self, asked: Any) -> Reply:
        if self.world.instances:
            raise ControlError(409, "There is no room for another instance.")
        return super().add_instances(asked)


class TellsMore(ControlParts):
    """Tells of instances made when it did so, too, which inspection does not show."""

    def add_instances(self, asked: Any) -> Reply:
        status, fields = super().add_instances(asked)
        rows: Any = fields["instances"]
        told = [{**one, "inspect": {**one["inspect"], "at": 5}} for one in rows]
        return status, {"instances": told}


@pytest.mark.parametrize("parts", [Full, TellsMore])
@pytest.mark.parametrize(
    ("fault", "steps", "clause"),
    [
        ("failure-changes-host", STEPS, "L5"),
        ("security-lock-ignored", (STEPS[0], LOCKED, Redeploy("i1")), "A3"),
    ],
)
def test_a_violation_that_cannot_be_doubted_stays(
    bench_of: Callable[..., Bench],
    parts: type[ControlParts],
    fault: str,
    steps: tuple[Step, ...],
    clause: str,
) -> None:
    emulator = Emulator(parts=replace(FAULTS[fault].parts, control=parts))
    run = perform(bench_of(emulator), steps, Ledger())
    assert [one.clause for one in run.violations] == [clause]
    assert run.done[-1].after.keys() == {"i1"}

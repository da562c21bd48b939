"""What POST instances tells of inspection, and is not true: the blame is the control plane's (S1)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from redeploy_conformance.bench import Bench
from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.investigate import perform
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.steps import Create, Redeploy, Settle

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
        (OtherInstance, "told of i-other instead"),
    ],
)
def test_it_is_not_a_redeploy_that_is_blamed(
    bench_of: Callable[..., Bench], parts: type[ControlParts], what: str
) -> None:
    emulator = Emulator(parts=replace(Parts(), control=parts))
    run = perform(bench_of(emulator), STEPS, Ledger())
    assert ([one.clause for one in run.violations], run.problem) == (["S1"], None)
    assert what in run.violations[0].observed


def test_where_it_was_true_the_redeploy_is_to_blame(
    bench_of: Callable[..., Bench],
) -> None:
    emulator = FAULTS["failure-changes-host"].build()
    run = perform(bench_of(emulator), STEPS, Ledger())
    assert [one.clause for one in run.violations] == ["L5"]

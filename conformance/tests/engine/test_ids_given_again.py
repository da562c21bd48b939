"""A control plane that gives an id twice: the blame is its own (S1), not that of a redeploy."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Raise, Redeploy, Settle
from redeploy_conformance.running.bench import Bench

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")


class SameEvent(ControlParts):
    """Calls every event alike."""

    def add_event(self, instance_id: str, asked: Any) -> Reply:
        status, _ = super().add_event(instance_id, asked)
        return status, {"event_id": next(iter(self.world.events))}


class SameInstance(ControlParts):
    """Gives the id of the first instance to each that is made later."""

    def add_instances(self, asked: Any) -> Reply:
        status, fields = super().add_instances(asked)
        rows: Any = fields["instances"]
        first = next(iter(self.world.instances))
        return status, {"instances": [{**one, "instance_id": first} for one in rows]}


@pytest.mark.parametrize(
    ("parts", "what"), [(SameEvent, "event"), (SameInstance, "instance")]
)
def test_an_id_given_twice_is_told_at_once(
    bench_of: Callable[..., Bench], parts: type[ControlParts], what: str
) -> None:
    emulator = Emulator(parts=replace(Parts(), control=parts))
    steps = (
        Create("i1", (), (REBOOT,)),
        Redeploy("i1"),
        Settle(),
        Raise("i1", *REBOOT),
        Create("i2"),
        Redeploy("i1"),
        Settle(),
    )
    run = perform(bench_of(emulator), steps, Ledger())
    assert ([one.clause for one in run.violations], run.problem) == (["S1"], None)
    assert f"a new {what} the id of another" in run.violations[0].observed

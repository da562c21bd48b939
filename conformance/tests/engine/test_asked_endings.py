"""A redeploy that ends, and not as the control plane was asked for, is told as that."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.settings import Outcome
from redeploy_conformance.emulator.state import Instance
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Redeploy, Settle
from redeploy_conformance.running.bench import Bench

EVENT = ("SystemMaintenance.Reboot", "Inquiring")


class Otherwise(Redeploys):
    """Redeploys that end the other way, as where one instance takes up what another was asked for."""

    def outcome(self, instance: Instance) -> Outcome:
        return "succeed" if super().outcome(instance) == "fail" else "fail"


@pytest.mark.parametrize("status", ["Running", "Stopped"])
@pytest.mark.parametrize(
    ("asked", "expected", "came"),
    [("fail", "failure", "success"), ("succeed", "success", "failure")],
)
def test_it_may_be_the_control_plane(
    bench_of: Callable[..., Bench], status: str, asked: str, expected: str, came: str
) -> None:
    emulator = Emulator(parts=replace(Parts(), redeploys=Otherwise))
    made = Create("i1", (("status", status),), (EVENT,), ending=asked)
    steps = (made, Redeploy("i1"), Settle())
    [found] = perform(bench_of(emulator), steps, Ledger()).violations
    assert (found.clause, found.instead) == ("L7", ("S1",))
    assert found.expected == f"i1's end: in {expected}, as was asked for"
    assert found.observed == f"i1's end: in {came}"


def test_one_that_has_not_ended_is_still_told_as_that(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(Emulator(), redeploy_seconds=5.0)
    steps = (Create("i1", (), (EVENT,), ending="fail"), Redeploy("i1"), Settle())
    [found] = perform(bench, steps, Ledger()).violations
    assert (found.clause, found.instead) == ("L7", ())
    assert found.observed == "i1's status: still Stopping"

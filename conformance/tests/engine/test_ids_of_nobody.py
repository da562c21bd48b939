"""The id that stands for no instance: where there is one, only how its id begins."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.bench import Bench
from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.session import ABSENT
from redeploy_conformance.steps import Create, Redeploy, Step


class Counted(Ids):
    """Numbers instances from nine on: the beginning of an id may be another's."""

    made = 8

    def instance_id(self) -> str:
        self.made += 1
        return f"i-{self.made}"


@pytest.mark.parametrize(
    ("steps", "ids"),
    [
        ((Redeploy("i1"),), {"i1": ABSENT}),
        ((Create("i1"), Redeploy("i2")), {"i1": "i-9", "i2": "i-"}),
        (
            (Create("i1"), Redeploy("i2"), Redeploy("i3")),
            {"i1": "i-9", "i2": "i-", "i3": ABSENT},
        ),
    ],
)
def test_it_is_nobodys(
    bench_of: Callable[..., Bench], steps: tuple[Step, ...], ids: dict[str, str]
) -> None:
    session = bench_of(Emulator(parts=replace(Parts(), ids=Counted))).session(Ledger())
    run = session.perform(steps)
    assert (run.violations, run.problem) == ([], None)
    assert session.ids == ids
    assert run.done[-1].observed == "404 InvalidInstanceId.NotFound"

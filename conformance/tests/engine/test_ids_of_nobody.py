"""The ids that stand for no instance: where there is a long one, how its id begins, and it with more."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Redeploy, Step
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import ABSENT

ONE = (Create("i1"), Redeploy("i2"))
TWO = (Create("i1"), Redeploy("i2"), Redeploy("i3"))
THREE = (*TWO, Redeploy("i4"))


class Long(Ids):
    """Numbers instances in ids of the usual length."""

    made = 0

    def instance_id(self) -> str:
        self.made += 1
        return f"i-00000000000{self.made}"


class Counted(Ids):
    """Numbers instances: the beginning of an id is the id of another, of another case's account."""

    made = 0

    def instance_id(self) -> str:
        self.made += 1
        return f"i-{self.made}"


@pytest.mark.parametrize(
    ("ids", "steps", "nobodys"),
    [
        (Long, (Redeploy("i1"),), {"i1": ABSENT}),
        (Long, ONE, {"i2": "i-00000000000"}),
        (Long, TWO, {"i2": "i-00000000000", "i3": "i-0000000000011"}),
        (Long, THREE, {"i3": "i-0000000000011", "i4": ABSENT}),
        (Counted, ONE, {"i2": ABSENT}),
    ],
)
def test_it_is_nobodys(
    bench_of: Callable[..., Bench],
    ids: type[Ids],
    steps: tuple[Step, ...],
    nobodys: dict[str, str],
) -> None:
    bench = bench_of(Emulator(parts=replace(Parts(), ids=ids)))
    for _ in range(12 if ids is Counted else 1):
        session = bench.session(Ledger())
        run = session.perform(steps)
        assert (run.violations, run.problem) == ([], None)
        assert session.ids.items() >= nobodys.items()
        assert run.done[-1].observed == "404 InvalidInstanceId.NotFound"

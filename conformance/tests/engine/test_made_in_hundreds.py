"""Whoever makes instances slowly is not asked for a whole burst of them at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.validation import problems


def test_many_instances_are_made_a_hundred_at_a_time(
    bench_of: Callable[..., Bench],
) -> None:
    counts = []

    class Counting(ControlParts):
        def add_instances(self, asked: Any) -> Reply:
            assert problems("control/instances-request", asked) == []
            counts.append(len(asked["instances"]))
            return super().add_instances(asked)

    bench = bench_of(Emulator(parts=replace(Parts(), control=Counting)))
    done = perform(bench, (Create("i1", count=201), Create("j1")), Ledger())
    assert (done.violations, done.problem) == ([], None)
    assert counts == [100, 100, 2]

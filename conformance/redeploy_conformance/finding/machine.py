"""Exploration: long and odd histories over several instances at once, drawn by Hypothesis.

The machine only draws steps; executor and oracle are those of the planned cases.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Script,
    Settle,
    Step,
    spec_items,
)
from redeploy_conformance.running.session import Session
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending, Part
from redeploy_strategies.calls import calls
from redeploy_strategies.events import events
from redeploy_strategies.instances import specs
from redeploy_strategies.steering import Seen

NEAR = 4
"""A step is on one of the last few instances that were made, so that histories grow."""
PATCHES: tuple[dict[str, Any], ...] = (
    {"lock_reasons": ()},
    {"lock_reasons": ("security",)},
    {"lock_reasons": ("financial",)},
    {"billing": "current"},
    {"billing": "expired"},
)


class WalkEndedError(BaseException):
    """A walk brought a violation or trouble, and ends at once; its run tells which.

    No ``Exception``, so that Hypothesis does not do the walk again: that would cost as many calls
    once more, and what is seen once counts, whether or not it shows again.
    """


class KeptWalkError(AssertionError):
    """A walk brought a violation, and is to be kept: Hypothesis keeps only what fails a test."""


def steps(
    contract: Contract, parts: frozenset[Part], seen: Seen
) -> st.SearchStrategy[Step]:
    """Draw a step on some instance, whose key is filled in later; calls more often than the rest."""
    made = specs(contract, seen).map(_create)
    call = calls(contract, seen, principals=Part.PRINCIPALS in parts).map(
        lambda special: Redeploy("", **special)
    )
    kinds: list[st.SearchStrategy[Step]] = [call, call, call, call, made, made]
    passing = st.sampled_from((1.0, 10.0, 30.0, 61.0)).map(Advance)
    kinds += [passing, passing, st.just(Settle())]
    kinds.append(st.sampled_from(PATCHES).map(lambda spec: Patch("", spec_items(spec))))
    if Part.OUTCOMES in parts:
        kinds.append(st.sampled_from(Ending).map(lambda one: Script("", one.value)))
    if Part.EVENTS in parts:
        kinds.append(events(contract, seen).map(lambda pair: Raise("", *pair)))
    return st.one_of(kinds)


def _create(spec: dict[str, Any]) -> Create:
    rest = {name: value for name, value in spec.items() if name != "events"}
    return Create("", spec_items(rest), tuple(spec["events"]))


def explorer(
    contract: Contract,
    parts: frozenset[Part],
    seen: Seen,
    begin: Callable[[], Session],
    *,
    kept: bool,
) -> type[RuleBasedStateMachine]:
    """Return a machine whose walks each begin a session of their own.

    They are steered towards what was ``seen`` least before; within a run of the machine the weights
    stay the same, since Hypothesis asks for that.
    """

    class Explorer(RuleBasedStateMachine):
        """Walks over create, call, look, time and change.

        There is one rule, since of several Hypothesis leaves some out of each walk: without calls
        a walk shows nothing.
        """

        def __init__(self) -> None:
            super().__init__()
            self.session = begin()
            self.count = 0

        def do(self, step: Step) -> None:
            self.session.do(step)
            run = self.session.run
            if run.violations and kept:
                raise KeptWalkError
            if run.violations or run.problem is not None:
                raise WalkEndedError

        @initialize(made=specs(contract, seen).map(_create))
        def first(self, made: Create) -> None:
            self.count = 1
            self.do(replace(made, key="i1"))

        @rule(
            step=steps(contract, parts, seen),
            which=st.integers(0, NEAR - 1),
            look=st.booleans(),
        )
        def go_on(self, step: Step, which: int, look: bool) -> None:
            if isinstance(step, Create):
                self.count += 1
                which = 0
            if isinstance(step, Create | Redeploy | Script | Raise | Patch):
                step = replace(step, key=f"i{self.count - which % self.count}")
            self.do(step)
            if isinstance(step, Advance) or (isinstance(step, Redeploy) and look):
                self.do(Look())

        def teardown(self) -> None:
            if not self.session.run.violations and not self.session.run.problem:
                self.do(Settle())

    return Explorer

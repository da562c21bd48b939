"""Exploration: long and odd histories over several instances at once, drawn by Hypothesis.

The machine only draws steps; executor and oracle are those of the planned cases.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from redeploy_conformance.session import Session
from redeploy_conformance.steps import (
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
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending, Part
from redeploy_strategies.calls import calls
from redeploy_strategies.events import events
from redeploy_strategies.instances import specs
from redeploy_strategies.steering import Seen

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


def explorer(
    contract: Contract,
    parts: frozenset[Part],
    seen: Seen,
    begin: Callable[[], Session],
    *,
    kept: bool = False,
) -> type[RuleBasedStateMachine]:
    """Return a machine whose walks each begin a session of their own.

    They are steered towards what was ``seen`` least before; within a run of the machine the weights
    stay the same, since Hypothesis asks for that.
    """

    class Explorer(RuleBasedStateMachine):
        """Walks over create, call, look, time and change."""

        instances: Bundle[str] = Bundle("instances")

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

        def create(self, spec: dict[str, Any]) -> str:
            self.count += 1
            key = f"i{self.count}"
            raised = tuple(spec["events"])
            rest = {name: value for name, value in spec.items() if name != "events"}
            self.do(Create(key, spec_items(rest), raised))
            return key

        @initialize(target=instances, spec=specs(contract, seen))
        def first(self, spec: dict[str, Any]) -> str:
            return self.create(spec)

        @rule(target=instances, spec=specs(contract, seen))
        def another(self, spec: dict[str, Any]) -> str:
            return self.create(spec)

        @rule(
            key=instances,
            call=calls(contract, seen, principals=Part.PRINCIPALS in parts),
            look=st.booleans(),
        )
        def redeploy(self, key: str, call: dict[str, Any], look: bool) -> None:
            self.do(Redeploy(key, **call))
            if look:
                self.do(Look())

        @rule(seconds=st.sampled_from((1.0, 10.0, 30.0, 61.0)))
        def advance(self, seconds: float) -> None:
            self.do(Advance(seconds))
            self.do(Look())

        @rule()
        def settle(self) -> None:
            self.do(Settle())

        if Part.OUTCOMES in parts:

            @rule(key=instances, ending=st.sampled_from(Ending))
            def script(self, key: str, ending: Ending) -> None:
                self.do(Script(key, ending.value))

        if Part.EVENTS in parts:

            @rule(key=instances, event=events(contract, seen))
            def raise_event(self, key: str, event: tuple[str, str]) -> None:
                self.do(Raise(key, *event))

        @rule(key=instances, change=st.sampled_from(PATCHES))
        def patch(self, key: str, change: dict[str, Any]) -> None:
            self.do(Patch(key, spec_items(change)))

        def teardown(self) -> None:
            if not self.session.run.violations and not self.session.run.problem:
                self.do(Settle())

    return Explorer

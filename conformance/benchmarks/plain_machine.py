"""A plain rule-based machine, as one would write it with Hypothesis alone.

Few rules, values drawn as they come, everything looked at after each call. The judge is the suite's own
oracle, so that only generation and shrinking are compared.
"""

import time
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Script,
    Step,
    spec_items,
)
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run
from redeploy_schemas.contract import Attribute, Contract
from redeploy_schemas.vocabulary import Ending

DERIVED = ("exists", "in_flight")
EXAMPLES = 10_000
"""More than any budget allows: the budget ends it."""


class SpentError(BaseException):
    """The budget is spent. No Exception, so that Hypothesis takes it for no failure."""


class BrokenError(AssertionError):
    """A clause is broken."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may cost."""

    requests: int
    seconds: float


class Plain:
    """One machine on one bench: how far it came, and what it found.

    ``requests`` led to the first violation, ``shrinking`` came after it until the trace was as
    short as ``length`` steps.
    """

    def __init__(self, bench: Bench) -> None:
        """Begin with nothing found."""
        self.bench = bench
        self.clause: str | None = None
        self.requests = 0
        self.length = 0
        self.most, self.until = 0, 0.0

    @property
    def shrinking(self) -> int:
        """Requests after the first violation."""
        return self.bench.api.requests - self.requests

    def run(self, budget: Budget, number: int) -> None:
        """Walk until a violation is found and shrunk; each of the two has the whole budget."""
        self.budget = budget
        self._allow()
        machine = seed(number)(_machine(self))
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=EXAMPLES,
                    deadline=None,
                    database=None,
                    print_blob=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except (BrokenError, SpentError, Flaky):
            return

    def _allow(self) -> None:
        self.most = self.bench.api.requests + self.budget.requests
        self.until = time.monotonic() + self.budget.seconds

    def spent(self) -> bool:
        """Whether the budget is spent."""
        return self.bench.api.requests > self.most or time.monotonic() > self.until

    def note(self, run: Run) -> None:
        """Keep what a violation cost to find, and how long its shortest trace is by now."""
        if self.clause is None:
            self.clause = run.violations[0].clause
            self.requests = self.bench.api.requests
            self.length = len(run.done)
            self._allow()
        self.length = min(self.length, len(run.done))


def values(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Draw a value of one attribute, its default or any."""
    if attribute.is_set:
        return st.just([]) | st.lists(st.sampled_from(attribute.values), unique=True)
    return st.just(attribute.default) | st.sampled_from(attribute.values)


def specs(contract: Contract) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an instance: any attribute at any value; a local disk only where there are some."""
    free = {
        one.name: values(one) for one in contract.attributes if one.name not in DERIVED
    }

    def sound(spec: dict[str, Any]) -> dict[str, Any]:
        if spec.get("storage") != "local":
            spec.pop("local_disk", None)
        return spec

    return st.fixed_dictionaries({}, optional=free).map(sound)


def events(contract: Contract) -> st.SearchStrategy[tuple[str, str]]:
    """Draw a row of the table, or any type with any status."""
    table = [(row.type, status) for row in contract.events for status in row.statuses]
    types = [*(row.type for row in contract.events), *contract.unlisted_event_types]
    every = (*contract.open_event_statuses, *contract.final_event_statuses)
    anything = st.tuples(st.sampled_from(sorted(set(types))), st.sampled_from(every))
    return st.sampled_from(table) | anything


def calls(contract: Contract) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a call: ForceStop or not, malformed, forged, or by a caller with a policy."""
    plain = st.fixed_dictionaries({"force": st.sampled_from((None, True, False))})
    return st.one_of(
        plain,
        plain,
        plain,
        st.sampled_from([{"malformed": row.name} for row in contract.malformed]),
        st.sampled_from([{"forgery": row.name} for row in contract.forgeries]),
        st.sampled_from([{"policy": row.name} for row in contract.policy_cases]),
    )


def _machine(plain: Plain) -> type[RuleBasedStateMachine]:
    bench, contract = plain.bench, plain.bench.contract

    class Machine(RuleBasedStateMachine):
        """Create, call, change, let time go by; look each time."""

        instances: Bundle[str] = Bundle("instances")

        def __init__(self) -> None:
            super().__init__()
            try:
                self.session = bench.session(Ledger())
            except SetUpError as error:
                raise SpentError from error
            self.count = 0

        def do(self, *steps: Step) -> None:
            for step in steps:
                if plain.spent():
                    raise SpentError
                self.session.do(step)
                if self.session.run.violations:
                    plain.note(self.session.run)
                    raise BrokenError(plain.clause)
                if self.session.run.problem is not None:
                    raise SpentError

        @rule(
            target=instances,
            spec=specs(contract),
            raised=st.lists(events(contract), max_size=3),
        )
        def create(self, spec: dict[str, Any], raised: list[tuple[str, str]]) -> str:
            self.count += 1
            key = f"i{self.count}"
            self.do(Create(key, spec_items(spec), tuple(raised)))
            return key

        @rule(key=instances, call=calls(contract))
        def redeploy(self, key: str, call: dict[str, Any]) -> None:
            self.do(Redeploy(key, **call), Look())

        @rule(key=instances, event=events(contract))
        def raise_event(self, key: str, event: tuple[str, str]) -> None:
            self.do(Raise(key, *event))

        @rule(key=instances, ending=st.sampled_from(Ending))
        def script(self, key: str, ending: Ending) -> None:
            self.do(Script(key, ending.value))

        @rule(
            key=instances,
            billing=st.sampled_from(("current", "expired", "in-arrears")),
        )
        def change(self, key: str, billing: str) -> None:
            self.do(Patch(key, spec_items({"billing": billing})))

        @rule(seconds=st.floats(min_value=0.5, max_value=120.0))
        def advance(self, seconds: float) -> None:
            self.do(Advance(seconds), Look())

    return Machine

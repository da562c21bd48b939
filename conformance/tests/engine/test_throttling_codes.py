"""The page names no code for a throttled call: whichever it is, it is a choice, and told as one (Q4c)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.limiter import Limiter
from redeploy_conformance.finding.investigate import perform_case
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World
from redeploy_conformance.planning.planner import plan
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

RULES = Rules(bound=60.0, lags=False, stepped=True)
EVENT = Event("e-1", "SystemMaintenance.Reboot", "Inquiring")
DEDICATED = World(tenancy="dedicated-host", events=(EVENT,))
ELSE = "OperationDenied.Else"


@pytest.mark.parametrize(
    ("status", "code", "clauses"),
    [
        (403, "Forbidden.RateLimit", set()),
        (400, "RequestLimitExceeded", set()),
        (429, "TooManyRequests", set()),
        (403, "", {"Q4"}),
        (403, "InstanceLockedForSecurity", {"A8"}),
    ],
)
def test_a_code_of_its_own_is_a_choice(
    bench_of: Callable[..., Bench],
    contract: Contract,
    status: int,
    code: str,
    clauses: set[str],
) -> None:
    class Other(Limiter):
        def refusal(self) -> ApiError:
            return ApiError(status, code, "Too many calls.")

    bench = bench_of(Emulator(parts=replace(Parts(), limiter=Other)))
    burst = next(one for one in plan(contract) if "Q4" in one.clauses)
    report, run = perform_case(bench, "burst", burst)
    assert {one.clause for one in run.violations} >= clauses
    assert bool(run.violations) is bool(clauses)
    if not clauses:
        told = {word for name, word in report.ledger.told if name == "Q4c"}
        assert told == {f"{status} {code}"}
        assert {"Q2", "Q4", "Q5"} <= {clause for clause, _ in report.ledger.held}


def full(contract: Contract, calls: int, world: World) -> Oracle:
    """Return an oracle of two instances, and of so many calls accepted on others at 0 s."""
    oracle = Oracle(contract, RULES)
    for n in range(calls):
        oracle.add(f"o{n}", "a1", World(events=(EVENT,)))
        accepted = Reply(Kind.ACCEPTED, 200, request_id=f"R-{n}", task_id=f"t-{n}")
        assert oracle.answered(f"o{n}", Call(), accepted, 0.0) == []
    oracle.add("i1", "a1", world)
    return oracle


REJECTED = Reply(Kind.REJECTED, 403, ELSE, "words", "R")


@pytest.mark.parametrize(
    ("calls", "world", "call", "clause"),
    [
        (500, World(events=(EVENT,)), Call(), None),
        (499, World(events=(EVENT,)), Call(), "E1"),
        # Refused for a reason of its own, of which the code is open (A5), or before anything else.
        (500, DEDICATED, Call(), None),
        (500, World(events=(EVENT,)), Call(barred="U4", silence="U4"), None),
    ],
)
def test_it_is_taken_for_throttling_only_where_the_rate_is_reached(
    contract: Contract, calls: int, world: World, call: Call, clause: str | None
) -> None:
    oracle = full(contract, calls, world)
    wrong = oracle.answered("i1", call, REJECTED, 0.0)
    assert [one.clause for one in wrong] == ([clause] if clause else [])
    told = {name for name, _ in oracle.ledger.told}
    assert ("Q4c" in told) is (clause is None and call == Call() and world != DEDICATED)

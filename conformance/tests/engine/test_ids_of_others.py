"""To whoever an id names nothing, it has no lock and no status; that it has no event is true."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.errors import (
    instance_not_found,
    redeploy_not_allowed,
)
from redeploy_conformance.emulator.state import Instance, Principal
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
LOCKED = World(lock_reasons=frozenset({"security"}), events=(EVENT,))
FOREIGN = Call(foreign=True)


def rejected(contract: Contract, code: str) -> Reply:
    row = contract.error_by_code[code]
    text = "words" if row.message == "%s" else row.message
    return Reply(Kind.REJECTED, row.http_status, code, text, "R-1")


@pytest.mark.parametrize(
    ("world", "call", "code"),
    [
        (World(exists=False, events=(EVENT,)), Call(), "IncorrectInstanceStatus"),
        (LOCKED, FOREIGN, "InstanceLockedForSecurity"),
        (World(status="Pending"), FOREIGN, "IncorrectInstanceStatus"),
    ],
)
def test_what_would_be_true_of_an_instance_is_not_right(
    contract: Contract, world: World, call: Call, code: str
) -> None:
    right = ("InvalidInstanceId.NotFound", "InvalidOperation.RedeployInstance")
    for answer, clauses in ((code, ["A1"]), *((one, []) for one in right)):
        oracle = Oracle(contract, RULES)
        oracle.add("i1", "a1", world)
        reply = rejected(contract, answer)
        wrong = oracle.answered("i1", call, reply, 0.0, "a2" if call.foreign else None)
        assert [one.clause for one in wrong] == clauses


class Telling(RedeployCalls):
    """Tells of another account's instance what its own account would be told."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        one = self.world.instances.get(instance_id)
        if one is not None and instance_id not in principal.account.instances:
            raise self.admission.problem(one) or instance_not_found()
        return super().find(principal, instance_id)


class Eventless(RedeployCalls):
    """Looks for an event first, and of an unknown id finds none."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        if instance_id not in principal.account.instances:
            raise redeploy_not_allowed("There are no maintenance events found")
        return super().find(principal, instance_id)


class Cutting(RedeployCalls):
    """Reads as much of an id as its own ids are long."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        mine = principal.account.instances
        known = next((one for one in mine if instance_id.startswith(one)), instance_id)
        return super().find(principal, known)


@pytest.mark.parametrize(
    ("calls", "broken"), [(Telling, {"A1"}), (Cutting, {"A1"}), (Eventless, set())]
)
def test_what_a_run_sees_of_it(
    bench_of: Callable[..., Bench],
    contract: Contract,
    calls: type[RedeployCalls],
    broken: set[str],
) -> None:
    bench = bench_of(Emulator(parts=replace(Parts(), calls=calls)))
    cases = [one for one in plan(contract) if one.clauses[0] == "A1"]
    ran = [perform_case(bench, one.row, one)[1] for one in cases]
    assert {one.clause for run in ran for one in run.violations} == broken

"""What a trace says beside each call: the answers that were right."""

from collections.abc import Callable

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.finding.counterexample import trace
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.blaming import REFUSED, Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Look, Redeploy
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

DENIED = (("Deny", "ecs:*", "*"),)


NOWHERE = ("InvalidInstanceId.NotFound", "InvalidOperation.RedeployInstance")
"""What an id may be refused for that names nothing to its caller: no event is open for it, either."""


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        (Redeploy("i1"), ("accepted",)),
        (Redeploy("i1", policy="nothing granted"), (REFUSED,)),
        (Redeploy("i1", malformed="ForceStop is a word"), (REFUSED,)),
        (Redeploy("i1", malformed="ForceStop is True"), (REFUSED, "accepted")),
        (Redeploy("i1", by="a2"), NOWHERE),
        (Redeploy("i1", statements=DENIED), ()),
    ],
)
def test_what_is_allowed_rests_on_who_calls_and_how(
    contract: Contract,
    bench_of: Callable[..., Bench],
    call: Redeploy,
    allowed: tuple[str, ...],
) -> None:
    made = Create("i1", (), (("SystemMaintenance.Reboot", "Inquiring"),))
    run = perform(bench_of(Emulator()), (made, call, Look()), Ledger())
    assert (run.violations, run.problem) == ([], None)
    told = trace(contract, run, Violation("A1", "", ""))
    assert told[1].allowed == allowed

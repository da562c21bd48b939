"""One caller on two instances: what a policy says of one is not remembered of the other (U2)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.state import Principal
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import plan
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract


@pytest.fixture
def case(contract: Contract) -> Case:
    return next(
        one for one in plan(contract) if one.row.startswith("one caller on two")
    )


class Remembering(Authority):
    """An authority that keeps what it once decided of a caller, whichever instance that was about."""

    kept = (True, False)

    def allows(self, principal: Principal, action: str, resource: str) -> bool:
        known = vars(self).setdefault("known", {})
        who = (id(principal.statements), action)
        decided = super().allows(principal, action, resource)
        if principal.statements is None or decided not in self.kept:
            return known.get(who, decided)
        return known.setdefault(who, decided)


class RememberingYes(Remembering):
    kept = (True,)


@pytest.mark.parametrize("authority", [Remembering, RememberingYes])
def test_a_decision_that_is_remembered_of_another_instance_is_seen(
    bench_of: Callable[..., Bench], case: Case, authority: type[Authority]
) -> None:
    emulator = Emulator(parts=replace(Parts(), authority=authority))
    [found] = perform(bench_of(emulator), case.steps, Ledger()).violations
    assert found.clause == "U2"


def test_it_accuses_nobody_else(bench_of: Callable[..., Bench], case: Case) -> None:
    ledger = Ledger()
    run = perform(bench_of(Emulator()), case.steps, ledger)
    assert (run.violations, run.problem) == ([], None)
    assert ledger.times("U2") == 3


def test_who_speaks_of_an_instance_that_is_not_there_is_refused(
    bench_of: Callable[..., Bench], case: Case
) -> None:
    """As where steps are left out to find fewer that show the same."""
    steps = case.steps[1:3]
    run = perform(bench_of(Emulator()), steps, Ledger())
    assert (run.violations, run.problem) == ([], None)

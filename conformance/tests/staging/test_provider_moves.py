"""The provider moves an instance by an event of its own, while a run is at work on it."""

import pytest

from redeploy_conformance.emulator.state import Instance

from .conftest import ACCEPTS, LISTED, MakeAccount, run_on

RECLAIMED = "Instance:PreemptibleInstanceInterruption"


@pytest.mark.parametrize("kind", ["SystemFailure.Reboot", "InstanceExpiration.Stop"])
def test_what_an_event_moved_right_after_a_success_accuses_no_task_of_it(
    account_of: MakeAccount, kind: str
) -> None:
    account = account_of(count=1, settings=ACCEPTS)
    world = account.double.world
    one = next(iter(account.double.account.instances.values()))

    def stopped() -> None:
        world.add_event(one, kind, "Executing")
        one.place("Stopped")

    world.clock.later(151.0, stopped)  # a redeploy takes 150
    result = run_on(account, clauses=("A15",), statement=LISTED)
    assert result.findings == ()
    [told] = [one.text for one in result.problems if one.case != "restore"]
    assert f"the provider moved it meanwhile: {kind} Executing" in told


@pytest.mark.parametrize("at", [3.0, 50.0, 200.0, 400.0])
def test_what_the_provider_has_begun_to_take_back_is_not_taken_again(
    account_of: MakeAccount, at: float
) -> None:
    account = account_of(settings=ACCEPTS)
    world = account.double.world
    one: Instance = next(iter(account.double.account.instances.values()))

    def locked() -> None:
        one.lock_reasons = ("recycling",)
        world.add_event(one, RECLAIMED, "Executing")
        world.clock.later(300.0, lambda: world.release(one))

    world.clock.later(at, locked)
    result = run_on(account, statement=LISTED)
    assert result.findings == ()
    told = " ".join(x.text for x in result.problems)
    assert (
        f"{one.instance_id} is left alone: the provider is about to release it" in told
    )


def test_an_instance_that_an_event_moves_since_the_plan_is_not_taken(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1)
    one = next(iter(account.double.account.instances.values()))
    run = account.begin(account.settings(clauses=("A1",)))
    with run.journal:
        plan = run.plan()
        account.double.world.add_event(one, "SystemMaintenance.Stop", "Executing")
        run.carry_out(plan)
        result = run.result(run.restore(), complete=True)
    assert result.findings == ()
    [told] = [x.text for x in result.problems]
    assert f"{one.instance_id} is left alone: SystemMaintenance.Stop Executing" in told

"""Waiting well: redeploys on several instances overlap, and one look serves them all."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.staging.driver import Driver
from redeploy_conformance.staging.pace import MOST, Pace

from .conftest import LONG, Account

MakeAccount = Callable[..., Account]
ACCEPTS = replace(LONG, no_event="accept", simulated_only="accept")
LISTED = {"choices": {"L13": "listed"}}
OF_RUNNING = LONG.stopping_seconds + LONG.stopped_seconds + LONG.starting_seconds
OF_STOPPED = LONG.starting_seconds


def carried_out(account: Account, **fields: object) -> Driver:
    run = account.begin(account.settings(**fields))
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
        assert run.result([], complete=True).findings == ()
    assert run.driver is not None
    return run.driver


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_run_takes_no_longer_than_the_longest_chain_and_a_third(
    account_of: MakeAccount, count: int
) -> None:
    """A chain is what one instance goes through: redeploys, and starts and stops between them."""
    account = account_of(count=count, settings=ACCEPTS)
    busy: Counter[str] = Counter()
    double = account.double
    move = type(next(iter(double.account.instances.values()))).move
    since: dict[str, tuple[str, float]] = {}

    def watched(self: object, status: str, at: float) -> None:
        instance = self.instance_id  # type: ignore[attr-defined]
        was, begun = since.get(instance, (status, at))
        if (
            was in ("Stopping", "Starting", "Stopped") and self.flight is not None
        ) or was in ("Stopping", "Starting"):  # type: ignore[attr-defined]
            busy[instance] += round((at - begun) * 1000)
        since[instance] = (status, at)
        move(self, status, at)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            type(next(iter(double.account.instances.values()))), "move", watched
        )
        begun = account.clock.now()
        carried_out(account, statement=LISTED)
        took = account.clock.now() - begun
    chain = max(busy.values()) / 1000
    assert chain > 2 * OF_RUNNING / count
    assert took <= 1.3 * chain, (took, chain)


def test_looks_are_shared_and_at_least_five_seconds_apart(
    account_of: MakeAccount,
) -> None:
    driver = carried_out(account_of(count=4, settings=ACCEPTS))
    gaps = [
        later - earlier
        for earlier, later in zip(driver.looks, driver.looks[1:], strict=False)
    ]
    assert min(gaps) >= 5.0
    assert max(gaps) <= 5.0 * MOST + 0.001


def test_redeploys_on_different_instances_overlap(account_of: MakeAccount) -> None:
    account = account_of(count=4, settings=ACCEPTS)
    before = account.clock.now()
    carried_out(account, clauses=("A15",), statement=LISTED)  # each as it is found
    took = account.clock.now() - before
    assert took < 2 * (OF_RUNNING + OF_STOPPED)
    assert all(
        one.redeploys >= 1
        for one in list(account.double.account.instances.values())[:-1]
    )


def test_the_pace_slows_down_while_nothing_changes_and_hurries_when_it_does() -> None:
    pace, now, waits = Pace(5.0), 0.0, []
    pace.wait(now)
    for n in range(9):
        if n == 7:
            pace.hurry()
        wait = pace.wait(now)
        now += wait
        waits.append(wait)
    assert waits == pytest.approx(
        [6.5, 8.45, 10.985, 14.28, 18.56, 20, 20, 5, 6.5], 1e-3
    )

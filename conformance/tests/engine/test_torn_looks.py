"""In real time a redeploy may end between the requests of one look, and reads may be late."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World, exactly
from redeploy_conformance.planning.steps import Create, Redeploy, Settle, Simulate
from redeploy_conformance.running.api import Api
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending

BOUND = 60.0
REBOOT = "SystemMaintenance.Reboot"
TAKEN = Reply(Kind.ACCEPTED, 200, None, None, "R-1", "t-1")


def under_way(contract: Contract, *, stepped: bool = False, **declared: str) -> Oracle:
    """Return an oracle of a redeploy that is under way since 0 s, and will succeed."""
    rules = Rules(bound=BOUND, lags=False, stepped=stepped, declared=declared)
    oracle = Oracle(contract, rules)
    raised = Event("e1", REBOOT, "Inquiring")
    world = World(events=(raised,), host=exactly("old"), next_ending=Ending.SUCCEED)
    oracle.add("i1", "a1", world)
    assert oracle.answered("i1", Call(), TAKEN, 0.0) == []
    return oracle


def looked(oracle: Oracle, now: float, status: str, event: str, host: str) -> list[str]:
    """Return the clauses that a look breaks."""
    oracle.time_passes(now)
    events = {"e1": (REBOOT, event)}
    view = {"exists": True, "status": status, "host": host, "events": events}
    return [one.clause for one in oracle.looked({"i1": view}, now)]


def test_what_a_redeploy_left_while_it_was_looked_at_breaks_no_declared_choice(
    contract: Contract,
) -> None:
    """Its status was read just before it ended; its event and its server just after."""
    oracle = under_way(contract, E1x="unchanged", L4f="old")
    assert looked(oracle, 10.0, "Starting", "Executed", "new") == []
    assert not [one for one in oracle.ledger.told if one[0] in ("E1x", "L4f")]


def test_where_the_clock_stands_it_does(contract: Contract) -> None:
    oracle = under_way(contract, stepped=True, E1x="unchanged")
    assert looked(oracle, 10.0, "Starting", "Executed", "old") == ["E1x"]


def test_what_closed_an_event_is_told_when_the_redeploy_must_have_ended(
    contract: Contract,
) -> None:
    oracle = under_way(contract)
    assert looked(oracle, 10.0, "Running", "Avoided", "new") == []
    assert not [one for one in oracle.ledger.told if one[0] == "E1c"]
    assert looked(oracle, BOUND + 1, "Running", "Avoided", "new") == []
    assert ("E1c", "Avoided") in oracle.ledger.told


def test_a_declared_one_binds_then(contract: Contract) -> None:
    oracle = under_way(contract, E1c="Executed")
    assert looked(oracle, 10.0, "Running", "Avoided", "new") == []
    assert "E1c" in looked(oracle, BOUND + 1, "Running", "Avoided", "new")


@pytest.mark.parametrize(("lag", "there"), [(8.0, True), (None, True), (0.0, False)])
def test_a_simulated_event_may_show_late(
    bench_of: Callable[..., Bench], lag: float | None, there: bool
) -> None:
    class Late(Observations):
        def events(self, call: Any, principal: Any) -> dict[str, object]:
            late = self.world.clock.now < 7.0
            hidden = {
                one.instance_id: dict(one.events)
                for one in principal.account.instances.values()
            }
            if late:
                for one in principal.account.instances.values():
                    one.events.clear()
            try:
                return super().events(call, principal)
            finally:
                for one in principal.account.instances.values():
                    one.events.update(hidden[one.instance_id])

    bench = bench_of(
        Emulator(parts=replace(Parts(), observations=Late)), read_lag_seconds=lag
    )
    steps = (Create("i1"), Simulate("i1", REBOOT))
    problem = perform(bench, steps, Ledger()).problem
    assert (problem is None) is there, problem


def looks(
    bench: Bench, sessions: int, monkeypatch: pytest.MonkeyPatch
) -> list[list[float]]:
    """Return when redeploys were looked at in some sessions, in seconds since each was waited for."""
    slept: list[list[float]] = []

    def noted(_: Api, seconds: float) -> None:
        slept[-1].append(slept[-1][-1] + seconds)
        time.sleep(seconds)

    monkeypatch.setattr(Api, "sleep", noted)
    for _ in range(sessions):
        slept.append([0.0])
        event = (REBOOT, "Inquiring")
        steps = (Create("i1", (), (event,)), Redeploy("i1"), Settle())
        run = perform(bench, steps, Ledger())
        assert (run.violations, run.problem) == ([], None)
    return slept


def test_what_shows_only_briefly_does_not_always_fall_between_two_looks(
    bench_of: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a fifth of a second, at any moment of the first one and a half."""
    emulator = Emulator(clock="real", time_scale=40.0)
    at = looks(bench_of(emulator, redeploy_seconds=1.5), 4, monkeypatch)
    for tenth in range(13):
        begin, end = tenth / 10, tenth / 10 + 0.2
        assert any(begin <= one < end for several in at for one in several), begin
    assert len({tuple(several) for several in at}) > 1

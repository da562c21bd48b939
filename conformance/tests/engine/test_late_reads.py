"""Reads that lag (L8l): an answer may tell that a redeploy is over before any read shows it."""

from typing import Any

import pytest

from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World
from redeploy_schemas.contract import Contract

BOUND = 60.0
REBOOT, OF_NOTHING = "SystemMaintenance.Reboot", "SystemMaintenance.Stop"
TAKEN = Reply(Kind.ACCEPTED, 200, None, None, "R-1", "t-1")
AGAIN = Reply(Kind.ACCEPTED, 200, None, None, "R-2", "t-2")
NO_EVENT = Reply(Kind.REJECTED, 403, "InvalidOperation.RedeployInstance", "no", "R-2")


def under_way(contract: Contract, *, lags: bool = True, **more: Any) -> Oracle:
    """Return an oracle that has seen a redeploy under way, begun at 0 s, and lately Starting."""
    oracle = Oracle(contract, Rules(bound=BOUND, lags=lags, stepped=True, **more))
    oracle.add("i1", "a1", World(events=(Event("e1", REBOOT, "Inquiring"),)))
    assert oracle.answered("i1", Call(), TAKEN, 0.0) == []
    assert looked(oracle, 10.0, "Stopping") == []
    assert looked(oracle, 20.0, "Starting") == []
    return oracle


def looked(oracle: Oracle, now: float, status: str, **events: str) -> list[str]:
    """Return the clauses that a look breaks, after time has passed."""
    oracle.time_passes(now)
    shown = {name: (REBOOT, at) for name, at in events.items()}
    view = {"exists": True, "status": status, **({"events": shown} if shown else {})}
    return [one.clause for one in oracle.looked({"i1": view}, now)]


@pytest.mark.parametrize("answer", [NO_EVENT, AGAIN])
def test_reads_may_still_show_a_redeploy_that_an_answer_told_to_be_over(
    contract: Contract, answer: Reply
) -> None:
    oracle = under_way(contract)
    assert oracle.answered("i1", Call(), answer, 20.0) == []
    assert looked(oracle, 21.0, "Starting") == []
    assert looked(oracle, 22.0, "Running") == []


def test_they_show_nothing_that_was_over_before_the_answer(contract: Contract) -> None:
    oracle = under_way(contract)
    oracle.answered("i1", Call(), AGAIN, 20.0)
    assert looked(oracle, 21.0, "Pending") == ["L8"]


def test_they_do_so_no_longer_than_the_redeploy_may_take(contract: Contract) -> None:
    oracle = under_way(contract)
    oracle.answered("i1", Call(), AGAIN, 20.0)
    assert any(world.echo for world in oracle.worlds["i1"])
    oracle.time_passes(BOUND)
    assert not any(world.echo for world in oracle.worlds["i1"])


def test_fresh_reads_never_do(contract: Contract) -> None:
    oracle = under_way(contract, lags=False)
    oracle.time_passes(22.0)
    oracle.answered("i1", Call(), AGAIN, 22.0)
    seen = oracle.looked({"i1": {"exists": True, "status": "Starting"}}, 22.0)
    assert [one.clause for one in seen] == ["L1"]


@pytest.mark.parametrize(
    ("kind", "declared", "broken"),
    [
        (REBOOT, {}, []),
        (REBOOT, {"E1r": "closed"}, []),
        (REBOOT, {"E1r": "kept"}, ["L9"]),
        (REBOOT, {"E1x": "unchanged"}, ["L9"]),
        (OF_NOTHING, {}, ["L9"]),
    ],
)
def test_an_event_raised_on_the_way_may_be_closed_at_once_where_a_redeploy_responds_to_it(
    contract: Contract, kind: str, declared: dict[str, str], broken: list[str]
) -> None:
    oracle = under_way(contract, lags=False, declared=declared)
    oracle.raised("i1", Event("e2", kind, "Inquiring"))
    oracle.time_passes(22.0)
    shown = {"e1": (REBOOT, "Executing"), "e2": (kind, "Executed")}
    view = {"exists": True, "status": "Starting", "events": shown}
    assert [one.clause for one in oracle.looked({"i1": view}, 22.0)] == broken

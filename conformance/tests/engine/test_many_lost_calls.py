"""Calls without an answer, one after the other: which of them began a redeploy, nobody knows."""

from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World
from redeploy_schemas.contract import load
from redeploy_schemas.vocabulary import Ending

BOUND = 60.0
REBOOT = "SystemMaintenance.Reboot"


def lost(*times: float) -> Oracle:
    """Return an oracle of an instance that was called at these times, and never answered."""
    oracle = Oracle(load(), Rules(bound=BOUND, lags=False, stepped=True))
    raised = Event("e1", REBOOT, "Inquiring")
    oracle.add("i1", "a1", World(events=(raised,), next_ending=Ending.SUCCEED))
    for now in times:
        oracle.time_passes(now)
        assert oracle.answered("i1", Call(), Reply(Kind.UNKNOWN), now) == []
    return oracle


def looked(oracle: Oracle, now: float, status: str) -> list[str]:
    """Return the clauses that a look breaks."""
    oracle.time_passes(now)
    view = {"exists": True, "status": status, "events": {"e1": (REBOOT, "Inquiring")}}
    return [one.clause for one in oracle.looked({"i1": view}, now)]


def test_none_is_too_slow_by_the_first() -> None:
    oracle = lost(0.0, 10.0, 20.0)
    assert looked(oracle, 20.0, "Stopping") == []
    assert looked(oracle, BOUND + 15, "Stopping") == []
    assert looked(oracle, BOUND + 25, "Stopping") == ["L7"]


def test_what_takes_effect_later_has_its_time_from_then() -> None:
    oracle = lost(0.0)
    assert looked(oracle, BOUND + 15, "Stopping") == []
    assert looked(oracle, 2 * BOUND + 10, "Stopping") == []
    assert looked(oracle, 2 * BOUND + 20, "Stopping") == ["L7"]


def test_what_it_may_be_does_not_grow_with_each() -> None:
    few, many = (len(lost(*range(n)).worlds["i1"]) for n in (3, 9))
    assert many == few

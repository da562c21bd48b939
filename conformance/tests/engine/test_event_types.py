"""An event stays of the type that it was raised with (L9, L10)."""

from redeploy_conformance.judging.belief import narrow
from redeploy_conformance.judging.model import Rules
from redeploy_conformance.judging.sight import Mismatch
from redeploy_conformance.judging.world import Event, World
from redeploy_schemas.contract import load

RAISED = Event("e-1", "SystemMaintenance.Reboot", "Scheduled")
RULES = Rules(bound=60.0, lags=False, stepped=True, declared={})


def _mismatches(world: World, kind: str) -> tuple[Mismatch, ...]:
    view = {
        "exists": True,
        "status": "Running",
        "events": {"e-1": (kind, "Scheduled")},
    }
    return narrow(load(), frozenset({world}), view, 0.0, RULES).mismatches


def test_an_event_of_the_same_type_is_right() -> None:
    assert _mismatches(World(events=(RAISED,)), "SystemMaintenance.Reboot") == ()


def test_an_event_that_is_of_another_type_now_breaks_the_frame() -> None:
    changed = Mismatch(
        "type of event e-1",
        "L9",
        "SystemMaintenance.Reboot",
        "SystemMaintenance.Redeploy",
    )
    world = World(events=(RAISED,))
    assert _mismatches(world, "SystemMaintenance.Redeploy") == (changed,)


def test_after_a_rejected_call_it_is_that_call_which_changed_something() -> None:
    world = World(events=(RAISED,), quiet=("L10",))
    (wrong,) = _mismatches(world, "SystemMaintenance.Redeploy")
    assert wrong.clause == "L10"


def test_after_a_redeploy_as_well_it_is_the_redeploy_that_changed_something() -> None:
    world = World(events=(RAISED,), quiet=("L10",), why=(("status", "L3"),))
    (wrong,) = _mismatches(world, "SystemMaintenance.Redeploy")
    assert wrong.clause == "L9"

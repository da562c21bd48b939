"""Where not all is known of an instance, every clause is told that may be the broken one."""

import pytest
from msgspec.structs import replace

from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World
from redeploy_schemas.contract import load
from redeploy_schemas.vocabulary import Ending

RULES = Rules(bound=60.0, lags=False, stepped=True)
REBOOT = "SystemMaintenance.Reboot"


def ended(ending: Ending | None, host: str, status: str) -> tuple[str, tuple[str, ...]]:
    """Return the clause, and those instead, that a redeploy from one host to another breaks."""
    oracle = Oracle(load(), RULES)
    event = Event("e-1", REBOOT, "Inquiring")
    oracle.add("i1", "a1", World(events=(event,), next_ending=ending))
    before = {"exists": True, "status": "Running", "host": "h-1"}
    oracle.looked({"i1": before | {"events": {"e-1": (REBOOT, "Inquiring")}}}, 0.0)
    reply = Reply(Kind.ACCEPTED, 200, request_id="R-1", task_id="t-1")
    assert oracle.answered("i1", Call(), reply, 0.0) == []
    oracle.time_passes(100.0)
    after = {"exists": True, "status": "Running", "host": host}
    [wrong] = oracle.looked(
        {"i1": after | {"events": {"e-1": (REBOOT, status)}}}, 100.0
    )
    return wrong.clause, wrong.instead


@pytest.mark.parametrize(
    ("ending", "host", "status", "told"),
    [
        # A closed event on the same host: no migration (L4), or no closing (E6).
        (None, "h-1", "Executed", ("E6", ("L4",))),
        (Ending.SUCCEED, "h-1", "Executed", ("L4", ())),
        (Ending.FAIL, "h-1", "Executed", ("E6", ())),
        # An open one on another host.
        (None, "h-2", "Inquiring", ("E1", ("L5",))),
        (Ending.SUCCEED, "h-2", "Inquiring", ("E1", ())),
    ],
)
def test_how_it_ended_decides_which_clause_is_broken(
    ending: Ending | None, host: str, status: str, told: tuple[str, tuple[str, ...]]
) -> None:
    assert ended(ending, host, status) == told


@pytest.mark.parametrize(
    ("status", "at", "instead"),
    [
        (
            "Running",
            5.0,
            ("E1",),
        ),  # it may still be under way, or have ended and left it open
        ("Starting", 5.0, ()),  # it is under way
    ],
)
def test_a_second_call_is_accepted_too_early_or_an_event_was_left_open(
    status: str, at: float, instead: tuple[str, ...]
) -> None:
    oracle = Oracle(load(), RULES)
    event = Event("e-1", REBOOT, "Inquiring")
    oracle.add("i1", "a1", World(events=(event,), next_ending=Ending.SUCCEED))
    first, second = (
        Reply(Kind.ACCEPTED, 200, request_id=f"R-{n}", task_id=f"t-{n}") for n in (1, 2)
    )
    assert oracle.answered("i1", Call(), first, 0.0) == []
    oracle.time_passes(at)
    seen = {"exists": True, "status": status, "host": "h-2"}
    events = {"e-1": (REBOOT, "Inquiring")}
    assert oracle.looked({"i1": seen | {"events": events}}, at) == []
    [wrong] = oracle.answered("i1", Call(), second, at)
    assert (wrong.clause, wrong.instead) == ("A2", instead)


@pytest.mark.parametrize(
    ("call", "reply", "clause"),
    [
        (Call(barred="A14", silence="A14"), Reply(Kind.ACCEPTED, 200), "A14"),
        (Call(), Reply(Kind.REJECTED, 404, "InvalidInstanceId.NotFound"), "A15"),
        (Call(), Reply(Kind.REJECTED, 403, "InstanceLockedForSecurity"), "A2"),
    ],
)
def test_an_answer_that_is_wrong_in_any_case_has_no_other_reading(
    call: Call, reply: Reply, clause: str
) -> None:
    oracle = Oracle(load(), RULES)
    event = Event("e-1", REBOOT, "Inquiring")
    oracle.add("i1", "a1", World(events=(event,), next_ending=Ending.SUCCEED))
    first = Reply(Kind.ACCEPTED, 200, request_id="R-1", task_id="t-1")
    assert oracle.answered("i1", Call(), first, 0.0) == []
    oracle.time_passes(5.0)
    seen = {"exists": True, "status": "Running", "host": "h-2"}
    events = {"e-1": (REBOOT, "Inquiring")}
    assert oracle.looked({"i1": seen | {"events": events}}, 5.0) == []
    message = load().error_by_code[reply.code].message if reply.code else None
    said = replace(
        reply,
        message=message,
        request_id="R-2",
        task_id="t-2" if reply.code is None else None,
    )
    found = oracle.answered("i1", call, said, 5.0)
    assert [(one.clause, one.instead) for one in found] == [(clause, ())]


def test_after_an_internal_error_what_else_it_may_be_is_told() -> None:
    oracle = Oracle(load(), RULES)
    event = Event("e-1", REBOOT, "Inquiring")
    oracle.add("i1", "a1", World(events=(event,), next_ending=Ending.SUCCEED))
    before = {"exists": True, "status": "Running", "host": "h-1"}
    oracle.looked({"i1": before | {"events": {"e-1": (REBOOT, "Inquiring")}}}, 0.0)
    crash = Reply(Kind.INTERNAL, 500, "InternalError", request_id="R-1")
    oracle.answered("i1", Call(), crash, 0.0)
    oracle.time_passes(100.0)
    after = before | {"events": {"e-1": (REBOOT, "Executed")}}
    [wrong] = oracle.looked({"i1": after}, 100.0)
    assert (wrong.clause, wrong.also) == ("A12", ())
    assert "L4" in wrong.instead
    assert "A12" not in wrong.instead


def test_a_redeploy_that_an_internal_error_began_is_put_down_to_it() -> None:
    """Also where a look has shown meanwhile that it is under way."""
    oracle = Oracle(load(), RULES)
    events = {"events": {"e-1": (REBOOT, "Inquiring")}}
    world = World(
        events=(Event("e-1", REBOOT, "Inquiring"),), next_ending=Ending.SUCCEED
    )
    oracle.add("i1", "a1", world)
    before = {"exists": True, "status": "Running", "host": "h-1"}
    oracle.looked({"i1": before | events}, 0.0)
    crash = Reply(Kind.INTERNAL, 500, "InternalError", request_id="R-1")
    oracle.answered("i1", Call(), crash, 0.0)
    oracle.time_passes(5.0)
    on_its_way = before | events | {"status": "Stopping"}
    assert oracle.looked({"i1": on_its_way}, 5.0) == []
    oracle.time_passes(100.0)
    after = before | {"events": {"e-1": (REBOOT, "Executed")}}
    [wrong] = oracle.looked({"i1": after}, 100.0)
    assert wrong.clause == "A12"
    assert "L4" in wrong.instead


def test_an_event_left_open_by_a_redeploy_before_is_that_ones() -> None:
    oracle = Oracle(load(), RULES)
    event = Event("e-1", REBOOT, "Inquiring")
    gap = {"storage": "local", "local_disk": "isolated"}
    oracle.add("i1", "a1", World(events=(event,), next_ending=Ending.SUCCEED, **gap))
    for n in (1, 2):
        reply = Reply(Kind.ACCEPTED, 200, request_id=f"R-{n}", task_id=f"t-{n}")
        assert oracle.answered("i1", Call(), reply, 0.0) == []
        oracle.time_passes(100.0 * n)
    seen = {"exists": True, "status": "Running", "host": "h-1"}
    [wrong] = oracle.looked(
        {"i1": seen | {"events": {"e-1": (REBOOT, "Inquiring")}}}, 200.0
    )
    assert wrong.clause == "E1"


@pytest.mark.parametrize("called", [True, False])
@pytest.mark.parametrize("looked", [True, False])
def test_a_change_may_be_the_work_of_a_redeploy_elsewhere(
    called: bool, looked: bool
) -> None:
    oracle = Oracle(load(), RULES)
    event = Event("e-1", REBOOT, "Inquiring")
    seen = {"exists": True, "status": "Running", "host": "h-1"}
    seen |= {"events": {"e-1": (REBOOT, "Inquiring")}}
    for key in ("i1", "i2"):
        oracle.add(key, "a1", World(events=(event,)))
        assert oracle.looked({key: seen}, 0.0) == []
    if called:
        accepted = Reply(Kind.ACCEPTED, 200, request_id="R-1", task_id="t-1")
        assert oracle.answered("i1", Call(), accepted, 0.0) == []
    throttled = Reply(Kind.THROTTLED, 400, "Throttling.User", request_id="R-2")
    oracle.answered("i2", Call(), throttled, 0.0)
    if looked:  # the redeploy goes on after that
        assert oracle.looked({"i2": seen}, 0.0) == []
    [wrong] = oracle.looked({"i2": seen | {"status": "Stopped"}}, 5.0)
    assert (wrong.clause, wrong.instead) == ("Q4", ("L9",) if called else ())

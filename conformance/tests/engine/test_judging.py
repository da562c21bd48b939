"""The oracle driven by hand, where no run of an emulator comes: what it says, and what it confirms."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from redeploy_conformance.judging.blaming import blame
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World
from redeploy_schemas.contract import load
from redeploy_schemas.vocabulary import Ending

CONTRACT = load()
RULES = Rules(bound=60.0, lags=False, stepped=True)
REBOOT = "SystemMaintenance.Reboot"
EVENT = Event("e-1", REBOOT, "Inquiring")
OPEN = {"e-1": (REBOOT, "Inquiring")}
CLOSED = {"e-1": (REBOOT, "Executed")}
BUSY = Reply(Kind.REJECTED, 403, "IncorrectInstanceStatus")
SHOWN = {
    "exists": True,
    "status": "Running",
    "tenancy": "default",
    "lock_reasons": frozenset(),
    "host": "h-1",
    "local_data": "d-1",
    "cloud_data": "c-1",
    "orderly_stops": 0,
    "power_offs": 0,
}


def seen(**fields: object) -> dict[str, Any]:
    return {"events": OPEN} | SHOWN | fields


def said(reply: Reply, number: int) -> Reply:
    """Return a rejection with the message of its code, any with ids of its own."""
    row = CONTRACT.error_by_code.get(reply.code or "")
    message = row.message if row is not None and row.message != "%s" else "words"
    return replace(reply, message=message, request_id=f"R-{number}")


def redeploying(
    before: Mapping[str, Any] | None = None, rules: Rules = RULES, **world: Any
) -> Oracle:
    """Return an oracle of one instance whose redeploy was accepted at 0 s."""
    oracle = Oracle(CONTRACT, rules)
    oracle.add("i1", "a1", World(events=(EVENT,), **world))
    assert oracle.looked({"i1": seen() if before is None else before}, 0.0) == []
    accepted = Reply(Kind.ACCEPTED, 200, request_id="R-1", task_id="t-1")
    assert oracle.answered("i1", Call(), accepted, 0.0) == []
    return oracle


@pytest.mark.parametrize(("now", "clauses"), [(59.0, []), (60.0, ["L7"])])
def test_an_answer_that_only_a_redeploy_over_its_time_explains(
    now: float, clauses: list[str]
) -> None:
    oracle = redeploying(next_ending=Ending.SUCCEED)
    oracle.time_passes(now)
    wrong = oracle.answered("i1", Call(), said(BUSY, 2), now)
    assert [one.clause for one in wrong] == clauses


def held_after(before: dict[str, Any], **after: object) -> set[str]:
    oracle = redeploying(before, next_ending=Ending.SUCCEED)
    oracle.ledger.held.clear()
    oracle.time_passes(100.0)
    assert oracle.looked({"i1": before | after}, 100.0) == []
    return {clause for clause, _ in oracle.ledger.held}


def test_a_look_confirms_what_it_shows() -> None:
    every = {"L3", "L4", "L7", "L8", "L11", "D2", "E1"}
    new = {"host": "h-2", "orderly_stops": 1, "events": CLOSED}
    assert held_after(seen(), **new) == every


@pytest.mark.parametrize(
    ("hidden", "clause"),
    [("host", "L4"), ("cloud_data", "D2"), ("events", "E1")],
)
def test_a_look_confirms_nothing_of_what_it_does_not_show(
    hidden: str, clause: str
) -> None:
    new = {"host": "h-2", "orderly_stops": 1, "events": CLOSED}
    left = {name: value for name, value in seen().items() if name != hidden}
    held = held_after(left, **{n: value for n, value in new.items() if n != hidden})
    assert clause not in held
    assert "L3" in held


def test_what_was_not_known_before_confirms_nothing() -> None:
    left = {name: value for name, value in seen().items() if name != "host"}
    held = held_after(left, host="h-2", orderly_stops=1, events=CLOSED)
    assert "L4" not in held


LOCAL = World(storage="local")
FAILURE = Event("e-1", "SystemFailure.Reboot", "Executing")


@pytest.mark.parametrize(
    ("world", "code", "clause", "also"),
    [
        (World(events=(EVENT,)), "DiskError", "A8", ("E1", "A9")),
        (World(events=(EVENT,)), "Forbidden.RAM", "E1", ("A9",)),
        (World(events=(EVENT,)), None, "E1", ("A9",)),
        # What is special about the instance, but not about its event, may be the reason.
        (World(events=(EVENT,), status="Stopped"), "Some.Code", "A9", ()),
        (replace(LOCAL, events=(FAILURE,)), "Some.Code", "E1", ("A9",)),
        (World(events=(EVENT, replace(EVENT, id="e-2"))), "Some.Code", "A9", ()),
    ],
)
def test_a_call_that_must_be_accepted_is_rejected(
    world: World, code: str | None, clause: str, also: tuple[str, ...]
) -> None:
    wrong = blame(CONTRACT, world, Call(), Reply(Kind.REJECTED, 403, code))
    assert (wrong.clause, wrong.also) == (clause, also)


@pytest.mark.parametrize("code", ["Forbidden.RAM", "Some.Code", None])
def test_a_policy_that_allows_a_call_is_what_its_refusal_breaks(
    code: str | None,
) -> None:
    call = Call(granted="U2")
    wrong = blame(
        CONTRACT, World(events=(EVENT,)), call, Reply(Kind.REJECTED, 403, code)
    )
    assert (wrong.clause, wrong.also) == ("U2", ())


def test_where_any_code_will_do_one_that_tells_an_untruth_breaks_truth_alone() -> None:
    untrue = Reply(Kind.REJECTED, 403, "InstanceLockedForSecurity")
    hosted = World(tenancy="dedicated-host", events=(EVENT,))
    wrong = blame(CONTRACT, hosted, Call(), untrue)
    assert (wrong.clause, wrong.also) == ("A8", ())
    owing = replace(hosted, billing="in-arrears")
    assert "A8" in blame(CONTRACT, owing, Call(), untrue).also


def test_of_several_preconditions_the_first_is_blamed_and_the_others_are_named() -> (
    None
):
    world = World(lock_reasons=frozenset({"security"}), tenancy="dedicated-host")
    broken = replace(world, billing="in-arrears", events=(EVENT,))
    wrong = blame(CONTRACT, broken, Call(), Reply(Kind.ACCEPTED, 200, task_id="t-1"))
    assert {wrong.clause, *wrong.also} == {"A3", "A4", "A7"}
    assert len(wrong.also) == 2


def test_where_the_isolation_gap_may_last_any_code_will_do() -> None:
    *_, online = CONTRACT.gap_ending_event_types
    oracle = Oracle(CONTRACT, RULES)
    world = replace(LOCAL, local_disk="isolated")
    oracle.add("i1", "a1", replace(world, events=(Event("e-1", online, "Executing"),)))
    refused = said(Reply(Kind.REJECTED, 403, "Some.Code"), 1)
    assert oracle.answered("i1", Call(), refused, 0.0) == []


def quiet(oracle: Oracle) -> dict[str, set[tuple[str, ...]]]:
    return {key: {one.quiet for one in oracle.worlds[key]} for key in oracle.worlds}


def accept(oracle: Oracle, key: str, number: int) -> None:
    reply = Reply(Kind.ACCEPTED, 200, request_id=f"R-{number}", task_id=f"t-{number}")
    assert oracle.answered(key, Call(), reply, 0.0) == []


def test_a_rejection_silences_whom_no_accepted_call_may_have_changed_unseen() -> None:
    oracle = Oracle(CONTRACT, RULES)
    for key in ("i1", "i2", "i3"):
        oracle.add(key, "a1", World(events=(EVENT,), next_ending=Ending.FAIL))
    oracle.add("i4", "a1", World(status="Pending"))
    accept(oracle, "i1", 1)
    oracle.time_passes(100.0)
    oracle.answered("i4", Call(), said(BUSY, 2), 100.0)
    l10, nothing = {("L10",)}, {()}
    assert quiet(oracle) == {"i1": l10, "i2": nothing, "i3": nothing, "i4": l10}
    accept(oracle, "i2", 3)  # from now on i1 may be changed by this one, too
    oracle.time_passes(200.0)
    oracle.answered("i4", Call(), said(BUSY, 4), 200.0)
    assert quiet(oracle) == {"i1": nothing, "i2": nothing, "i3": nothing, "i4": l10}


@pytest.mark.parametrize("status", ["Stopping", "Starting"])
def test_a_local_disk_may_change_at_any_time_on_the_way(status: str) -> None:
    local = {"storage": "local", "local_disk": "damaged"}
    oracle = redeploying(seen(**local), next_ending=Ending.SUCCEED, **local)
    oracle.time_passes(5.0)
    now = seen(status=status, storage="local", local_disk="healthy", host="h-2")
    assert oracle.looked({"i1": now}, 5.0) == []


@pytest.mark.parametrize(
    ("closed", "clauses"),
    [
        # Both may be closed, or one of them (E7); one raised on the way may stay open (E1r).
        ({"e-1"}, []),
        ({"e-2"}, []),
        ({"e-1", "e-2"}, []),
        (set(), ["E1"]),
    ],
)
def test_an_event_raised_on_the_way_may_be_closed_too_or_alone(
    closed: set[str], clauses: list[str]
) -> None:
    oracle = redeploying(next_ending=Ending.SUCCEED)
    oracle.time_passes(5.0)
    oracle.raised("i1", replace(EVENT, id="e-2"))
    oracle.time_passes(100.0)
    events = {
        one: (REBOOT, "Executed" if one in closed else "Inquiring")
        for one in ("e-1", "e-2")
    }
    now = seen(host="h-2", orderly_stops=1, events=events)
    wrong = oracle.looked({"i1": now}, 100.0)
    assert [one.clause for one in wrong] == clauses
    held = {clause for clause, _ in oracle.ledger.held}
    assert "E3" not in held


def test_which_limiter_it_is_shows_only_where_time_is_turned() -> None:
    eased = dataclasses.replace(CONTRACT, quota_calls=2)
    oracle = Oracle(eased, Rules(bound=60.0, stepped=False))
    oracle.add("i1", "a1", World(status="Pending"))
    for number in range(3):
        oracle.answered("i1", Call(), said(BUSY, number), 0.0)
    assert not [one for one in oracle.ledger.told if one[0].startswith("Q")]


@pytest.mark.parametrize(
    ("declared", "host", "lags", "clauses"),
    [
        ("new", "h-1", False, ["L4f"]),
        ("old", "h-2", False, ["L4f"]),
        ("new", "h-2", False, []),
        # What is seen may be late, or the status be late that is seen with it.
        ("new", "h-1", True, []),
        ("old", "h-2", True, []),
    ],
)
def test_a_server_seen_on_the_way_binds_who_declared_another_one(
    declared: str, host: str, lags: bool, clauses: list[str]
) -> None:
    rules = Rules(bound=60.0, lags=lags, stepped=True, declared={"L4f": declared})
    oracle = redeploying(rules=rules, next_ending=Ending.SUCCEED)
    oracle.time_passes(5.0)
    wrong = oracle.looked({"i1": seen(status="Stopping", host=host)}, 5.0)
    assert [one.clause for one in wrong] == clauses


def test_a_call_without_an_answer_may_take_effect_later() -> None:
    oracle = Oracle(CONTRACT, RULES)
    oracle.add("i1", "a1", World(events=(EVENT,), next_ending=Ending.SUCCEED))
    oracle.answered("i1", Call(), Reply(Kind.UNKNOWN), 0.0)
    for now, status in ((10.0, "Running"), (20.0, "Stopping")):
        oracle.time_passes(now)
        assert oracle.looked({"i1": seen(status=status)}, now) == []
    oracle.time_passes(90.0)
    wrong = oracle.looked({"i1": seen(status="Stopping")}, 90.0)
    assert [one.clause for one in wrong] == ["L7"]


@pytest.mark.parametrize(("begun", "clauses"), [(59.0, []), (None, ["L7"])])
def test_what_is_late_now_need_not_have_been_when_the_call_was_made(
    begun: float | None, clauses: list[str]
) -> None:
    rules = Rules(bound=60.0, lags=False, stepped=False)
    oracle = redeploying(rules=rules, next_ending=Ending.SUCCEED)
    wrong = oracle.answered("i1", Call(), said(BUSY, 2), 61.0, begun=begun)
    assert [one.clause for one in wrong] == clauses

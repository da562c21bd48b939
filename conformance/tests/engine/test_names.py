"""Ids are judged by short names, and told by their own."""

from typing import Any

import pytest

from redeploy_conformance.judging.model import Rules
from redeploy_conformance.judging.names import Names, seen_again
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.world import Event, World
from redeploy_schemas.contract import load

RULES = Rules(bound=600.0, lags=False, stepped=True)
REBOOT = "SystemMaintenance.Reboot"


def view(host: str, events: dict[str, tuple[str, str]], **more: Any) -> dict[str, Any]:
    return {"exists": True, "status": "Running", "host": host, "events": events} | more


def watching(event_id: str) -> Oracle:
    oracle = Oracle(load(), RULES)
    oracle.add("i1", "a1", World(events=(Event(event_id, REBOOT, "Scheduled"),)))
    return oracle


def test_another_id_never_has_the_same_short_name() -> None:
    names = Names()
    ids = ["e-1", "<event 0>", "<event 1>", "", "e-2"]
    short = [names.of("event", one) for one in ids]
    assert len(set(short)) == len(ids)
    assert [names.of("event", one) for one in ids] == short


def test_a_view_is_the_same_after_it_was_a_key() -> None:
    seen = view("h-1", {"e-1": (REBOOT, "Scheduled")}, local_data=None)
    names = Names()
    again = seen_again(names.shown(seen))
    assert list(again) == list(seen)
    assert again["events"] == {names.of("event", "e-1"): (REBOOT, "Scheduled")}
    assert (again["status"], again["exists"]) == ("Running", True)


def test_two_instances_with_other_ids_look_the_same() -> None:
    one, two = Names(), Names()
    first = one.shown(view("h-1", {"e-1": (REBOOT, "Scheduled")}))
    assert first == two.shown(view("h-2", {"e-2": (REBOOT, "Scheduled")}))
    moved = one.shown(view("h-3", {"e-1": (REBOOT, "Scheduled")}))
    assert moved != first


@pytest.mark.parametrize("event_id", ["e-1", "<event 0>", "<event 3>"])
def test_a_violation_tells_the_ids_themselves(event_id: str) -> None:
    oracle = watching(event_id)
    open_one = {event_id: (REBOOT, "Scheduled")}
    assert oracle.looked({"i1": view("h-1", open_one)}, 0.0) == []
    [moved] = oracle.looked({"i1": view("h-2", open_one)}, 0.0)
    assert (moved.field, moved.expected, moved.observed) == (
        "host",
        "i1's host: h-1",
        "i1's host: h-2",
    )
    oracle = watching(event_id)
    [closed] = oracle.looked({"i1": view("h-1", {event_id: (REBOOT, "Executed")})}, 0.0)
    assert closed.field == f"event {event_id}"
    assert closed.event == (REBOOT, "Scheduled")


@pytest.mark.parametrize("status", ["<host 0>", f"<host {'9' * 5000}>"])
def test_what_a_target_says_itself_is_told_as_it_is(status: str) -> None:
    oracle = watching("e-1")
    open_one = {"e-1": (REBOOT, "Scheduled")}
    [wrong] = oracle.looked({"i1": view("h-1", open_one) | {"status": status}}, 0.0)
    assert wrong.observed == f"i1's status: {status}"


def test_an_event_that_nobody_raised_is_told_by_its_id() -> None:
    oracle = watching("e-1")
    both = {"e-1": (REBOOT, "Scheduled"), "<event 0>": (REBOOT, "Scheduled")}
    [more] = oracle.looked({"i1": view("h-1", both)}, 0.0)
    assert more.field == "event <event 0>"


def test_an_event_that_was_withdrawn_is_not_asked_for_any_more() -> None:
    oracle = watching("e-1")
    oracle.raised("i1", Event("e-2", REBOOT, "Scheduled", simulated=True))
    oracle.gone("i1", ["e-2"])
    only = {"e-1": (REBOOT, "Scheduled")}
    assert oracle.looked({"i1": view("h-1", only)}, 0.0) == []
    [left] = watching("e-1").looked({"i1": view("h-1", {})}, 0.0)
    assert left.field == "event e-1"

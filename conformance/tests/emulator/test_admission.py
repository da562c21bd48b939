"""Which calls are accepted."""

import json
from typing import Any

import pytest

ROWS = {
    "SystemMaintenance.Reboot": {"Inquiring", "Scheduled"},
    "SystemMaintenance.Redeploy": {"Inquiring", "Scheduled"},
    "SystemMaintenance.RebootAndIsolateErrorDisk": {"Inquiring"},
    "SystemMaintenance.RebootAndReInitErrorDisk": {"Inquiring"},
    "SystemFailure.Redeploy": {"Inquiring"},
    "SystemFailure.Reboot": {"Executing"},
    "SystemMaintenance.IsolateErrorDisk": {"Inquiring"},
    "SystemMaintenance.ReInitErrorDisk": {"Inquiring"},
    "SystemMaintenance.Stop": set(),
    "InstanceFailure.Reboot": set(),
}
STATUSES = [
    "Inquiring",
    "Scheduled",
    "Executing",
    "Executed",
    "Avoided",
    "Canceled",
    "Failed",
]
NO_EVENT = "InvalidOperation.RedeployInstance"


@pytest.mark.parametrize("storage", ["cloud", "local"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("event_type", ROWS)
def test_the_table_of_events(
    bench: Any, event_type: str, status: str, storage: str
) -> None:
    event = {"type": event_type, "status": status}
    instance = bench.instance(events=[event], storage=storage)
    listed = status in ROWS[event_type]
    if event_type == "SystemFailure.Reboot" and storage == "cloud":
        listed = False
    assert bench.redeploy(instance) == ("accepted" if listed else NO_EVENT)
    bench.advance(100)
    assert bench.events(instance) == (["Executed"] if listed else [status])


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"status": "Pending"}, "IncorrectInstanceStatus"),
        ({"status": "Starting"}, "IncorrectInstanceStatus"),
        ({"status": "Stopping"}, "IncorrectInstanceStatus"),
        ({"status": "Stopped"}, "accepted"),
        ({"lock_reasons": ["security"]}, "InstanceLockedForSecurity"),
        ({"lock_reasons": ["financial", "security"]}, "InstanceLockedForSecurity"),
        ({"lock_reasons": ["financial", "recycling", "refunded"]}, "accepted"),
        ({"tenancy": "dedicated-host"}, NO_EVENT),
        ({"disk_status": "incorrect"}, "DiskError"),
        ({"billing": "expired"}, "InstanceExpiredOrInArrears"),
        ({"billing": "in-arrears"}, "InstanceExpiredOrInArrears"),
        ({"events": []}, NO_EVENT),
        ({"events": [], "storage": "local", "local_disk": "isolated"}, "accepted"),
        ({"events": [], "storage": "local", "local_disk": "damaged"}, NO_EVENT),
    ],
)
def test_one_precondition(bench: Any, attributes: Any, expected: str) -> None:
    instance = bench.instance(**attributes)
    before = bench.look(instance)
    assert bench.redeploy(instance) == expected
    if expected != "accepted":
        bench.advance(1000)
        assert bench.look(instance) == before


def test_the_texts_of_the_free_row(bench: Any) -> None:
    def text(**spec: Any) -> str:
        instance = bench.instance(**spec)
        answer = bench.send("RedeployInstance", ("InstanceId", instance))
        return str(json.loads(answer.body)["Message"])

    nothing = "There are no maintenance events found on the instance"
    assert text(events=[]) == nothing
    assert text(tenancy="dedicated-host") == "Can not redeploy vm on dedicated host"


def test_ids_of_others_and_released_ones_are_not_found(bench: Any) -> None:
    account_id, _ = bench.account()
    foreign = bench.instance(account_id)
    gone = bench.instance()
    assert bench.control("DELETE", f"instances/{gone}") == (200, {})
    for instance in (foreign, gone, "i-never"):
        assert bench.redeploy(instance) == "InvalidInstanceId.NotFound"


def test_a_second_call_in_flight_is_refused_all_the_way(bench: Any) -> None:
    instance = bench.instance()
    assert bench.redeploy(instance) == "accepted"
    for _ in range(21):
        assert bench.redeploy(instance) == "IncorrectInstanceStatus"
        bench.advance(1)
    bench.advance(1)
    bench.control("POST", f"instances/{instance}/events", {**_event()})
    assert bench.redeploy(instance) == "accepted"


def _event() -> dict[str, str]:
    return {"type": "SystemMaintenance.Redeploy", "status": "Inquiring"}


@pytest.mark.parametrize(
    "params",
    [
        (),
        (("InstanceId", ""),),
        (("InstanceId", "ID"), ("ForceStop", "maybe")),
        (("InstanceId", "ID"), ("ForceStop", "")),
        (("InstanceId", "ID"), ("ForceStop", "1")),
        (("InstanceId", "ID"), ("InstanceId", "ID")),
        (("InstanceId", " ID"),),
    ],
)
def test_malformed_calls_are_refused_and_change_nothing(
    bench: Any, params: tuple[tuple[str, str], ...]
) -> None:
    instance = bench.instance()
    given = [(name, value.replace("ID", instance)) for name, value in params]
    assert 400 <= bench.send("RedeployInstance", *given).status < 500
    bench.advance(100)
    assert bench.events(instance) == ["Scheduled"]


@pytest.mark.parametrize("effect", ["none", "accepted"])
def test_an_internal_error_is_ordered_for_the_next_acceptable_call(
    bench: Any, effect: str
) -> None:
    instance, locked = bench.instance(), bench.instance(lock_reasons=["security"])
    asked = {"account_id": bench.account_id, "effect": effect}
    assert bench.control("POST", "internal-errors", asked) == (200, {})
    assert bench.redeploy(locked) == "InstanceLockedForSecurity"
    assert bench.redeploy(instance) == "InternalError"
    expected = "Running" if effect == "none" else "Stopping"
    assert bench.status(instance) == expected


def test_simulated_events_do_not_count_and_stay(bench: Any) -> None:
    instance = bench.instance(events=[])
    asked = [
        ("EventType", "SystemMaintenance.Reboot"),
        ("NotBefore", "2099-01-01T00:00:00Z"),
        ("InstanceId.1", instance),
    ]
    assert bench.call("CreateSimulatedSystemEvents", *asked)["EventIdSet"]
    assert bench.redeploy(instance) == NO_EVENT
    bench.control("POST", f"instances/{instance}/events", _event())
    assert bench.redeploy(instance) == "accepted"
    bench.advance(100)
    assert bench.events(instance) == ["Scheduled", "Executed"]

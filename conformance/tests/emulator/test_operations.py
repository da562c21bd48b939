"""The operations around RedeployInstance."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator

FOREVER = ("NotBefore", "2099-01-01T00:00:00Z")


def test_what_describe_instances_shows(bench: Any) -> None:
    bench.instance(
        tenancy="dedicated-host",
        lock_reasons=["security", "financial"],
        billing="expired",
        storage="local",
    )
    (shown,) = bench.call("DescribeInstances")["Instances"]["Instance"]
    locks = [lock["LockReason"] for lock in shown["OperationLocks"]["LockReason"]]
    assert locks == ["security", "financial"]
    assert shown["DedicatedHostAttribute"]["DedicatedHostId"]
    assert shown["InstanceChargeType"] == "PrePaid"
    assert shown["ExpiredTime"] < shown["CreationTime"]
    assert shown["LocalStorageAmount"] == 1
    assert shown["RegionId"] == "cn-hangzhou"
    bench.instance()
    plain = bench.call("DescribeInstances")["Instances"]["Instance"][1]
    assert plain["OperationLocks"] == {"LockReason": []}
    assert plain["DedicatedHostAttribute"]["DedicatedHostId"] == ""
    assert plain["LocalStorageAmount"] == 0


def test_accounts_see_their_own_instances_only(bench: Any) -> None:
    account_id, key = bench.account()
    mine, foreign = bench.instance(), bench.instance(account_id)
    ids = ("InstanceIds", json.dumps([mine, foreign, "i-none"]))
    shown = bench.call("DescribeInstances", ids)["Instances"]["Instance"]
    assert [one["InstanceId"] for one in shown] == [mine]
    shown = bench.call("DescribeInstances", ids, by=key)["Instances"]["Instance"]
    assert [one["InstanceId"] for one in shown] == [foreign]


def test_both_ways_of_paging(bench: Any) -> None:
    made = [bench.instance() for _ in range(25)]

    def ids(answer: Any) -> list[str]:
        return [one["InstanceId"] for one in answer["Instances"]["Instance"]]

    pages = [
        bench.call("DescribeInstances", ("PageNumber", n), ("PageSize", "10"))
        for n in "1234"
    ]
    assert [ids(page) for page in pages] == [made[:10], made[10:20], made[20:], []]
    assert pages[0]["TotalCount"] == 25
    found, token = [], ""
    while True:
        page = bench.call(
            "DescribeInstances", ("MaxResults", "9"), ("NextToken", token)
        )
        found += ids(page)
        token = page["NextToken"]
        if not token:
            break
    assert found == made


@pytest.mark.parametrize(
    "params",
    [
        ("PageNumber", "0"),
        ("PageSize", "101"),
        ("PageSize", "x"),
        ("NextToken", "nonsense"),
        ("InstanceIds", "i-1"),
        ("InstanceIds", "{}"),
        ("InstanceIds", "[1]"),
    ],
)
def test_bad_parameters_of_describe_instances(
    bench: Any, params: tuple[str, str]
) -> None:
    assert bench.call("DescribeInstances", params)["Code"] == "InvalidParameter"


@pytest.mark.parametrize(
    "action", ["DescribeInstances", "DescribeInstanceHistoryEvents", "DescribeTasks"]
)
def test_the_region_is_mandatory(bench: Any, action: str) -> None:
    def code(*params: tuple[str, str]) -> str:
        return str(json.loads(bench.send(action, *params).body)["Code"])

    assert code() == "MissingRegionId"
    assert code(("RegionId", "cn-x")) == "InvalidRegionId.NotFound"


def test_events_show_final_ones_unless_asked(bench: Any) -> None:
    events = [
        {"type": "SystemMaintenance.Reboot", "status": status}
        for status in ("Scheduled", "Avoided")
    ]
    events.append({"type": "SystemFailure.Stop", "status": "Failed"})
    instance = bench.instance(events=events)

    def shown(*params: tuple[str, str]) -> list[str]:
        answer = bench.call("DescribeInstanceHistoryEvents", *params)
        found = answer["InstanceSystemEventSet"]["InstanceSystemEventType"]
        return [event["EventCycleStatus"]["Name"] for event in found]

    assert shown(("InstanceId", instance)) == ["Avoided", "Failed"]
    assert shown(("InstanceEventCycleStatus.1", "Scheduled")) == ["Scheduled"]
    assert shown(("EventCycleStatus", "Failed")) == ["Failed"]
    assert shown(("InstanceEventType.1", "SystemFailure.Stop")) == ["Failed"]
    assert shown(("InstanceId", "i-none")) == []
    assert shown(("ResourceId.1", instance), ("InstanceId", "i-none")) != []
    whole = bench.call("DescribeInstanceHistoryEvents", ("MaxResults", "10"))
    (first, _) = whole["InstanceSystemEventSet"]["InstanceSystemEventType"]
    assert shown(("EventId.1", first["EventId"])) == ["Avoided"]
    assert first["EventFinishTime"]


def test_tasks_are_filtered(bench: Any) -> None:
    one, other = bench.instance(), bench.instance()
    bench.redeploy(one)
    bench.advance(60)
    bench.redeploy(other)

    def found(*params: tuple[str, str]) -> list[str]:
        shown = bench.call("DescribeTasks", *params)["TaskSet"]["Task"]
        return [task["ResourceId"] for task in shown]

    assert found() == [one, other]
    assert found(("TaskStatus", "Processing")) == [other]
    assert found(("TaskStatus", "Nonsense")) == [one, other]
    assert found(("ResourceIds.1", one)) == [one]
    assert found(("TaskAction", "ImportImage")) == []
    assert found(("TaskIds", "t-none")) == []


def test_instances_are_made_started_stopped_and_released(bench: Any) -> None:
    made = bench.call("RunInstances", ("Amount", "2"), ("InstanceType", "ecs.i4.large"))
    ids = made["InstanceIdSets"]["InstanceIdSet"]
    assert len(ids) == 2
    assert bench.look(ids[0])["local_disk"] == "healthy"
    assert bench.walk(ids[0]) == ["Pending", "Starting", "Running"]
    target = ("InstanceId", ids[0])
    assert "Code" not in bench.call("RebootInstance", target)
    assert bench.walk(ids[0]) == ["Starting", "Running"]
    assert bench.call("DeleteInstance", target)["Code"] == "IncorrectInstanceStatus"
    assert "Code" not in bench.call("StopInstance", target, ("ForceStop", "true"))
    assert bench.walk(ids[0]) == ["Stopping", "Stopped"]
    assert "Code" not in bench.call("StartInstance", target)
    assert bench.walk(ids[0]) == ["Starting", "Running"]
    assert bench.look(ids[0])["power_offs"] == 1
    assert bench.look(ids[0])["orderly_stops"] == 1
    assert "Code" not in bench.call("DeleteInstance", target, ("Force", "true"))
    answer = bench.call("StartInstance", target)
    assert answer["Code"] == "InvalidInstanceId.NotFound"
    created = bench.call("CreateInstance")["InstanceId"]
    assert bench.walk(created) == ["Pending", "Stopped"]


def test_start_and_stop_are_refused_in_flight(bench: Any) -> None:
    instance = bench.instance()
    bench.redeploy(instance)
    bench.advance(11)
    assert bench.status(instance) == "Stopped"
    answer = bench.call("StartInstance", ("InstanceId", instance))
    assert answer["Code"] == "IncorrectInstanceStatus"
    assert bench.walk(instance)[-1] == "Running"


def test_simulated_events_end_by_time_or_by_cancelling(bench: Any) -> None:
    instance = bench.instance(events=[])

    def make(event_type: str, not_before: str) -> Any:
        return bench.call(
            "CreateSimulatedSystemEvents",
            ("EventType", event_type),
            ("NotBefore", not_before),
            ("InstanceId.1", instance),
        )

    soon = datetime.now(UTC) + timedelta(minutes=5)
    make("SystemMaintenance.Stop", soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
    (event_id,) = make("SystemFailure.Reboot", FOREVER[1])["EventIdSet"]["EventId"]
    assert bench.events(instance) == ["Scheduled", "Executing"]
    bench.advance(301)
    assert bench.events(instance) == ["Executed", "Executing"]
    cancel = "CancelSimulatedSystemEvents"
    assert "Code" not in bench.call(cancel, ("EventId.1", event_id))
    assert bench.events(instance) == ["Executed", "Canceled"]
    assert make("Nonsense", FOREVER[1])["Code"] == "InvalidParameter"
    past = make("SystemFailure.Stop", "2020-01-01T00:00:00Z")
    assert past["Code"] == "InvalidNotBefore.Passed"
    event = {"type": "SystemFailure.Stop", "status": "Executing"}
    _, real = bench.control("POST", f"instances/{instance}/events", event)
    refused = bench.call(cancel, ("EventId.1", real["event_id"]))
    assert refused["Code"] == "CannotCancelSystemEvent.NotSimulated"


def test_a_real_clock_goes_by_itself(bench_around: Any) -> None:
    bench = bench_around(Emulator(clock="real", time_scale=1e7))
    instance = bench.instance()
    assert bench.redeploy(instance) == "accepted"
    while bench.status(instance) != "Running":
        pass
    assert bench.events(instance) == ["Executed"]
    assert "clock" not in bench.control("GET", "")[1]["offers"]
    assert bench.control("POST", "clock/advance", {"seconds": 1})[0] == 501

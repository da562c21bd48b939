"""Every message schema: examples it takes, and counter-examples it does not."""

from typing import Any

import pytest

from redeploy_schemas.contract import load
from redeploy_schemas.validation import names, problems, schema

KEY = {"access_key_id": "LTAI5tExample", "access_key_secret": "hush"}
ACCOUNT = {"account_id": "1234567890123456", **KEY}
OFFER: dict[str, Any] = {
    "protocol": "redeploy-control/1",
    "implementation": {"name": "mine", "version": "3"},
    "region": "cn-hangzhou",
    "offers": ["accounts", "instances"],
}
ALLOW = {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}
EVENT = {"type": "SystemFailure.Reboot", "status": "Executing"}
LOOK: dict[str, Any] = {
    "instance_id": "i-1",
    "host": "h-1",
    "local_data": None,
    "cloud_data": "c-1",
    "local_disk": None,
    "billing": "current",
    "disk_status": "normal",
    "orderly_stops": 0,
    "power_offs": 0,
}
CALL = {"InstanceId": "i-bp1azkttqpldxgted", "ForceStop": "false"}
SIGNED = {
    **CALL,
    "Action": "RedeployInstance",
    "Version": "2014-05-26",
    "Format": "JSON",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureVersion": "1.0",
    "SignatureNonce": "n",
    "Timestamp": "2026-01-31T12:00:00Z",
    "AccessKeyId": "LTAI",
    "Signature": "c2ln",
    "RegionId": "cn-hangzhou",
    "SignatureType": "",
}
SUCCESS = {
    "TaskId": "t-bp10e8orkp8x",
    "RequestId": "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E",
}
ERROR = {"RequestId": "r", "Code": "DiskError", "Message": "IncorrectDiskStatus."}
INSTANCE: dict[str, Any] = {
    "InstanceId": "i-1",
    "Status": "Running",
    "OperationLocks": {"LockReason": [{"LockReason": "security", "LockMsg": ""}]},
    "LocalStorageAmount": 0,
    "CreationTime": "2026-01-31T12:00Z",
    "Unheard": {"of": 1},
}
SYSTEM_EVENT: dict[str, Any] = {
    "InstanceId": "i-1",
    "EventId": "e-1",
    "EventType": {"Code": 1, "Name": "SystemMaintenance.Reboot"},
    "EventCycleStatus": {"Code": 24, "Name": "Scheduled"},
    "NotBefore": "2026-01-31T12:00:00Z",
}
TASK: dict[str, Any] = {
    "TaskId": "t-1",
    "TaskAction": "RedeployInstance",
    "TaskStatus": "Processing",
    "FinishedTime": "",
    "SupportCancel": "false",
}


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def spec(**spec: Any) -> dict[str, Any]:
    return {"account_id": "1", "instances": [spec]}


def policies(*statements: Any, version: str = "1") -> dict[str, Any]:
    policy = {"Version": version, "Statement": list(statements)}
    return {"account_id": "1", "policies": [policy]}


def looks(**changes: Any) -> dict[str, Any]:
    return {"instances": [{**LOOK, **changes}]}


def instances(**changes: Any) -> dict[str, Any]:
    shown = {"Instance": [{**INSTANCE, **changes}]}
    return {"RequestId": "r", "PageNumber": 1, "TotalCount": 1, "Instances": shown}


def events(**changes: Any) -> dict[str, Any]:
    shown = {"InstanceSystemEventType": [{**SYSTEM_EVENT, **changes}]}
    return {"RequestId": "r", "NextToken": "", "InstanceSystemEventSet": shown}


def tasks(**changes: Any) -> dict[str, Any]:
    return {"RequestId": "r", "TaskSet": {"Task": [{**TASK, **changes}]}}


MESSAGES: dict[str, tuple[list[Any], list[Any]]] = {
    "control/discovery": (
        [OFFER, {**OFFER, "offers": [], "more": 1}, {**OFFER, "offers": ["rewind"]}],
        [
            *(without(OFFER, name) for name in OFFER),
            {**OFFER, "protocol": "redeploy-control/2"},
            {**OFFER, "implementation": "mine"},
            {**OFFER, "region": None},
            {**OFFER, "offers": ["clock", "clock"]},
        ],
    ),
    "control/account-request": (
        [{}, {"clock_id": "clock-1"}],
        [{"account_id": "1"}, {"clock_id": ""}, {"clock_id": 1}, [], None],
    ),
    "control/account-answer": (
        [ACCOUNT, {**ACCOUNT, "more": 1}],
        [
            *(without(ACCOUNT, name) for name in ACCOUNT),
            {**ACCOUNT, "account_id": 1234567890123456},
            {**ACCOUNT, "access_key_id": "a,b"},
        ],
    ),
    "control/principal-request": (
        [
            policies(ALLOW),
            policies(),
            {"account_id": "1", "policies": []},
            policies({**ALLOW, "Effect": "Deny", "Action": ["ecs:A", "ecs:B"]}),
            policies({**without(ALLOW, "Action"), "NotAction": "ecs:A"}),
        ],
        [
            {"account_id": "1"},
            {"policies": []},
            {"account_id": "1", "policies": [ALLOW]},
            policies(ALLOW, version="2"),
            policies({**ALLOW, "Effect": "allow"}),
            policies({**ALLOW, "NotAction": "ecs:A"}),
            policies(without(ALLOW, "Resource")),
            policies({**ALLOW, "Action": []}),
        ],
    ),
    "control/principal-answer": (
        [KEY, {**KEY, "user": "u"}],
        [
            *(without(KEY, name) for name in KEY),
            {**KEY, "access_key_id": ""},
        ],
    ),
    "control/instance-spec": (
        [
            {},
            {"status": "Stopped", "lock_reasons": ["security", "financial"]},
            {"local_disk": None},
            {"storage": "local", "local_disk": "damaged", "events": [EVENT]},
            {"storage": "local", "local_disk": None},
        ],
        [
            {"status": "Deleted"},
            {"lock_reasons": "security"},
            {"lock_reasons": ["security", "security"]},
            {"lock_reasons": ["other"]},
            {"local_disk": "damaged"},
            {"storage": "cloud", "local_disk": "healthy"},
            {"events": [{"type": "SystemFailure.Reboot"}]},
            {"instance_id": "i-1"},
        ],
    ),
    "control/instances-request": (
        [spec(), spec(status="Pending"), {"account_id": "1", "instances": []}],
        [spec(status="pending"), {"account_id": "1"}, {"instances": []}, spec(id="i")],
    ),
    "control/instances-answer": (
        [
            {"instances": []},
            {"instances": [{"instance_id": "i-1", "event_ids": ["e-1"], "more": 1}]},
            {"instances": [{"instance_id": "i-1", "event_ids": [], "inspect": LOOK}]},
        ],
        [
            {},
            {"instances": ["i-1"]},
            {"instances": [{"instance_id": "i-1"}]},
            {"instances": [{"instance_id": "i-1", "event_ids": ["e", "e"]}]},
            {"instances": [{"instance_id": "i-1", "event_ids": [], "inspect": {}}]},
        ],
    ),
    "control/patch-request": (
        [{"status": "Stopped"}, {"local_disk": "isolated"}, {"lock_reasons": []}],
        [
            {},
            {"events": []},
            {"billing": "free"},
            {"storage": "cloud", "local_disk": "healthy"},
        ],
    ),
    "control/event-request": (
        [EVENT, {"type": "Some.Other", "status": "Failed"}],
        [
            {"type": EVENT["type"]},
            {"status": "Failed"},
            {**EVENT, "status": "Rejected"},
            {**EVENT, "type": ""},
            {**EVENT, "id": "e-1"},
        ],
    ),
    "control/event-answer": (
        [{"event_id": "e-1"}, {"event_id": "e-1", "more": 1}],
        [{}, {"event_id": ""}, {"event_id": 1}, {"event_ids": ["e-1"]}],
    ),
    "control/next-redeploy-request": (
        [{"outcome": "succeed"}, {"outcome": "fail"}],
        [{}, {"outcome": "success"}, {"outcome": True}, {"outcome": "fail", "n": 2}],
    ),
    "control/clock": (
        [{"now": 0}, {"now": 1.5, "unit": "s"}],
        [{}, {"now": "0"}, {"now": None}, {"now": True}],
    ),
    "control/clock-request": ([{}], [{"now": 0}, [], None]),
    "control/clock-answer": (
        [{"clock_id": "c", "now": 0}, {"clock_id": "c", "now": 1.5, "more": 1}],
        [{"now": 0}, {"clock_id": "c"}, {"clock_id": "", "now": 0}],
    ),
    "control/reset-request": (
        [{}, {"clock_id": "clock-1"}],
        [{"account_id": "1"}, {"clock_id": None}, []],
    ),
    "control/advance-request": (
        [{"seconds": 0}, {"seconds": 61.5}, {"seconds": 1, "clock_id": "c"}],
        [{}, {"seconds": -1}, {"seconds": "60"}, {"seconds": 1, "to": 2}],
    ),
    "control/inspection": (
        [LOOK, {**LOOK, "local_data": None, "local_disk": None}],
        [without(LOOK, "host"), {**LOOK, "power_offs": 0.5}, []],
    ),
    "control/inspect-answer": (
        [{"instances": []}, looks(), looks(local_data="l-1", local_disk="damaged")],
        [
            {},
            *({"instances": [without(LOOK, name)]} for name in LOOK),
            looks(local_data=1),
            looks(local_disk="broken"),
            looks(power_offs=-1),
            looks(orderly_stops=0.5),
            looks(host=None),
        ],
    ),
    "control/internal-error-request": (
        [
            {"account_id": "1", "effect": "none"},
            {"account_id": "1", "effect": "accepted"},
        ],
        [
            {},
            {"account_id": "1"},
            {"account_id": "1", "effect": "some"},
            {"effect": "none"},
        ],
    ),
    "control/error": (
        [{"error": "There is no such account."}, {"error": "No.", "more": 1}],
        [{}, {"error": ""}, {"error": None}, {"message": "No."}],
    ),
    "control/empty": ([{}, {"more": 1}], [[], None, ""]),
    "wire/redeploy-request": (
        [CALL, SIGNED, {"InstanceId": "i", "ForceStop": "True"}],
        [
            {},
            {"InstanceId": ""},
            {**CALL, "ForceStop": "maybe"},
            {**CALL, "ForceStop": True},
            {**SIGNED, "Action": "RebootInstance"},
            {**SIGNED, "Timestamp": "31.01.2026"},
            {**CALL, "Extra": ["a"]},
        ],
    ),
    "wire/redeploy-success": (
        [SUCCESS, {**SUCCESS, "more": 1}],
        [
            *(without(SUCCESS, name) for name in SUCCESS),
            {**SUCCESS, "TaskId": 4711},
            {**SUCCESS, "TaskId": ""},
            {**SUCCESS, "Code": "InternalError"},
        ],
    ),
    "wire/error": (
        [ERROR, {**ERROR, "HostId": "ecs:80", "AccessDeniedDetail": {"a": "b"}}],
        [
            *(without(ERROR, name) for name in ERROR),
            {**ERROR, "Code": "Disk Error"},
            {**ERROR, "Message": None},
            {**ERROR, "TaskId": "t-1"},
        ],
    ),
    "wire/describe-instances": (
        [instances(), instances(OperationLocks={"LockReason": []})],
        [
            {"RequestId": "r"},
            {"RequestId": "r", "Instances": []},
            instances(Status="Deleted"),
            instances(OperationLocks=[]),
            instances(CreationTime="yesterday"),
            {**instances(), "RequestId": ""},
        ],
    ),
    "wire/describe-instance-history-events": (
        [events(), events(EventCycleStatus={"Name": "Avoided"})],
        [
            {"RequestId": "r"},
            events(EventCycleStatus={"Name": "Done"}),
            events(EventCycleStatus="Scheduled"),
            events(EventType={"Code": 1}),
            events(EventId=None),
        ],
    ),
    "wire/describe-tasks": (
        [tasks(), tasks(TaskStatus="Finished", SupportCancel=False)],
        [
            {"RequestId": "r"},
            {"RequestId": "r", "TaskSet": [TASK]},
            tasks(TaskStatus="Waiting"),
            tasks(TaskId=""),
            tasks(SupportCancel="no"),
        ],
    ),
}


def test_every_message_has_examples_and_three_counterexamples() -> None:
    held = {name for name in names() if name.startswith(("control/", "wire/"))}
    assert set(MESSAGES) == held
    for examples, counterexamples in MESSAGES.values():
        assert examples
        assert len(counterexamples) >= 3


@pytest.mark.parametrize("name", MESSAGES)
def test_examples_are_valid(name: str) -> None:
    for document in MESSAGES[name][0]:
        assert problems(name, document) == [], document


@pytest.mark.parametrize("name", MESSAGES)
def test_counterexamples_are_not(name: str) -> None:
    for document in MESSAGES[name][1]:
        found = problems(name, document)
        assert found, document
        assert all(sentence.startswith("$") for sentence in found)


def test_requests_know_every_value_of_the_contract() -> None:
    contract = load()
    rules = schema("control/instance-spec")["properties"]
    for name in rules.keys() - {"events", "next_redeploy"}:
        held = rules[name].get("items", rules[name])["enum"]
        assert set(held) - {None} == set(contract.attribute_by_name[name].values)
    statuses = {*contract.open_event_statuses, *contract.final_event_statuses}
    event = schema("control/event-request")
    assert set(event["properties"]["status"]["enum"]) == statuses

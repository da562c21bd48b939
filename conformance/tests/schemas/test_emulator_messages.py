"""The schemas against a living implementation: every message that the emulator sends."""

import json
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signing import Credentials, build_request
from redeploy_schemas.validation import problems

EVENT = {"type": "SystemMaintenance.Reboot", "status": "Scheduled"}
ALLOW = {"Effect": "Allow", "Action": "ecs:RedeployInstance", "Resource": "*"}
SPECS = [
    {"events": [EVENT]},
    {"storage": "local", "local_disk": "damaged", "lock_reasons": ["security"]},
    {"status": "Stopped", "tenancy": "dedicated-host", "billing": "expired"},
]


class Wire:
    """Talks to an emulator, and holds each message against its schema."""

    def __init__(self) -> None:
        self.emulator = Emulator()
        made = self.control("POST accounts", {}, "account-request", "account-answer")
        self.account_id = made["account_id"]
        self.key = Credentials(made["access_key_id"], made["access_key_secret"])

    def control(self, line: str, body: Any, asked: str | None, answered: str) -> Any:
        if asked is not None:
            assert problems(f"control/{asked}", body) == []
        method, path = line.split()
        target = f"/redeploy-control/v1/{path}"
        payload = b"" if body is None else json.dumps(body).encode()
        answer = self.emulator.handle(HttpRequest(method, target, (), payload))
        return self.checked(f"control/{answered}", answer.body)

    def call(self, action: str, answered: str, *params: tuple[str, str]) -> Any:
        request = build_request(
            [("RegionId", "cn-hangzhou"), *params],
            action=action,
            credentials=self.key,
            host="ecs",
            scheme="v1",
        )
        return self.checked(f"wire/{answered}", self.emulator.handle(request).body)

    def checked(self, schema: str, body: bytes) -> Any:
        document = json.loads(body)
        assert problems(schema, document) == []
        return document


@pytest.fixture
def wire() -> Wire:
    return Wire()


def made(wire: Wire) -> list[str]:
    asked = {"account_id": wire.account_id, "instances": SPECS}
    answer = wire.control(
        "POST instances", asked, "instances-request", "instances-answer"
    )
    return [one["instance_id"] for one in answer["instances"]]


def test_the_control_protocol(wire: Wire) -> None:
    account = {"account_id": wire.account_id}
    wire.control("GET .", None, None, "error")
    wire.control("POST principals", {"account_id": "no"}, None, "error")
    user = {**account, "policies": [{"Version": "1", "Statement": [ALLOW]}]}
    wire.control("POST principals", user, "principal-request", "principal-answer")
    first, *_ = made(wire)
    path = f"instances/{first}"
    wire.control(f"PATCH {path}", {"status": "Stopped"}, "patch-request", "empty")
    wire.control(f"POST {path}/events", EVENT, "event-request", "event-answer")
    outcome = {"outcome": "fail"}
    wire.control(f"PUT {path}/next-redeploy", outcome, "next-redeploy-request", "empty")
    failing = {**account, "effect": "none"}
    wire.control("POST internal-errors", failing, "internal-error-request", "empty")
    wire.control("GET clock", None, None, "clock")
    wire.control("POST clock/advance", {"seconds": 2.5}, "advance-request", "clock")
    own = wire.control("POST clocks", {}, "clock-request", "clock-answer")
    on = {"clock_id": own["clock_id"]}
    wire.control("POST accounts", on, "account-request", "account-answer")
    turn = {"seconds": 2.5, **on}
    wire.control("POST clock/advance", turn, "advance-request", "clock")
    wire.control("POST reset", on, "reset-request", "empty")
    shown = f"GET instances?account_id={wire.account_id}"
    assert len(wire.control(shown, None, None, "inspect-answer")["instances"]) == 3
    wire.control(f"DELETE {path}", None, None, "empty")
    wire.control("POST reset", {}, "reset-request", "empty")


def test_discovery(wire: Wire) -> None:
    answer = wire.emulator.handle(HttpRequest("GET", "/redeploy-control/v1/", (), b""))
    wire.checked("control/discovery", answer.body)


def test_the_public_operations(wire: Wire) -> None:
    first, locked, _ = made(wire)
    wire.call("RedeployInstance", "redeploy-success", ("InstanceId", first))
    wire.call("RedeployInstance", "error", ("InstanceId", locked))
    wire.call("RedeployInstance", "error", ("InstanceId", "i-nobody"))
    wire.call("RedeployInstance", "error")
    wire.call("DescribeTasks", "describe-tasks")
    wire.control("POST clock/advance", {"seconds": 3600}, "advance-request", "clock")
    assert wire.call("DescribeTasks", "describe-tasks")["TaskSet"]["Task"]
    shown = wire.call("DescribeInstances", "describe-instances")
    assert len(shown["Instances"]["Instance"]) == 3
    shown = wire.call(
        "DescribeInstanceHistoryEvents", "describe-instance-history-events"
    )
    assert shown["InstanceSystemEventSet"]["InstanceSystemEventType"]

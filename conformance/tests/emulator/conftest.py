"""A bench: an emulator with one account, and short ways to call it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials, build_request

EVENT = {"type": "SystemMaintenance.Reboot", "status": "Scheduled"}


class Bench:
    """Calls an emulator in process, as one account's owner unless told otherwise."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.account_id, self.owner = self.account()

    def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        payload = b"" if body is None else json.dumps(body).encode()
        target = f"/redeploy-control/v1/{path}"
        answer = self.emulator.handle(HttpRequest(method, target, (), payload))
        return answer.status, json.loads(answer.body)

    def account(self) -> tuple[str, Credentials]:
        _, made = self.control("POST", "accounts", {})
        key = Credentials(made["access_key_id"], made["access_key_secret"])
        return made["account_id"], key

    def user(self, *policies: Any) -> Credentials:
        asked = {"account_id": self.account_id, "policies": list(policies)}
        _, made = self.control("POST", "principals", asked)
        return Credentials(made["access_key_id"], made["access_key_secret"])

    def instance(self, account_id: str | None = None, **spec: Any) -> str:
        spec.setdefault("events", [EVENT])
        owner = account_id or self.account_id
        asked = {"account_id": owner, "instances": [spec]}
        status, made = self.control("POST", "instances", asked)
        assert status == 201, made
        return str(made["instances"][0]["instance_id"])

    def send(
        self,
        action: str,
        *params: tuple[str, str],
        by: Credentials | None = None,
        **wire: Any,
    ) -> HttpResponse:
        options = {
            "scheme": "v1",
            "method": "POST",
            "place": "query",
            "format": "JSON",
            **wire,
        }
        request = build_request(
            params, action=action, credentials=by or self.owner, host="ecs", **options
        )
        return self.emulator.handle(request)

    def call(self, action: str, *params: tuple[str, str], **how: Any) -> Any:
        answer = self.send(action, ("RegionId", "cn-hangzhou"), *params, **how)
        return json.loads(answer.body)

    def redeploy(self, instance_id: str, force: str | None = None, **how: Any) -> str:
        """`accepted`, or the code of the error."""
        params = [("InstanceId", instance_id)]
        if force is not None:
            params.append(("ForceStop", force))
        answer = self.send("RedeployInstance", *params, **how)
        fields = json.loads(answer.body)
        assert (answer.status == 200) == ("TaskId" in fields)
        return str(fields.get("Code", "accepted"))

    def status(self, instance_id: str, **how: Any) -> str:
        ids = json.dumps([instance_id])
        shown = self.call("DescribeInstances", ("InstanceIds", ids), **how)
        return str(shown["Instances"]["Instance"][0]["Status"])

    def events(self, instance_id: str) -> list[str]:
        names = ["Inquiring", "Scheduled", "Executing"]
        names += ["Executed", "Avoided", "Canceled", "Failed"]
        asked = [
            (f"InstanceEventCycleStatus.{place}", name)
            for place, name in enumerate(names, start=1)
        ]
        shown = self.call(
            "DescribeInstanceHistoryEvents", ("InstanceId", instance_id), *asked
        )
        events = shown["InstanceSystemEventSet"]["InstanceSystemEventType"]
        return [event["EventCycleStatus"]["Name"] for event in events]

    def look(self, instance_id: str) -> Any:
        _, shown = self.control("GET", f"instances?account_id={self.account_id}")
        found = {one["instance_id"]: one for one in shown["instances"]}
        return found[instance_id]

    def advance(self, seconds: float) -> None:
        assert self.control("POST", "clock/advance", {"seconds": seconds})[0] == 200

    def walk(self, instance_id: str, step: float = 1.0) -> list[str]:
        """The different statuses from now on, until nothing happens any more."""
        seen = [self.status(instance_id)]
        for _ in range(40):
            self.advance(step)
            now = self.status(instance_id)
            if now != seen[-1]:
                seen.append(now)
        return seen

    def next_fails(self, instance_id: str) -> None:
        path = f"instances/{instance_id}/next-redeploy"
        assert self.control("PUT", path, {"outcome": "fail"})[0] == 200


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """A bench for an emulator with the given settings."""

    def make(**settings: Any) -> Bench:
        return Bench(Emulator(Settings(**settings)))

    return make


@pytest.fixture
def bench_around() -> Callable[[Emulator], Bench]:
    """A bench around a given emulator."""
    return Bench


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A bench with the default settings."""
    return make_bench()

"""Logs of what callers did on an emulator, as a proxy or ActionTrail would have kept them.

Callers use the public API only; where an instance begins, and how its redeploy ends, is decided
before the log begins. Times are those of the emulator's own clock.
"""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.running.api import ALL_STATUSES, Api
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials

BEGUN = datetime(2026, 5, 1, tzinfo=UTC)
EVENT = {"type": "SystemMaintenance.Reboot", "status": "Inquiring"}
SPECS: tuple[dict[str, Any], ...] = (
    {"events": [EVENT]},
    {"events": [EVENT], "status": "Stopped"},
    {"events": [EVENT], "lock_reasons": ["security"]},
    {"events": [EVENT], "tenancy": "dedicated-host"},
    {"events": [EVENT], "billing": "expired"},
    {"events": [EVENT], "disk_status": "incorrect"},
    {"events": [EVENT], "status": "Pending"},
    {"events": [EVENT, EVENT], "next_redeploy": "fail"},
    {"events": [], "storage": "local", "local_disk": "isolated"},
    {"events": []},
    {"events": [EVENT, {"type": "InstanceFailure.Reboot", "status": "Executing"}]},
)


class Log:
    """Callers on one account, and everything that they sent and got."""

    def __init__(self, emulator: Emulator) -> None:
        transport = DirectTransport(emulator.asgi)
        self.api = Api(Target("x", "embedded", transport, Statement()))
        self.api.discover()
        self.now = 0.0
        self.seen: list[tuple[float, HttpRequest, HttpResponse]] = []
        made = self._control("accounts", {})
        self.account = made["account_id"]
        self.key = Credentials(made["access_key_id"], made["access_key_secret"])
        body = {"account_id": self.account, "instances": list(SPECS)}
        rows = self._control("instances", body)["instances"]
        self.ids = [row["instance_id"] for row in rows]

    def _control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = self.api._control_request("POST", path, body)
        answer: dict[str, Any] = json.loads(self.api.send(request).body)
        return answer

    def wait(self, seconds: float) -> None:
        self._control("clock/advance", {"seconds": seconds})
        self.now += seconds

    def call(self, action: str, *params: tuple[str, str]) -> None:
        self.now += 0.01
        self.api.exchanges.clear()
        self.api.call(action, params, self.key)
        request, answer = self.api.exchanges[-1]
        assert not isinstance(answer, str)
        self.seen.append((self.now, request, answer))

    def redeploy(self, key: str, *params: tuple[str, str]) -> None:
        self.call("RedeployInstance", ("InstanceId", key), *params)

    def look(self, *keys: str) -> None:
        region = ("RegionId", self.api.region)
        ids = ("InstanceIds", json.dumps(keys or self.ids))
        self.call("DescribeInstances", region, ids, ("PageSize", "100"))

    def events(self) -> None:
        asked = [("RegionId", self.api.region), ("PageSize", "100")]
        asked += [
            (f"InstanceEventCycleStatus.{n}", one)
            for n, one in enumerate(ALL_STATUSES, 1)
        ]
        self.call("DescribeInstanceHistoryEvents", *asked)

    def wander(self, seed: int, steps: int) -> None:
        """Do what callers do, in any order."""
        draw = random.Random(seed)
        for _ in range(steps):
            key = draw.choice(self.ids)
            match draw.randrange(8):
                case 0 | 1 | 2:
                    self.look(*draw.choice([(), (key,)]))
                case 3:
                    self.events()
                case 4 | 5:
                    self.redeploy(key)
                case 6:
                    self.redeploy(draw.choice(["i-nobody", key]), ("ForceStop", "true"))
                case _:
                    self.wait(draw.choice([1.0, 5.0, 30.0, 61.0, 700.0]))

    def har(self) -> dict[str, Any]:
        return {
            "log": {"version": "1.2", "entries": [_entry(*one) for one in self.seen]}
        }

    def trail(self) -> list[dict[str, Any]]:
        return [_event(self.account, *one) for one in self.seen]


def _when(at: float) -> str:
    return (BEGUN + timedelta(seconds=at)).isoformat(timespec="milliseconds")


def _entry(at: float, request: HttpRequest, answer: HttpResponse) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in request.headers]
    return {
        "startedDateTime": _when(at),
        "time": 5,
        "request": {
            "method": request.method,
            "url": f"https://ecs.test{request.target}",
            "httpVersion": "HTTP/1.1",
            "headers": headers,
        },
        "response": {
            "status": answer.status,
            "headers": [],
            "content": {"mimeType": "application/json", "text": answer.body.decode()},
        },
    }


def _event(
    account: str, at: float, request: HttpRequest, answer: HttpResponse
) -> dict[str, Any]:
    from urllib.parse import parse_qsl

    fields = json.loads(answer.body)
    failed = answer.status >= 300
    event: dict[str, Any] = {
        "eventId": f"e{at}",
        "eventVersion": "1",
        "eventName": dict(request.headers)["x-acs-action"],
        "eventTime": (BEGUN + timedelta(seconds=int(at))).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
        "serviceName": "Ecs",
        "requestId": fields.get("RequestId"),
        "requestParameters": dict(parse_qsl(urlsplit(request.target).query)),
        "responseElements": None if failed else fields,
        "userIdentity": {"type": "ram-user", "accountId": account},
    }
    if failed:
        event |= {"errorCode": fields["Code"], "errorMessage": fields["Message"]}
    return event


def lines(events: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in events)

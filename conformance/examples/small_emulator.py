"""A small emulator of RedeployInstance in one file of plain Python, to begin your own from.

    python conformance/examples/small_emulator.py 8081
    redeploy-conformance run http://127.0.0.1:8081

It keeps the contract, offers every part of the control protocol, and shares no code with the suite.
Where the page is silent it chooses otherwise than the reference emulator does.
"""

import contextlib
import hashlib
import hmac
import itertools
import json
import re
import sys
import threading
import traceback
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

REGION = "cn-hangzhou"
CONTROL = "/redeploy-control/v1/"
PARTS = (
    "accounts principals instances events outcomes clock inspect internal-errors reset"
)
MARKS = ("host", "local_data", "cloud_data")
SEEN = (*MARKS, "local_disk", "billing", "disk_status", "orderly_stops", "power_offs")
DEFAULTS = {
    "status": "Running",
    "tenancy": "default",
    "lock_reasons": [],
    "billing": "current",
    "disk_status": "normal",
    "storage": "cloud",
    "local_disk": "healthy",
}
REDISK = "SystemMaintenance.RebootAndReInitErrorDisk"
RESPONDS = {
    "SystemMaintenance.Reboot": ("Inquiring", "Scheduled"),
    "SystemMaintenance.Redeploy": ("Inquiring", "Scheduled"),
    "SystemMaintenance.RebootAndIsolateErrorDisk": ("Inquiring",),
    REDISK: ("Inquiring",),
    "SystemFailure.Redeploy": ("Inquiring",),
    "SystemFailure.Reboot": ("Executing",),
    "SystemMaintenance.IsolateErrorDisk": ("Inquiring",),
    "SystemMaintenance.ReInitErrorDisk": ("Inquiring",),
}
FINAL = ("Executed", "Avoided", "Canceled", "Failed")
TEXTS = {
    "InvalidInstanceId.NotFound": "The InstanceId provided does not exist in our records.",
    "IncorrectInstanceStatus": "The current status of the resource does not support this operation.",
    "InstanceLockedForSecurity": "The specified operation is denied as your instance is locked for security reasons.",
    "DiskError": "IncorrectDiskStatus.",
    "InstanceExpiredOrInArrears": "The specified operation is denied as your prepay instance is expired (prepay mode) or in arrears (afterpay mode).",
    "InvalidOperation.RedeployInstance": "This instance stays where it is.",
    "InternalError": "The request processing has failed due to some unknown error.",
}
Json = dict[str, Any]


class Refused(Exception):
    """A call of the public API is turned down: HTTP status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class World:
    """Everything there is, and what may happen to it; one lock around every request."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.now = 0.0
        self.count = itertools.count(1)
        self.reset()

    def reset(self) -> None:
        self.keys: dict[str, Json] = {}
        self.instances: dict[str, Json] = {}
        self.nonces: set[str] = set()
        self.windows: dict[tuple[str, int], int] = {}
        self.errors: dict[str, str] = {}

    def name(self, prefix: str) -> str:
        return f"{prefix}{next(self.count):08d}"

    # ------------------------------------------------------------ the control protocol

    def control(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        head, _, rest = path.partition("/")
        match method, head, rest.split("/"):
            case "GET", "", _:
                made = {"name": "small emulator", "version": "1"}
                found = {"protocol": "redeploy-control/1", "implementation": made}
                return 200, {**found, "region": REGION, "offers": PARTS.split()}
            case "POST", "accounts", _:
                account = self.name("10")
                return 201, {"account_id": account, **self.key(account, None)}
            case "POST", "principals", _:
                return 201, self.key(body["account_id"], body["policies"])
            case "POST", "instances", [""]:
                made = [self.make(body["account_id"], one) for one in body["instances"]]
                return 201, {"instances": made}
            case "PATCH", "instances", [one]:
                self.instances[one] |= body
            case "DELETE", "instances", [one]:
                del self.instances[one]
            case "POST", "instances", [one, "events"]:
                return 201, {"event_id": self.event(one, body["type"], body["status"])}
            case "PUT", "instances", [one, "next-redeploy"]:
                self.instances[one]["next"] = body["outcome"]
            case "GET", "clock", _:
                return 200, {"now": self.now}
            case "POST", "clock", ["advance"]:
                self.now += body["seconds"]
                for one in self.instances.values():
                    self.move(one)
                return 200, {"now": self.now}
            case "GET", "instances", _:
                mine = [i for i in self.instances.values() if i["account"] == rest]
                rows = [
                    {"instance_id": i["id"]} | {n: i[n] for n in SEEN} for i in mine
                ]
                for row, one in zip(rows, mine, strict=True):
                    if one["storage"] == "cloud":
                        row |= {"local_data": None, "local_disk": None}
                return 200, {"instances": rows}
            case "POST", "internal-errors", _:
                self.errors[body["account_id"]] = body["effect"]
            case "POST", "reset", _:
                self.reset()
            case _:
                return 404, {"error": f"there is no {method} {path}"}
        return 200, {}

    def key(self, account: str, policies: list[Json] | None) -> Json:
        made = self.name("LTAI")
        secret = hashlib.sha256(made.encode()).hexdigest()
        self.keys[made] = {"account": account, "policies": policies, "secret": secret}
        return {"access_key_id": made, "access_key_secret": secret}

    def make(self, account: str, spec: Json) -> Json:
        marks = {name: self.name("x") for name in MARKS}
        one = {"id": self.name("i-"), "account": account, "events": [], "flight": None}
        one |= {**DEFAULTS, **marks, "orderly_stops": 0, "power_offs": 0, "next": None}
        one |= {name: spec[name] for name in DEFAULTS if spec.get(name) is not None}
        one["next"] = spec.get("next_redeploy")
        self.instances[one["id"]] = one
        given = spec.get("events", [])
        events = [self.event(one["id"], e["type"], e["status"]) for e in given]
        return {"instance_id": one["id"], "event_ids": events}

    def event(self, owner: str, kind: str, status: str, simulated: bool = False) -> str:
        made = {"id": self.name("e-"), "instance": owner, "type": kind}
        made |= {"status": status, "simulated": simulated}
        self.instances[owner]["events"].append(made)
        return str(made["id"])

    # ------------------------------------------------------------ redeploys

    def responds(self, one: Json) -> list[Json]:
        return [
            e
            for e in one["events"]
            if e["status"] in RESPONDS.get(e["type"], ())
            and not e["simulated"]
            and (e["type"] != "SystemFailure.Reboot" or one["storage"] == "local")
        ]

    def refusal(self, one: Json) -> tuple[int, str] | None:
        if one["tenancy"] != "default":
            return 403, "InvalidOperation.RedeployInstance"
        if "security" in one["lock_reasons"]:
            return 403, "InstanceLockedForSecurity"
        if one["billing"] != "current":
            return 403, "InstanceExpiredOrInArrears"
        if one["disk_status"] != "normal":
            return 403, "DiskError"
        if one["flight"] or one["status"] not in ("Running", "Stopped"):
            return 403, "IncorrectInstanceStatus"
        return None

    def redeploy(self, account: str, params: dict[str, str], key: Json) -> Json:
        window = (account, int(self.now // 60))
        self.windows[window] = self.windows.get(window, 0) + 1
        if self.windows[window] > 500:
            raise Refused(400, "Throttling")
        wanted = params.get("InstanceId", "")
        if not wanted:
            raise Refused(400, "MissingParameter")
        force = params.get("ForceStop", "false").lower()
        if force not in ("true", "false"):
            raise Refused(400, "InvalidParameter")
        if not self.allowed(key, f"acs:ecs:{REGION}:{account}:instance/{wanted}"):
            raise Refused(403, "NoPermission")
        one = self.instances.get(wanted)
        if one is None or one["account"] != account:
            raise Refused(404, "InvalidInstanceId.NotFound")
        if refusal := self.refusal(one):
            raise Refused(*refusal)
        effect = self.errors.pop(account, "")
        if effect != "none":
            begun = {"from": one["status"], "at": self.now, "force": force == "true"}
            begun |= {"fails": one["next"] == "fail"}
            one["flight"] = begun | {"answers": [e["id"] for e in self.responds(one)]}
            one["next"] = None  # used up: it told how this redeploy ends
            self.move(one)
        if effect:
            raise Refused(500, "InternalError")
        return {"TaskId": self.name("task.")}

    def move(self, one: Json) -> None:
        """Bring a redeploy to where it is by now: 20 s of Stopping, 20 s of Starting."""
        flight = one["flight"]
        if not flight:
            return
        since = self.now - flight["at"] + (0 if flight["from"] == "Running" else 20)
        if since < 40:
            one["status"] = "Stopping" if since < 20 else "Starting"
            return
        one["flight"] = None
        one["status"] = flight["from"] if flight["fails"] else "Running"
        if flight["fails"]:
            return
        one["host"] = self.name("x")
        if flight["from"] == "Running":
            one["power_offs" if flight["force"] else "orderly_stops"] += 1
        if one["storage"] == "local":
            one |= {"local_data": self.name("x"), "local_disk": "healthy"}
        for event in one["events"]:
            if event["id"] in flight["answers"]:
                event["status"] = "Avoided"

    # ------------------------------------------------------------ the public API

    def answer(self, params: dict[str, str], key: Json, action: str) -> Json:
        account, ids = key["account"], params.get("InstanceIds")
        mine = [i for i in self.instances.values() if i["account"] == account]
        if action == "RedeployInstance":
            return self.redeploy(account, params, key)
        if action == "DescribeInstances":
            wanted = None if ids is None else set(json.loads(ids))
            rows = [self.shown(i) for i in mine if wanted is None or i["id"] in wanted]
            return {"Instances": {"Instance": rows}, "TotalCount": len(rows)}
        if action == "DescribeInstanceHistoryEvents":
            number = int(params.get("PageNumber", "1"))
            size = int(params.get("PageSize", "10"))
            asked = {v for n, v in params.items() if n.startswith("InstanceEventCycle")}
            rows = [
                {
                    "InstanceId": e["instance"],
                    "EventId": e["id"],
                    "EventType": {"Name": e["type"]},
                    "EventCycleStatus": {"Name": e["status"]},
                }
                for i in mine
                for e in i["events"]
                if e["status"] in (asked or FINAL)
                and params.get("InstanceId", i["id"]) == i["id"]
            ]
            page = rows[(number - 1) * size : number * size]
            return {"InstanceSystemEventSet": {"InstanceSystemEventType": page}}
        if action == "RunInstances":
            made = self.make(account, {})["instance_id"]
            return {"InstanceIdSets": {"InstanceIdSet": [made]}}
        if action == "CreateSimulatedSystemEvents":
            one, kind = params["InstanceId.1"], params["EventType"]
            status = "Scheduled" if "Maintenance" in kind else "Executing"
            return {"EventIdSet": {"EventId": [self.event(one, kind, status, True)]}}
        if action == "DescribeTasks":
            return {"TaskSet": {"Task": []}}
        raise Refused(404, "InvalidAction.NotFound")

    def shown(self, one: Json) -> Json:
        locks = [{"LockReason": reason} for reason in one["lock_reasons"]]
        host = "dh-1" if one["tenancy"] == "dedicated-host" else ""
        return {
            "InstanceId": one["id"],
            "Status": one["status"],
            "OperationLocks": {"LockReason": locks},
            "DedicatedHostAttribute": {"DedicatedHostId": host},
            "LocalStorageAmount": 1 if one["storage"] == "local" else 0,
        }

    def allowed(self, key: Json, resource: str) -> bool:
        if key["policies"] is None:
            return True
        effects = {
            s["Effect"]
            for policy in key["policies"]
            for s in policy["Statement"]
            if covers(s["Action"], "ecs:RedeployInstance")
            and covers(s["Resource"], resource)
        }
        return effects == {"Allow"}


def covers(patterns: str | list[str], text: str) -> bool:
    some = [patterns] if isinstance(patterns, str) else patterns
    every = (re.escape(one).replace(r"\*", ".*") for one in some)
    return any(re.fullmatch(one, text) for one in every)


class Handler(BaseHTTPRequestHandler):
    """One request: of the control protocol, or a signed one (V3) of the public API."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece, or each waits for an acknowledgement
    world: World

    def handle_one(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size)
        with self.world.lock:
            try:
                told = self.told(body)
            except Exception:  # a fault of this program is answered, too
                traceback.print_exc()
                request, code = self.world.name("request-"), "InternalError"
                told = 500, {"RequestId": request, "Code": code, "Message": TEXTS[code]}
        self.reply(*told)

    def told(self, body: bytes) -> tuple[int, Json]:
        """Return the status and the document that answer the request."""
        if self.path.startswith(CONTROL):
            path = urlsplit(self.path[len(CONTROL) :])
            account = dict(parse_qsl(path.query)).get("account_id")
            word = f"{path.path}/{account}" if account else path.path
            return self.world.control(self.command, word, json.loads(body or b"{}"))
        query = parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
        kind, form = self.headers.get("content-type", ""), []
        if kind.startswith("application/x-www-form-urlencoded"):
            form = parse_qsl(body.decode(), keep_blank_values=True)
        fields: Json = {"RequestId": self.world.name("request-")}
        try:
            key = self.caller(query, body)
            action = self.headers["x-acs-action"]
            return 200, fields | self.world.answer(dict(query + form), key, action)
        except Refused as refused:
            text = TEXTS.get(refused.code, refused.code)
            return refused.status, fields | {"Code": refused.code, "Message": text}

    def caller(self, query: list[tuple[str, str]], body: bytes) -> Json:
        """Return the key that signed the request, if it really did."""
        given = self.headers.get("authorization", "")
        parts = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^,]+)", given))
        key = self.world.keys.get(parts.get("Credential", ""))
        if key is None:
            raise Refused(404, "InvalidAccessKeyId.NotFound")
        if "SignedHeaders" not in parts or "Signature" not in parts:
            raise Refused(400, "IncompleteSignature")
        digest = hashlib.sha256(body).hexdigest()
        names = parts["SignedHeaders"].split(";")
        lines = [self.command, "/", *self.canonical(query, names), digest]
        whole = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = f"ACS3-HMAC-SHA256\n{whole}".encode()
        good = hmac.new(key["secret"].encode(), text, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(good, parts["Signature"]):
            raise Refused(400, "SignatureDoesNotMatch")
        date = self.headers.get("x-acs-date", "")
        try:
            made = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            raise Refused(400, "InvalidTimeStamp.Format") from None
        if abs(datetime.now(UTC) - made.replace(tzinfo=UTC)) > timedelta(minutes=15):
            raise Refused(400, "InvalidTimeStamp.Expired")
        nonce = self.headers["x-acs-signature-nonce"]
        if nonce in self.world.nonces:
            raise Refused(400, "SignatureNonceUsed")
        self.world.nonces.add(nonce)
        return key

    def canonical(self, query: list[tuple[str, str]], names: list[str]) -> list[str]:
        pairs = sorted((quote(n, safe="~"), quote(v, safe="~")) for n, v in query)
        headers = [f"{name}:{self.headers.get(name, '').strip()}" for name in names]
        return ["&".join(f"{n}={v}" for n, v in pairs), *headers, "", ";".join(names)]

    def reply(self, status: int, document: Json) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json;charset=utf-8")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a request's address carries its signature."""

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one


def make(port: int = 0) -> ThreadingHTTPServer:
    """Return the server, not yet serving; port 0 is any free one."""
    handler = type("Bound", (Handler,), {"world": World()})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


if __name__ == "__main__":
    server = make(int(sys.argv[1]) if len(sys.argv) > 1 else 8081)
    print(f"serving on http://127.0.0.1:{server.server_address[1]}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()

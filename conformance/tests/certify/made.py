"""What clients told and sent, as the tests of judging them make it."""

from typing import Any

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import MAIN, Case, answers
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.expectations import Refused
from redeploy_conformance.certify.judge import judge
from redeploy_conformance.certify.playing import Key, Played
from redeploy_conformance.certify.replies import REQUEST_ID, TASK_ID, success
from redeploy_conformance.certify.told import Kind, Told
from redeploy_conformance.wire.signing import Credentials, build_request
from redeploy_schemas.validation import problems

KEY = Key("key1", "hush")


def told(kind: str, **fields: Any) -> Told:
    """What an adapter told, checked against its schema."""
    rows: dict[str, dict[str, Any]] = {
        "success": {"task_id": TASK_ID, "request_id": REQUEST_ID},
        "error": {
            "code": "DiskError",
            "message": "code: 403, IncorrectDiskStatus. request id: R-1",
            "http_status": 403,
            "request_id": "R-1",
            "class": "E",
        },
        "timeout": {"message": "too late", "class": "E"},
        "unsupported": {"message": "no way"},
    }
    line = {"id": 1, "outcome": kind, **rows[kind], **fields}
    assert problems("client/answer", line) == []
    return Told(Kind(kind), line)


NOTHING = {"task_id": None, "request_id": None}
ERROR, TIMEOUT, SUCCESS = told("error"), told("timeout"), told("success")
EMPTY = told("success", **NOTHING)
CRASH = Told(Kind.CRASH, text="ended with exit code 1")
DISK = Refused("DiskError", "IncorrectDiskStatus.", 403, "R-1")


def arrival(
    head: str = "POST / HTTP/1.1", server: str = MAIN, at: float = 0.0, **headers: str
) -> Arrival:
    """A request with these headers."""
    lines = [
        head,
        *(f"{key.replace('_', '-')}: {value}" for key, value in headers.items()),
    ]
    return Arrival(at, server, ("\r\n".join(lines) + "\r\n\r\n").encode())


ONE = arrival()
SIGNED = {
    "authorization": "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature="
    + "ab" * 32
}


def request(scheme: str = "v3", more: str = "", **options: Any) -> Arrival:
    """A request of the suite's own signing, as it arrives."""
    made = build_request(
        [("InstanceId", "i-a b+c")],
        action="RedeployInstance",
        credentials=Credentials("key1", "hush"),
        host="127.0.0.1:1",
        scheme=scheme,
        **options,
    )
    head = [f"{made.method} {made.target}{more} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in made.headers]
    head.append(f"content-length: {len(made.body)}")
    return Arrival(0.0, MAIN, ("\r\n".join(head) + "\r\n\r\n").encode() + made.body)


def played(case: Case, what: Told, *arrivals: Arrival) -> Played:
    """A case that was played with one call."""
    return Played(case, [what], [list(arrivals)])


def failures(one: Played) -> list[str]:
    """The clauses that a case breaks, with what was observed."""
    return [
        f"{judged.check.clause} {judged.check.observed}"
        for judged in judge(one, KEY)
        if judged.check.observed is not None
    ]


PLAIN = Case("plain", "C3", OURS, answers(success()), instance_id="i-a b+c", once=True)

"""What each clause demands of what a client told, and what it leaves open."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from redeploy_conformance.certify.arrivals import Arrival, wrong_request
from redeploy_conformance.certify.case import MAIN, OTHER, Case, Expectation, answers
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.expectations import (
    Accepted,
    Broken,
    Compressed,
    CutWhenThrottled,
    Digits,
    Failed,
    Late,
    Misplaced,
    Redirected,
    Refused,
    Throttled,
    Untrusted,
    Unusual,
    WithoutTask,
)
from redeploy_conformance.certify.hiding import found, hide, tells
from redeploy_conformance.certify.judge import judge, judge_all
from redeploy_conformance.certify.playing import Key, Played
from redeploy_conformance.certify.replies import REQUEST_ID, TASK_ID, success
from redeploy_conformance.certify.told import Kind, Told
from redeploy_conformance.wire.signing import Credentials, build_request
from redeploy_schemas.contract import load
from redeploy_schemas.validation import problems

KEY = Key("key1", "hush")
SECRET = "0a1b2c3d4e5f60718293a4b5c6d7e8"


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


def seen(expected: Expectation, what: Told, *arrivals: Arrival) -> list[str]:
    """Each check in short: ``C3 held``, ``C3 failed`` or ``C3m a choice``."""
    found = []
    for one in expected.judge(what, arrivals or (ONE,)):
        end = one.choice or ("held" if one.observed is None else "failed")
        found.append(f"{one.clause} {end}")
    return found


BY_V1 = "Signature=c2lnbmVk&SignatureNonce=n1&Timestamp=2026-01-01T00%3A00%3A00Z"


@pytest.mark.parametrize(
    ("target", "body", "clauses"),
    [
        ("/", BY_V1, set()),  # when it was made, and its nonce, were not read
        (f"/?{BY_V1}", "", {"C2"}),
    ],
)
def test_what_was_cut_off_before_it_was_read_has_no_time(
    target: str, body: str, clauses: set[str]
) -> None:
    head = f"POST {target} HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n"
    cut = Arrival(0.0, MAIN, head.encode(), unread=True)
    case = Case("x", "C5", Broken(), answers(success()), once=True)
    played = Played(case, [ERROR], [[cut]])
    checks = [*judge(played, KEY), *judge_all([played])]
    wrong = {one.check.clause for one in checks if one.check.observed is not None}
    assert wrong == clauses


def test_a_parameter_that_says_two_things_says_neither() -> None:
    params = [("InstanceId", "i-1"), ("ForceStop", "true"), ("ForceStop", "false")]
    key = Credentials(KEY.access_key_id, KEY.secret)
    request = build_request(
        params, action="RedeployInstance", credentials=key, host="127.0.0.1"
    )
    lines = [f"{name}: {value}" for name, value in request.headers]
    head = "\r\n".join([f"POST {request.target} HTTP/1.1", *lines])
    one = Arrival(0.0, MAIN, head.encode() + b"\r\n\r\n")
    told = list(wrong_request(one, "i-1", True, KEY.access_key_id, KEY.secret))
    assert told == [("one ForceStop", "'false' and 'true'")]


@pytest.mark.parametrize(
    ("what", "checks"),
    [
        (ERROR, ["C3m x: an error"]),
        (EMPTY, ["C3m x: a success"]),
        (SUCCESS, ["C7 failed"]),
        (CRASH, ["C7 failed"]),
    ],
)
def test_ids_that_stand_elsewhere_are_not_those_of_a_success(
    what: Told, checks: list[str]
) -> None:
    assert seen(Misplaced(OURS, "x"), what) == checks


@pytest.mark.parametrize(
    ("what", "arrivals", "checks"),
    [
        (ERROR, 1, ["C6 held"]),
        (SUCCESS, 1, ["C6 failed"]),
        (ERROR, 2, ["C7 held", "C5 held"]),
        (ERROR, 3, ["C7 held", "C5 failed"]),
        (SUCCESS, 2, ["C7 failed", "C5 held"]),
    ],
)
def test_a_throttled_call_that_is_cut_then(
    what: Told, arrivals: int, checks: list[str]
) -> None:
    assert seen(CutWhenThrottled(), what, *[ONE] * arrivals) == checks


@pytest.mark.parametrize(
    ("expected", "what", "checks"),
    [
        (OURS, SUCCESS, ["C3 held"]),
        (OURS, told("success", task_id=None), ["C3 failed"]),
        (OURS, told("success", request_id=REQUEST_ID.lower()), ["C3 failed"]),
        (OURS, ERROR, ["C3 failed"]),
        (DISK, ERROR, ["C4 held"]),
        (DISK, told("error", http_status=None), ["C4 held"]),  # its message has both
        (DISK, told("error", request_id=None), ["C4 held"]),
        (
            DISK,
            told("error", http_status=None, message="IncorrectDiskStatus."),
            ["C4 failed"],
        ),
        (
            DISK,
            told("error", request_id=None, message="IncorrectDiskStatus."),
            ["C4 failed"],
        ),
        (DISK, told("error", http_status=400), ["C4 failed"]),
        (DISK, told("error", code="DiskErrorError"), ["C4 failed"]),
        (DISK, told("error", code=None), ["C4 failed"]),
        (DISK, told("error", message="it failed"), ["C4 failed"]),
        (DISK, SUCCESS, ["C4 failed"]),
        (DISK, TIMEOUT, ["C4 failed"]),
        (Failed(), ERROR, ["C4 held"]),
        (Failed(), EMPTY, ["C4 failed"]),
        (Broken(), ERROR, ["C7 held"]),
        (Broken(), TIMEOUT, ["C7 held"]),
        (Broken(), EMPTY, ["C7 failed"]),
        (Broken("XML", "DiskError"), ERROR, ["C7 held", "C7g XML: understood"]),
        (
            Broken("XML", "DiskError"),
            told("error", code=None),
            ["C7 held", "C7g XML: an error"],
        ),
        (Unusual(OURS, "XML", "C7"), SUCCESS, ["C7g XML: understood", "C7 held"]),
        (Unusual(OURS, "XML", "C7"), ERROR, ["C7g XML: an error", "C7 held"]),
        (Unusual(OURS, "XML", "C7"), EMPTY, ["C7 failed"]),
        (Unusual(OURS, "JSON", "C3"), EMPTY, ["C3 failed"]),
        (WithoutTask("missing"), EMPTY, ["C3m missing: a success"]),
        (WithoutTask("missing"), ERROR, ["C3m missing: an error"]),
        (Digits("123"), told("success", task_id="123"), ["C3 held"]),
        (Digits("123"), told("success", task_id="120"), ["C3 failed"]),
        (Digits("123"), EMPTY, ["C3m a number: a success"]),
        (Digits("123"), ERROR, ["C3 held"]),
        (Late(OURS), TIMEOUT, ["C7 held"]),
        (Late(OURS), SUCCESS, ["C7 held"]),
        (Late(OURS), EMPTY, ["C7 failed"]),
        (Throttled(4), ERROR, ["C6 held", "C6r not sent again"]),
        (Throttled(4), EMPTY, ["C6 failed", "C6r not sent again"]),
        (Redirected(), ERROR, ["C8 held", "C7 held"]),
        (Redirected(), EMPTY, ["C8 held", "C7 failed"]),
    ],
)
def test_what_is_demanded(expected: Expectation, what: Told, checks: list[str]) -> None:
    assert seen(expected, what) == checks


def test_compression_is_a_duty_of_whoever_asks_for_it() -> None:
    packed = Compressed(Accepted(TASK_ID, REQUEST_ID))
    for asked in ("gzip", "deflate, gzip;q=0.5", "*", "*;q=0, gzip"):
        assert seen(packed, ERROR, arrival(accept_encoding=asked)) == ["C3 failed"]
    for asked in ("identity", "gzip;q=0", "gzip; q=0.0, br", "gzip;q=0, *"):
        choice = ["C7g gzip nobody asked for: an error", "C7 held"]
        assert seen(packed, ERROR, arrival(accept_encoding=asked)) == choice


def test_a_success_after_the_refusals_is_one() -> None:
    assert seen(Throttled(2), SUCCESS, ONE, ONE, ONE) == ["C6 held", "C6r sent again"]
    assert seen(Throttled(2), SUCCESS, ONE, ONE) == ["C6 failed", "C6r sent again"]


@pytest.mark.parametrize(
    ("there", "verdict"),
    [
        (arrival("GET /elsewhere HTTP/1.1"), "held"),
        (arrival("GET /elsewhere HTTP/1.1", **SIGNED), "failed"),
        (arrival("GET /elsewhere HTTP/1.1", OTHER, **SIGNED), "failed"),
        (
            arrival("GET /elsewhere?AccessKeyId=k&Signature=abcdefghij HTTP/1.1"),
            "failed",
        ),
        (
            arrival(
                "GET / HTTP/1.1", OTHER, referer="http://a/?Signature=c2lnbmF0dXJl"
            ),
            "failed",
        ),
        (arrival("GET / HTTP/1.1", OTHER, referer="http://a/"), "held"),
    ],
)
def test_a_redirect_may_be_followed_without_credentials(
    there: Arrival, verdict: str
) -> None:
    first = arrival("POST /?AccessKeyId=k&Signature=c2lnbmF0dXJl HTTP/1.1")
    assert seen(Redirected(), SUCCESS, first, there) == [f"C8 {verdict}", "C7 held"]


def test_a_server_that_must_not_be_trusted_gets_nothing() -> None:
    plain = Arrival(0.0, MAIN, ONE.raw, plain=True)
    assert next(Untrusted().judge(ERROR, ())).observed is None
    for sent in (ONE, plain):
        assert seen(Untrusted(), ERROR, sent) == ["C8 failed", "C7 held"]
    assert [one.observed for one in Untrusted().judge(EMPTY, ())] == [None, EMPTY.words]


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


@pytest.mark.parametrize("scheme", ["v1", "v3"])
@pytest.mark.parametrize(
    ("method", "place"), [("GET", "query"), ("POST", "query"), ("POST", "form")]
)
def test_a_right_request_is_right(scheme: str, method: str, place: str) -> None:
    sent = request(scheme, method=method, place=place)
    assert failures(played(PLAIN, SUCCESS, sent)) == []


@pytest.mark.parametrize(
    ("sent", "failed"),
    [
        (
            request(more="&ForceStop=true"),
            ["C1 ForceStop=true", "C1 a V3 signature of something else"],
        ),
        (
            request("v1", more="&Extra="),
            ["C1 a V1 signature of something else"],
        ),
        (
            arrival(
                "POST /?InstanceId=i-a%20b%2Bc HTTP/1.1",
                x_acs_action="RedeployInstance",
            ),
            ["C2 none that can be read", "C1 None", "C1 no signature"],
        ),
    ],
)
def test_a_wrong_request_is_told(sent: Arrival, failed: list[str]) -> None:
    told = [
        one.partition(" than ")[0] for one in failures(played(PLAIN, SUCCESS, sent))
    ]
    assert told == failed


@pytest.mark.parametrize(
    ("scheme", "signed"),
    [("v1", "than 'POST&%2F&AccessKeyId%3Dkey1%26"), ("v3", "than 'POST\\n/\\n")],
)
def test_it_is_told_what_should_have_been_signed(scheme: str, signed: str) -> None:
    sent = request(scheme, more="&Extra=*")
    [found] = failures(played(PLAIN, SUCCESS, sent))
    assert signed in found
    assert "Extra" in found


@pytest.mark.parametrize("scheme", ["v1", "v3"])
def test_another_time_than_now_is_told(scheme: str) -> None:
    sent = request(scheme, now=datetime.now(UTC) - timedelta(hours=1))
    [found] = failures(played(PLAIN, SUCCESS, sent))
    assert found in ("C2 3600 s from it", "C2 3601 s from it")


def test_two_calls_that_tell_the_same_time_are_told() -> None:
    case = Case("later", "C2", OURS, answers(success()), calls=2, pause=1.1)
    now = datetime.now(UTC)
    first, again, later = (
        request(nonce=str(number), now=now + timedelta(seconds=seconds))
        for number, seconds in enumerate((0, 0, 2))
    )
    for second, wrong in (([again], 1), ([again, later], 0), ([later], 0)):
        one = Played(case, [SUCCESS, SUCCESS], [[first], second])
        seen = [text for text in failures(one) if text.startswith("C2")]
        assert seen == ["C2 the time of a call 1.1 s before"] * wrong


@pytest.mark.parametrize("scheme", ["v1", "v3"])
def test_another_key_than_was_handed_over_is_told(scheme: str) -> None:
    judged = judge(played(PLAIN, SUCCESS, request(scheme)), Key("key2", "hush"))
    [found] = [one.check.observed for one in judged if one.check.observed]
    assert found.endswith("'key1', not 'key2'")


def test_a_body_that_was_changed_is_told() -> None:
    sent = request(method="POST", place="form")
    raw = sent.raw.replace(b"InstanceId=i-a", b"InstanceId=i-b")
    assert failures(played(PLAIN, SUCCESS, Arrival(0.0, MAIN, raw))) == [
        "C1 'i-b b+c'",
        "C1 x-acs-content-sha256 is not the hash of the body in lower-case digits",
    ]


def test_a_header_of_the_service_that_is_not_signed_is_told() -> None:
    raw = request().raw.replace(b"\r\n\r\n", b"\r\nx-acs-more: 1\r\n\r\n")
    assert failures(played(PLAIN, SUCCESS, Arrival(0.0, MAIN, raw))) == [
        "C1 not signed: x-acs-more"
    ]


def test_a_call_of_unknown_outcome_is_sent_once() -> None:
    again = played(PLAIN, SUCCESS, request(), request())
    assert failures(again) == ["C5 2 requests"]


def test_a_success_that_nobody_answered_is_none() -> None:
    assert failures(played(PLAIN, SUCCESS)) == [f"C7 {SUCCESS.words}"]


def test_what_could_not_be_exercised_is_not_judged() -> None:
    one = Played(PLAIN, [told("unsupported")], [[]], "no way")
    assert [judged.check.clause for judged in judge(one, KEY)] == ["C8"]


def test_a_crash_breaks_what_its_case_is_about() -> None:
    for about, clause in (("C1", "C3"), ("C4", "C4"), ("C5", "C7"), ("C8", "C7")):
        case = Case("x", about, Broken(), answers(success()), instance_id="i-a b+c")
        assert failures(played(case, CRASH, request())) == [f"{clause} {CRASH.text}"]


def test_secrets_are_found_in_whatever_form_they_are_told() -> None:
    sent = request("v1")
    [signature] = sent.signatures
    for text in (
        "hush",
        signature,
        quote(signature, safe=""),
        signature.replace("/", "\\/"),
    ):
        what = told("success", task_id=TASK_ID)
        leaky = Told(what.kind, what.fields, stderr=f"log: {text}!")
        [found] = failures(played(PLAIN, leaky, sent))
        assert found.startswith("C8 the s")
        assert text not in hide(f"log: {text}!", ["hush", signature])


def test_a_nonce_is_used_once_in_the_whole_run() -> None:
    cases = [played(PLAIN, SUCCESS, request(nonce=nonce)) for nonce in ("a", "b", "a")]
    found = [one.check.observed for one in judge_all(cases)]
    assert found == [None, None, "the nonce of an earlier request of case plain"]


def test_the_secret_is_found_in_base64_wherever_it_stands() -> None:
    for before in ("", "a", "ab", "abc"):
        text = b64encode(f"{before}{SECRET}:x".encode()).decode()
        assert found([SECRET], f"Basic {text}") == SECRET
        assert found([SECRET], f"Basic {text.swapcase()}") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"key {SECRET[:20]}...", True),
        (f"key ...{SECRET[4:]}", True),
        (f"key {SECRET[:4]}...{SECRET[-4:]}", False),
        (f"key {SECRET.encode().hex()}", True),
    ],
)
def test_half_of_a_secret_is_one(text: str, told: bool) -> None:
    assert tells(SECRET, text) is told
    assert not tells(SECRET, hide(text, [SECRET]))


def test_each_row_of_the_error_table_has_cases(cases: Sequence[Case]) -> None:
    names = {one.name for one in cases}
    for row in load().errors:
        assert {f"error/{row.code}", f"error/{row.code}/drawn-1"} <= names
    assert len(names) == len(cases)

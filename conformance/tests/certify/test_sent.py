"""What each clause demands of what a client sent (C1, C2)."""

from datetime import UTC, datetime, timedelta

import pytest

from redeploy_conformance.certify.arrivals import Arrival, wrong_request
from redeploy_conformance.certify.case import MAIN, Case, answers
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.expectations import (
    Broken,
)
from redeploy_conformance.certify.judge import judge, judge_all
from redeploy_conformance.certify.playing import Key, Played
from redeploy_conformance.certify.replies import success
from redeploy_conformance.wire.signing import Credentials, build_request

from .made import ERROR, KEY, PLAIN, SUCCESS, arrival, failures, played, request

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
        (request(method="PUT"), ["C1 PUT of '/'"]),
        (
            arrival(
                "POST /api?InstanceId=i-a%20b%2Bc HTTP/1.1",
                x_acs_action="RedeployInstance",
            ),
            [
                "C2 none that can be read",
                "C1 POST of '/api'",
                "C1 None",
                "C1 no signature",
            ],
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


def test_a_nonce_is_used_once_in_the_whole_run() -> None:
    cases = [played(PLAIN, SUCCESS, request(nonce=nonce)) for nonce in ("a", "b", "a")]
    found = [one.check.observed for one in judge_all(cases)]
    assert found == [None, None, "the nonce of an earlier request of case plain"]

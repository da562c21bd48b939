"""Requests of the client's side: where things stand, and that the signature covers them."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest

from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signatures import (
    canonical_request_v3,
    parse_authorization_v3,
    signature_v1,
    signature_v3,
    string_to_sign_v1,
    string_to_sign_v3,
)
from redeploy_conformance.wire.signing import Credentials, build_request

KEY = Credentials("testid", "testsecret")
NOW = datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC)
PARAMS = [("InstanceId", "i-ä *~/?+&="), ("ForceStop", "true"), ("Blank", "")]
WAYS = [
    {"scheme": scheme, "method": method, "place": place}
    for scheme, (method, place) in product(
        ("v1", "v3"), (("GET", "query"), ("POST", "query"), ("POST", "form"))
    )
]


def build(params: Any = PARAMS, **how: Any) -> HttpRequest:
    settings = {"action": "RedeployInstance", "credentials": KEY, "host": "ecs:80"}
    return build_request(params, **{**settings, **how})


def pairs(request: HttpRequest) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The decoded pairs of the query, and of the form."""
    query = request.target.partition("?")[2]
    read = [parse_qsl(text, True, True) for text in (query, request.body.decode())]
    return read[0], read[1]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
def test_parameters_stand_where_they_should_and_come_through(way: Any) -> None:
    request = build(**way)
    query, form = pairs(request)
    assert request.method == way["method"]
    assert request.target.startswith("/")
    filled, empty = (query, form) if way["place"] == "query" else (form, query)
    assert set(PARAMS) <= set(filled)
    assert not empty
    kind = dict(request.headers).get("content-type")
    expected = "application/x-www-form-urlencoded" if way["place"] == "form" else None
    assert kind == expected
    assert dict(request.headers)["host"] == "ecs:80"


@pytest.mark.parametrize("way", WAYS[:3], ids=lambda way: "-".join(way.values()))
@pytest.mark.parametrize("shape", ["JSON", "XML"])
def test_v1_signs_everything_it_sends(way: Any, shape: str) -> None:
    query, form = pairs(build(**way, now=NOW, nonce="n1", format=shape))
    sent = dict(query + form)
    signature = sent.pop("Signature")
    text = string_to_sign_v1(way["method"], sent.items())
    assert signature == signature_v1("testsecret", text)
    assert sent == {
        **dict(PARAMS),
        "Action": "RedeployInstance",
        "Version": "2014-05-26",
        "Format": shape,
        "AccessKeyId": "testid",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "n1",
        "Timestamp": "2026-01-31T12:00:00Z",
    }


@pytest.mark.parametrize("way", WAYS[3:], ids=lambda way: "-".join(way.values()))
def test_v3_signs_everything_it_sends(way: Any) -> None:
    request = build(**way, now=NOW, nonce="n1")
    headers = dict(request.headers)
    key, names, signature = parse_authorization_v3(headers.pop("authorization"))
    assert key == "testid"
    assert names == tuple(sorted(headers))
    digest = headers["x-acs-content-sha256"]
    assert digest == hashlib.sha256(request.body).hexdigest()
    canonical = canonical_request_v3(
        request.method, "/", pairs(request)[0], headers, names, digest
    )
    assert signature == signature_v3("testsecret", string_to_sign_v3(canonical))
    assert headers["x-acs-date"] == "2026-01-31T12:00:00Z"
    assert headers["x-acs-signature-nonce"] == "n1"
    assert headers["x-acs-action"] == "RedeployInstance"
    assert headers["x-acs-version"] == "2014-05-26"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
def test_without_a_key_nothing_is_signed(way: Any) -> None:
    request = build(**way, credentials=None)
    names = {name for part in pairs(request) for name, _ in part}
    assert not names & {"Signature", "AccessKeyId"}
    assert "authorization" not in dict(request.headers)


def test_nonces_are_fresh_and_times_are_current() -> None:
    made = [dict(build(scheme=scheme).headers) for scheme in ("v3", "v3")]
    assert made[0]["x-acs-signature-nonce"] != made[1]["x-acs-signature-nonce"]
    shown = datetime.fromisoformat(made[0]["x-acs-date"])
    assert abs(datetime.now(UTC) - shown) < timedelta(seconds=10)


def test_times_are_sent_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=8)))
    assert dict(build(now=there).headers)["x-acs-date"] == "2026-01-31T12:00:00Z"


def test_a_repeated_parameter_is_sent_twice() -> None:
    query, _ = pairs(build([("InstanceId", "i-2"), ("InstanceId", "i-1")]))
    assert query == [("InstanceId", "i-1"), ("InstanceId", "i-2")]


@pytest.mark.parametrize("how", [{"scheme": "v2"}, {"place": "path"}])
def test_what_there_is_not_is_refused(how: Any) -> None:
    with pytest.raises(ValueError, match="no request is signed"):
        build(**how)


def test_a_secret_does_not_show() -> None:
    assert "testsecret" not in repr(KEY)
    for way in WAYS:
        assert "testsecret" not in repr(build(**way))


@pytest.mark.parametrize("place", ["query", "form"])
def test_a_time_stamp_is_sent_and_signed_as_it_is(place: str) -> None:
    key = Credentials("id", "secret")
    for scheme in ("v1", "v3"):
        sent = build_request(
            [],
            action="RedeployInstance",
            credentials=key,
            host="h",
            scheme=scheme,
            place=place,
            stamp="not-a-time",
        )
        assert "not-a-time" in f"{sent.target} {sent.headers} {sent.body!r}"


@pytest.mark.parametrize("place", ["query", "form"])
def test_an_empty_secret_names_a_key_and_signs_nothing(place: str) -> None:
    key = Credentials("some-key", "")
    v1, v3 = (
        build_request(
            [],
            action="RedeployInstance",
            credentials=key,
            host="h",
            scheme=scheme,
            place=place,
        )
        for scheme in ("v1", "v3")
    )
    text = f"{v1.target} {v1.body!r}"
    assert "AccessKeyId=some-key" in text
    assert "Signature=" not in text
    authorization = dict(v3.headers)["authorization"]
    assert "Credential=some-key" in authorization
    assert authorization.endswith("Signature=")

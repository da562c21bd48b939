"""Signatures of both schemes, formats, and what the gateway answers."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from xml.etree import ElementTree

import pytest

from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signing import Credentials, build_request

WAYS = [
    {"scheme": scheme, "method": method, "place": place}
    for scheme, (method, place) in product(
        ("v1", "v3"), (("GET", "query"), ("POST", "query"), ("POST", "form"))
    )
]


def code(answer: Any) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["Code"]


def request(bench: Any, *params: tuple[str, str], **how: Any) -> HttpRequest:
    options = {"scheme": "v1", "method": "POST", "place": "query", "format": "JSON"}
    return build_request(
        params,
        action="RedeployInstance",
        credentials=bench.owner,
        host="ecs:80",
        **{**options, **how},
    )


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
@pytest.mark.parametrize("shape", ["JSON", "XML"])
def test_a_signed_call_is_understood_in_every_way(
    bench: Any, way: dict[str, str], shape: str
) -> None:
    instance = bench.instance()
    params = [("InstanceId", instance), ("ForceStop", "true"), ("Extra", "ä *~/?+&=")]
    if shape == "XML" and way["scheme"] == "v3":
        params.append(("Format", "XML"))
    answer = bench.send("RedeployInstance", *params, **way, format=shape)
    assert answer.status == 200, answer.body
    headers = dict(answer.headers)
    if shape == "JSON":
        fields = json.loads(answer.body)
        assert headers["content-type"].startswith("application/json")
    else:
        root = ElementTree.fromstring(answer.body)
        assert root.tag == "RedeployInstanceResponse"
        assert headers["content-type"] == "text/xml;charset=utf-8"
        fields = {child.tag: child.text for child in root}
    assert set(fields) == {"TaskId", "RequestId"}
    assert headers["x-acs-request-id"] == fields["RequestId"]
    assert bench.look(instance)["power_offs"] == 1


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
def test_an_error_has_the_whole_envelope(bench: Any, way: dict[str, str]) -> None:
    answer = bench.send("RedeployInstance", ("InstanceId", "i-none"), **way)
    fields = json.loads(answer.body)
    assert answer.status == 404
    assert list(fields) == ["RequestId", "HostId", "Code", "Message", "Recommend"]
    assert fields["Message"] == "The InstanceId provided does not exist in our records."
    params = [("InstanceId", "<&>")]
    if way["scheme"] == "v3":
        params.append(("Format", "XML"))
    answer = bench.send("RedeployInstance", *params, **way, format="XML")
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "Error"
    assert root.findtext("Code") == "InvalidInstanceId.NotFound"


def test_v1_answers_xml_unless_asked_and_v3_json(bench: Any) -> None:
    unsigned = HttpRequest("GET", "/?Action=RedeployInstance", (), b"")
    assert bench.emulator.handle(unsigned).body.startswith(b"<?xml")
    assert bench.send("DescribeInstances", scheme="v3").body.startswith(b"{")


@pytest.mark.parametrize("scheme", ["v1", "v3"])
def test_a_nonce_is_good_for_one_call_of_one_key(bench: Any, scheme: str) -> None:
    def redeploy(by: Credentials) -> str:
        return str(bench.redeploy("i-0", by=by, scheme=scheme, nonce="once"))

    _, other = bench.account()
    assert redeploy(bench.owner) == "InvalidInstanceId.NotFound"
    assert redeploy(bench.owner) == "SignatureNonceUsed"
    assert redeploy(other) == "InvalidInstanceId.NotFound"


@pytest.mark.parametrize("scheme", ["v1", "v3"])
@pytest.mark.parametrize(("minutes", "good"), [(-16, 0), (-14, 1), (14, 1), (16, 0)])
def test_the_timestamp_is_judged_by_the_wall_clock(
    bench: Any, scheme: str, minutes: int, good: int
) -> None:
    bench.advance(100_000)
    when = datetime.now(UTC) + timedelta(minutes=minutes)
    expected = "InvalidInstanceId.NotFound" if good else "InvalidTimeStamp.Expired"
    assert bench.redeploy("i-0", scheme=scheme, now=when) == expected


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
def test_whatever_is_altered_spoils_the_signature(
    bench: Any, way: dict[str, str]
) -> None:
    one, other = bench.instance(), bench.instance()
    good = request(bench, ("InstanceId", one), **way)
    changes = [
        replace(good, target=good.target.replace(one, other)),
        replace(good, body=good.body.replace(one.encode(), other.encode())),
        replace(good, target=good.target + ("&" if "?" in good.target else "?") + "a="),
        replace(good, method="GET" if good.method == "POST" else "POST"),
    ]
    for changed in changes:
        if changed != good:
            assert code(bench.emulator.handle(changed)) == (
                400,
                "SignatureDoesNotMatch",
            )
    assert bench.emulator.handle(good).status == 200


def test_the_host_and_the_body_hash_are_covered_by_v3(bench: Any) -> None:
    good = request(bench, ("InstanceId", "i-0"), scheme="v3", place="form")
    for name in ("host", "x-acs-action", "x-acs-signature-nonce", "x-acs-version"):
        headers = tuple((k, "x" if k.lower() == name else v) for k, v in good.headers)
        answer = bench.emulator.handle(replace(good, headers=headers))
        assert answer.status in (400, 404), name
        assert "InvalidInstanceId" not in code(answer)[1], name
    headers = tuple(
        (k, v.replace("host;", "") if k.lower() == "authorization" else v)
        for k, v in good.headers
    )
    answer = bench.emulator.handle(replace(good, headers=headers))
    assert code(answer) == (400, "IncompleteSignature")


@pytest.mark.parametrize("scheme", ["v1", "v3"])
def test_a_wrong_key_or_secret_is_refused(bench: Any, scheme: str) -> None:
    unknown = Credentials("TESTnobody", "secret")
    answer = bench.send("RedeployInstance", by=unknown, scheme=scheme)
    assert code(answer) == (404, "InvalidAccessKeyId.NotFound")
    wrong = Credentials(bench.owner.access_key_id, "secret")
    answer = bench.send("RedeployInstance", by=wrong, scheme=scheme)
    assert code(answer) == (400, "SignatureDoesNotMatch")
    assert bench.owner.access_key_secret not in answer.body.decode()


def test_a_call_without_a_signature_is_refused(bench: Any) -> None:
    instance = bench.instance()
    for scheme in ("v1", "v3"):
        unsigned = build_request(
            [("InstanceId", instance), ("Format", "JSON")],
            action="RedeployInstance",
            credentials=None,
            host="ecs",
            scheme=scheme,
            method="POST",
            place="query",
            format="JSON",
        )
        assert bench.emulator.handle(unsigned).status == 400
    assert bench.status(instance) == "Running"


def test_unknown_calls(bench: Any) -> None:
    assert code(bench.send("Foo")) == (404, "InvalidAction.NotFound")
    answer = bench.send("RedeployInstance", version="2013-01-10")
    assert code(answer) == (400, "InvalidVersion")
    put = replace(request(bench), method="PUT")
    assert code(bench.emulator.handle(put)) == (403, "UnsupportedHTTPMethod")
    elsewhere = replace(request(bench), target="/x?Action=DescribeInstances")
    assert bench.emulator.handle(elsewhere).status == 404


@pytest.mark.parametrize(
    "target",
    ["", "/?", "/?%ff=%fe&&=&Action=RedeployInstance", "/?Action=%00%ed%a0%80", "*"],
)
def test_garbage_is_answered_with_an_error(bench: Any, target: str) -> None:
    headers = (
        ("authorization", "ACS3-HMAC-SHA256 nonsense"),
        ("content-type", "application/x-www-form-urlencoded"),
    )
    for some in ((), headers, headers[1:]):
        garbage = HttpRequest("POST", target, some, b"\xff\x00=%%%&a")
        assert 400 <= bench.emulator.handle(garbage).status < 500


def test_a_body_that_is_too_long_is_not_read(make_bench: Any) -> None:
    bench = make_bench(max_body_bytes=1000)
    long = HttpRequest("POST", "/", (), b"x" * 1001)
    assert bench.emulator.handle(long).status == 413


def test_the_same_seed_draws_the_same_ids(make_bench: Any) -> None:
    def ids(seed: int) -> list[str]:
        bench = make_bench(seed=seed)
        return [bench.instance(), bench.call("DescribeInstances")["RequestId"]]

    assert ids(1) == ids(1) != ids(2)

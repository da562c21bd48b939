"""Logs as production writes them: in part, packed, twice, by several hands; nobody is accused."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.evidence.logs import watch
from redeploy_schemas.contract import Contract

from .log_records import (
    HOST,
    KEY,
    NOT_FOUND,
    ONE,
    STATUS,
    Fields,
    Judged,
    call,
    entry,
    listing,
    look,
    taken,
)


def body(**sent: Any) -> Fields:
    """A call whose parameters are not in its address."""
    return call(taken(), params={}, bodySize=14, **sent)


@pytest.mark.parametrize(
    "one",
    [
        body(),  # the body was not kept
        body(postData={"mimeType": "application/json", "text": json.dumps(ONE)}),
        body(
            postData={
                "mimeType": "application/x-www-form-urlencoded",
                "params": [{"name": "InstanceId", "value": "i-1"}],
            }
        ),
    ],
)
def test_a_call_whose_parameters_were_not_kept_may_name_an_instance(
    judged: Judged, one: Fields
) -> None:
    assert judged("har", [one]) == []


@pytest.mark.parametrize("more", [{"method": "GET"}, {"bodySize": 0}])
def test_a_call_that_names_none_is_still_seen(judged: Judged, more: Fields) -> None:
    assert judged("har", [call(taken(), params={}, **more)]) == ["A14"]


@pytest.mark.parametrize("status", [302, 403, 407, 413, 429, 502])
def test_a_page_of_somebody_on_the_way_is_no_answer(
    judged: Judged, status: int
) -> None:
    for page in ("<html>No.</html>", "No.", {"error": "No."}):
        assert judged("har", [look(), call(page, at=5, status=status)]) == []


def test_a_page_to_log_in_is_no_answer_and_an_empty_one_of_the_service_is(
    judged: Judged,
) -> None:
    page = "<!DOCTYPE html><html><body>Log in<br></body></html>"
    assert judged("har", [call(page)]) == []
    assert judged("har", [call({})]) == ["R4", "R1"]


def test_what_is_no_call_of_the_api_is_not_judged(judged: Judged) -> None:
    asked = {"Action": "RedeployInstance", "Version": "2014-05-26"}
    console = call({"code": "200", "data": taken()}, params=asked)
    console["request"]["headers"] = []
    preflight = call("OK", method="OPTIONS")
    cached = call(taken()) | {"_fromCache": "disk"}
    assert judged("har", [call(taken()), console, preflight, cached]) == []


def with_content(text: str, packed: bool = True, **content: Any) -> Fields:
    one = call(text)
    one["response"]["content"] |= content
    if packed:
        one["response"]["headers"] = [{"name": "Content-Encoding", "value": "br"}]
    return one


TEXT = json.dumps(taken())
PACKED = base64.b64encode(gzip.compress(TEXT.encode())).decode()


@pytest.mark.parametrize(
    "one",
    [
        with_content(TEXT[:20], packed=False, size=len(TEXT)),
        with_content(PACKED, encoding="base64"),
        with_content(base64.b64encode(b"\x1b\x30\x00").decode(), encoding="base64"),
        with_content("\x1f\ufffd\x08"),
    ],
    ids=["cut", "gzip in base64", "br in base64", "packed as text"],
)
def test_an_answer_that_was_not_kept_as_it_was_is_none(
    judged: Judged, one: Fields
) -> None:
    assert judged("har", [one]) == []


def test_an_answer_in_gzip_is_read(judged: Judged) -> None:
    text = base64.b64encode(gzip.compress(b'{"RequestId": "R-1"}')).decode()
    assert judged("har", [with_content(text, encoding="base64")]) == ["R1"]


def test_nothing_is_known_of_an_answer_that_is_null(judged: Judged) -> None:
    one = call("") | {"time": None}
    one["response"]["content"] = {"text": None, "encoding": None}
    one["request"]["postData"] = None
    assert judged("har", [one]) == []


@pytest.mark.parametrize(
    ("more", "broken"),
    [
        ({}, ["A15"]),
        ({"headers": {"authorization": ""}}, []),  # of whichever account
        ({"host": "ecs.aliyuncs.com"}, []),  # of whichever region
    ],
)
def test_a_listed_id_names_an_instance_to_the_same_account_in_the_same_region(
    judged: Judged, more: Fields, broken: list[str]
) -> None:
    missed = call(NOT_FOUND, at=5, status=404, **more)
    assert judged("har", [look(**more), missed]) == broken


@pytest.mark.parametrize(
    ("action", "params", "host"),
    [
        ("StopInstance", ONE, "ecs-vpc.cn-hangzhou.aliyuncs.com"),
        ("RedeployInstance", ONE, "ecs-vpc.cn-hangzhou.aliyuncs.com"),
        ("AcceptInquiredSystemEvent", {"EventId": "e-1"}, HOST),
        ("RedeployDedicatedHost", {"DedicatedHostId": "dh-1"}, HOST),
        ("TagResources", {"ResourceId.1": "i-1"}, HOST),
        ("StopInstance", {}, HOST),  # what it named was not kept
    ],
)
def test_a_hand_that_may_have_moved_an_instance_accuses_nobody(
    judged: Judged, action: str, params: Fields, host: str
) -> None:
    looks = [look(), look(at=2000)]
    moved = entry(action, params, taken(), at=2005, host=host)
    assert judged("har", [*looks, refused(2009)]) == ["A8"]
    assert judged("har", [*looks, moved, refused(2009)]) == []


def by_console(action: str) -> Fields:
    """What a browser asks of a console, which makes the call itself."""
    one = entry(action, {"Action": action, **ONE}, {"code": "200"}, at=5)
    one["request"]["headers"] = []
    return one


def refused(at: float = 9, **more: Any) -> Fields:
    return call(STATUS, at=at, status=403, **more)


@pytest.mark.parametrize(
    "more",
    [
        call(taken(), at=5) | {"time": 10_000},  # accepted, and answered later
        entry("StopInstance", ONE, taken(), at=8) | {"time": 3_000},
        entry("StopInstances", {"RegionId": "r"}, taken(), at=5, bodySize=9),
        entry("StopInstances", {"instanceIds": '["i-0", "i-1"]'}, taken(), at=5),
        entry("StopInstances", {"InstanceId.1": "***"}, taken(), at=5),
        by_console("RemoveInstances"),
        by_console("RedeployInstance"),
        call({"Code": "ServiceUnavailable", "RequestId": "R"}, at=5, status=503),
        call({"Code": "RequestTimeout", "RequestId": "R"}, at=5, status=408),
        call({"Code": "OperationConflict", "RequestId": "R"}, at=5, status=409),
        entry("DescribeInstanceStatus", {}, taken(), at=5),
        entry("DescribeInstances", {}, listing("Stopping"), at=1) | {"time": 2},
    ],
)
def test_what_may_have_moved_it_meanwhile_accuses_nobody(
    judged: Judged, more: Fields
) -> None:
    looks = [look(at=-2000), look(at=0) | {"time": 4_000}]
    read = by_console("DescribeInstances")
    assert judged("har", [*looks, read, refused()]) == ["A8"]
    assert judged("har", [*looks, more, refused()]) == []


@pytest.mark.parametrize(
    ("statuses", "declared", "broken"),
    [
        ([(5, "Stopping"), (50, "Running"), (700, "Stopping")], 600.0, []),
        ([(at, "Stopping") for at in range(5, 900, 5)], 600.0, ["L7"]),
        ([(at, "Stopping") for at in range(5, 900, 5)], None, []),
        ([(5, "Stopping"), (800, "Stopping")], 600.0, []),
    ],
)
def test_a_redeploy_takes_too_long_where_it_was_watched_and_that_is_declared(
    contract: Contract,
    tmp_path: Path,
    statuses: list[tuple[float, str]],
    declared: float | None,
    broken: list[str],
) -> None:
    looks = [
        entry("DescribeInstances", {}, listing(status), at=at)
        for at, status in statuses
    ]
    path = tmp_path / "log"
    path.write_text(json.dumps({"log": {"entries": [call(taken()), *looks]}}))
    found = watch([path], "har", contract, 10.0, declared).findings
    assert [one.clause for one in found[:1]] == broken
    assert all("accepted more than 600 s ago" in one.expected for one in found)


def test_of_a_clause_that_is_broken_often_no_other_is_lost(
    contract: Contract, tmp_path: Path
) -> None:
    text = {**STATUS, "Message": "Another text."}
    often = [
        call({**text, "RequestId": f"R-{n}"}, at=n, status=403) for n in range(130)
    ]
    shown = listing()
    shown["Instances"]["Instance"][0]["OperationLocks"] = {
        "LockReason": [{"LockReason": "security"}]
    }
    last = [
        entry("DescribeInstances", {}, shown, at=900),
        call(taken("last"), at=901),
    ]
    path = tmp_path / "log"
    path.write_text(json.dumps({"log": {"entries": [*often, *last]}}))
    result = watch([path], "har", contract, 5.0, None)
    clauses = [one.clause for one in result.findings]
    assert (clauses.count("R3"), clauses.count("A3")) == (100, 1)
    assert result.problems == ()
    assert "and 30 more violations of R3 later" in result.findings[99].trace[0].text


@pytest.mark.parametrize(
    "answer", [{**taken(), "RequestId": "***"}, {**taken(), "TaskId": "[redacted]"}]
)
def test_what_was_taken_out_of_a_log_is_not_taken_at_its_word(
    judged: Judged, answer: Fields
) -> None:
    twice = [call(answer), call(answer, at=5)]
    assert judged("har", twice) == []
    masked = {**ONE, "ForceStop": "***"}
    assert judged("har", [call(taken(), params=masked)]) == []
    assert judged("har", [call(taken(), params={**ONE, "ForceStop": "7"})]) == ["A14"]


def test_the_nonce_tells_a_call_written_down_twice_from_one_that_was_done_twice(
    judged: Judged,
) -> None:
    nonce = {"x-acs-signature-nonce": "n", **KEY}
    one = call(taken(), headers=nonce)
    by_proxy = call(taken(), headers=nonce, host="gateway.test:443")
    assert judged("har", [one], [by_proxy]) == []
    again = call({**taken(), "TaskId": "t-2"}, headers=nonce, at=5)
    assert judged("har", [one, again]) == ["R4"]


def test_another_site_that_speaks_of_event_names_is_no_trail(judged: Judged) -> None:
    site = call("", params={"eventName": "click"})
    site["request"]["queryString"] = [{"name": "eventName", "value": "click"}]
    site["request"]["headers"] = []
    assert judged("har", [site, call(taken())]) == []


def test_a_call_in_two_files_is_one_call(judged: Judged) -> None:
    file = [call(taken(), headers={"x-acs-signature-nonce": "n", **KEY})]
    assert judged("har", file, file) == []


def test_a_call_in_two_files_is_one_call_however_its_answer_is_written(
    judged: Judged,
) -> None:
    """As by a browser, and by a proxy that it went through."""
    nonce = {"x-acs-signature-nonce": "n", **KEY}
    answer = taken()
    coded = base64.b64encode(json.dumps(answer).encode()).decode()
    one, two = (call(text, headers=nonce) for text in (answer, coded))
    two["response"]["content"]["encoding"] = "base64"
    spread = call(json.dumps(answer, indent=1), headers=nonce)
    assert judged("har", [one], [two], [spread]) == []

"""Odd records of a log: one of ours that cannot be read is said so, one of others is passed over."""

import json
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.evidence.logs import kind_of, watch
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result

Fields = dict[str, Any]
DEEP = "[" * 5000 + "]" * 5000
HOST = "https://ecs.cn-hangzhou.aliyuncs.com/?InstanceId=i-1"


def entry(action: str, answer: str, **more: Any) -> Fields:
    named = {"x-acs-action": action, "x-acs-version": "2014-05-26"}
    headers = [{"name": one, "value": named[one]} for one in named]
    return {
        "startedDateTime": "2026-05-01T00:00:00Z",
        "request": {"method": "POST", "url": HOST, "headers": headers},
        "response": {"status": 200, "content": {"text": answer}},
    } | more


def event(**more: Any) -> Fields:
    return {
        "eventName": "RedeployInstance",
        "eventTime": "2026-05-01T00:00:00Z",
        "serviceName": "Ecs",
        "requestParameters": {"InstanceId": "i-1"},
        "responseElements": {"TaskId": "t-1"},
    } | more


NO_TASK = entry("RedeployInstance", '{"RequestId": "R-1"}')  # breaks R1
TWICE = [event(eventId="1"), event(eventId="2")]  # break R5


def drawn(contract: Contract, path: Path) -> tuple[list[str], list[str]]:
    """The clauses that are broken, and what is said to be wrong with the file."""
    result: Result = watch([path], kind_of(path), contract, 5.0, 600.0)
    broken = list(dict.fromkeys(one.clause for one in result.findings))
    return broken, [one.text for one in result.problems]


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("DescribeInstances", '{"Instances": {"Instance": [{"X": DEEP}]}}'),
        ("DescribeInstances", '{"X": DEEP, "Instances": {}}'),
        ("DescribeInstanceHistoryEvents", '{"InstanceSystemEventSet": DEEP}'),
    ],
)
def test_an_answer_that_is_nested_too_deep_is_told_at_its_entry(
    contract: Contract, tmp_path: Path, action: str, answer: str
) -> None:
    path = tmp_path / "log.har"
    deep = entry(action, answer.replace("DEEP", DEEP))
    path.write_text(json.dumps({"log": {"entries": [NO_TASK, deep]}}))
    broken, [told] = drawn(contract, path)
    assert broken == ["R1"]
    assert told.startswith("log.har, entry 2: it is no entry of a HAR file: maximum ")


@pytest.mark.parametrize(
    "odd",
    [
        event(requestParameters=f'{{"X": {DEEP}}}'),
        event(responseElements=f'{{"TaskId": {DEEP}}}'),
        event(
            eventName="DescribeInstances",
            responseElements=f'{{"Instances": {{"Instance": [{{"X": {DEEP}}}]}}}}',
        ),
        event(more="DEEP"),
    ],
)
@pytest.mark.parametrize("between", [",", "\n"])
def test_an_event_that_is_nested_too_deep_is_told_at_its_place(
    contract: Contract, tmp_path: Path, odd: Fields, between: str
) -> None:
    path = tmp_path / "trail"
    texts = [json.dumps(one).replace('"DEEP"', DEEP) for one in [*TWICE, odd]]
    text = between.join(texts)
    path.write_text(f"[{text}]" if between == "," else text)
    broken, [told] = drawn(contract, path)
    assert broken == ["R5"]
    assert told.startswith(
        ("trail, line 3: it is no", "trail, entry 3: it is no", "trail, after entry 2:")
    )


def test_a_first_event_that_is_nested_too_deep_is_told_at_its_line(
    contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "trail"
    path.write_text(json.dumps(event(more="DEEP")).replace('"DEEP"', DEEP))
    assert drawn(contract, path)[1][0].startswith("trail, line 1: it is no Action")


SITE = {
    "startedDateTime": "2026-05-01T00:00:00Z",
    "request": {"method": "GET", "url": "https://x.example/", "headers": []},
    "response": {"status": 200, "content": {}},
}


@pytest.mark.parametrize(
    "more",
    [
        {"response": None},
        {"response": {"status": None}},
        {"response": {"status": 0, "content": None}},
        {"startedDateTime": None},
        {"time": "12"},
        {"request": {"method": "GET", "url": "u", "headers": None}},
        {"request": {"method": "GET", "url": "u", "headers": [{"name": None}]}},
    ],
)
def test_an_odd_entry_of_another_site_is_passed_over_and_one_of_ours_is_not(
    contract: Contract, tmp_path: Path, more: Fields
) -> None:
    path = tmp_path / "log.har"
    path.write_text(json.dumps({"log": {"entries": [SITE | more, NO_TASK]}}))
    assert drawn(contract, path) == (["R1"], [])
    other = json.dumps(entry("StartInstance", "{}", response=None))
    other = other.replace("2014-05-26", "2015-01-01")
    entries = [json.loads(other), NO_TASK, entry("StopInstance", "{}", response=None)]
    path.write_text(json.dumps({"log": {"entries": entries}}))
    broken, [told] = drawn(contract, path)
    assert (broken, told[:16]) == (["R1"], "log.har, entry 3")


@pytest.mark.parametrize(
    "more",
    [
        {"userIdentity": {"accountId": 1234}},
        {"eventId": 5},
        {"requestId": 5},
        {"errorCode": 403},
    ],
)
def test_a_number_in_an_event_says_as_much_as_a_text(
    contract: Contract, tmp_path: Path, more: Fields
) -> None:
    path = tmp_path / "trail"
    path.write_text(json.dumps([TWICE[0], event(**more), TWICE[1]]))
    assert drawn(contract, path) == (["R5"], [])


def test_an_odd_event_of_another_service_is_passed_over_unless_it_names_an_instance(
    contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "trail"
    odd = {"eventTime": 5, "serviceName": "Oss", "requestParameters": {"Key": "k"}}
    path.write_text(json.dumps([TWICE[0], event(**odd), TWICE[1]]))
    assert drawn(contract, path) == (["R5"], [])
    for more in ({"serviceName": "Ecs"}, {"requestParameters": {"InstanceId": "i"}}):
        path.write_text(json.dumps([*TWICE, event(**odd | more)]))
        broken, [told] = drawn(contract, path)
        assert (broken, told[:14]) == (["R5"], "trail, entry 3")


def test_one_event_over_several_lines_is_read(
    contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "trail"
    barred = event(requestParameters={"InstanceId": "i-1", "ForceStop": "no"})
    path.write_text(json.dumps(barred, indent=2))
    assert drawn(contract, path) == (["A14"], [])

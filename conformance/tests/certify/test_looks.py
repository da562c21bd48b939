"""A client that looks by operations that change nothing is answered, and not blamed for it."""

import json
import urllib.request
from typing import Any

import pytest

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import MAIN, Case, answers
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.judge import judge
from redeploy_conformance.certify.looks import shown
from redeploy_conformance.certify.playing import Key, Played
from redeploy_conformance.certify.replies import TASK_ID, success
from redeploy_conformance.certify.server import PLAIN, serving
from redeploy_conformance.certify.told import Kind, Told


def asked(parameters: str) -> Arrival:
    """A request with these parameters, which names its operation by V1."""
    line = f"GET /?Signature=s&Format=JSON&Action={parameters} HTTP/1.1\r\n\r\n"
    return Arrival(0.0, MAIN, line.encode())


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        (
            "DescribeInstances&InstanceIds=%5B%22i-1%22%5D",
            {"InstanceId": "i-1", "Status": "Running", "TotalCount": 1},
        ),
        ("DescribeInstanceStatus&InstanceId.1=i-1", {"InstanceId": "i-1"}),
        ("DescribeTasks&TaskIds=t-1,t-2", {"TaskId": "t-1", "TotalCount": 2}),
        ("DescribeTasks&TaskIds=7", {"TaskId": "7", "TaskStatus": "Finished"}),
        ("DescribeTasks", {"TaskSet": {"Task": []}, "TotalCount": 0}),
    ],
)
def test_a_look_shows_what_was_named(parameters: str, fields: dict[str, Any]) -> None:
    body = json.loads(shown(asked(parameters)).whole.partition(b"\r\n\r\n")[2])
    assert fields.items() <= body.items()


@pytest.mark.parametrize(
    ("action", "looks"),
    [
        ("DescribeTasks", True),
        ("ListTagResources", True),
        ("RedeployInstance", False),
        ("RebootInstance", False),
        ("Listen", False),
        ("", False),
    ],
)
def test_what_a_look_is(action: str, looks: bool) -> None:
    assert asked(action).looks is looks


def test_a_secret_in_a_look_is_told() -> None:
    case = Case("plain", "C3", OURS, answers(success()))
    key = Key("key1", "hush" * 6)
    told = Told(Kind.UNSUPPORTED, {"message": "no way"})
    one = Played(
        case, [told], [[]], "no way", looks=[asked(f"ListKeys&x={key.secret}")]
    )
    found = [judged.check.observed for judged in judge(one, key)]
    assert found == [None, "the secret in a request"]


def test_a_look_leaves_the_answers_of_the_case_as_they_are() -> None:
    with serving(answers(success()), {MAIN: PLAIN}) as (addresses, served):
        bodies = []
        for action in ("DescribeTasks", "RedeployInstance"):
            address = f"{addresses[MAIN]}/?Action={action}&Signature=s&Format=json"
            with urllib.request.urlopen(address, timeout=10) as answer:
                bodies.append(json.load(answer))
    assert ["TaskSet" in one for one in bodies] == [True, False]
    assert bodies[1]["TaskId"] == TASK_ID
    assert [one.looks for one in served.arrivals] == [True, False]

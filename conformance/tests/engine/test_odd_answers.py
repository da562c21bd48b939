"""Answers of neighbouring operations in odd shapes: told as what they are, never a crash."""

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.finding.counterexample import trace
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import (
    Create,
    Launch,
    Look,
    Raise,
    Redeploy,
    Settle,
    Simulate,
    Step,
    Tasks,
)
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.running.session import Run
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
LOCKED = (("lock_reasons", ("financial",)), ("tenancy", "dedicated-host"))
STEPS: tuple[Step, ...] = (
    Create("i1", (("storage", "local"),), (REBOOT,), ending="succeed"),
    Create("i2", LOCKED),
    Launch("i3"),
    Redeploy("i1"),
    Tasks("i1"),
    Redeploy("i2"),
    Settle(),
    Raise("i1", *REBOOT),
    Simulate("i1", "SystemMaintenance.Reboot"),
    Look(),
)
PUBLIC = (
    "CreateSimulatedSystemEvents",
    "DescribeInstanceHistoryEvents",
    "DescribeInstances",
    "DescribeTasks",
    "RedeployInstance",
    "RunInstances",
)
CONTROL = ("accounts", "events", "instances", "advance")
Change = Callable[[str, Any], Any]
"""What is made of the answer to an operation."""
LISTED = {"L13": "listed"}


class Altered:
    """The emulator, whose answers are changed on their way."""

    def __init__(self, change: Change) -> None:
        self.inner = DirectTransport(Emulator().asgi)
        self.change = change

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = self.inner.send(request, timeout)
        try:
            document = json.loads(answer.body)
        except ValueError:
            return answer
        body = json.dumps(self.change(operation(request), document)).encode()
        return HttpResponse(answer.status, answer.headers, body)

    def close(self) -> None:
        self.inner.close()


def operation(request: HttpRequest) -> str:
    """Return the action, or the last word of the control protocol's path."""
    headers = {name.lower(): value for name, value in request.headers}
    path = request.target.partition("?")[0]
    return headers.get("x-acs-action") or path.rpartition("/")[2]


def run(contract: Contract, change: Change, choices: Mapping[str, str] = LISTED) -> Run:
    said = Statement(read_lag_seconds=0.0, choices=dict(choices))
    bench = set_up(Target("odd", "embedded", Altered(change), said), contract)
    done = perform(bench, STEPS, Ledger())
    for one in done.violations:
        trace(contract, done, one)
    return done


def changing(
    odd: SimpleNamespace, of: str, place: tuple[str | int, ...], value: object
) -> Change:
    """Return the change that puts a value in a place of the answers to one operation."""
    return lambda name, document: (
        odd.changed(document, place, value) if name == of else document
    )


@pytest.fixture(scope="module")
def usual(contract: Contract) -> dict[str, Any]:
    """Return the longest answer to each operation."""
    longest: dict[str, Any] = {}

    def keep(name: str, document: Any) -> Any:
        longest[name] = max(document, longest.get(name, {}), key=lambda x: len(str(x)))
        return document

    done = run(contract, keep)
    assert (done.violations, done.problem, done.skipped) == ([], None, None)
    return longest


@pytest.mark.parametrize("of", [*PUBLIC, *CONTROL])
def test_no_answer_makes_the_suite_fail(
    contract: Contract, usual: dict[str, Any], odd: SimpleNamespace, of: str
) -> None:
    changes = list(odd.changes(usual[of]))
    for place, value in changes:
        run(contract, changing(odd, of, place, value))
    assert len(changes) > 5


ROW = ("Instances", "Instance", 0)
EVENT = ("InstanceSystemEventSet", "InstanceSystemEventType", 0)


@pytest.mark.parametrize(
    ("of", "place", "value"),
    [
        ("DescribeInstances", ("Instances",), [{"InstanceId": "i-1"}]),
        ("DescribeInstances", ROW, "i-1"),
        ("DescribeInstances", (*ROW, "Status"), ["Running"]),
        ("DescribeInstances", (*ROW, "OperationLocks"), []),
        ("DescribeInstances", (*ROW, "DedicatedHostAttribute"), "dh-1"),
        ("DescribeInstanceHistoryEvents", (*EVENT, "EventType"), REBOOT[0]),
        ("DescribeInstanceHistoryEvents", (*EVENT, "EventCycleStatus"), "Executed"),
        ("DescribeTasks", ("TaskSet",), ["t-1"]),
        ("RunInstances", ("InstanceIdSets",), ["i-1"]),
        ("CreateSimulatedSystemEvents", ("EventIdSet",), ["e-1"]),
    ],
)
def test_the_place_of_what_cannot_be_read_is_told(
    contract: Contract,
    odd: SimpleNamespace,
    of: str,
    place: tuple[str | int, ...],
    value: object,
) -> None:
    done = run(contract, changing(odd, of, place, value))
    assert done.problem is not None
    assert done.problem.startswith(f"{of} answered what cannot be read: ")
    assert f"`$.{place[0]}" in done.problem
    assert not done.violations


def test_tasks_that_cannot_be_read_are_no_trouble_for_who_declares_none(
    contract: Contract, odd: SimpleNamespace
) -> None:
    change = changing(odd, "DescribeTasks", ("TaskSet",), [{"TaskId": "t-1"}])
    assert run(contract, change).problem is not None
    done = run(contract, change, {})
    assert (done.violations, done.problem, done.skipped) == ([], None, None)


def test_a_text_that_is_no_text_is_told(
    contract: Contract, odd: SimpleNamespace
) -> None:
    place = (*EVENT, "EventCycleStatus")
    done = run(
        contract, changing(odd, "DescribeInstanceHistoryEvents", place, "\ud800")
    )
    assert done.problem is not None
    assert "half of a pair of surrogates" in done.problem


LISTS = (
    ("DescribeInstances", ("Instances", "Instance")),
    ("DescribeInstanceHistoryEvents", ("InstanceSystemEventSet",)),
    ("DescribeInstances", (*ROW, "OperationLocks", "LockReason")),
    ("DescribeInstances", (*ROW, "DedicatedHostAttribute")),
)


@pytest.mark.parametrize(("of", "place"), LISTS)
@pytest.mark.parametrize("value", [None, ""])
def test_null_and_no_text_stand_for_nothing(
    contract: Contract,
    odd: SimpleNamespace,
    of: str,
    place: tuple[str | int, ...],
    value: object,
) -> None:
    done = run(contract, changing(odd, of, place, value))
    assert "cannot be read" not in (done.problem or "")


def test_an_event_of_another_resource_is_passed_over(contract: Contract) -> None:
    other = {
        "EventId": "e-other",
        "EventType": {"Name": "x"},
        "EventCycleStatus": {"Name": "Executing"},
    }

    def more(name: str, document: Any) -> Any:
        if name == "DescribeInstanceHistoryEvents":
            rows = document["InstanceSystemEventSet"]["InstanceSystemEventType"]
            rows.append(other)
        return document

    done = run(contract, more)
    assert (done.violations, done.problem) == ([], None)

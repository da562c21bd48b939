"""Trails as production delivers them: in part, late, twice, of several hands; nobody is accused."""

import json
from pathlib import Path

import pytest

from redeploy_conformance.evidence.logs import kind_of, watch
from redeploy_schemas.contract import Contract

from .log_records import (
    NOT_FOUND,
    ONE,
    STATUS,
    Fields,
    Judged,
    call,
    event,
    listing,
    redeployed,
)


@pytest.mark.parametrize(
    "more",
    [
        {"requestParameters": None},
        {"requestParameters": {}},
        {"requestParameters": {"instanceId": "i-1"}},
        {"requestId": ""},
        {"requestId": None, "acsRegion": None, "userIdentity": None},
        {"eventId": None, "serviceName": None, "userIdentity": {"accountId": None}},
    ],
)
def test_what_a_trail_leaves_out_accuses_nobody(judged: Judged, more: Fields) -> None:
    assert judged("actiontrail", [redeployed(**more)]) == []


@pytest.mark.parametrize("event_id", ["e1", None])
def test_an_event_in_two_files_is_one_event(
    judged: Judged, event_id: str | None
) -> None:
    file = [redeployed(eventId=event_id)]
    assert judged("actiontrail", file, file) == []


@pytest.mark.parametrize(
    "when", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:00:00-08:00"]
)
def test_a_time_that_no_clock_can_show_is_damage(
    contract: Contract, tmp_path: Path, when: str
) -> None:
    path = tmp_path / "x.har"
    odd = call({"TaskId": 1}) | {"startedDateTime": when}
    path.write_text(json.dumps({"log": {"entries": [odd]}}))
    result = watch([path], "har", contract, 60.0, 600.0)
    assert (result.exit_code, result.complete) == (3, False)
    assert "entry 1: it is no entry of a HAR file" in result.problems[0].text


@pytest.mark.parametrize("before", ["\ufeff", "\n", "\ufeff\r\n \n"])
def test_events_in_lines_may_follow_a_mark_or_an_empty_line(
    contract: Contract, tmp_path: Path, before: str
) -> None:
    path = tmp_path / "trail"
    missed = event("RedeployInstance", ONE, None, 5, errorCode=NOT_FOUND["Code"])
    events = [event("DescribeInstances", {}, listing()), missed]
    path.write_text(before + "".join(json.dumps(one) + "\n" for one in events), "utf-8")
    assert kind_of(path) == "actiontrail"
    result = watch([path], "actiontrail", contract, 60.0, 600.0)
    assert [one.clause for one in result.findings] == ["A15"]


def test_an_hour_without_an_event_is_checked_with_the_others(judged: Judged) -> None:
    assert judged("actiontrail", [], [redeployed()]) == []


def test_files_are_put_in_the_order_of_time(judged: Judged) -> None:
    """A day of calls is no burst because a later file was named first."""
    day = [redeployed(60 * n) for n in range(1_200)]
    assert judged("actiontrail", [redeployed(80_000)], day[600:], day[:600]) == []
    halves = [event("DescribeInstances", {}, listing(), 2), redeployed(200)]
    missed = event("RedeployInstance", ONE, None, 5, errorCode=NOT_FOUND["Code"])
    assert judged("actiontrail", halves, [missed]) == ["A15"]


def test_of_two_calls_in_one_second_either_may_have_been_the_first(
    judged: Judged,
) -> None:
    shown = event("DescribeInstances", {}, listing())
    status = "IncorrectInstanceStatus"
    missed = event(
        "RedeployInstance", ONE, None, 9, eventId="x", requestId="x", errorCode=status
    )
    # A trail tells when a call came in, not how long it took.
    for calls in (
        [missed, redeployed(9)],
        [redeployed(9), missed],
        [missed, redeployed(12)],
    ):
        assert judged("actiontrail", [shown, *calls]) == []
        assert judged("actiontrail", [shown, calls[0]], [calls[1]]) == []


def test_a_burst_of_nobody_knows_whom_is_no_burst(judged: Judged) -> None:
    for more, broken in ({}, ["Q2"]), ({"acsRegion": None}, []):
        burst = [redeployed(n / 50, **more) for n in range(1_100)]
        assert judged("actiontrail", burst) == broken


def test_no_http_status_is_told_that_a_trail_does_not_keep(
    contract: Contract, tmp_path: Path
) -> None:
    shown = event("DescribeInstances", {}, listing())
    missed = event("RedeployInstance", ONE, None, 5, errorCode=NOT_FOUND["Code"])
    path = tmp_path / "trail"
    path.write_text(json.dumps([shown, missed]))
    [found] = watch([path], "actiontrail", contract, 60.0, 600.0).findings
    assert (found.observed, found.trace[0].observed) == (NOT_FOUND["Code"],) * 2


def test_another_service_may_move_an_instance(judged: Judged) -> None:
    shown = event("DescribeInstances", {}, listing())
    missed = event("RedeployInstance", ONE, None, 20, errorCode=NOT_FOUND["Code"])
    moved = event("RemoveInstances", {"InstanceId.1": "i-1"}, {}, 9, serviceName="Ess")
    assert judged("actiontrail", [shown, missed]) == ["A15"]
    assert judged("actiontrail", [shown, moved, missed]) == []


@pytest.mark.parametrize(
    "moved",
    [
        event("StopInstance", {"InstanceId": "******"}, {}, 5),
        event("StopInstance", {"RegionId": "cn-hangzhou"}, {}, 5),
        event("StopInstances", {"instanceId": ["i-1"]}, {}, 5),
        event("StopInstances", {"targets": {"ids": "i-0,i-1"}}, {}, 5),
        event("Event", None, {}, 5, resourceName="i-1"),
        event("StartExecution", {"x": "stop i-1"}, {}, 5, serviceName="Oos"),
        event("RedeployInstance", ONE, None, 5, errorCode="ServiceUnavailable"),
    ],
)
def test_a_hand_in_a_trail_may_name_it_anywhere_or_nowhere(
    judged: Judged, moved: Fields
) -> None:
    shown = [event("DescribeInstances", {}, listing(), at) for at in (-2000, 0)]
    status = event("RedeployInstance", ONE, None, 30, errorCode=STATUS["Code"])
    assert judged("actiontrail", [*shown, status]) == ["A8"]
    assert judged("actiontrail", [*shown, moved, status]) == []


def test_what_one_user_sees_another_may_not(judged: Judged) -> None:
    shown = event("DescribeInstances", {}, listing())
    missed = event("RedeployInstance", ONE, None, 20, errorCode=NOT_FOUND["Code"])
    other = {"accountId": "1", "principalId": "somebody else"}
    assert judged("actiontrail", [shown, missed]) == ["A15"]
    assert judged("actiontrail", [shown, {**missed, "userIdentity": other}]) == []


def test_an_event_without_an_id_is_known_by_its_request(judged: Judged) -> None:
    one = redeployed(eventId=None)
    assert judged("actiontrail", [one], [dict(reversed(one.items()))]) == []


def test_lines_may_come_newest_first(contract: Contract, tmp_path: Path) -> None:
    lines = [json.dumps(redeployed(60 * n)) for n in range(8_000)]
    path = tmp_path / "trail"
    path.write_text("\n".join(reversed(lines)))
    result = watch([path], "actiontrail", contract, 5.0, None)
    assert (result.findings, result.problems) == ((), ())

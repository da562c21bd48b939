"""The contract as a monitor over logs: no false alarm, and what a log shows is seen."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.evidence.logs import kind_of, watch
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems

from .log_maker import Log, lines

KINDS = ("har", "actiontrail")
Watch = Callable[..., Result]


@pytest.fixture
def judged(contract: Contract, tmp_path: Path) -> Watch:
    def run(log: Log, kind: str = "har") -> Result:
        path = tmp_path / "log"
        if kind == "har":
            path.write_text(json.dumps(log.har()))
        else:
            path.write_text(lines(log.trail()))
        assert kind_of(path) == kind
        return watch([path], kind, contract, 60.0, 600.0)

    return run


def _clauses(result: Result) -> list[str]:
    return list(dict.fromkeys(one.clause for one in result.findings))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["", *variants()])
def test_a_correct_implementation_is_never_accused(
    judged: Watch, name: str, kind: str
) -> None:
    for seed in range(2):
        log = Log(Emulator(variants()[name]) if name else Emulator())
        log.wander(seed, 150)
        result = judged(log, kind)
        assert [
            (one.clause, one.expected, one.observed, one.trace[0].text)
            for one in result.findings
        ] == []
        assert result.exit_code == 3


def _seen(fault: str, do: Callable[[Log], object]) -> Log:
    log = Log(FAULTS[fault].build())
    do(log)
    return log


def _locked(log: Log) -> None:
    log.look()
    log.redeploy(log.ids[2])


def _dedicated(log: Log) -> None:
    log.look()
    log.redeploy(log.ids[3])


def _success(log: Log) -> None:
    log.look()
    log.redeploy(log.ids[0])
    for _ in range(90):
        log.wait(10)
        log.look()


def _plain(log: Log) -> None:
    log.redeploy(log.ids[0])
    log.redeploy(log.ids[4])


@pytest.mark.parametrize(
    ("fault", "do", "clause"),
    [
        ("security-lock-ignored", _locked, "A3"),
        ("dedicated-host-accepted", _dedicated, "A4"),
        ("never-ends", _success, "L7"),
        ("accepted-with-http-400", _plain, "R1"),
    ],
)
def test_what_a_log_shows_is_seen(
    judged: Watch, fault: str, do: Callable[[Log], None], clause: str
) -> None:
    result = judged(_seen(fault, do))
    assert _clauses(result)[:1] == [clause]
    assert result.exit_code == 1
    assert problems("run/result", result.to_json()) == []


@pytest.mark.parametrize("fault", ["security-lock-ignored", "dedicated-host-accepted"])
def test_a_trail_shows_it_too(judged: Watch, fault: str) -> None:
    def do(log: Log) -> None:
        log.look()
        log.wait(5)
        log.redeploy(log.ids[2])
        log.redeploy(log.ids[3])

    found = _clauses(judged(_seen(fault, do), "actiontrail"))
    assert found == list(FAULTS[fault].clauses)[:1]


def test_an_old_look_or_another_hand_proves_nothing(judged: Watch) -> None:
    def old(log: Log) -> None:
        log.look()
        log.wait(61)
        log.redeploy(log.ids[2])

    def touched(log: Log) -> None:
        log.look()
        log.call("StopInstance", ("InstanceId", log.ids[2]))
        log.redeploy(log.ids[2])

    for do in (old, touched):
        assert _clauses(judged(_seen("security-lock-ignored", do))) == []


def test_a_status_on_the_way_may_have_come_to_rest_since(judged: Watch) -> None:
    def pending(log: Log) -> None:
        log.look()
        log.redeploy(log.ids[6])

    assert _clauses(judged(_seen("any-status-accepted", pending))) == []


def test_what_another_hand_may_have_done_is_no_violation(judged: Watch) -> None:
    """An unlisted event is closed in the log: by the redeploy, or by the platform; who knows."""

    def closed(log: Log) -> None:
        log.look()
        log.events()
        log.redeploy(log.ids[10])
        log.wait(35)
        log.events()

    assert _clauses(judged(_seen("unlisted-event-closed", closed))) == []


def test_the_same_id_in_another_region_is_another_instance(
    contract: Contract, tmp_path: Path
) -> None:
    log = Log(Emulator())
    log.look()
    log.wait(5)
    log.redeploy("i-nobody")
    events = log.trail()
    events[-1]["requestParameters"]["InstanceId"] = log.ids[0]
    found = []
    for region in ("cn-hangzhou", "cn-beijing"):
        rows = [one | {"acsRegion": "cn-hangzhou"} for one in events[:-1]]
        path = tmp_path / region
        path.write_text(lines([*rows, events[-1] | {"acsRegion": region}]))
        found.append(_clauses(watch([path], "actiontrail", contract, 60.0, 600.0)))
    assert found == [["A15"], []]


def test_the_order_within_a_second_accuses_nobody(
    contract: Contract, tmp_path: Path
) -> None:
    """A stop of the same second may have come before the call, or after it."""
    log = Log(FAULTS["security-lock-ignored"].build())
    log.look()
    log.wait(5)
    log.redeploy(log.ids[2])
    log.call("StopInstance", ("InstanceId", log.ids[2]))
    path = tmp_path / "trail"
    path.write_text(lines(log.trail()))
    assert _clauses(watch([path], "actiontrail", contract, 60.0, 600.0)) == []


def test_a_service_with_operations_of_the_same_names_is_another_one(
    contract: Contract, tmp_path: Path
) -> None:
    log = _seen("security-lock-ignored", _locked)
    found = []
    for version in ("2014-05-26", "2014-08-15"):
        path = tmp_path / version
        path.write_text(json.dumps(log.har()).replace("2014-05-26", version))
        found.append(_clauses(watch([path], "har", contract, 60.0, 600.0)))
    assert found == [["A3"], []]


def test_a_trail_says_nothing_of_the_form_of_answers(judged: Watch) -> None:
    log = Log(Emulator())
    log.wander(1, 60)
    result = judged(log, "actiontrail")
    forms = [one for one in result.clauses if one.id in ("R1", "R2", "R3")]
    assert {one.verdict for one in forms} == {"not exercised"}
    assert {one.reason for one in forms} == {
        "a trail does not keep answers as they were sent"
    }
    assert {one.held for one in forms} == {0}


def test_an_event_delivered_twice_is_one_event(
    contract: Contract, tmp_path: Path
) -> None:
    log = Log(Emulator())
    log.look()
    log.redeploy(log.ids[0])
    log.redeploy(log.ids[2])
    path = tmp_path / "trail"
    path.write_text(lines([*log.trail(), *log.trail()]))
    assert _clauses(watch([path], "actiontrail", contract, 60.0, 600.0)) == []

"""The contract as a monitor over logs: no false alarm, and what a log shows is seen."""

import gzip
import importlib.util
import json
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.evidence import elements, opening, ordering
from redeploy_conformance.evidence.actiontrail import actiontrail
from redeploy_conformance.evidence.logs import kind_of, watch
from redeploy_conformance.evidence.ordering import BLOCK, WINDOW
from redeploy_conformance.evidence.sources import LogError
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.judging import recent
from redeploy_conformance.judging.recent import MOST_IDS, Recent
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems


def _maker() -> ModuleType:
    path = Path(__file__).with_name("log_maker.py")
    spec = importlib.util.spec_from_file_location("log_maker", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = _maker()
KINDS = ("har", "actiontrail")
Watch = Callable[..., Result]


@pytest.fixture
def judged(contract: Contract, tmp_path: Path) -> Watch:
    def run(log: Any, kind: str = "har") -> Result:
        path = tmp_path / "log"
        if kind == "har":
            path.write_text(json.dumps(log.har()))
        else:
            path.write_text(MAKER.lines(log.trail()))
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
        log = MAKER.Log(Emulator(variants()[name]) if name else Emulator())
        log.wander(seed, 150)
        result = judged(log, kind)
        assert [
            (one.clause, one.expected, one.observed, one.trace[0].text)
            for one in result.findings
        ] == []
        assert result.exit_code == 3


def _seen(fault: str, do: Callable[[Any], None]) -> Any:
    log = MAKER.Log(FAULTS[fault].build())
    do(log)
    return log


def _locked(log: Any) -> None:
    log.look()
    log.redeploy(log.ids[2])


def _dedicated(log: Any) -> None:
    log.look()
    log.redeploy(log.ids[3])


def _success(log: Any) -> None:
    log.look()
    log.redeploy(log.ids[0])
    for _ in range(90):
        log.wait(10)
        log.look()


def _plain(log: Any) -> None:
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
    judged: Watch, fault: str, do: Callable[[Any], None], clause: str
) -> None:
    result = judged(_seen(fault, do))
    assert _clauses(result)[:1] == [clause]
    assert result.exit_code == 1
    assert problems("run/result", result.to_json()) == []


@pytest.mark.parametrize("fault", ["security-lock-ignored", "dedicated-host-accepted"])
def test_a_trail_shows_it_too(judged: Watch, fault: str) -> None:
    def do(log: Any) -> None:
        log.look()
        log.wait(5)
        log.redeploy(log.ids[2])
        log.redeploy(log.ids[3])

    found = _clauses(judged(_seen(fault, do), "actiontrail"))
    assert found == list(FAULTS[fault].clauses)[:1]


def test_an_old_look_or_another_hand_proves_nothing(judged: Watch) -> None:
    def old(log: Any) -> None:
        log.look()
        log.wait(61)
        log.redeploy(log.ids[2])

    def touched(log: Any) -> None:
        log.look()
        log.call("StopInstance", ("InstanceId", log.ids[2]))
        log.redeploy(log.ids[2])

    for do in (old, touched):
        assert _clauses(judged(_seen("security-lock-ignored", do))) == []


def test_a_status_on_the_way_may_have_come_to_rest_since(judged: Watch) -> None:
    def pending(log: Any) -> None:
        log.look()
        log.redeploy(log.ids[6])

    assert _clauses(judged(_seen("any-status-accepted", pending))) == []


def test_what_another_hand_may_have_done_is_no_violation(judged: Watch) -> None:
    """An unlisted event is closed in the log: by the redeploy, or by the platform; who knows."""

    def closed(log: Any) -> None:
        log.look()
        log.events()
        log.redeploy(log.ids[10])
        log.wait(35)
        log.events()

    assert _clauses(judged(_seen("unlisted-event-closed", closed))) == []


def test_the_same_id_in_another_region_is_another_instance(
    contract: Contract, tmp_path: Path
) -> None:
    log = MAKER.Log(Emulator())
    log.look()
    log.wait(5)
    log.redeploy("i-nobody")
    events = log.trail()
    events[-1]["requestParameters"]["InstanceId"] = log.ids[0]
    found = []
    for region in ("cn-hangzhou", "cn-beijing"):
        rows = [one | {"acsRegion": "cn-hangzhou"} for one in events[:-1]]
        path = tmp_path / region
        path.write_text(MAKER.lines([*rows, events[-1] | {"acsRegion": region}]))
        found.append(_clauses(watch([path], "actiontrail", contract, 60.0, 600.0)))
    assert found == [["A15"], []]


def test_the_order_within_a_second_accuses_nobody(
    contract: Contract, tmp_path: Path
) -> None:
    """A stop of the same second may have come before the call, or after it."""
    log = MAKER.Log(FAULTS["security-lock-ignored"].build())
    log.look()
    log.wait(5)
    log.redeploy(log.ids[2])
    log.call("StopInstance", ("InstanceId", log.ids[2]))
    path = tmp_path / "trail"
    path.write_text(MAKER.lines(log.trail()))
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
    log = MAKER.Log(Emulator())
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
    log = MAKER.Log(Emulator())
    log.look()
    log.redeploy(log.ids[0])
    log.redeploy(log.ids[2])
    path = tmp_path / "trail"
    path.write_text(MAKER.lines([*log.trail(), *log.trail()]))
    assert _clauses(watch([path], "actiontrail", contract, 60.0, 600.0)) == []


def test_the_order_and_the_shape_of_a_list_do_not_matter(
    contract: Contract, tmp_path: Path
) -> None:
    log = _seen(
        "security-lock-ignored", lambda log: (log.look(), log.wait(5), _locked(log))
    )
    log.wait(9)
    log.look()
    events = log.trail()
    found = []
    for document in (events[::-1], {"Events": events}, events):
        path = tmp_path / "trail.json"
        path.write_text(json.dumps(document, indent=1))
        assert kind_of(path) == "actiontrail"
        found.append(_clauses(watch([path], "actiontrail", contract, 60.0, 600.0)))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_log_is_incomplete_and_what_came_before_counts(
    contract: Contract, tmp_path: Path, kind: str
) -> None:
    log = _seen(
        "security-lock-ignored",
        lambda log: (log.look(), log.wait(5), log.redeploy(log.ids[2])),
    )
    path = tmp_path / "log"
    if kind == "har":
        document = log.har()
        document["log"]["entries"].append({"request": 1})
        path.write_text(json.dumps(document))
    else:
        path.write_text(MAKER.lines(log.trail()) + '{"eventName": 3}\n')
    result = watch([path], kind, contract, 60.0, 600.0)
    assert _clauses(result) == ["A3"]
    assert not result.complete
    assert " 3: it is no " in result.problems[0].text


def test_a_file_of_nothing_known_is_said_so(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "x.har"
    path.write_text('{"log": 3}')
    result = watch([path], "har", contract, 60.0, 600.0)
    assert (result.exit_code, result.complete) == (3, False)
    assert "it is no HAR file" in result.problems[0].text


def test_ids_are_forgotten_after_many() -> None:
    ids = Recent()
    for number in range(MOST_IDS + 2):
        ids.add(str(number))
    assert len(ids) == MOST_IDS
    assert ("0" in ids, "2" in ids) == (False, True)
    told = "2 a second time, 100,000 things after the first"
    assert ids.again("2", "thing") == told


def test_an_id_of_long_ago_is_found_at_once() -> None:
    ids = Recent()
    for number in range(MOST_IDS):
        ids.add(str(number))
    begun = time.process_time()
    for number in range(MOST_IDS):
        ids.again(str(number), "thing")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("form", ["lines", "list", "har"])
def test_memory_does_not_grow_with_the_length_of_a_log(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(ordering, "SMALL", 0)
    monkeypatch.setattr(elements, "PIECE", 1 << 16)
    monkeypatch.setattr(recent, "MOST_IDS", 1_000)
    log = MAKER.Log(Emulator())
    for _ in range(3):
        log.look()
        log.redeploy(log.ids[2])
        log.wait(3)
    kind, peaks = "har" if form == "har" else "actiontrail", []
    watch([_repeated(tmp_path, log, form, 10)], kind, contract, 60.0, 600.0)
    for times in (900, 2_700):
        path = _repeated(tmp_path, log, form, times)
        tracemalloc.start()
        assert watch([path], kind, contract, 60.0, 600.0).complete
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


def _repeated(folder: Path, log: Any, form: str, times: int) -> Path:
    """A log that goes on and on, written piece by piece as a proxy or a trail does."""
    rows = log.har()["log"]["entries"] if form == "har" else log.trail()
    ends = {"lines": ("", "\n", "\n"), "list": ("[", ",\n", "]")}
    begin, between, end = ends.get(form, ('{"log": {"entries": [', ", ", "]}}"))
    path = folder / f"{times}.log"
    with path.open("w") as file:
        file.write(begin)
        for turn in range(times):
            for n, one in enumerate(rows):
                again = one | {"requestId": f"{turn}-{n}"}
                file.write(
                    (between if turn or n else "") + json.dumps(_later(again, turn))
                )
        file.write(end)
    return path


def _later(row: dict[str, Any], turn: int) -> dict[str, Any]:
    """The same again, hours later, with ids of its own."""
    name = "startedDateTime" if "startedDateTime" in row else "eventTime"
    then = datetime.fromisoformat(row[name]) + timedelta(hours=turn)
    row[name] = then.isoformat()
    if "eventId" in row:
        row["eventId"] += f"-{turn}"
    if "response" in row:
        content = row["response"]["content"]
        text = content["text"].replace('"RequestId":"', f'"RequestId":"{turn}-')
        row["response"] = {**row["response"], "content": {**content, "text": text}}
    return row


def test_a_long_log_that_is_not_in_order_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest_first = [_touch(second) for second in range(WINDOW + 2 * BLOCK)][::-1]
    path = tmp_path / "list.json"
    path.write_text(f"[{','.join(newest_first)}]")
    assert [int(one.begun) for one in actiontrail(path)] == [*range(len(newest_first))]
    monkeypatch.setattr(ordering, "SMALL", 0)
    told = f"entry {WINDOW + BLOCK + 1}: it is older than 4,096 entries before it"
    with pytest.raises(LogError, match=told):
        list(actiontrail(path))


def test_a_trail_that_is_nearly_in_order_is_put_in_order(tmp_path: Path) -> None:
    count = 2 * (WINDOW + BLOCK)
    late = [n + WINDOW if n % 7 == 0 else n for n in range(count)]
    arrived = [n for _, n in sorted(zip(late, range(count), strict=True))]
    path = tmp_path / "trail"
    path.write_text("".join(map(_touch, arrived)))
    assert arrived != sorted(arrived)
    assert [int(one.begun) for one in actiontrail(path)] == list(range(count))


def _touch(second: int) -> str:
    then = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"eventName": "StopInstance", "eventTime": then}) + "\n"


def test_the_size_of_a_packed_log_is_that_of_all_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"x" * 1000) + gzip.compress(b"x"))
    assert [opening.larger(path, count) for count in (1000, 1001)] == [True, False]
    path.write_bytes(path.read_bytes()[:-3])
    assert [opening.larger(path, count) for count in (999, 1001)] == [True, False]


@pytest.mark.parametrize("form", ["lines", "list", "har"])
def test_a_packed_log_is_unpacked_and_one_cut_short_counts_so_far(
    contract: Contract, tmp_path: Path, form: str
) -> None:
    log = MAKER.Log(Emulator())
    log.look()
    path = _repeated(tmp_path, log, form, 2_000)
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    kind = "har" if form == "har" else "actiontrail"
    assert kind_of(packed) == kind
    one, other = (watch([it], kind, contract, 60.0, 600.0) for it in (path, packed))
    assert (one.clauses, one.requests) == (other.clauses, other.requests)
    assert other.complete
    packed.write_bytes(packed.read_bytes()[: -packed.stat().st_size // 8])
    cut = watch([packed], kind, contract, 60.0, 600.0)
    assert not cut.complete
    assert 0 < cut.requests < one.requests
    assert "it cannot be unpacked any further" in cut.problems[0].text

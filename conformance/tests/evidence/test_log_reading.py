"""Logs as files: in any order and shape, damaged, packed, long; read as far as they go, in little memory."""

import gzip
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.evidence import elements, opening, ordering
from redeploy_conformance.evidence.actiontrail import actiontrail
from redeploy_conformance.evidence.logs import kind_of, watch
from redeploy_conformance.evidence.ordering import BLOCK, WINDOW
from redeploy_conformance.evidence.sources import LogError
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.judging import recent
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result

from .log_maker import Log, lines


def _clauses(result: Result) -> list[str]:
    return list(dict.fromkeys(one.clause for one in result.findings))


@pytest.fixture
def locked() -> Log:
    """A look, and a call on a locked instance that is accepted all the same (A3)."""
    log = Log(FAULTS["security-lock-ignored"].build())
    log.look()
    log.wait(5)
    log.redeploy(log.ids[2])
    return log


def test_the_order_and_the_shape_of_a_list_do_not_matter(
    contract: Contract, tmp_path: Path, locked: Log
) -> None:
    locked.wait(9)
    locked.look()
    events = locked.trail()
    found = []
    for document in (events[::-1], {"Events": events}, events):
        path = tmp_path / "trail.json"
        path.write_text(json.dumps(document, indent=1))
        assert kind_of(path) == "actiontrail"
        found.append(_clauses(watch([path], "actiontrail", contract, 60.0, 600.0)))
    assert found == [["A3"]] * 3


@pytest.mark.parametrize("kind", ["har", "actiontrail"])
def test_a_damaged_log_is_incomplete_and_what_came_before_counts(
    contract: Contract, tmp_path: Path, locked: Log, kind: str
) -> None:
    path = tmp_path / "log"
    if kind == "har":
        document = locked.har()
        document["log"]["entries"].append({"request": 1})
        path.write_text(json.dumps(document))
    else:
        path.write_text(lines(locked.trail()) + '{"eventName": 3}\n')
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


@pytest.mark.parametrize(
    "form", ["lines", pytest.param("list", marks=pytest.mark.long), "har"]
)
def test_memory_does_not_grow_with_the_length_of_a_log(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(ordering, "SMALL", 0)
    monkeypatch.setattr(elements, "PIECE", 1 << 16)
    monkeypatch.setattr(recent, "MOST_IDS", 1_000)
    log = Log(Emulator())
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


def _repeated(folder: Path, log: Log, form: str, times: int) -> Path:
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
    log = Log(Emulator())
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

"""Files that unpack to a line or an element without an end, and times that no event has."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.evidence import actiontrail as trails
from redeploy_conformance.evidence import elements as arrays
from redeploy_conformance.evidence import lines as traces
from redeploy_conformance.evidence.actiontrail import actiontrail
from redeploy_conformance.evidence.har import har
from redeploy_conformance.evidence.lines import DamagedError, lines_of
from redeploy_conformance.evidence.sources import LogError

FEW = 2000
CLOCK = b'{"record":"clock","now":1.0}\n'


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (traces, trails, arrays):
        monkeypatch.setattr(module, "LONGEST", FEW)
    monkeypatch.setattr(arrays, "PIECE", 500)


def event(**more: Any) -> dict[str, Any]:
    """Return an event of a trail."""
    return {
        "eventName": "StopInstance",
        "eventTime": "2026-01-01T00:00:00Z",
        "requestParameters": {"InstanceId": "i-1"},
        **more,
    }


def _packed(path: Path, text: str | bytes) -> Path:
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data, mtime=0))
    return path


def test_a_line_of_a_trace_has_an_end(tmp_path: Path) -> None:
    path = _packed(tmp_path / "x", CLOCK + b" " * 9 * FEW)
    read = lines_of(path)
    next(read)
    with pytest.raises(DamagedError, match="line 2: it is longer than 64 MiB"):
        next(read)


def test_a_line_of_a_trail_has_an_end(tmp_path: Path) -> None:
    long = json.dumps(event(userAgent="x" * 9 * FEW))
    path = _packed(tmp_path / "x", f"{json.dumps(event())}\n{long}\n")
    read = actiontrail(path)
    next(read)
    with pytest.raises(LogError, match="line 2: it is longer than 64 MiB"):
        next(read)


def test_an_element_of_a_trail_has_an_end(tmp_path: Path) -> None:
    rows = [event(eventId="1"), event(eventId="2", userAgent="x" * 9 * FEW)]
    read = actiontrail(_packed(tmp_path / "x", json.dumps(rows)))
    next(read)
    told = "after entry 1: there is no whole entry in the next 64 MiB"
    with pytest.raises(LogError, match=told):
        next(read)


def test_many_elements_may_be_longer_together(tmp_path: Path) -> None:
    rows = [event(eventId=str(n)) for n in range(200)]
    assert len(list(actiontrail(_packed(tmp_path / "x", json.dumps(rows))))) == 200


def test_an_array_that_never_begins_is_no_har_file(tmp_path: Path) -> None:
    text = '{"log": {"version": "' + "x" * 9 * FEW + '", "entries": []}}'
    with pytest.raises(LogError, match="it is no HAR file as far as its first "):
        list(har(_packed(tmp_path / "x", text)))


@pytest.mark.parametrize(
    "when",
    [
        "0001-01-01T00:00:00+08:00",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59-08:00",
    ],
)
def test_a_time_that_no_event_has_is_damage(tmp_path: Path, when: str) -> None:
    path = tmp_path / "x"
    path.write_text(json.dumps(event(eventTime=when)) + "\n")
    told = "line 1: it is no ActionTrail event: eventTime is no time of an event"
    with pytest.raises(LogError, match=told):
        list(actiontrail(path))

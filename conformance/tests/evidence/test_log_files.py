"""Files that are given to ``check-trace``: what is none of its kinds is said so, and one is read once."""

import gzip
import json
import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from redeploy_conformance.cli import main

Fields = dict[str, Any]
EVENT = {
    "eventName": "RedeployInstance",
    "eventTime": "2026-05-01T00:00:00Z",
    "serviceName": "Ecs",
    "requestParameters": {"InstanceId": "i-1", "ForceStop": "no"},
    "responseElements": {"TaskId": "t-1"},
}
ROW = {"__topic__": "audit", "event": EVENT}
TEXT = {"__topic__": "audit", "event": json.dumps(EVENT)}
LIST = "a JSON array, an answer of LookupEvents, or one event in each line"
SERVICE = "it has rows of a log service"


def told(*paths: Path) -> tuple[int, str]:
    ran = CliRunner().invoke(main, ["check-trace", *map(str, paths)])
    return ran.exit_code, ran.output


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (json.dumps([EVENT]).encode("utf-16"), "save it in UTF-8"),
        (json.dumps({"log": {"entries": []}}).encode("utf-16"), "save it in UTF-8"),
        (b"eventId,eventName\n1,RedeployInstance\n", LIST),
        (b"{}", LIST),
        (json.dumps(ROW).encode(), SERVICE),
        (json.dumps([TEXT]).encode(), SERVICE),
        (json.dumps(TEXT).encode(), SERVICE),
    ],
)
def test_a_file_of_no_kind_is_not_called_a_trace(
    tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    code, said = told(path)
    assert code == 2
    assert f"{path} is neither a trace of the suite, nor a HAR file, nor a list" in said
    assert why in said


def test_a_packed_file_that_cannot_be_unpacked_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(b"\x1f\x8b")
    code, said = told(path)
    assert (code, f"{path}: it cannot be unpacked" in said) == (2, True)


def test_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        code, said = told(path)
        assert (code, f"{path} is no regular file" in said) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        "baseline update /dev/zero known.toml",
        "baseline check /dev/zero",
        "replay /dev/zero",
        "replay /dev/zero --as pytest",
        "certificate verify /dev/zero r.trace",
        "certificate verify c.json /dev/zero",
        "certificate make /dev/zero r.trace -o x",
        "certificate make r.json /dev/zero -o x",
    ],
)
def test_a_device_is_read_by_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(main, words.split())
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("redeploy-conformance: /dev/zero is no ")
    assert ran.stderr.count("\n") == 1


def test_a_baseline_is_read_from_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    empty = 'format = "redeploy-conformance/baseline/1"\n'
    writing = Thread(target=(tmp_path / "pipe").write_text, args=(empty,))
    writing.start()
    ran = CliRunner().invoke(main, ["baseline", "check", str(tmp_path / "pipe")])
    writing.join()
    assert (ran.exit_code, ran.output) == (0, "")


@pytest.mark.parametrize("content", [[], [EVENT]])
def test_a_log_under_two_names_is_read_once(
    tmp_path: Path, content: list[Fields]
) -> None:
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in paths:
        path.write_text(json.dumps(content))
    code, said = told(*paths)
    assert code == (1 if content else 3)
    assert f"{len(content)} request" in said


def test_a_trace_under_two_names_would_count_twice(tmp_path: Path) -> None:
    paths = [tmp_path / "one.trace", tmp_path / "two.trace"]
    for path in paths:
        path.write_text('{"record": "header"}\n')
    code, said = told(*paths)
    assert (code, "would count twice" in said) == (2, True)


def test_so_would_one_that_is_packed(tmp_path: Path) -> None:
    plain, packed = tmp_path / "one.trace", tmp_path / "one.trace.gz"
    plain.write_text('{"record": "header"}\n')
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    code, said = told(plain, packed)
    assert (code, "would count twice" in said) == (2, True)
    log = [tmp_path / "log.json", tmp_path / "log.json.gz"]
    log[0].write_text(json.dumps([EVENT]))
    log[1].write_bytes(gzip.compress(log[0].read_bytes()))
    code, said = told(*log)
    assert (code, "1 request" in said) == (1, True)


def test_a_line_of_a_trace_that_is_nested_too_deep_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    deep = "[" * 5000 + "]" * 5000
    path.write_text(f'{{"record": "header", "more": {deep}}}\n')
    code, said = told(path)
    assert (code, "line 1: it is no line of a trace" in said) == (2, True)


def test_a_packed_log_of_a_kind_that_is_named_may_be_damaged_from_the_beginning(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.har"
    path.write_bytes(b"\x1f\x8b")
    ran = CliRunner().invoke(main, ["check-trace", "--format", "har", str(path)])
    assert ran.exit_code == 3
    assert "it cannot be unpacked" in ran.output


def test_how_a_call_is_known_is_said_where_none_was_found(tmp_path: Path) -> None:
    path = tmp_path / "log.har"
    site = {
        "startedDateTime": "2026-05-01T00:00:00Z",
        "request": {"method": "GET", "url": "https://x.example/"},
        "response": {"status": 200},
    }
    path.write_text(json.dumps({"log": {"entries": [site]}}))
    words = " ".join(told(path)[1].split())
    assert "no call of RedeployInstance was found in this log" in words
    assert "a call is known by a header x-acs-action" in words


def test_how_many_calls_were_found_is_said(tmp_path: Path) -> None:
    path = tmp_path / "trail.json"
    other = EVENT | {"eventName": "StopInstance"}
    path.write_text(json.dumps([EVENT | {"eventId": "1"}, other, EVENT]))
    words = " ".join(told(path)[1].split())
    assert "nothing in this log, with 2 calls of RedeployInstance, shows it" in words

"""The verdict from a trace is the verdict of the run."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.evidence.check import Checker, ForeignTraceError, check
from redeploy_conformance.evidence.lines import Line
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import UnansweredError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems, schema

Record = Callable[..., Any]
SAMPLE = (
    "security-lock-ignored",
    "second-call-in-flight-accepted",
    "stays-running-until-done",
    "failure-never-ends",
    "policies-ignored",
    "altered-call-accepted-v3",
    "unlisted-event-closed",
    "rejected-call-drops-locks",
    "request-id-repeated",
    "accepted-with-http-400",
    "two-concurrent-calls-accepted",
    "internal-error-leaves-it-stopping",
)


def _said(result: Result) -> list[tuple[object, ...]]:
    """Return what a result says of each clause, apart from the place of the findings."""
    return [
        (one.id, one.verdict, one.held, one.rows, one.choices, len(one.findings))
        for one in result.clauses
    ]


@pytest.mark.parametrize("fault", SAMPLE)
def test_a_fault_breaks_the_same_clauses_in_its_trace(
    contract: Contract, record: Record, fault: str
) -> None:
    run = record(FAULTS[fault].build(), FAULTS[fault].clauses)
    drawn = check([run.path], contract).result()
    assert _said(drawn) == _said(run.result)
    assert {one.clause for one in drawn.findings} == {
        one.clause for one in run.result.findings
    }
    assert (drawn.exit_code, drawn.requests) == (
        run.result.exit_code,
        run.result.requests,
    )
    assert problems("run/result", drawn.to_json()) == []


def test_a_healthy_run_says_the_same_of_every_clause(
    contract: Contract, record: Record
) -> None:
    run = record(None, ("A1", "A2", "A9", "L1", "L6", "L12", "U1", "U4", "E1"))
    drawn = check([run.path], contract).result()
    assert _said(drawn) == _said(run.result)
    assert drawn.findings == ()
    assert drawn.sentence == run.result.sentence


def test_every_line_is_as_its_schema_says(record: Record) -> None:
    run = record(FAULTS["security-lock-ignored"].build(), ("A3", "L12"))
    wrong = [problems("run/trace", json.loads(line)) for line in run.lines]
    assert [one for one in wrong if one] == []
    names = {json.loads(line)["record"] for line in run.lines}
    assert names == {
        *("header", "session", "step", "exchange", "done", "spans"),
        *("finding", "case", "end"),
    }


def test_the_schema_is_that_of_the_lines() -> None:
    made = schema("run/trace")
    assert {name: made[name] for name in msgspec.json.schema(Line)} == (
        msgspec.json.schema(Line)
    )


def test_real_time_is_heard_again(contract: Contract, record: Record) -> None:
    real = Emulator(clock="real", time_scale=600.0)
    run = record(real, ("L3",), redeploy_seconds=1.0)
    assert b'"record":"clock"' in run.path.read_bytes()
    drawn = check([run.path], contract).result()
    assert _said(drawn) == _said(run.result)


def test_answers_that_never_came_are_heard_again(
    contract: Contract, record: Record
) -> None:
    class Deaf(DirectTransport):
        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            answer = super().send(request, timeout)
            if ("x-acs-action", "RedeployInstance") in request.headers:
                raise UnansweredError("cut off")
            return answer

    run = record(clauses=("A9", "L1"), transport=Deaf(Emulator().asgi))
    drawn = check([run.path], contract).result()
    assert _said(drawn) == _said(run.result)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_cut_trace_is_incomplete_and_what_came_before_counts(
    contract: Contract, record: Record, cut: float
) -> None:
    run = record(FAULTS["security-lock-ignored"].build(), ("A3",))
    data = run.path.read_bytes()
    begun = data.rindex(b"\n", 0, int(len(data) * cut)) + 1
    run.path.write_bytes(data[: begun + 9])
    checker = check([run.path], contract)
    drawn = checker.result()
    assert not drawn.complete
    assert [one.clause for one in drawn.findings][:1] == ["A3"]
    line = len(run.path.read_bytes().splitlines())
    assert f"line {line}: the trace is cut in the middle" in drawn.problems[-1].text


def test_a_packed_trace_is_unpacked_and_one_cut_short_counts_so_far(
    contract: Contract, record: Record, tmp_path: Path
) -> None:
    run = record(Emulator(), {"A3"})
    packed = tmp_path / "run.trace.gz"
    packed.write_bytes(gzip.compress(run.path.read_bytes(), mtime=0))
    assert _said(check([packed], contract).result()) == _said(run.result)
    packed.write_bytes(packed.read_bytes()[:-200])
    cut = check([packed], contract).result()
    assert (cut.complete, cut.exit_code) == (False, 3)
    assert cut.requests > 0
    told = cut.problems[0].text
    assert re.search(r"line \d+: it cannot be unpacked any further", told)


def test_a_healthy_trace_without_its_last_line_is_incomplete(
    contract: Contract, record: Record
) -> None:
    run = record(None, ("A3",))
    run.path.write_bytes(b"".join(run.lines[:-1]))
    drawn = check([run.path], contract).result()
    assert (drawn.exit_code, drawn.complete) == (3, False)
    assert (
        f"line {len(run.lines) + 1}: the last line is missing" in drawn.problems[0].text
    )


def _edited(path: Path, record: str, edit: Callable[[dict[str, Any]], None]) -> int:
    """Edit the last line of a kind, and return its number."""
    lines = path.read_text().splitlines()
    wanted = f'"record":"{record}"'
    signed = '"key":' if record == "exchange" else ""
    number = max(n for n, one in enumerate(lines) if wanted in one and signed in one)
    document = json.loads(lines[number])
    edit(document)
    lines[number] = json.dumps(document)
    path.write_text("\n".join(lines) + "\n")
    return number + 1


@pytest.mark.parametrize(
    ("kind", "edit", "said"),
    [
        ("exchange", lambda one: one.update(status=[]), "no line of a trace"),
        (
            "exchange",
            lambda one: one.update(target="/?x=1", action="Y"),
            "stands where",
        ),
        ("exchange", lambda one: one.update(key="LTAIsomebody"), "is signed with"),
        ("done", lambda one: one.update(clauses=["A4"]), "the trace says A4"),
        ("step", lambda one: one.update(steps=[{"step": "fly"}]), "no kind of step"),
        ("header", lambda one: one.update(worker=1), "no line of a trace"),
        ("end", lambda one: one.update(crashes=[{}]), "misses"),
    ],
)
def test_an_edited_line_is_named(
    contract: Contract,
    record: Record,
    kind: str,
    edit: Callable[[dict[str, Any]], None],
    said: str,
) -> None:
    run = record(None, ("A3",))
    line = _edited(run.path, kind, edit)
    checker = Checker(contract)
    checker.read(run.path)
    texts = [one.text for one in checker.taken.sums.problems]
    assert not checker.complete
    assert any(f"line {line}" in text or kind == "exchange" for text in texts)
    assert any(said in text for text in texts)


def test_a_removed_exchange_is_found_missing(
    contract: Contract, record: Record
) -> None:
    run = record(None, ("A3",))
    lines = run.lines
    at = max(n for n, one in enumerate(lines) if b'"record":"exchange"' in one)
    run.path.write_bytes(b"".join(lines[:at] + lines[at + 1 :]))
    drawn = check([run.path], contract).result()
    assert drawn.exit_code == 3
    assert "is missing" in drawn.problems[0].text


def test_a_finding_is_only_believed_when_its_session_shows_it(
    contract: Contract, record: Record
) -> None:
    run = record(None, ("A3",))
    lines = run.lines
    at = next(n for n, one in enumerate(lines) if b'"record":"case"' in one)
    lie = b'{"record":"finding","case":"c","clause":"A3","session":1}\n'
    run.path.write_bytes(b"".join([*lines[:at], lie, *lines[at:]]))
    drawn = check([run.path], contract).result()
    assert drawn.findings == ()
    assert drawn.exit_code == 3
    assert "is not in session 1" in drawn.problems[0].text


def test_a_violation_counts_though_the_trace_names_no_finding(
    contract: Contract, record: Record
) -> None:
    run = record(FAULTS["security-lock-ignored"].build(), ("A3",))
    kept = [one for one in run.lines if b'"record":"finding"' not in one]
    run.path.write_bytes(b"".join(kept))
    drawn = check([run.path], contract).result()
    assert {one.clause for one in drawn.findings} == {"A3"}


def test_a_violation_counts_though_its_session_is_said_not_to_count(
    contract: Contract, record: Record
) -> None:
    run = record(FAULTS["security-lock-ignored"].build(), ("A3",))
    edited = b"".join(one for one in run.lines if b'"record":"finding"' not in one)
    run.path.write_bytes(edited.replace(b'"counted":true', b'"counted":false'))
    drawn = check([run.path], contract).result()
    assert {one.clause for one in drawn.findings} == {"A3"}


def test_a_part_that_there_is_not_is_damage(contract: Contract, record: Record) -> None:
    run = record(None, ("A3",))
    first, *rest = run.lines
    odd = first.replace(b'"absent":[]', b'"absent":["locks"]')
    odd = odd.replace(b'"declares":{', b'"declares":{"absent":["locks"],')
    run.path.write_bytes(b"".join([odd, *rest]))
    with pytest.raises(ForeignTraceError, match=r"line 1: .*'locks'"):
        check([run.path], contract).result()


def test_a_trace_of_another_contract_is_refused(
    contract: Contract, record: Record
) -> None:
    run = record(None, ("A3",))
    _edited(run.path, "header", lambda one: one.update(contract_sha256="0" * 64))
    with pytest.raises(ForeignTraceError, match="is of another contract"):
        check([run.path], contract)


def test_traces_of_two_targets_are_not_put_together(
    contract: Contract, record: Record
) -> None:
    one, two = record(None, ("A3",)), record(None, ("A3",), file="two", name="other")
    with pytest.raises(ForeignTraceError, match="of another target"):
        check([one.path, two.path], contract)


def test_two_traces_of_one_target_are_one_verdict(
    contract: Contract, record: Record
) -> None:
    one, two = record(None, ("A3",)), record(None, ("A4",), file="two")
    drawn = check([one.path, two.path], contract).result()
    held = {clause.id for clause in drawn.clauses if clause.verdict == "pass"}
    assert {"A3", "A4"} <= held
    assert drawn.cases == one.result.cases + two.result.cases


def test_an_empty_file_is_no_trace(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    with pytest.raises(ForeignTraceError, match="no trace was read"):
        check([path], contract).result()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense\n", "x, line 1: it is no line of a trace"),
        ('{"record":"header"}\n', "missing required field"),
        (
            '{"record":"case","name":"","clauses":[]}\n',
            "does not begin with its header",
        ),
    ],
)
def test_a_file_that_says_nothing_is_refused_with_the_reason(
    contract: Contract, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(ForeignTraceError, match=said):
        check([path], contract).result()

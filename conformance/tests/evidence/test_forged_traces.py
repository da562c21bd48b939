"""Traces that somebody has cut, put together or edited: damage is told, and accuses nobody."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.evidence.check import ForeignTraceError, check
from redeploy_conformance.evidence.tape import TapeError, in_order
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result

from .conftest import Recorded

FAULT = "security-lock-ignored"
Line = dict[str, Any]
Check = Callable[[Path, list[Line]], Result]


@pytest.fixture
def checked(contract: Contract) -> Check:
    """Return what writes lines over a trace, and checks it."""

    def run(path: Path, lines: list[Line]) -> Result:
        path.write_text("".join(json.dumps(one) + "\n" for one in lines))
        return check([path], contract).result()

    return run


@pytest.fixture
def healthy(record: Callable[..., Recorded]) -> tuple[Path, list[Line]]:
    """A trace without a violation, and its lines."""
    return _read(record(None, ("A3",)))


@pytest.fixture
def faulty(record: Callable[..., Recorded]) -> tuple[Path, list[Line]]:
    """A trace in which A3 is broken, and its lines."""
    return _read(record(FAULTS[FAULT].build(), ("A3",)))


def _read(run: Recorded) -> tuple[Path, list[Line]]:
    return run.path, [json.loads(one) for one in run.lines]


def _at(lines: list[Line], record: str, **fields: Any) -> int:
    """Return where the first line of a kind is that has these fields."""
    wanted = {"record": record, **fields}.items()
    return next(n for n, one in enumerate(lines) if wanted <= one.items())


def _damaged(result: Result, text: str) -> None:
    """Make sure that a result accuses nobody, and says what is damaged."""
    assert (result.exit_code, result.complete) == (3, False)
    assert result.findings == ()
    assert text in result.problems[-1].text


# ------------------------------------------------------------- what damage may not do


def test_steps_that_came_to_something_else_accuse_nobody(
    faulty: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = faulty
    for line in lines:
        if line["record"] == "done":
            line["clauses"] = []
    _damaged(checked(path, lines), "break A3, the trace says nothing")


def test_trouble_of_steps_that_came_to_something_else_loses_nobody(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    at, over = _at(lines, "step") + 1, _at(lines, "done")
    lines[at].update(status=0, answer="", problem="nobody", reached=False)
    del lines[at + 1 : over]
    result = checked(path, lines)
    _damaged(result, "brought trouble, the trace says that they went well")
    assert result.verdict == "incomplete"


def test_a_session_that_has_begun_all_the_same_accuses_nobody(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    target = next(one["target"] for one in lines if "reset" in one.get("target", ""))
    line = lines[_at(lines, "exchange", target=target)]
    line.update(status=500, answer='{"error": "no"}')
    _damaged(checked(path, lines), "steps follow where the session could not begin")


def test_a_session_that_took_more_to_begin_accuses_nobody(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    target = next(one["target"] for one in lines if "reset" in one.get("target", ""))
    at = _at(lines, "exchange", target=target)
    lines[at].update(status=500, answer='{"error": "no"}')
    again = lines[: at + 1] + [one for one in lines[at:] if one["record"] == "case"]
    _damaged(
        checked(path, [*again[: at + 1], lines[at], *again[at + 1 :], lines[-1]]),
        "more was recorded than the beginning of a session takes",
    )


@pytest.mark.parametrize(
    ("spans", "rows"),
    [
        ([(1, 0), (2, 3)], [1, 1]),
        ([(0, 1), (1, 2)], [1, 1]),
        ([(0, 1), (2, 10**30)], [1, 1]),
        ([(-1, 1), (0, 2)], [1, 1]),
        ([(2, 3), (0, 1)], [2]),
        ([(0, 1)], [1, 1]),
    ],
)
def test_spans_are_an_order_of_beginnings_and_endings(
    spans: list[tuple[int, int]], rows: list[int]
) -> None:
    in_order([(0, 2), (1, 3)], [1, 1])
    in_order([(0, 1), (3, 5), (2, 4)], [2, 1])
    with pytest.raises(TapeError, match="at once"):
        in_order(spans, rows)


# ------------------------------------------------------------------ cut, and put together


@pytest.mark.parametrize("after", ["end", "clock", "session"])
def test_nothing_follows_the_last_line(
    healthy: tuple[Path, list[Line]], checked: Check, after: str
) -> None:
    path, lines = healthy
    more = {"clock": {"record": "clock", "now": 1.0}, "end": lines[-1]}
    more["session"] = lines[_at(lines, "session")]
    told = f"line {len(lines) + 1}: the trace goes on after its end"
    _damaged(checked(path, [*lines, more[after]]), told)


def test_an_end_before_the_end_is_damage(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    early = [lines[0], lines[-1], *lines[1:-1]]
    _damaged(checked(path, early), "line 3: the trace goes on after its end")


def test_traces_one_after_another_are_each_read_to_their_end(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    both = checked(path, [*lines, *lines])
    assert (both.complete, both.problems, both.findings) == (True, (), ())
    _damaged(checked(path, [*lines, *lines[:-1]]), "the last line is missing")


def test_a_second_trace_has_a_header_of_its_own(
    healthy: tuple[Path, list[Line]], contract: Contract, tmp_path: Path
) -> None:
    path, lines = healthy
    other = tmp_path / "other"
    other.write_text("".join(json.dumps(one) + "\n" for one in lines[1:]))
    result = check([path, other], contract).result()
    _damaged(result, "other, line 1: the trace does not begin with its header")


def test_a_session_that_never_began_its_preparation_is_damage(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    number = 1 + max(one["n"] for one in lines if one["record"] == "session")
    odd = {"record": "session", "n": number, "counted": True}
    _damaged(checked(path, [*lines[:-1], odd, lines[-1]]), "is missing")


def test_a_session_that_was_cut_out_is_missed(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    begun = _at(lines, "session", n=2)
    ended = next(n for n in range(begun, len(lines)) if lines[n]["record"] == "case")
    kept = lines[:begun] + lines[ended + 1 :]
    _damaged(checked(path, kept), "session 3 stands where session 2 belongs")


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("not conforming", 1), ("unreachable", 4), ("suite failed", 5)],
)
def test_what_the_last_line_says_is_shown_by_the_others(
    healthy: tuple[Path, list[Line]], checked: Check, verdict: str, code: int
) -> None:
    path, lines = healthy
    lines[-1].update(verdict=verdict, exit_code=code)
    told = f"its last line says '{verdict}', which its lines do not show"
    _damaged(checked(path, lines), told)


def test_the_last_line_says_one_thing(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    lines[-1].update(verdict="conforming", exit_code=1)
    _damaged(checked(path, lines), "its last line says 'conforming' and 1")


def test_known_deviations_may_have_let_a_run_pass(
    faulty: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = faulty
    lines[-1].update(verdict="conforming", exit_code=0)
    result = checked(path, lines)
    assert {one.clause for one in result.findings} == {"A3"}
    assert result.problems == ()


def test_each_of_several_traces_is_held_to_its_own_last_line(
    record: Callable[..., Recorded], contract: Contract
) -> None:
    emulator = FAULTS[FAULT].build
    one = record(emulator(), ("A3",))
    two = record(emulator(), ("A4",), file="two")
    assert (one.result.exit_code, two.result.exit_code) == (1, 3)
    for paths in ([one.path, two.path], [two.path, one.path]):
        result = check(paths, contract).result()
        assert (result.exit_code, result.problems) == (1, ())
    whole = one.path.with_name("whole")
    whole.write_bytes(one.path.read_bytes() + two.path.read_bytes())
    assert check([whole], contract).result().problems == ()
    worse = json.loads(two.lines[-1]) | {"verdict": "not conforming", "exit_code": 1}
    whole.write_bytes(
        b"".join([*one.lines, *two.lines[:-1], json.dumps(worse).encode() + b"\n"])
    )
    [problem] = check([whole], contract).result().problems
    assert "'not conforming', which its lines do not show" in problem.text


# ---------------------------------------------------------------------- steps, and what they did


def test_what_steps_came_to_is_compared(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    at = _at(lines, "done")
    lines[at]["problem"] = "it could not be done"
    told = f"line {at + 1}: these steps went well, the trace says that they brought trouble"
    _damaged(checked(path, lines), told)
    del lines[at]["problem"]
    lines[at]["observed"].append("and more")
    _damaged(checked(path, lines), "what was observed")


def test_steps_have_an_end(healthy: tuple[Path, list[Line]], checked: Check) -> None:
    path, lines = healthy
    ends = [n for n, one in enumerate(lines) if one["record"] == "done"]
    told = "steps begin before those before them have ended"
    _damaged(checked(path, lines[: ends[0]] + lines[ends[0] + 1 :]), told)
    last = lines[: ends[-1]] + lines[ends[-1] + 1 :]
    _damaged(checked(path, last), "the steps before it have not ended")
    session = next(
        n for n, one in enumerate(lines) if one["record"] == "session" and one["n"] == 2
    )
    first = max(n for n in ends if n < session)
    unended = [
        one for n, one in enumerate(lines) if n != first and one["record"] != "case"
    ]
    _damaged(checked(path, unended), "there are steps before it that have not ended")
    lines[-1]["complete"] = unended[-1]["complete"] = False
    assert checked(path, unended).problems == ()


@pytest.mark.parametrize(
    "problem", [KeyError, ValueError, OverflowError, RecursionError]
)
def test_steps_that_no_run_has_done_are_damage(
    healthy: tuple[Path, list[Line]],
    checked: Check,
    monkeypatch: pytest.MonkeyPatch,
    problem: type[Exception],
) -> None:
    def fail(*args: object) -> None:
        raise problem

    monkeypatch.setattr(
        "redeploy_conformance.running.session.Session.do_together", fail
    )
    path, lines = healthy
    _damaged(checked(path, lines), "these steps cannot be done as recorded")


def test_an_answer_in_other_signs_than_base64_has_is_damage(
    healthy: tuple[Path, list[Line]], checked: Check
) -> None:
    path, lines = healthy
    line = lines[_at(lines, "exchange")]
    for wrong in ("é", base64.b64encode(b"x").decode()[:-1]):
        line["bytes"] = wrong
        _damaged(checked(path, lines), "an answer is no base64")


# ----------------------------------------------------------------------------- the first line


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda one: one["target"].update(kind="har"), "of the kinds 'har' and"),
        (lambda one: one.update(kind="http"), "of the kinds 'embedded' and 'http'"),
        (
            lambda one: (one.update(kind="x"), one["target"].update(kind="x")),
            "of the kinds 'x' and 'x'",
        ),
        (lambda one: one["target"].update(offers=[]), "offers other parts"),
        (lambda one: one["offer"]["parts"].remove("reset"), "offers other parts"),
        (lambda one: one.update(workers=0), "a run has a process at least"),
    ],
)
def test_a_first_line_does_not_contradict_itself(
    healthy: tuple[Path, list[Line]],
    checked: Check,
    edit: Callable[[Line], None],
    said: str,
) -> None:
    path, lines = healthy
    edit(lines[0])
    with pytest.raises(ForeignTraceError, match=f"line 1: .*{said}"):
        checked(path, lines)


# ------------------------------------------------------------------------------ long texts


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("exchange", {"target": "/" + "x" * 10_000}),
        ("exchange", {"method": "x" * 10_000}),
        ("done", {"clauses": ["x" * 10_000]}),
        ("done", {"record": "x" * 10_000}),
        ("finding", {"clause": "x" * 10_000}),
        ("finding", {"case": "x" * 10_000, "clause": "A4"}),
        ("case", {"clauses": ["x" * 10_000]}),
        ("end", {"verdict": "x" * 10_000}),
        ("step", {"steps": [{"step": "x" * 10_000}]}),
    ],
)
def test_what_is_told_is_not_long(
    faulty: tuple[Path, list[Line]], checked: Check, kind: str, fields: Line
) -> None:
    path, lines = faulty
    lines[_at(lines, kind)].update(fields)
    problems = checked(path, lines).problems
    assert problems
    assert all(len(one.text) < 600 for one in problems)

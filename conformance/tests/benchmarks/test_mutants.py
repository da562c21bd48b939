"""Mutation of the emulator's source: what is changed, where a case must be run again, what is filed."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from redeploy_conformance.wire.http import HttpRequest, HttpResponse

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def tool() -> Iterator[Any]:
    """What the benchmark's own modules hold."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import mutants
        import mutation
        import reach

        yield SimpleNamespace(**vars(mutants) | vars(reach) | vars(mutation))
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def every(tool: Any) -> Any:
    return tool.mutants()


def test_every_mutant_has_a_name_of_its_own_and_changes_one_thing(
    tool: Any, every: Any
) -> None:
    assert len({one.key for one in every}) == len(every) > 1500
    one = next(m for m in every if m.before == "instance.disk_status == 'incorrect'")
    assert one.after == "instance.disk_status != 'incorrect'"
    before = ast.parse((tool.EMULATOR / "admission.py").read_text("utf-8"))
    changed = ast.unparse(tool.mutated(one)).splitlines()
    other = [
        x
        for x, y in zip(ast.unparse(before).splitlines(), changed, strict=True)
        if x != y
    ]
    assert other == ["        return instance.disk_status == 'incorrect'"]


def test_the_span_of_a_mutant_is_its_statement_not_what_is_inside(every: Any) -> None:
    of_table = next(m for m in every if m.before == "'SystemMaintenance.Redeploy'")
    assert of_table.line in of_table.span
    turned = next(
        m
        for m in every
        if m.before == "event.status not in RESPONDABLE.get(event.event_type, ())"
    )
    assert list(turned.span) == [turned.line]


def test_only_cases_that_reach_a_statement_are_run_again(tool: Any) -> None:
    lines = {"tour": frozenset({("calls", 7)}), "case": frozenset({("calls", 9)})}
    reached = tool.Reached(frozenset({("calls", 1)}), lines)
    assert reached.cases("calls", range(6, 9)) == {"tour"}
    assert reached.cases("calls", range(1, 3)) == {"tour", "case"}
    assert reached.cases("limiter", range(6, 10)) == frozenset()


def test_an_answer_that_differs_by_a_byte_or_a_crash_is_not_the_same(tool: Any) -> None:
    request = HttpRequest("GET", "/", (), b"")

    class Says:
        def __init__(self, body: bytes | None) -> None:
            self.body = body

        def handle(self, request: HttpRequest) -> HttpResponse:
            assert self.body is not None
            return HttpResponse(200, (), self.body)

    tape = ((request, HttpResponse(200, (), b"one")),)
    assert tool.same(Says(b"one"), tape)
    assert not tool.same(Says(b"two"), tape)
    assert not tool.same(Says(None), tape)


def test_every_survivor_that_is_filed_is_there_and_says_why(tool: Any) -> None:
    known = tool.filed()
    assert tool.gone(known) == []
    assert set(known.values()) <= set(tool.FILED)


def test_a_group_without_a_reason_or_a_key_filed_twice_is_refused(
    tool: Any, tmp_path: Path
) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text('[[group]]\nfiled = "open"\nmutants = ["a"]\n', "utf-8")
    with pytest.raises(tool.FilingError, match="group 1: needs filed"):
        tool.filed(path)
    group = '[[group]]\nfiled = "open"\nwhy = "silent"\nmutants = ["a"]\n'
    path.write_text(group * 2, "utf-8")
    with pytest.raises(tool.FilingError, match="group 2: a is there twice"):
        tool.filed(path)


def test_a_survivor_that_is_not_filed_and_one_that_is_caught_are_told(
    tool: Any, every: Any
) -> None:
    first, second, third = every[:3]
    fates = {
        first: tool.Fate("survived"),
        second: tool.Fate("survived"),
        third: tool.Fate("violation", "A2"),
    }
    known = {second.key: "open", third.key: "equivalent"}
    assert tool.unfiled(fates, known) == [first]
    assert tool.stale(fates, known) == [(third.key, "violation, A2")]
    assert tool.report(fates, known)[-8:] == [
        "3 mutants made, 0 cannot run, 3 tried",
        "1 killed: 1 violation, 0 not green, 0 does not answer",
        "2 survived",
        "  0 filed as equivalent",
        "  1 filed as open",
        "  0 filed as missing",
        "of the contract's own operation: 1 of 3 killed (33%), 0 equivalent, 1 open, 0 missing",
        "of neighbouring operations: none tried",
    ]

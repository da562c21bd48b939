"""A violated clause that another one explains as well is told last, and so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_reports.html import render as page
from redeploy_reports.markdown import render as markdown
from redeploy_reports.summary import explained, summarise
from redeploy_reports.text import render
from redeploy_schemas.records import ClauseResult, Finding, Result

Make = Callable[..., ClauseResult]


@pytest.fixture
def result(conforming: Result, clause: Make, finding: Finding) -> Callable[..., Result]:
    """Return what makes a result of (clause, also, instead), one counterexample each."""

    def make(*rows: tuple[str, tuple[str, ...], tuple[str, ...]]) -> Result:
        found = [
            replace(finding, clause=name, also=also, instead=instead)
            for name, also, instead in rows
        ]
        clauses = []
        for name in dict.fromkeys(name for name, *_ in rows):
            places = tuple(n for n, one in enumerate(found) if one.clause == name)
            given: dict[str, Any] = {"verdict": "fail", "findings": places}
            clauses.append(clause(name, "some", **given))
        return replace(
            conforming,
            verdict="not conforming",
            exit_code=1,
            clauses=tuple(clauses),
            findings=tuple(found),
        )

    return make


def test_what_another_clause_explains_comes_last(
    result: Callable[..., Result],
) -> None:
    seen = result(("A12", (), ("L4", "E6")), ("E6", (), ("L4",)), ("L4", (), ()))
    assert explained(seen) == {"A12": ("L4",), "E6": ("L4",)}
    assert [row.id for row in summarise(seen).violated] == ["L4", "A12", "E6"]
    assert render(seen).count("explained as well by L4, violated by itself") == 2
    assert page(seen).count("explained as well by L4, violated by itself") == 2
    assert markdown(seen).count("explained as well by L4") == 2
    assert "or else L4, E6" in render(seen)


def test_of_two_that_explain_each_other_neither_is_put_off(
    result: Callable[..., Result],
) -> None:
    assert explained(result(("E6", (), ("L4",)), ("L4", (), ("E6",)))) == {}


def test_every_counterexample_has_to_be_explained(
    result: Callable[..., Result],
) -> None:
    assert explained(result(("E6", (), ("L4",)), ("E6", (), ()), ("L4", (), ()))) == {}


def test_of_three_in_a_circle_none_is_put_off(result: Callable[..., Result]) -> None:
    circle = (("E1", (), ("L4",)), ("L4", (), ("E6",)), ("E6", (), ("E1",)))
    assert explained(result(*circle)) == {}


def test_what_falls_with_it_is_no_excuse(result: Callable[..., Result]) -> None:
    assert explained(result(("A2", ("A3",), ()), ("A3", (), ()))) == {}


def test_a_clause_that_holds_explains_nothing(result: Callable[..., Result]) -> None:
    assert explained(result(("E6", ("L6",), ("L4",)))) == {}


def test_the_control_protocol_comes_first(result: Callable[..., Result]) -> None:
    seen = result(("A2", (), ()), ("L5", (), ("A2",)), ("S1", (), ()))
    assert [row.id for row in summarise(seen).violated] == ["S1", "A2", "L5"]

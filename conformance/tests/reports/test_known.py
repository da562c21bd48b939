"""Known deviations: named in every format, never green, and not made new by merging."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from junitparser import JUnitXml, Skipped

from redeploy_conformance.results.shards import merge
from redeploy_reports import badge, diff, html, junit, markdown, matrix, text
from redeploy_schemas.records import ClauseResult, Finding, Result

SENTENCE = "Conforming but for 1 known deviation: every violation is in the baseline."


@pytest.fixture
def known(
    conforming: Result, clause: Callable[..., ClauseResult], finding: Finding
) -> Result:
    """A run whose one violation is in its baseline."""
    rows = (
        clause("A3", "security-lock", verdict="known", findings=(0,)),
        *conforming.clauses,
    )
    return replace(conforming, sentence=SENTENCE, clauses=rows, findings=(finding,))


@pytest.fixture
def broken(known: Result) -> Result:
    """The same run without the baseline."""
    rows = (replace(known.clauses[0], verdict="fail"), *known.clauses[1:])
    return replace(known, verdict="not conforming", exit_code=1, clauses=rows)


def test_it_is_named_in_the_text_and_in_markdown(known: Result) -> None:
    for document in (text.render(known), markdown.render(known)):
        assert "nown deviations, in the baseline".upper() in document.upper()
        assert "A3 security-lock" in document
        assert "1 known deviation" in document


def test_the_page_shows_its_card_and_is_not_green(known: Result) -> None:
    page = html.render(known)
    assert '<article class="violation known" id="A3"' in page
    assert '<h2 id="known">' in page
    assert '<p class="verdict unsure"' in page


def test_the_badge_is_not_green(known: Result, conforming: Result) -> None:
    green = badge.COLOURS[0]
    assert green in badge.render(conforming)
    assert green not in badge.render(known)
    assert "conforming · 1 known deviation" in badge.render(known)


def test_for_a_server_it_is_skipped_with_the_reason(known: Result) -> None:
    (suite,) = JUnitXml.fromstring(junit.render(known).encode())
    (skip,) = next(case for case in suite if case.name == "A3-security-lock").result
    assert isinstance(skip, Skipped)
    assert skip.message == "a known deviation, in the baseline"


def test_side_by_side_it_stands_behind_what_holds(
    known: Result, conforming: Result
) -> None:
    found = matrix.compare([("known", known), ("good", conforming)])
    assert [column.label for column in found.columns] == ["good", "known"]
    assert [column.good for column in found.columns] == [True, False]
    assert "0 violated, 1 known, 1 hold" in matrix.text(found)


def test_to_write_a_violation_down_does_not_mend_it(
    known: Result, broken: Result, conforming: Result
) -> None:
    (change,) = diff.compare(broken, known).changes
    assert (change.new, change.kind) == ("known deviation", diff.CHANGED)
    held = replace(known.clauses[0], verdict="pass", findings=())
    before = replace(conforming, clauses=(held, *conforming.clauses))
    (change,) = diff.compare(before, known).changes
    assert change.kind == diff.WORSE


def test_runs_with_one_baseline_are_merged_into_a_run_with_it(known: Result) -> None:
    both = merge([known, known])
    assert (both.verdict, both.exit_code, both.sentence) == ("conforming", 0, SENTENCE)
    assert both.clauses[0].verdict == "known"


def test_what_one_run_does_not_know_is_violated(known: Result, broken: Result) -> None:
    both = merge([known, broken])
    assert (both.clauses[0].verdict, both.exit_code) == ("fail", 1)

"""What was seen once, and on an account that others may use, is told as that."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_reports import html, markdown, story, text
from redeploy_schemas.records import Finding, Result
from redeploy_schemas.vocabulary import STAGING

Render = Callable[[Result], str]
FORMATS = pytest.mark.parametrize("render", [text.render, markdown.render, html.render])


@pytest.fixture
def once(violated: Result) -> Result:
    """Findings on a staging account, where nothing is tried again."""
    findings = tuple(
        replace(one, reproduced=0, attempts=0) for one in violated.findings
    )
    target = replace(violated.target, kind=STAGING)
    return replace(violated, findings=findings, target=target)


def words(render: Render, result: Result) -> str:
    return " ".join(render(result).split()).lower()


@FORMATS
def test_a_violation_of_staging_says_who_else_it_may_have_been(
    render: Render, once: Result, violated: Result, conforming: Result
) -> None:
    of_staging = replace(conforming, target=once.target)
    assert "by somebody else, or by the provider" in words(render, once)
    assert "somebody else" not in words(render, violated)
    assert "somebody else" not in words(render, of_staging)


@FORMATS
def test_what_was_not_tried_again_is_not_called_reproduced(
    render: Render, once: Result, violated: Result
) -> None:
    assert "seen once, not tried again" in words(render, once)
    assert "reproduced 0 of 0" not in words(render, once)
    assert "reproduced 3 of 3" in words(render, violated)


def test_nor_is_it_in_a_story(finding: Finding) -> None:
    once = replace(finding, reproduced=0, attempts=0)
    assert "  seen once, not tried again: " in story.story(once)

"""The Markdown summary, as a whole text and as a standard parser reads it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from redeploy_reports.markdown import escape, fenced, render
from redeploy_schemas.records import Result

CONFORMING = """\
## RedeployInstance: conforming

**Verdict:** Every required clause was exercised and holds.

- target: toy 1.0 (http)
- of 2 clauses: 0 violated · 1 hold · 0 not exercised · 1 open
- 321 cases, 4,567 requests, seed 42, exit code 0
- suite 0.1.0, contract: RedeployInstance, page of mid-2026 (0123456789ab)

### Choices where the contract is silent

| clause | choice | declared |
| --- | --- | --- |
| A10 no-event | refuse ×7 |  |
"""


def headings(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [
        tokens[place + 1].content
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def test_a_conforming_run(conforming: Result) -> None:
    assert render(conforming) == CONFORMING


def test_a_run_with_everything_has_every_section(violated: Result) -> None:
    text = render(violated)
    assert headings(text) == [
        "RedeployInstance: not conforming",
        "Violated",
        "Not exercised",
        "Choices where the contract is silent",
        "Could not be run",
    ]
    assert (
        "| A3 security-lock | What security-lock says. | 403 InstanceLockedForSecurity "
        "| 200 with TaskId t-1 | reproduced 3 of 3 |"
    ) in text.splitlines()
    assert "| A10 no-event | inconsistent: refuse ×7, accept ×1 | refuse |" in text


def test_cases_that_were_left_out_are_named_with_the_reason(left_out: Result) -> None:
    text = render(left_out)
    assert "- 321 cases (2 left out), 4,567 requests" in text
    assert (
        "### Left out, and nothing judged by it\n\n| why | cases |\n| --- | --- |\n"
        "| requests as v1 form are not understood | U4-signature no signature, as v1 form; "
        "U1-authorized x, as v1 form |\n"
    ) in text


def test_a_cut_run_says_so(conforming: Result) -> None:
    text = render(replace(conforming, complete=False))
    assert "- the run was cut short: what was not reached is not judged" in text


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_a_text_is_shown_as_it_stands_and_as_nothing_else(text: str) -> None:
    (paragraph, inline, end) = MarkdownIt("commonmark").parse(f"x {escape(text)} x")
    assert (paragraph.type, end.type) == ("paragraph_open", "paragraph_close")
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}


@given(st.text(st.sampled_from("`~ab\\ ")))
def test_no_text_ends_its_own_block(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(fenced(text))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == f"{text}\n"

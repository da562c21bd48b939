"""Texts of a target cannot change what an artefact is, whatever they hold."""

import shlex
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from redeploy_reports import badge, diff, html, junit, markdown, matrix, story, text
from redeploy_reports.curl import curl
from redeploy_schemas.records import Exchange, Result

KEPT = frozenset(
    {"format", "strength", "verdict", "missing", "what", "request_line", "detail"}
)
"""Fields that hold a word of our own; and two, tried apart, that change what is drawn."""

NASTY = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "]]></failure><testcase/>",
    "<!-- --> <!DOCTYPE x [<!ENTITY a 'b'>]> &a; &#0; &lt;",
    "{{ 7 * 7 }} {% raw %}",
    "| a | b |\n| --- | --- |\n```\n</details>",
    "```text\n~~~\n# heading\n- item\n> quote\n[a](javascript:alert(1)) ![b](c) `d`",
    "\x1b[31m\x1b]8;;http://x\x07\x9b2J\r\b\x00\x7f",
    "\u202e\u2066\u200b\ufeff\u2028\u2029",
    "\ud800 \udfff \uffff \U000e0001",
    "'; rm -rf / #$(id)`id`\"\\\n!x",
    "x" * 50_000,
    "<" * 5_000,
    "\\" * 300 + "|",
)

nasty = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=60),
    st.lists(st.sampled_from(NASTY[:-3]), min_size=2, max_size=4).map("".join),
)

fuzzed = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def poisoned(result: Result, poison: str) -> Result:
    """Return the result with the poison at the end of every text that is not our own."""

    def walk(value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return value if name in KEPT else value + poison
        if isinstance(value, list):
            return [walk(one, name) for one in value]
        if isinstance(value, dict):
            own = name not in ("rows", "declares")
            return {
                (key if own else key + poison): walk(one, key)
                for key, one in value.items()
            }
        return value

    return Result.from_json(walk(result.to_json()))


class Shape(HTMLParser):
    """The elements of a page and the names of their attributes, without any text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shape: list[tuple[str, ...]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.shape.append(("/" + tag,))

    def handle_comment(self, data: str) -> None:
        self.shape.append(("comment",))


def xml_shape(document: str) -> list[tuple[str, ...]]:
    return [(one.tag, *sorted(one.keys())) for one in fromstring(document).iter()]


def markdown_shape(document: str) -> list[str]:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(document)
    inline = [child.type for token in tokens for child in token.children or ()]
    words = {"text", "text_special"}
    return [*(token.type for token in tokens), *(t for t in inline if t not in words)]


def shown(document: str) -> set[str]:
    """Return the categories of characters that a terminal or a reader would act on."""
    unsafe = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return {unicodedata.category(one) for one in set(document) - {"\n"}} & unsafe


def html_shape(page: str) -> list[tuple[str, ...]]:
    return Shape(page).shape


def lines(document: str) -> list[int]:
    return [document.count("\n")]


def table_lines(document: str) -> list[int]:
    """Return the lines of a table for the terminal; who stands above it may be long."""
    return lines(document.partition("\n\n")[2])


def two(result: Result) -> matrix.Matrix:
    return matrix.compare([("a", result), ("b", result)])


FORMATS: dict[str, tuple[Callable[[Result], str], Callable[[str], list[Any]]]] = {
    "html": (html.render, html_shape),
    "matrix html": (lambda result: html.render_matrix(two(result)), html_shape),
    "junit": (junit.render, xml_shape),
    "badge": (badge.render, xml_shape),
    "markdown": (markdown.render, markdown_shape),
    "matrix markdown": (lambda result: matrix.markdown(two(result)), markdown_shape),
    "matrix text": (lambda result: matrix.text(two(result)), table_lines),
    "diff text": (lambda result: diff.text(diff.compare(result, result)), lines),
    "story": (lambda result: story.story(result.findings[0]), lines),
}


@pytest.mark.parametrize("name", FORMATS)
@fuzzed
@given(poison=nasty)
@example(poison=NASTY[0])
@example(poison=NASTY[4])
@example(poison=NASTY[7])
@example(poison=NASTY[11])
@example(poison=NASTY[13])
def test_an_artefact_keeps_its_shape(violated: Result, name: str, poison: str) -> None:
    render, shape = FORMATS[name]
    # A letter stands where the poison will: an absent text is not drawn at all.
    harmless = render(poisoned(violated, "x"))
    document = render(poisoned(violated, poison))
    assert shape(document) == shape(harmless)
    assert not shown(document) - shown(harmless)
    document.encode()


@fuzzed
@given(poison=nasty)
def test_a_changed_clause_keeps_the_table_of_a_diff(
    violated: Result, conforming: Result, poison: str
) -> None:
    def made(word: str) -> str:
        old, new = poisoned(conforming, word), poisoned(violated, word)
        return diff.markdown(diff.compare(old, new))

    assert markdown_shape(made(poison)) == markdown_shape(made("x"))
    assert not shown(made(poison))


@fuzzed
@given(poison=nasty)
def test_the_text_for_people_has_nothing_a_terminal_acts_on(
    violated: Result, poison: str
) -> None:
    document = text.render(poisoned(violated, poison))
    assert not shown(document)
    assert len(document) < 20_000


@given(path=nasty, body=nasty, address=nasty)
def test_a_command_is_words_and_runs_nothing(
    path: str, body: str, address: str
) -> None:
    exchange = Exchange(
        request_line=f"POST /?x={path}",
        request_body=body,
        status=None,
        response_body="",
        problem=None,
    )
    command = curl(exchange, f"http://h{address}")
    if command is None:
        return
    words = shlex.split(command)
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    assert words[4].startswith("http://h")
    assert len(words) in (5, 7, 9)
    assert not shown(command)


@fuzzed
@given(poison=nasty)
def test_a_request_line_and_a_drawing_bring_no_element_of_their_own(
    violated: Result, poison: str
) -> None:
    first = violated.findings[0]
    last = first.trace[-1]
    one = replace(last.exchanges[0], request_line=f"POST /?x={poison}")
    trace = (replace(last, detail=poison, exchanges=(one,)),)
    result = replace(violated, findings=(replace(first, trace=trace),) * 2)
    document = html.render(result)
    assert set(html_shape(document)) <= set(html_shape(html.render(violated)))
    assert not shown(document) - shown(html.render(violated))
    assert not shown(story.story(result.findings[0]))


def test_a_page_of_very_long_texts_stays_readable(violated: Result) -> None:
    assert len(html.render(poisoned(violated, "x" * 1_000_000))) < 400_000

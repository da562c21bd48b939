"""The badge is an SVG picture that says the verdict in words and in colour."""

from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest

from redeploy_reports.badge import render
from redeploy_schemas.records import Result

SVG = "{http://www.w3.org/2000/svg}"


def parts(result: Result) -> tuple[list[str], list[str], Element]:
    """Return the texts, the colours of the two halves, and the root."""
    root = fromstring(render(result))
    texts = [str(one.text) for one in root.iter(f"{SVG}text")]
    colours = [str(one.get("fill")) for one in root.iter(f"{SVG}rect")]
    return texts, colours, root


def test_a_conforming_run_is_green(conforming: Result) -> None:
    texts, colours, root = parts(conforming)
    assert texts == ["RedeployInstance", "conforming"]
    assert colours[1] == "#2a7d3c"
    assert root.get("aria-label") == "RedeployInstance: conforming"
    assert root.findtext(f"{SVG}title") == conforming.sentence


def test_a_violation_is_red_and_counted(violated: Result) -> None:
    texts, colours, _ = parts(violated)
    assert texts[1] == "not conforming · 2 violated"
    assert colours[1] == "#b3261e"


@pytest.mark.parametrize(
    ("words", "code"), [("incomplete", 3), ("unreachable", 4), ("suite failed", 5)]
)
def test_what_proved_nothing_is_neither(
    conforming: Result, words: str, code: int
) -> None:
    texts, colours, _ = parts(replace(conforming, verdict=words, exit_code=code))
    assert texts[1] == words
    assert colours[1] == "#8a5a00"


def test_both_halves_fill_the_width(violated: Result) -> None:
    _, _, root = parts(violated)
    widths = [int(one.get("width", 0)) for one in root.iter(f"{SVG}rect")]
    assert sum(widths) == int(root.get("width", 0))

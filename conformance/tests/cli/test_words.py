"""Words of the commands: one thing is not several, and what is lacking is told with what works."""

import re
from importlib.metadata import metadata
from pathlib import Path

import pytest

import redeploy_conformance
from redeploy_conformance.extras import to_install
from redeploy_reports.phrases import count

SOURCES = sorted(Path(redeploy_conformance.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 redeploys"),
        (1, "1 redeploy"),
        (1.0, "1 redeploy"),
        (1.5, "1.5 redeploys"),
        (12_190, "12,190 redeploys"),
        (12_345_678_901, "12,345,678,901 redeploys"),
    ],
)
def test_a_number_and_its_noun_agree(number: float, words: str) -> None:
    assert count(number, "redeploy") == words


def test_what_is_lacking_is_told_as_the_readme_says_it_is_installed() -> None:
    called = {
        one
        for path in SOURCES
        for one in re.findall(r"to_install\(['\"](\w+)", path.read_text("utf-8"))
    }
    assert called == {"serve", "staging", "double", "certify", "hosts"}
    known = metadata("redeploy-conformance").get_all("Provides-Extra") or []
    assert called <= set(known)
    assert to_install("serve") == (
        "in the suite's checkout, pip install -e '.[serve]' installs it"
    )


def test_nobody_is_sent_to_an_index_for_the_suite() -> None:
    wrong = re.compile(r"install redeploy-conformance")
    assert [
        path.name for path in SOURCES if wrong.search(path.read_text("utf-8"))
    ] == []

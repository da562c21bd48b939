"""The library's own option to send a call again: asked for only where it is offered, never failed."""

from pathlib import Path

import pytest

from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.cases_broken import options
from redeploy_conformance.certify.expectations import Option
from redeploy_conformance.certify.told import Kind, Told
from redeploy_schemas.clients import client_clauses


@pytest.mark.parametrize(
    ("count", "word"), [(1, "ignored"), (3, "honoured"), (4, "sent 4 times")]
)
def test_what_is_seen_is_a_choice(count: int, word: str) -> None:
    told = Told(Kind.ERROR, {"code": "InternalError", "message": "", "class": "E"})
    (check,) = Option("a cut", 3).judge(told, [object()] * count)  # type: ignore[list-item]
    assert (check.clause, check.choice, check.observed) == (
        "C5o",
        f"3 attempts at a cut: {word}",
        None,
    )


def test_a_client_that_dies_of_it_breaks_c7() -> None:
    (check,) = Option("a cut", 3).judge(Told(Kind.CRASH, text="it crashed"), [])
    assert (check.clause, check.observed) == ("C7", "it crashed")


def test_it_is_open_and_its_cases_are_not_needed() -> None:
    clause = next(one for one in client_clauses() if one.id == "C5o")
    assert not clause.required
    assert {(one.about, one.needed, one.once) for one in options()} == {
        ("C5o", False, False)
    }
    assert OURS not in [one.expected for one in options()]


def test_the_protocol_says_how_it_is_offered() -> None:
    page = Path(__file__).parents[3] / "schemas/redeploy_schemas/client/PROTOCOL.md"
    assert '`"options": ["attempts"]`' in page.read_text("utf-8")

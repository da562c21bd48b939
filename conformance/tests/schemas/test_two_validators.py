"""The quick validator and the one that gives reasons agree on every document."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redeploy_schemas import validation

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["Running", "security", "1", "i-1", "", "2026-01-01"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, Any]:
    """Draw a schema's name and a document that has something of what it asks for."""
    name = draw(st.sampled_from(validation.names()))
    return name, draw(_like(validation.schema(name), 4))


def _like(rules: Any, depth: int) -> st.SearchStrategy[Any]:
    """Return documents like those of a schema: most parts as it says, some not."""
    if not isinstance(rules, dict) or depth == 0:
        return VALUES
    if "enum" in rules:
        return st.sampled_from(rules["enum"]) | LEAVES
    if "const" in rules:
        return st.just(rules["const"]) | LEAVES
    match rules.get("type"):
        case "object":
            parts = {
                key: _like(one, depth - 1)
                for key, one in rules.get("properties", {}).items()
            }
            needed = {
                key: parts.pop(key) for key in rules.get("required", ()) if key in parts
            }
            return st.fixed_dictionaries(needed, optional=parts) | VALUES
        case "array":
            return st.lists(_like(rules.get("items"), depth - 1), max_size=2)
        case "string":
            return st.text(min_size=1, max_size=8)
        case "integer":
            return st.integers(0, 9) | st.floats(0, 9)
        case "number":
            return st.floats(0, 9)
        case "boolean":
            return st.booleans()
    return VALUES


@settings(max_examples=400, derandomize=True)
@given(documents())
def test_they_agree(drawn: tuple[str, Any]) -> None:
    name, document = drawn
    thorough = not any(validation._validator(name).iter_errors(document))
    assert validation._is_valid(name, document) is thorough


def test_what_json_cannot_hold_is_left_to_the_thorough_one() -> None:
    for odd in ({1: 2}, {"a": {1, 2}}, float("nan"), "\ud800", 10**400):
        assert validation._is_valid("control/clock", odd) is False


@pytest.mark.parametrize("key", ["a\x85b", "a\x1cb", "a\n", "\x85", "a\u2028"])
def test_they_take_the_same_for_blanks_and_for_the_end(key: str) -> None:
    document = {"account_id": "1", "access_key_id": key, "access_key_secret": "s"}
    name = "control/account-answer"
    thorough = not any(validation._validator(name).iter_errors(document))
    assert validation._is_valid(name, document) is thorough

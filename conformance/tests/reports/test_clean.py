"""Texts of a target cannot drive the terminal that shows them."""

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redeploy_reports.clean import LIMIT, clean


@given(st.text(st.characters(exclude_categories=()), max_size=2 * LIMIT))
def test_nothing_is_left_that_a_terminal_acts_on(text: str) -> None:
    shown = clean(text)
    unsafe = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not {unicodedata.category(character) for character in shown} & unsafe
    assert len(shown) <= 10 * LIMIT + len("… (1,000,000 more characters)")
    shown.encode()


@given(st.text(string.ascii_letters + string.digits + string.punctuation + " é中"))
def test_plain_short_text_is_kept(text: str) -> None:
    assert clean(text, limit=len(text)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c\u200d", "a\\u202eb\\u2066c\\u200d"),
        ("one\r\ntwo\u2028three", "one\\x0d\\x0atwo\\u2028three"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_becomes_visible(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 1300, limit=10) == "x" * 10 + "… (1,290 more characters)"


def test_one_character_that_is_cut_off_is_one() -> None:
    assert clean("abc", limit=2) == "ab… (1 more character)"
    assert clean("abcd", limit=2) == "ab… (2 more characters)"

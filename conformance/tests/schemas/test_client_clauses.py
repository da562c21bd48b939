"""A slip in ``client/clauses.toml`` is named in one sentence: the row, the key, and what would be right."""

import pytest

from redeploy_schemas.clients import clauses_text, client_clauses, parse
from redeploy_schemas.contract import InvalidContractError

TEXT = clauses_text()
SLIPS = {
    "an unknown key": (
        'name = "fresh-nonce"',
        'nmae = "fresh-nonce"',
        "[[clause]] C2 has an unknown key 'nmae': did you mean name?",
    ),
    "a key that is missing": (
        'name = "fresh-nonce"\n',
        "",
        "[[clause]] C2 has no name: a text is needed there",
    ),
    "a value of another kind": (
        'id = "C3m"',
        "id = 3",
        "[[clause]] 3 has id = 3, which is not a text",
    ),
    "an unknown table": (
        '[[clause]]\nid = "C1"',
        '[[clase]]\nid = "C1"',
        "the file has an unknown key 'clase': did you mean clause?",
    ),
    "two rows of one id": (
        'id = "C1b"',
        'id = "C1"',
        "two [[clause]] rows have the id 'C1': each needs its own",
    ),
    "an unknown id": (
        'id = "C4"',
        'id = "C44"',
        "[[clause]] C44 is not in IDS of clients.py, which clients are judged by: did you mean C4?",
    ),
    "a row that is missing": (
        '[[clause]]\nid = "C8"',
        "[other]",
        "the file has an unknown key 'other': it is one of clause",
    ),
    "an unknown strength": (
        'strength = "open"',
        'strength = "opn"',
        "[[clause]] C1b: strength 'opn' is unknown: did you mean open?",
    ),
    "no TOML": ("[[clause]]", "[[clause]", "client/clauses.toml is no TOML"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named(name: str) -> None:
    right, wrong, sentence = SLIPS[name]
    assert right in TEXT
    with pytest.raises(InvalidContractError) as told:
        parse(TEXT.replace(right, wrong, 1))
    assert sentence in str(told.value)
    assert str(told.value).startswith("client/clauses.toml")


def test_a_clause_without_a_row_is_named() -> None:
    rest, _, _ = TEXT.rpartition("[[clause]]")
    with pytest.raises(
        InvalidContractError, match=r"no \[\[clause\]\] C8, and clients"
    ):
        parse(rest)


def test_the_file_is_right() -> None:
    assert parse(TEXT) == client_clauses()

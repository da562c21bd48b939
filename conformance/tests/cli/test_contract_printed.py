"""The contract, printed for people, for programs and as a picture."""

import json
from collections.abc import Sequence

import pytest

from redeploy_conformance.commands.contract import document, mermaid, table
from redeploy_schemas.contract import load

from .conftest import Command

ROWS = load()


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ((), table(ROWS, 80)),
        (("--format", "mermaid"), mermaid(ROWS)),
        (
            ("--format", "json"),
            json.dumps(document(ROWS), indent=1, ensure_ascii=False),
        ),
    ],
    ids=["table", "picture", "JSON"],
)
def test_it_is_printed(redeploy: Command, words: Sequence[str], printed: str) -> None:
    ran = redeploy("contract", *words, COLUMNS="80")
    assert (ran.code, ran.out.rstrip()) == (0, printed.rstrip())

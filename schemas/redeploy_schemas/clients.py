"""The clauses of client libraries, as rows of ``client/clauses.toml``."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from redeploy_schemas.rows import InvalidContractError, Row, called, check, meant
from redeploy_schemas.vocabulary import Strength

CERTIFICATION_FORMAT = "redeploy-conformance/certification/1"
"""The name and the version of the layout of a certification."""
FILE = "client/clauses.toml"
FORM = {
    "": {"clause": "a list of tables"},
    "clause": {
        "id": "a text",
        "name": "a text",
        "statement": "a text",
        "strength": "a text",
    },
}
"""Its tables, and their keys."""
IDS = (
    *("C1", "C1b", "C2", "C3", "C3m", "C4"),
    *("C5", "C5o", "C6", "C6r", "C7", "C7g", "C8"),
)
"""What certifying judges by: each has its row."""


@dataclass(frozen=True, slots=True)
class ClientClause:
    """One promise of a client library."""

    id: str
    name: str
    statement: str
    strength: Strength

    @property
    def required(self) -> bool:
        """Whether breaking it is a failure."""
        return self.strength is not Strength.OPEN


@cache
def client_clauses() -> tuple[ClientClause, ...]:
    """Return every clause, in the order of the file.

    Raises:
        InvalidContractError: the file is not as it should be.
    """
    return parse(clauses_text())


def clauses_text() -> str:
    """Return the file as it lies there."""
    return files("redeploy_schemas").joinpath("client/clauses.toml").read_text("utf-8")


def parse(text: str) -> tuple[ClientClause, ...]:
    """Return the clauses of a file's text.

    Raises:
        InvalidContractError: it is not as it should be; the message names the row and the key.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidContractError(f"{FILE} is no TOML: {error}") from error
    check(data, FORM, FILE)
    for sentence in _slips(data["clause"]):
        raise InvalidContractError(f"{FILE}, {sentence}")
    return tuple(
        ClientClause(
            row["id"], row["name"], row["statement"], Strength(row["strength"])
        )
        for row in data["clause"]
    )


def _slips(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what is wrong with rows of the right form."""
    strengths = [one.value for one in Strength]
    for row in rows:
        place, word = called("clause", row), row["strength"]
        if row["id"] not in IDS:
            yield f"{place} is not in IDS of clients.py, which clients are judged by: {meant(row['id'], list(IDS))}"
        if word not in strengths:
            yield f"{place}: strength {word!r} is unknown: {meant(word, strengths)}"
    for one in IDS:
        if one not in [row["id"] for row in rows]:
            yield f"there is no [[clause]] {one}, and clients are judged by it: add it"

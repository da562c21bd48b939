"""The clauses of client libraries, as rows of ``client/clauses.toml``."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from redeploy_schemas.vocabulary import Strength

CERTIFICATION_FORMAT = "redeploy-conformance/certification/1"
"""The name and the version of the layout of a certification."""


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
    """Return every clause, in the order of the file."""
    path = files("redeploy_schemas").joinpath("client/clauses.toml")
    rows = tomllib.loads(path.read_text("utf-8"))["clause"]
    return tuple(
        ClientClause(
            row["id"], row["name"], row["statement"], Strength(row["strength"])
        )
        for row in rows
    )

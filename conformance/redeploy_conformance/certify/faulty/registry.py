"""What a faulty client is, and how one is entered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from redeploy_conformance.certify.client import Client

Class = TypeVar("Class", bound=type[Client])


@dataclass(frozen=True, slots=True)
class FaultyClient:
    """A client that breaks the clauses with these ids; a legal variant breaks none."""

    id: str
    sentence: str
    clauses: tuple[str, ...]
    client: type[Client]


FAULTY: dict[str, FaultyClient] = {}
"""Every faulty client, by id."""

VARIANTS: dict[str, FaultyClient] = {}
"""Clients that keep every clause and do otherwise where it is open, by id."""


def faulty(
    client_id: str, *clauses: str, sentence: str | None = None
) -> Callable[[Class], Class]:
    """Enter a client that breaks these clauses; its docstring is the sentence, unless given.

    Raises:
        ValueError: the id is taken, or the sentence or the clauses are missing.
    """
    if not clauses:
        raise ValueError(f"the faulty client {client_id} breaks no clause")
    return _enter(FAULTY, client_id, clauses, sentence)


def variant(client_id: str) -> Callable[[Class], Class]:
    """Enter a client that keeps every clause; its docstring is the sentence."""
    return _enter(VARIANTS, client_id, (), None)


def _enter(
    table: dict[str, FaultyClient],
    client_id: str,
    clauses: tuple[str, ...],
    sentence: str | None,
) -> Callable[[Class], Class]:
    def enter(client: Class) -> Class:
        if client_id in FAULTY or client_id in VARIANTS:
            raise ValueError(f"two clients are called {client_id}")
        said = sentence or " ".join((client.__doc__ or "").split())
        if not said:
            raise ValueError(f"the client {client_id} lacks its sentence")
        table[client_id] = FaultyClient(client_id, said, clauses, client)
        return client

    return enter

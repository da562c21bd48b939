"""HTTP messages as plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; ``target`` is path and query as sent, already encoded."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer; header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

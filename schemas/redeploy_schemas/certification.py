"""What a certification says of client libraries: the records behind ``client/result.json``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from redeploy_schemas.clients import CERTIFICATION_FORMAT
from redeploy_schemas.validation import problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """One request and its answer, as text, without secrets."""

    server: str
    request: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One case that breaks a clause, with its evidence and the command that shows it again."""

    clause: str
    case: str
    expected: str
    observed: str
    exchanges: tuple[Exchanged, ...]
    reproduce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientClauseResult:
    """What is said of one clause: how often it held and failed, or which choices were seen."""

    id: str
    name: str
    statement: str
    strength: str
    verdict: str
    held: int
    failed: int
    reason: str | None
    choices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientResult:
    """One client: its card, or the problem that kept it from being judged."""

    adapter: str
    card: Mapping[str, Any] | None
    problem: str | None
    cases: int
    seconds: float
    clauses: tuple[ClientClauseResult, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """All clients of one run; ``started`` is a time in UTC, ISO 8601."""

    suite_version: str
    contract_edition: str
    started: str
    seconds: float
    exit_code: int
    clients: tuple[ClientResult, ...]


def document(certification: Certification) -> dict[str, Any]:
    """Return the JSON document of a certification."""
    return {"format": CERTIFICATION_FORMAT, **asdict(certification)}


class InvalidCertificationError(ValueError):
    """A document is no certification; the message says why, in one sentence."""


def from_document(found: Any) -> Certification:
    """Return the certification of a JSON document.

    Raises:
        InvalidCertificationError: it is none.
    """
    wrong = problems("client/result", found)
    if wrong:
        raise InvalidCertificationError(wrong[0])
    rest = {name: value for name, value in found.items() if name != "format"}
    clients = tuple(_client(one) for one in rest.pop("clients"))
    return Certification(**rest, clients=clients)


def _client(found: dict[str, Any]) -> ClientResult:
    rest = dict(found)
    clauses = tuple(ClientClauseResult(**one) for one in rest.pop("clauses"))
    failures = tuple(_failure(one) for one in rest.pop("failures"))
    return ClientResult(**rest, clauses=clauses, failures=failures)


def _failure(found: dict[str, Any]) -> Failure:
    rest = dict(found)
    exchanges = tuple(Exchanged(**one) for one in rest.pop("exchanges"))
    return Failure(**rest, exchanges=exchanges)

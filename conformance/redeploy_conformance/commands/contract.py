"""What the command ``contract`` prints: the rows for people, for programs, as a picture.

Pure functions of a contract; every order follows the rows, so equal contracts print equal.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import pairwise
from textwrap import wrap
from typing import Any

from redeploy_schemas.contract import (
    Clause,
    Contract,
    ErrorRow,
    EventRow,
    Precondition,
    Transition,
)

DOCUMENT_FORMAT = "redeploy-conformance/contract/1"
"""The name and the version of the document's layout; its schema is ``run/contract.json``."""

SUCCEEDS = "L3"
"""The clause that says where a redeploy that succeeds ends."""

FAILS = "L6"
"""The clause that says where a redeploy that fails ends."""


def document(contract: Contract) -> dict[str, Any]:
    """Return every row of the contract as one JSON object; sets become sorted lists."""
    plain = _plain(contract)
    assert isinstance(plain, dict)
    return {"format": DOCUMENT_FORMAT, **plain}


def table(contract: Contract, width: int = 88) -> str:
    """Return every clause, error, event and transition as lines of ``width``."""
    sections = {
        "CLAUSES": [_clause(row) for row in contract.clauses],
        "ERRORS": [_error(row) for row in contract.errors],
        "EVENTS A REDEPLOY RESPONDS TO": [_event(row) for row in contract.events],
        "TRANSITIONS": [_transition(row) for row in contract.transitions],
        "RATE LIMIT": [
            [f"{contract.quota_calls} calls / {contract.quota_seconds:g} s"]
        ],
        "AUTHORIZATION": [[f"{contract.action} on {contract.resource}"]],
    }
    lines = _fold(
        f"{contract.operation} {contract.version} · {contract.edition} · "
        f"sha256 {contract.sha256}",
        width,
        "",
    )
    for title, entries in sections.items():
        lines += ["", title]
        for first, *rest in entries:
            lines += _fold(first, width, "  ")
            for text in rest:
                lines += _fold(text, width, "      ")
    return "\n".join(lines) + "\n"


def mermaid(contract: Contract) -> str:
    """Return a Mermaid state diagram of the statuses and the life of a redeploy.

    A status that is only passed through is drawn inside the redeploy that passes it, since
    a Stopped instance under redeploy is not the Stopped one that may be redeployed.
    """
    lines = ["stateDiagram-v2"]
    lines += [f"    {line}" for line in _rejected(contract)]
    for row in contract.transitions:
        lines += [f"    {line}" for line in _life(row, contract)]
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return getattr(value, "value", value)


def _clause(row: Clause) -> list[str]:
    mild = ", mild" if row.mild else ""
    needs = ", ".join(sorted(part.value for part in row.needs)) or "nothing"
    return [
        f"{row.id} {row.name}: {row.strength.value}{mild}",
        row.statement,
        *([f"because: {row.argument}"] if row.argument else []),
        *([f"choices: {', '.join(row.choices)}"] if row.choices else []),
        *(f"ruling: {ruling}" for ruling in row.rulings),
        f"source: {row.source} · needs: {needs}",
    ]


def _error(row: ErrorRow) -> list[str]:
    return [
        f"{row.http_status} {row.code}",
        row.message,
        *(_precondition(when) for when in row.preconditions),
    ]


def _precondition(row: Precondition) -> str:
    words = "must not be" if row.forbids else "must be"
    values = " or ".join(_words(row.values))
    code = f" (its code is open: {row.code_is_open})" if row.code_is_open else ""
    return f"{row.clause}: {row.attribute} {words} {values}{code}"


def _event(row: EventRow) -> list[str]:
    only = "".join(
        f", only with {name} {value}" for name, value in row.only_with.items()
    )
    return [f"{row.type}: {', '.join(row.statuses)}{only}"]


def _transition(row: Transition) -> list[str]:
    return [
        f"{row.origin} → {' → '.join(row.path)}",
        f"{row.first_clause}: the first status; {SUCCEEDS}: the last one",
        f"{FAILS}: a failing one ends in {row.origin}, by way of "
        f"{', '.join(_words(row.through))} in any order",
    ]


def _rejected(contract: Contract) -> Iterator[str]:
    statuses = contract.attribute_by_name["status"].values
    for when in contract.preconditions:
        if when.attribute == "status":
            for status in statuses:
                if not when.holds(status):
                    yield f"{status} --> {status}: rejected, {when.clause}"


def _life(row: Transition, contract: Contract) -> Iterator[str]:
    passed, last = row.path[:-1], row.path[-1]
    group = f"Redeploy_of_{row.origin}"
    names = [f"{group}_{number}" for number, _ in enumerate(passed, 1)]
    busy = [
        when.clause for when in contract.preconditions if when.attribute == "in_flight"
    ]
    also = f", another call is rejected, {', '.join(busy)}" if busy else ""
    yield f"{row.origin} --> {group}: accepted"
    yield f'state "under way{also}" as {group} {{'
    for name, status in zip(names, passed, strict=True):
        yield f'    state "{status}" as {name}'
    yield f"    [*] --> {names[0]}: {row.first_clause}"
    for name, after in pairwise(names):
        yield f"    {name} --> {after}"
    yield f"    {names[-1]} --> [*]"
    yield "}"
    yield f"{group} --> {last}: succeeds, {SUCCEEDS}"
    through = ", ".join(_words(row.through))
    yield f"{group} --> {row.origin}: fails by way of {through}, {FAILS}"


def _words(values: Iterable[object]) -> list[str]:
    return sorted(
        str(value).lower() if isinstance(value, bool) else str(value)
        for value in values
    )


def _fold(text: str, width: int, indent: str) -> list[str]:
    return wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )

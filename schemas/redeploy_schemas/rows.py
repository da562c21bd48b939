"""The form of ``contract.toml``, and of files like it: which tables, which keys, of which kind.

``check`` names the first slip in one sentence: the row, the key, and what would be right.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

Row = Mapping[str, Any]
Form = Mapping[str, Mapping[str, str]]


class InvalidContractError(ValueError):
    """The contract is not as it should be; the message is a sentence that names the row."""


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _text_by_name(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(one, str) for one in value.values()
    )


KINDS: Final[Mapping[str, Callable[[object], bool]]] = {
    "a text": lambda value: isinstance(value, str),
    "a list of texts": _texts,
    "true or false": lambda value: isinstance(value, bool),
    "a whole number": lambda value: type(value) is int,
    "a number": lambda value: type(value) in (int, float),
    "a list of texts, or of true and false": lambda value: (
        isinstance(value, list) and all(isinstance(one, (str, bool)) for one in value)
    ),
    "a text, a list of texts, true or false": lambda value: (
        isinstance(value, (str, bool)) or _texts(value)
    ),
    "a table": lambda value: isinstance(value, dict),
    "a table of texts": _text_by_name,
    "a list of tables": lambda value: (
        isinstance(value, list) and all(isinstance(one, dict) for one in value)
    ),
}
"""What a value may be, in the words of a message."""

_TEXT, _TEXTS, _BOOL, _ROWS = (
    "a text",
    "a list of texts",
    "true or false",
    "a list of tables",
)
_VALUES = "a list of texts, or of true and false"

FORM: Final[Form] = {
    "": {
        "edition": _TEXT,
        "operation": _TEXT,
        "version": _TEXT,
        "attribute": _ROWS,
        "error": _ROWS,
        "event": _ROWS,
        "event_status": "a table",
        "event_unlisted": "a table",
        "transition": _ROWS,
        "limiter": "a table",
        "authorization": "a table",
        "malformed": _ROWS,
        "forgery": _ROWS,
        "clause": _ROWS,
    },
    "attribute": {
        "name": _TEXT,
        "values": _VALUES,
        "default": "a text, a list of texts, true or false",
        "set?": _BOOL,
    },
    "error": {
        "code": _TEXT,
        "http_status": "a whole number",
        "message": _TEXT,
        "states_fact": _BOOL,
        "when": _ROWS,
    },
    "error.when": {
        "attribute": _TEXT,
        "allowed?": _VALUES,
        "forbidden?": _VALUES,
        "clause": _TEXT,
        "code_is_open?": _TEXT,
    },
    "event": {"type": _TEXT, "statuses": _TEXTS, "only_with?": "a table of texts"},
    "event_status": {"open": _TEXTS, "final": _TEXTS},
    "event_unlisted": {
        "types": _TEXTS,
        "ends_isolation_gap": _TEXT,
        "may_end_isolation_gap": _TEXT,
    },
    "transition": {
        "from": _TEXT,
        "path": _TEXTS,
        "through": _TEXTS,
        "guest_runs": _BOOL,
        "first_clause": _TEXT,
    },
    "limiter": {"calls": "a whole number", "seconds": "a number"},
    "authorization": {"action": _TEXT, "resource": _TEXT, "case": _ROWS},
    "authorization.case": {
        "name": _TEXT,
        "clause": _TEXT,
        "statements": _ROWS,
        "allowed": _BOOL,
        "written?": _TEXT,
        "beyond?": _BOOL,
    },
    "authorization.case.statements": {
        "Effect": _TEXT,
        "Action": _TEXT,
        "Resource": _TEXT,
    },
    "malformed": {
        "name": _TEXT,
        "clause": _TEXT,
        "drop?": _TEXTS,
        "set?": "a table of texts",
        "means?": _BOOL,
        "beyond?": _BOOL,
    },
    "forgery": {"name": _TEXT, "signature": _TEXT, "beyond?": _BOOL},
    "clause": {
        "id": _TEXT,
        "name": _TEXT,
        "statement": _TEXT,
        "strength": _TEXT,
        "source": _TEXT,
        "needs": _TEXTS,
        "argument?": _TEXT,
        "choices?": _TEXTS,
        "rulings?": _TEXTS,
        "mild?": _BOOL,
    },
}
"""Every table by its name, and its keys; ``?`` marks those that may be left out."""

NAMED_BY: Final = {
    "attribute": ("name",),
    "error": ("code",),
    "event": ("type",),
    "transition": ("from",),
    "authorization.case": ("name",),
    "malformed": ("name",),
    "forgery": ("name", "signature"),
    "clause": ("id", "name"),
}
"""By which keys the rows of a table are told apart: no two have the same there."""


def check(data: Row, form: Form = FORM, file: str = "contract.toml") -> None:
    """Hold every row of a file against its form.

    Raises:
        InvalidContractError: a key is missing, unknown or of another kind, or two rows share a name.
    """
    for sentence in _slips(form, "", data, "the file"):
        raise InvalidContractError(f"{file}, {sentence}")


def called(table: str, row: Row) -> str:
    """Return a row as messages name it, such as ``[[error]] DiskError``."""
    name = row.get(NAMED_BY[table][0])
    return f"[[{table}]] {name or '(without a name)'}"


def meant(word: object, known: list[str]) -> str:
    """Return what a word may be meant to be, or all that it can be, as the end of a sentence."""
    close = get_close_matches(str(word), known, n=1)
    return f"did you mean {close[0]}?" if close else f"it is one of {', '.join(known)}"


def _slips(form: Form, table: str, row: Row, place: str) -> Iterator[str]:
    """Yield what is wrong in a table, and in the tables that it has."""
    kinds = {key.rstrip("?"): kind for key, kind in form[table].items()}
    for key in row:
        if key not in kinds:
            yield f"{place} has an unknown key {key!r}: {meant(key, list(kinds))}"
    for key in form[table]:
        if not key.endswith("?") and key not in row:
            yield f"{place} has no {key}: {kinds[key]} is needed there"
    for key, value in row.items():
        if not KINDS[kinds[key]](value):
            yield f"{place} has {key} = {value!r}, which is not {kinds[key]}"
    for key, value in row.items():
        inner = f"{table}.{key}".lstrip(".")
        if inner not in form:
            continue
        if isinstance(value, dict):
            yield from _slips(form, inner, value, f"[{inner}]")
            continue
        for n, one in enumerate(value, 1):
            own = inner in NAMED_BY
            yield from _slips(
                form, inner, one, called(inner, one) if own else f"{place}, {key} {n}"
            )
        yield from _twins(inner, value)


def _twins(table: str, rows: list[Row]) -> Iterator[str]:
    for key in NAMED_BY.get(table, ()):
        names = [row[key] for row in rows]
        for name in names:
            if names.count(name) > 1:
                yield f"two [[{table}]] rows have the {key} {name!r}: each needs its own"

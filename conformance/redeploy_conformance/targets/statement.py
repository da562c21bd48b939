"""The conformance statement: what an implementation declares of itself, in a TOML file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redeploy_conformance.files import seems
from redeploy_schemas.contract import Contract
from redeploy_schemas.reading import read_toml
from redeploy_schemas.vocabulary import Part, Strength


class StatementError(ValueError):
    """A statement cannot be used; the message names the file, the entry and what is right."""


def fresh(read_lag_seconds: float | None, choices: Mapping[str, str]) -> bool:
    """Whether it is declared that no read is late (L8l)."""
    return read_lag_seconds == 0 or choices.get("L8l") == "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an implementation declares; times in seconds.

    ``redeploy_seconds`` bounds a redeploy (L7), ``read_lag_seconds`` how late a read may be (None:
    not declared, L8l), ``answer_seconds`` how long one answer may take. ``choices`` bind the
    implementation where the source is silent; ``absent`` are parts of the control protocol that it
    will never have, so that their clauses do not apply. ``control`` is the prefix of the control protocol.
    Where there is no statement at all, ``assumed`` says so: then no redeploy is too slow.
    """

    name: str = "unnamed"
    version: str = "unknown"
    url: str | None = None
    factory: str | None = None
    control: str | None = "/redeploy-control/v1"
    control_token_env: str | None = None
    region: str | None = None
    signature: str = "v3"
    ca_file: str | None = None
    redeploy_seconds: float = 600.0
    read_lag_seconds: float | None = None
    answer_seconds: float = 30.0
    choices: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    assumed: bool = False


SECTIONS = {
    "implementation": {"name": str, "version": str},
    "endpoint": {
        "url": str,
        "factory": str,
        "control": str,
        "control_token_env": str,
        "region": str,
        "signature": str,
        "ca_file": str,
    },
    "bounds": {
        "redeploy_seconds": float,
        "read_lag_seconds": float,
        "answer_seconds": float,
    },
    "choices": None,
    "absent": None,
}


def read(path: Path, contract: Contract) -> Statement:
    """Return the statement in a TOML file.

    Raises:
        StatementError: the file cannot be read, or says something that means nothing.
    """
    try:
        data = read_toml(path.read_text("utf-8"))
    except OSError as error:
        raise StatementError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        why = seems(path, "statement") or error
        raise StatementError(f"{path} is not a TOML file: {why}") from error
    try:
        return build(data, contract)
    except StatementError as error:
        raise StatementError(f"{path}: {error}") from error


def build(data: Mapping[str, Any], contract: Contract) -> Statement:
    """Return the statement that parsed TOML describes.

    Raises:
        StatementError: an entry is unknown, of the wrong type, or no choice of its clause.
    """
    values: dict[str, Any] = {}
    for section, entries in data.items():
        known = SECTIONS.get(section, ...)
        if known is ...:
            raise StatementError(
                f"unknown section [{section}]; there are {', '.join(SECTIONS)}"
            )
        if not isinstance(entries, dict):
            raise StatementError(f"{section} must be a section, [{section}]")
        if section == "choices":
            values["choices"] = _choices(entries, contract)
            continue
        if section == "absent":
            values["absent"] = _absent(entries)
            continue
        for name, value in entries.items():
            values[name] = _entry(section, name, value, known)
    if values.get("signature", "v3") not in ("v1", "v3"):
        raise StatementError("[endpoint] signature must be v1 or v3")
    if values.get("answer_seconds") == 0:
        raise StatementError("[bounds] answer_seconds must be more than 0")
    return Statement(**values)


def _entry(section: str, name: str, value: object, known: Any) -> object:
    wanted = known.get(name)
    if wanted is None:
        raise StatementError(
            f"unknown entry {name!r} in [{section}]; there are {', '.join(known)}"
        )
    if wanted is float:
        seconds = math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = float(value)
        if not 0 <= seconds < math.inf:
            raise StatementError(
                f"[{section}] {name} must be a number of seconds, not {value!r}"
            )
        return seconds
    if not isinstance(value, str):
        raise StatementError(f"[{section}] {name} must be a text, not {value!r}")
    return value


def _absent(entries: Mapping[str, object]) -> tuple[str, ...]:
    parts = entries.get("parts", [])
    known = [part.value for part in Part]
    if set(entries) - {"parts"} or not isinstance(parts, list):
        raise StatementError('[absent] has one entry, such as parts = ["clock"]')
    for part in parts:
        if part not in known:
            raise StatementError(
                f"[absent] {part!r} is no part of the control protocol; "
                f"there are {', '.join(known)}"
            )
    return tuple(parts)


def _choices(entries: Mapping[str, object], contract: Contract) -> dict[str, str]:
    chosen = {}
    for clause_id, word in entries.items():
        clause = contract.by_id.get(clause_id)
        if clause is None or clause.strength is not Strength.OPEN:
            raise StatementError(f"[choices] {clause_id} is not an open clause")
        if not isinstance(word, str) or (clause.choices and word not in clause.choices):
            raise StatementError(
                f"[choices] {clause_id} must be one of: {', '.join(clause.choices)}"
            )
        chosen[clause_id] = word
    return chosen

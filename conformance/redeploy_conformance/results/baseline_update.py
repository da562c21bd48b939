"""Rewriting a baseline file by a result, with everything that people wrote in it kept."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from redeploy_conformance.files import seems, write_whole
from redeploy_conformance.results.baseline import (
    BASELINE_FORMAT,
    BaselineError,
    reason_of,
)
from redeploy_schemas.reading import TOO_DEEP
from redeploy_schemas.records import Finding, Result
from redeploy_schemas.vocabulary import Verdict

UNSAID = "TO BE FILLED IN"


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update did, a line for each entry; ``written`` is whether the file is there now."""

    lines: tuple[str, ...]
    written: bool = True


def update(
    path: Path,
    result: Result,
    *,
    issue: str | None,
    expires: datetime.date,
    why: str | None = None,
) -> Changes:
    """Rewrite a baseline so that it says what a result says; make it where there is none.

    Entries of clauses that hold now are removed, others get the reason and the pinned trace that
    the result shows, and each violation without an entry gets one, with ``issue`` and ``expires``.
    The reason is what was seen, by which an entry is recognised; ``why`` that is put up with stands
    in a comment above it. A file that would hold no entry is not made.

    Raises:
        BaselineError: the file is no TOML, or a new entry is needed and no issue is given.
        OSError: it cannot be read or written.
    """
    document = _parsed(path)
    rows = document.get("known")
    if rows is None:
        rows = document["known"] = tomlkit.aot()
    if not isinstance(rows, AoT):
        raise BaselineError(f"{path}: known must be a list of tables, [[known]]")
    verdicts = {one.id: one.verdict for one in result.clauses}
    wanted = _deviations(result)
    lines: list[str] = []
    for place in reversed(range(len(rows))):
        row = rows[place]
        clause = str(row.get("clause"))
        if verdicts.get(clause) == Verdict.PASS.value:
            del rows[place]
            lines.insert(0, f"removed {clause}: it holds now")
            continue
        exact = (clause, str(row.get("reason")))
        if wanted.pop(exact, None) is None:
            line = _moved(row, clause, wanted)
            if line is not None:
                lines.insert(0, line)
    if wanted and not issue:
        clauses = ", ".join(clause for clause, _ in wanted)
        raise BaselineError(
            f"{clauses}: a new entry needs the link of its issue (--issue)"
        )
    for (clause, reason), finding in wanted.items():
        rows.append(_entry(finding, reason, issue or "", expires, why))
        lines.append(f"added {clause}, seen as {reason!r}, until {expires}")
    if not rows:
        if not path.exists():
            return Changes((), written=False)
        del document["known"]
    write_whole(path, tomlkit.dumps(document))
    return Changes(tuple(lines))


def _parsed(path: Path) -> tomlkit.TOMLDocument:
    if not path.exists():
        document = tomlkit.document()
        document.add(
            tomlkit.comment("Known deviations; see 'redeploy-conformance baseline'.")
        )
        document["format"] = BASELINE_FORMAT
        return document
    if not path.is_file():  # a device may be read for ever
        raise BaselineError(f"{path} is no file: name one that keeps what is written")
    try:
        return tomlkit.parse(path.read_text("utf-8"))
    except (TOMLKitError, ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        why = seems(path, "baseline") or (TOO_DEEP if deep else error)
        raise BaselineError(f"{path} is not a TOML file: {why}") from error


def _deviations(result: Result) -> dict[tuple[str, str], Finding]:
    """Return the findings of a result by clause and reason, each with the fewest steps."""
    found: dict[tuple[str, str], Finding] = {}
    for one in result.findings:
        key = (one.clause, reason_of(one.observed))
        if one.steps and (key not in found or len(one.steps) < len(found[key].steps)):
            found[key] = one
    return found


def _moved(
    row: Table, clause: str, wanted: dict[tuple[str, str], Finding]
) -> str | None:
    """Give an entry the reason that its clause is broken by now, if there is just one other."""
    others = [key for key in wanted if key[0] == clause]
    if len(others) != 1:
        return None
    before, reason = str(row.get("reason")), others[0][1]
    row["reason"] = reason
    row["steps"] = _steps(wanted.pop(others[0]))
    return f"changed {clause}: {before} is {reason} now"


def _entry(
    finding: Finding, reason: str, issue: str, expires: datetime.date, why: str | None
) -> Table:
    table = tomlkit.table()
    told = UNSAID if why is None else " ".join(why.split())
    table.add(tomlkit.comment(f"why it is put up with: {told}"))
    table["clause"] = finding.clause
    table["reason"] = reason
    table["issue"] = issue
    table["expires"] = expires
    table["steps"] = _steps(finding)
    return table


def _steps(finding: Finding) -> Any:
    rows = tomlkit.array()
    rows.multiline(True)
    for one in finding.steps:
        rows.append(_inline(one))
    return rows


def _inline(value: Any) -> Any:
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for name, one in value.items():
            table[name] = _inline(one)
        return table
    if isinstance(value, list | tuple):
        rows = tomlkit.array()
        for one in value:
            rows.append(_inline(one))
        return rows
    return value

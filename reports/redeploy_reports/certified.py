"""Certifications of client libraries, to be put side by side."""

from collections.abc import Iterator, Mapping
from typing import Any

from redeploy_reports.clean import clean
from redeploy_reports.matrix import Cell, Entry, column
from redeploy_reports.phrases import VERDICT_WORDS
from redeploy_schemas.clients import client_clauses
from redeploy_schemas.vocabulary import RunVerdict, Strength, Verdict


def entries(label: str, certification: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield what each client of a certification brings; the schema admits the document."""
    clients = certification["clients"]
    verdicts = [_verdict(client) for client in clients]
    if set(verdicts) == {RunVerdict.CONFORMING} and certification["exit_code"] != 0:
        verdicts = [RunVerdict.INCOMPLETE] * len(clients)  # only some cases were run
    for client, verdict in zip(clients, verdicts, strict=True):
        rows = tuple(_rows(client))
        yield Entry(
            column(
                label,
                _name(client),
                certification["contract_edition"],
                verdict.words,
                verdict is RunVerdict.CONFORMING,
                [cell.verdict or "" for *_, cell in rows],
            ),
            rows,
        )


def _rows(client: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Cell]]:
    """Yield what is said of each clause; of a client that was not judged, that."""
    for one in client["clauses"]:
        yield one["id"], one["name"], one["statement"], _cell(one)
    if not client["clauses"]:
        silent = Cell(Verdict.NOT_EXERCISED.value, "not judged")
        for row in client_clauses():
            yield row.id, row.name, row.statement, silent


def _name(client: Mapping[str, Any]) -> str:
    card = client["card"]
    if card is None:
        return str(client["adapter"])
    return f"{card['library']} {card['version']}, {card['language']} {card['runtime']}"


def _verdict(client: Mapping[str, Any]) -> RunVerdict:
    """Return what the certification says of one client: as of a run."""
    if any(one["verdict"] == Verdict.FAIL.value for one in client["clauses"]):
        return RunVerdict.NOT_CONFORMING
    required = [
        one["verdict"]
        for one in client["clauses"]
        if one["strength"] != Strength.OPEN.value
    ]
    whole = required and set(required) == {Verdict.PASS.value}
    if client["problem"] is not None and client["card"] is None:
        return RunVerdict.UNREACHABLE
    if client["problem"] is not None or not whole:
        return RunVerdict.INCOMPLETE
    return RunVerdict.CONFORMING


def _cell(clause: Mapping[str, Any]) -> Cell:
    verdict = clause["verdict"]
    words = VERDICT_WORDS[verdict]
    parts = tuple(clean(one, limit=60) for one in clause["choices"])
    if verdict == Verdict.OPEN.value and parts:
        return Cell(verdict, ", ".join(parts), parts if len(parts) > 1 else ())
    if verdict == Verdict.NOT_EXERCISED.value and clause["reason"]:
        words = clean(clause["reason"], limit=120)
    return Cell(verdict, words)

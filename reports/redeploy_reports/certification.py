"""A certification of client libraries: as text for a terminal, and as Markdown."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from redeploy_reports import markdown as md
from redeploy_reports.clean import clean
from redeploy_reports.matrix import MARKS, marked
from redeploy_reports.phrases import count
from redeploy_schemas.certification import (
    Certification,
    ClientClauseResult,
    ClientResult,
    Exchanged,
    Failure,
)
from redeploy_schemas.vocabulary import RunVerdict, Verdict

NAMED = 4
"""How many cases that break one clause are named."""

LINES = 14
"""How many lines of a request or an answer are shown."""


def text(certification: Certification, width: int = 88, *, whole: bool = False) -> str:
    """Return the report for a terminal; ``whole`` shows every exchange of each failure."""
    lines = [
        f"redeploy-conformance {clean(certification.suite_version)} · clients · contract: "
        f"{clean(certification.contract_edition)}"
    ]
    for client in certification.clients:
        lines += ["", *_client(client, width, whole)]
    judged = [one for one in certification.clients if one.clauses]
    if judged:
        lines += ["", *_table(judged)]
    verdict = RunVerdict(certification.exit_code).words
    lines += [
        "",
        f"{verdict.upper()}: {count(len(certification.clients), 'client')} in "
        f"{certification.seconds:.1f} s, exit code {certification.exit_code}",
    ]
    return "\n".join(lines) + "\n"


def name(client: ClientResult) -> str:
    """Return the library and its version, cleaned; the adapter where there is no card."""
    if client.card is None:
        return clean(client.adapter)
    return f"{clean(client.card['library'])} {clean(client.card['version'])}"


def _client(client: ClientResult, width: int, whole: bool) -> Iterator[str]:
    card = client.card
    yield f"{clean(client.adapter)}: {name(client)}"
    if card is not None:
        yield (
            f"  {clean(card['language'])} ({clean(card['runtime'])}), signs by "
            f"{clean(card['signature'])}; {count(client.cases, 'case')} in "
            f"{client.seconds:.1f} s"
        )
    if client.problem is not None:
        yield from _fold(f"NOT JUDGED: {clean(client.problem, limit=600)}", "  ", width)
    for clause in client.clauses:
        if clause.verdict == Verdict.FAIL.value:
            found = [one for one in client.failures if one.clause == clause.id]
            yield from _violated(clause, found, width, whole)
    for clause in client.clauses:
        missed = clause.verdict == Verdict.NOT_EXERCISED.value
        if missed and clause.strength != "open" and not whole:
            why = clean(clause.reason or "", limit=400)
            yield from _fold(f"NOT EXERCISED {clean(clause.id)}: {why}", "  ", width)
    for clause in client.clauses:
        if clause.choices:
            words = (
                f"CHOICE {clean(clause.id)} {clean(clause.name)}: {_choices(clause)}"
            )
            yield from _fold(words, "  ", width)


def _violated(
    clause: ClientClauseResult, failures: Sequence[Failure], width: int, whole: bool
) -> Iterator[str]:
    head = (
        f"VIOLATED {clean(clause.id)} {clean(clause.name)}: {clean(clause.statement)}"
    )
    yield from _fold(head, "  ", width)
    for number, failure in enumerate(failures if whole else failures[:1]):
        yield from _fold(clean(failure.expected, limit=400), "    expected  ", width)
        yield from _fold(clean(failure.observed, limit=400), "    observed  ", width)
        shown = failure.exchanges[: None if whole and not number else 1]
        for exchange in shown:
            yield from _exchange(exchange, whole)
        if rest := len(failure.exchanges) - len(shown):
            yield f"      … {count(rest, 'more exchange')} in the result file"
        yield f"    again: {clean(failure.reproduce, limit=1000)}"
    if len(failures) > 1 and not whole:
        names = [clean(one.case) for one in failures[:NAMED]]
        more = f" and {len(failures) - NAMED} more" if len(failures) > NAMED else ""
        told = f"in {count(len(failures), 'case')}: {', '.join(names)}{more}"
        yield from _fold(told, "    ", width)


def _exchange(exchange: Exchanged, whole: bool) -> Iterator[str]:
    for mark, words in ((">", exchange.request), ("<", exchange.answer)):
        lines = words.replace("\r\n", "\n").rstrip("\n").split("\n")
        if not whole:  # the line that says what it is, and the body
            body = [line for line in lines[1:] if line][-1:] if "" in lines else []
            lines = [*lines[:1], *(body if mark == "<" else [])]
        for line in lines[:LINES]:
            yield f"      {mark} {clean(line, limit=LONG if whole else 160)}"
        if len(lines) > LINES:
            yield f"      {mark} … {count(len(lines) - LINES, 'more line')}"


LONG = 600
"""How many characters of one line of an exchange are shown."""


def _choices(clause: ClientClauseResult) -> str:
    return ", ".join(
        clean(choice, limit=60) + (f" ×{times}" if times > 1 else "")
        for choice, times in clause.choices.items()
    )


def _cell(clause: ClientClauseResult) -> str:
    mark = MARKS[clause.verdict]
    return f"{mark}{clause.failed}" if clause.failed else mark


def _table(clients: Sequence[ClientResult]) -> Iterator[str]:
    ids = [clause.id for clause in clients[0].clauses]
    names = _apart(clients, [name(client) for client in clients])
    first = max(map(len, names))
    yield "  ".join([" " * first, *(one.ljust(3) for one in ids), "seconds"])
    for client, label in zip(clients, names, strict=True):
        cells = {clause.id: _cell(clause) for clause in client.clauses}
        row = [label.ljust(first), *(cells[one].ljust(3) for one in ids)]
        yield "  ".join([*row, f"{client.seconds:7.1f}"])
    yield _legend(clients)


def _apart(clients: Sequence[ClientResult], names: Sequence[str]) -> list[str]:
    """Return names of clients, with the adapter's behind those that occur more than once."""
    return [
        one if names.count(one) == 1 else f"{one} ({clean(client.adapter, limit=60)})"
        for client, one in zip(clients, names, strict=True)
    ]


def _legend(clients: Sequence[ClientResult]) -> str:
    words = marked(one.verdict for client in clients for one in client.clauses)
    return f"{words}; a number counts what was seen to break it"


def _fold(text: str, first: str, width: int) -> list[str]:
    return wrap(
        text,
        max(width, 40),
        initial_indent=first,
        subsequent_indent=" " * len(first) if first.strip() else f"{first}  ",
        break_on_hyphens=False,
    )


def markdown(certification: Certification) -> str:
    """Return the table of clients and clauses, and what broke each clause, as Markdown."""
    return "\n".join(_markdown(certification)) + "\n"


def _markdown(certification: Certification) -> Iterator[str]:
    judged = [one for one in certification.clients if one.clauses]
    date = clean(certification.started)[:10]
    yield (
        f"Certified on {date} by redeploy-conformance "
        f"{md.escape(certification.suite_version)}, contract: "
        f"{md.escape(certification.contract_edition)}."
    )
    if judged:
        ids = [clause.id for clause in judged[0].clauses]
        yield ""
        yield from md.head(["client", "version", *ids, "seconds>"])
        for client in judged:
            assert client.card is not None
            cells = {one.id: md.escape(_cell(one)) for one in client.clauses}
            told = [
                md.escape(client.card["library"]),
                md.escape(client.card["version"]),
            ]
            yield md.row([*told, *(cells[one] for one in ids), f"{client.seconds:.1f}"])
        yield ""
        yield md.escape(_legend(judged), limit=400)
    broken = [one for one in judged if one.failures]
    if broken:
        yield ""
        yield from md.head(["client", "clause", "cases", "for example", "observed"])
    for client in broken:
        for clause, group in groupby(client.failures, key=lambda one: one.clause):
            found = list(group)
            yield md.row(
                [
                    md.escape(name(client)),
                    md.escape(clause),
                    str(len(found)),
                    md.escape(found[0].case),
                    md.escape(found[0].observed, limit=160),
                ]
            )
    for client in certification.clients:
        if client.problem is not None:
            yield ""
            yield f"{md.escape(client.adapter)}: {md.escape(client.problem)}"

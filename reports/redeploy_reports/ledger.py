"""The ledger: every clause, how often its premise held, and what the run says of it."""

from redeploy_reports.clean import clean
from redeploy_schemas.records import ClauseResult, Result
from redeploy_schemas.vocabulary import Verdict

_SPECIAL = "\\`*_[]<>|"


def markdown(result: Result) -> str:
    """Return a Markdown table with one row per clause, ending in a line end."""
    rows = [
        "| clause | times its premise held | verdict |",
        "| --- | ---: | --- |",
    ]
    for clause in result.clauses:
        name = f"{_escape(clause.id)} {_escape(clause.name)}"
        rows.append(f"| {name} | {clause.held:,} | {_verdict(clause)} |")
    return "\n".join(rows) + "\n"


def _verdict(clause: ClauseResult) -> str:
    words = clause.verdict
    if clause.verdict == Verdict.NOT_EXERCISED.value and clause.missing:
        words = f"{words}: {clause.missing}"
    elif clause.verdict == Verdict.OPEN.value and clause.choices:
        seen = ", ".join(clean(choice.choice, limit=60) for choice in clause.choices)
        words = f"{words}: {seen}"
    return _escape(words)


def _escape(text: str) -> str:
    """Return a cleaned text that Markdown shows as it stands."""
    return "".join(
        f"\\{character}" if character in _SPECIAL else character
        for character in clean(text)
    )

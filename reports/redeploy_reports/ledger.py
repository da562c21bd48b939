"""The ledger: every clause, how often its premise held, and what the run says of it."""

from redeploy_reports.markdown import escape, head, row
from redeploy_schemas.records import ClauseResult, Result
from redeploy_schemas.vocabulary import Verdict


def render(result: Result) -> str:
    """Return a Markdown table with one row per clause, ending in a line end."""
    rows = head(["clause", "times its premise held>", "verdict"])
    for clause in result.clauses:
        name = f"{escape(clause.id)} {escape(clause.name)}"
        rows.append(row([name, f"{clause.held:,}", _verdict(clause)]))
    return "\n".join(rows) + "\n"


def _verdict(clause: ClauseResult) -> str:
    words = clause.verdict
    if clause.verdict == Verdict.NOT_EXERCISED.value and clause.missing:
        words = f"{words}: {clause.missing}"
    elif clause.verdict == Verdict.OPEN.value and clause.choices:
        seen = ", ".join(escape(choice.choice, limit=60) for choice in clause.choices)
        return f"{escape(words)}: {seen}"
    return escape(words)

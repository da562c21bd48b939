"""A result as Markdown, for the summary of a CI job."""

import re
from collections.abc import Iterator, Mapping, Sequence

from redeploy_reports.clean import clean
from redeploy_reports.phrases import again, cases_of, caution, count, counts, title
from redeploy_reports.story import story
from redeploy_reports.summary import groups, summarise
from redeploy_schemas.records import ClauseResult, Result

IN_FULL = 5
"""How many violated clauses are told with their counterexample."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>|&~$])")


def escape(text: str, *, limit: int = 240) -> str:
    """Return a text, cleaned, that Markdown shows as it stands, also in a table cell."""
    return _SPECIAL.sub(r"\\\1", clean(text, limit=limit))


def row(cells: Sequence[str]) -> str:
    """Return one row of a table; the cells are escaped already."""
    return f"| {' | '.join(cells)} |"


def head(columns: Sequence[str]) -> list[str]:
    """Return the first two rows of a table; a column that ends in ``>`` is a number's."""
    names = [name.removesuffix(">") for name in columns]
    rules = ["---:" if name.endswith(">") else "---" for name in columns]
    return [row(names), row(rules)]


def fenced(text: str) -> str:
    """Return a text, whose lines are cleaned, as a block that it cannot end by itself."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def render(result: Result) -> str:
    """Return the summary, ending in a line end."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    summary = summarise(result)
    yield f"## RedeployInstance: {escape(result.verdict)}"
    yield ""
    yield f"**Verdict:** {escape(result.sentence, limit=400)}"
    yield ""
    yield f"- target: {escape(title(result.target))} ({escape(result.target.kind)})"
    yield f"- {escape(counts(result), limit=400)}"
    yield (
        f"- {cases_of(result)}, {count(result.requests, 'request')}, seed "
        f"{result.seed}, exit code {result.exit_code}"
    )
    yield (
        f"- suite {escape(result.suite_version)}, contract: "
        f"{escape(result.contract_edition)} ({escape(result.contract_sha256)[:12]})"
    )
    if not result.complete:
        yield "- the run was cut short: what was not reached is not judged"
    others = summary.explained
    yield from _violated(result, summary.violated, others, "Violated")
    if said := caution(result):
        yield from ("", said)
    known = "Known deviations, in the baseline"
    yield from _violated(result, summary.known, others, known)
    yield from _missing(summary.not_exercised)
    yield from _left_out(result)
    yield from _choices(result)
    yield from _problems(result)


def _violated(
    result: Result,
    rows: Sequence[ClauseResult],
    explained: Mapping[str, Sequence[str]],
    heading: str,
) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"### {heading}", "")
    yield from head(["clause", "says", "expected", "observed", "again"])
    for clause in rows:
        found = [result.findings[place] for place in clause.findings]
        first = found[0] if found else None
        others = " and ".join(map(escape, explained.get(clause.id, ())))
        more = f", explained as well by {others}" if others else ""
        yield row(
            [
                f"{escape(clause.id)} {escape(clause.name)}{more}",
                escape(clause.statement, limit=400),
                escape(first.expected) if first else "",
                escape(first.observed) if first else "",
                again(first) if first else "",
            ]
        )
    for clause in rows[:IN_FULL]:
        for place in clause.findings[:1]:
            name = f"{escape(clause.id)} {escape(clause.name)}"
            yield from ("", "<details>", "", f"<summary>{name}</summary>", "")
            yield fenced(story(result.findings[place]))
            yield from ("", "</details>")


def _missing(rows: Sequence[ClauseResult]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", "### Not exercised", "")
    yield from head(["clauses", "why", "reason", "remedy"])
    for group in groups(rows):
        yield row(
            [
                ", ".join(escape(clause.id) for clause in group.clauses),
                escape(group.missing or ""),
                escape(group.reason or "", limit=400),
                escape(group.remedy or "", limit=400),
            ]
        )


def _left_out(result: Result) -> Iterator[str]:
    if not result.left_out:
        return
    yield from ("", "### Left out, and nothing judged by it", "")
    yield from head(["why", "cases"])
    for one in result.left_out:
        yield row([escape(one.reason, limit=400), "; ".join(map(escape, one.cases))])


def _choices(result: Result) -> Iterator[str]:
    rows = [one for one in result.clauses if one.choices]
    if not rows:
        return
    yield from ("", "### Choices where the contract is silent", "")
    yield from head(["clause", "choice", "declared"])
    for clause in rows:
        seen = ", ".join(
            f"{escape(one.choice, limit=60)} ×{one.count:,}" for one in clause.choices
        )
        mark = "inconsistent: " if clause.inconsistent else ""
        name = f"{escape(clause.id)} {escape(clause.name)}"
        yield row([name, mark + seen, escape(clause.declared or "")])


def _problems(result: Result) -> Iterator[str]:
    if not result.problems:
        return
    yield from ("", "### Could not be run", "")
    yield from head(["case", "why"])
    for one in result.problems:
        yield row([escape(one.case), escape(one.text, limit=400)])

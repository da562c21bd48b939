"""Words that more than one format says of a result."""

from redeploy_reports.clean import clean
from redeploy_reports.summary import summarise
from redeploy_schemas.records import ClauseResult, Finding, Result, Target
from redeploy_schemas.vocabulary import STAGING, Missing, Verdict

LONG = 4000
"""How many characters of a request or an answer a report shows."""

VERDICT_WORDS = {
    Verdict.FAIL.value: "violated",
    Verdict.PASS.value: "holds",
    Verdict.NOT_EXERCISED.value: "not exercised",
    Verdict.OPEN.value: "open",
    Verdict.KNOWN.value: "known deviation",
}


def count(number: float, thing: str) -> str:
    """Return a number with its noun: ``1 clause``, ``2 clauses``, ``1.5 minutes``."""
    return f"{number:,.15g} {thing}{'' if number == 1 else 's'}"


def counts(result: Result) -> str:
    """Return how many clauses there are of each verdict, never a lone percentage."""
    summary = summarise(result)
    missing = f"{len(summary.not_exercised)} not exercised"
    if summary.not_exercised:
        missing += (
            f" ({summary.not_applicable} not applicable, "
            f"{summary.could_not_run} could not run)"
        )
    deviations = count(len(summary.known), "known deviation")
    known = f" · {deviations}" if summary.known else ""
    return (
        f"of {count(len(result.clauses), 'clause')}: "
        f"{len(summary.violated)} violated · {len(summary.hold)} hold · "
        f"{missing} · {len(summary.open)} open{known}"
    )


def cases_of(result: Result) -> str:
    """Return how many cases there were, and how many of them were left out."""
    left = sum(len(one.cases) for one in result.left_out)
    return f"{count(result.cases, 'case')}{f' ({left:,} left out)' if left else ''}"


def again(finding: Finding) -> str:
    """Return how often a counterexample came again: ``reproduced 3 of 3``."""
    if not finding.attempts:
        return "seen once, not tried again"
    return f"reproduced {finding.reproduced} of {finding.attempts}"


def caution(result: Result) -> str | None:
    """Return what else may look like a violation of this target; None where nothing can."""
    if result.target.kind != STAGING or not result.findings:
        return None
    return (
        "A lock, stop, redeploy or release by somebody else, or by the provider, looks like a "
        "violation: see ActionTrail and the instance's events before you trust one seen once."
    )


def title(target: Target) -> str:
    """Return the target's name and version, cleaned."""
    version = f" {clean(target.version, limit=40)}" if target.version else ""
    return f"{clean(target.name, limit=60)}{version}"


def verdict(clause: ClauseResult) -> str:
    """Return what the run says of a clause, in words, cleaned: its choices where open."""
    if clause.verdict == Verdict.OPEN.value and clause.choices:
        seen = ", ".join(clean(one.choice, limit=60) for one in clause.choices)
        return f"{'inconsistent: ' if clause.inconsistent else ''}{seen}"
    if clause.verdict == Verdict.NOT_EXERCISED.value:
        return clause.missing or Missing.COULD_NOT_RUN.value
    return VERDICT_WORDS.get(clause.verdict, clean(clause.verdict))


def why_not(clause: ClauseResult) -> str:
    """Return why a clause was not exercised and what would help, cleaned."""
    text = clean(clause.reason or "no reason given", limit=400)
    if clause.remedy:
        text += f"; remedy: {clean(clause.remedy, limit=400)}"
    return text

"""The result of a log: as of a run, with the reasons why a log cannot show more."""

from collections.abc import Sequence
from dataclasses import replace

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.results.verdict import Start, Taken, judge
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import ClauseResult, Result, Target
from redeploy_schemas.vocabulary import Missing, Verdict

WORDLESS = frozenset({"actiontrail"})
"""Kinds of log that keep no HTTP status, and no message text as it was sent."""
TOLD_BY_A_LOG = frozenset({"R1", "R2", "R3", "R5", "R6", "Q4c", "U1c"})
"""Clauses about the form of answers: a trail keeps codes and ids, never the answer itself."""

KNOWN_BY = {
    "har": "; a call is known by a header x-acs-action, or by the parameters Action and "
    "AccessKeyId, and those that a console makes for a browser are not in its file",
}
"""What is said by kind of log where no call was found in it."""


def result_of(
    contract: Contract,
    report: CaseReport,
    *,
    kind: str,
    names: Sequence[str],
    calls: int,
    started: str,
    seconds: float,
    version: str,
    redeploy_seconds: float | None,
) -> Result:
    """Return the result of logs; what they do not show is not exercised, with that reason.

    ``calls`` is how many of the operation there were.
    """
    target = Target(
        name=f"{kind}: {', '.join(names)}",
        version=None,
        kind=kind,
        address=None,
        offers=(),
        declares={}
        if redeploy_seconds is None
        else {"redeploy_seconds": redeploy_seconds},
    )
    start = Start(
        suite_version=version,
        contract_edition=contract.edition,
        contract_sha256=contract.sha256,
        target=target,
        started=started,
        seed=0,
        workers=1,
    )
    drawn = judge(start, Taken([report]), seconds, complete=report.problem is None)
    calling = f"{count(calls, 'call')} of {contract.operation}"
    silent = f"nothing in this log, with {calling}, shows it for certain"
    remedy = "run the suite, or give a log in which it happens"
    if not calls:
        silent = f"no call of {contract.operation} was found in this log"
        remedy += KNOWN_BY.get(kind, "")
    clauses = tuple(_reasoned(one, kind, silent, remedy) for one in drawn.clauses)
    return replace(drawn, clauses=clauses)


def _reasoned(one: ClauseResult, kind: str, silent: str, remedy: str) -> ClauseResult:
    """Return what is said of a clause, with the reason why this log shows nothing of it."""
    if one.verdict != Verdict.NOT_EXERCISED.value:
        return one
    if kind in WORDLESS and one.id in TOLD_BY_A_LOG:
        reason = "a trail does not keep answers as they were sent"
    else:
        reason = silent
    return replace(
        one,
        missing=Missing.COULD_NOT_RUN.value,
        reason=reason,
        remedy=remedy,
    )

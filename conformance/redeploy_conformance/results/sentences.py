"""The verdict of a run in one sentence."""

from collections.abc import Sequence

from redeploy_conformance.running.shapes import UNREAD
from redeploy_reports.phrases import count
from redeploy_schemas.records import ClauseResult, LeftOut, Problem
from redeploy_schemas.vocabulary import Missing, RunVerdict, Strength, Verdict

LONGEST = 250
"""How many characters of a problem a sentence holds."""


def sentence(
    verdict: RunVerdict,
    clauses: Sequence[ClauseResult],
    problems: Sequence[Problem],
    left_out: Sequence[LeftOut],
) -> str:
    """Return the verdict in one sentence, with its counts, and the cases that were left out."""
    return with_left_out(_said(verdict, clauses, problems), left_out)


def with_left_out(text: str, left_out: Sequence[LeftOut]) -> str:
    """Return a verdict's sentence that also says how many cases were left out, and why."""
    if not left_out:
        return text
    number = sum(len(one.cases) for one in left_out)
    were = "was" if number == 1 else "were"
    whys = ", and ".join(one.reason for one in left_out)
    return f"{text[:-1]}; {count(number, 'case')} {were} left out: {whys}."


def with_unchosen(text: str, verdict: RunVerdict, unchosen: int, planned: int) -> str:
    """Return the sentence of a green run that also says how many of its cases nobody chose."""
    if verdict is not RunVerdict.CONFORMING or not unchosen:
        return text
    were = "was" if unchosen == 1 else "were"
    return f"{text[:-1]}; {unchosen} of {planned} cases {were} not chosen."


def _said(
    verdict: RunVerdict, clauses: Sequence[ClauseResult], problems: Sequence[Problem]
) -> str:
    required = [one for one in clauses if one.strength != Strength.OPEN.value]
    total = len(required)
    held = sum(one.verdict == Verdict.PASS.value for one in required)
    broken = sum(one.verdict == Verdict.FAIL.value for one in clauses)
    gaps = [one for one in required if one.verdict == Verdict.NOT_EXERCISED.value]
    absent = sum(one.missing == Missing.NOT_APPLICABLE.value for one in gaps)
    held_ids = {one.id for one in required if one.verdict == Verdict.PASS.value}
    tested = bool(held_ids - {"S1"})
    match verdict:
        case RunVerdict.CONFORMING if absent:
            return (
                f"Conforming in what it has: {held} of {total} required clauses hold, "
                f"{absent} do not apply since their parts are declared absent."
            )
        case RunVerdict.CONFORMING:
            return f"Conforming: all {total} required clauses were exercised and hold."
        case RunVerdict.NOT_CONFORMING:
            plural = "clause is" if broken == 1 else "clauses are"
            return (
                f"Not conforming: {broken} {plural} violated, {held} of {total} hold."
            )
        case RunVerdict.INCOMPLETE if gaps and (unread := _unread(problems)):
            so = f"only {held} of {total} required clauses" if tested else "nothing"
            return (
                f"Incomplete: {so} could be tested, since the target's answers could not be "
                f"read, first in case {unread.case!r}: {_short(unread.text)}."
            )
        case RunVerdict.INCOMPLETE if not gaps:
            return (
                f"Incomplete: all {total} required clauses were exercised and hold, but the "
                "run was cut short, or had trouble: see its problems."
            )
        case RunVerdict.INCOMPLETE:
            return (
                f"Incomplete: no violation was seen, but only {held} of {total} required "
                f"clauses were exercised; {len(gaps)} were not."
            )
        case RunVerdict.UNREACHABLE if not tested and problems:
            return (
                "Unreachable: the target stopped answering before anything was tested: "
                f"{_short(problems[0].text)}."
            )
        case RunVerdict.UNREACHABLE:
            return f"Unreachable: the target stopped answering; {held} of {total} hold."
        case _:
            return f"The suite itself failed; {held} of {total} held until then."


def _unread(problems: Sequence[Problem]) -> Problem | None:
    """Return the first problem that an answer could not be read, if there is one."""
    return next((one for one in problems if UNREAD in one.text), None)


def _short(text: str) -> str:
    text = text.rstrip(".")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

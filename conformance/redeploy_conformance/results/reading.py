"""Result files, read for whatever rests on them: what says two things says nothing."""

from pathlib import Path

from redeploy_conformance.files import endless
from redeploy_conformance.results.baseline import draw_known
from redeploy_schemas.contract import load
from redeploy_schemas.records import ClauseResult, InvalidRecordError, Result
from redeploy_schemas.vocabulary import Missing, RunVerdict, Strength, Verdict

BOM = "utf-8-sig"
"""UTF-8, also as some editors begin it."""
BROKEN = (Verdict.FAIL.value, Verdict.KNOWN.value)
DRAWN = (RunVerdict.CONFORMING, RunVerdict.NOT_CONFORMING, RunVerdict.INCOMPLETE)
"""Verdicts that hang on nothing but what is said of the clauses."""


def read_result(path: Path) -> Result:
    """Return the result that a file holds.

    Raises:
        OSError: it cannot be read.
        InvalidRecordError: it is no result, or its parts contradict each other.
    """
    if why := endless(path):
        raise InvalidRecordError(why)
    return result_of(path.read_bytes())


def result_of(data: bytes) -> Result:
    """Return the result that the bytes of a file hold.

    Raises:
        InvalidRecordError: it is no result, or its parts contradict each other.
    """
    try:
        result = Result.from_text(data.decode(BOM))
    except UnicodeDecodeError as error:
        raise InvalidRecordError(str(error)) from error
    if why := contradiction(result):
        raise InvalidRecordError(why)
    return result


def contradiction(result: Result) -> str | None:
    """Return what parts of a result contradict each other, in a sentence; None where none do.

    Clauses are held against the contract where that is this suite's: another edition has others.
    """
    if result.exit_code not in set(RunVerdict):
        return "its exit code is unknown"
    said = RunVerdict(result.exit_code)
    if result.verdict != said.words:
        return f"its verdict is {result.verdict!r}, and its exit code {int(said)}"
    return _of_clauses(result) or _of_verdict(result, said)


def _of_clauses(result: Result) -> str | None:
    ids = [one.id for one in result.clauses]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        return f"it tells of {twice[0]} twice"
    if not {place for one in result.clauses for place in one.findings} <= set(
        range(len(result.findings))
    ):
        return "it misses a finding"
    contract = load()
    if result.contract_sha256 == contract.sha256:
        known = {one.id: one.strength.value for one in contract.clauses}
        if {one.id: one.strength for one in result.clauses} != known:
            return f"its clauses are not those of {contract.edition}"
    return next(filter(None, (_of_clause(result, one) for one in result.clauses)), None)


def _of_clause(result: Result, clause: ClauseResult) -> str | None:
    words = {one.value for one in Verdict}
    gaps = {one.value for one in Missing}
    strengths = {one.value for one in Strength}
    if clause.verdict not in words or clause.strength not in strengths:
        return f"what it says of {clause.id} is not of this version"
    gap = clause.verdict == Verdict.NOT_EXERCISED.value
    if (clause.missing in gaps) != gap or (clause.missing is None) == gap:
        return f"it does not say of {clause.id} alone why it was not exercised"
    found = {n for n, one in enumerate(result.findings) if one.clause == clause.id}
    if set(clause.findings) != found or bool(found) != (clause.verdict in BROKEN):
        return f"what it says of {clause.id} is not what its findings say"
    if clause.verdict == Verdict.PASS.value and clause.held < 1:
        return f"{clause.id} passed, and never held"
    return None


def _of_verdict(result: Result, said: RunVerdict) -> str | None:
    """Return that a verdict is better than that of the clauses; worse it may be, for other reasons."""
    drawn = draw_known(result, result.clauses, result.problems)
    broken = any(one.verdict == Verdict.FAIL.value for one in result.clauses)
    wrong = (
        broken != (said is RunVerdict.NOT_CONFORMING)
        if said in DRAWN
        else broken and said is RunVerdict.UNREACHABLE
    )
    if wrong or (said is RunVerdict.CONFORMING and drawn is not said):
        return "its verdict is not that of its clauses"
    return None

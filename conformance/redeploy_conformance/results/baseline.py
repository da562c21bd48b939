"""Known deviations: what the owner of a target already knows to be broken, and until when.

Each entry pins a minimal trace, which is done first: so an expected failure is deterministic, and
an entry is as soon stale as its failure is mended.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from redeploy_conformance.files import endless, seems
from redeploy_conformance.finding.counterexample import counterexample
from redeploy_conformance.finding.investigate import command, perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.notation import InvalidStepError
from redeploy_conformance.planning.pinned import steps_of
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.results.conclude import draw
from redeploy_conformance.results.sentences import with_left_out
from redeploy_conformance.results.sums import TOUR_ENDED
from redeploy_conformance.running.bench import Bench, visiting
from redeploy_conformance.targets.find import find
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.reading import read_toml
from redeploy_schemas.records import ClauseResult, Finding, Problem, Result
from redeploy_schemas.validation import problems
from redeploy_schemas.vocabulary import RunVerdict, Verdict

BASELINE_FORMAT = "redeploy-conformance/baseline/1"
"""The name and the version of the layout; its schema is ``run/baseline.json``."""
CASE = "baseline"
_ID = re.compile(
    r"\b(?:[a-z]{1,3}-[0-9a-z]{8,}|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\b"
)
_ACCEPTED = re.compile(r"2\d\d, TaskId .+")
_KEY = re.compile(r"\bi\d+\b")


class BaselineError(ValueError):
    """A baseline file cannot be used; the message names the file, the entry and what is right."""


class Standing(Enum):
    """How an entry stands, and the word that its message begins with."""

    KNOWN = "known"
    STALE = "stale"
    EXPIRED = "expired"
    CHANGED = "changed reason"
    AMBIGUOUS = "ambiguous"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One known deviation; ``number`` is its place in the file, from 1 on."""

    number: int
    clause: str
    reason: str
    issue: str
    expires: datetime.date
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Pinned:
    """What doing an entry's pinned trace showed: its standing, in a sentence, and the finding."""

    entry: Entry
    standing: Standing
    text: str
    finding: Finding | None = None


def reason_of(observed: str) -> str:
    """Return the class of what was observed: the text without ids, so that it comes again."""
    if _ACCEPTED.fullmatch(observed):
        return "accepted"
    return _KEY.sub("the instance", _ID.sub("…", observed))


def read(path: Path, contract: Contract) -> tuple[Entry, ...]:
    """Return the entries of a baseline file.

    Raises:
        BaselineError: the file cannot be read, or an entry means nothing.
    """
    if why := endless(path):
        raise BaselineError(f"{path} is no baseline: {why}")
    try:
        data = read_toml(path.read_text("utf-8"))
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        told = seems(path, "baseline") or error
        raise BaselineError(f"{path} is not a TOML file: {told}") from error
    wrong = problems("run/baseline", _dated(data))
    if wrong:
        raise BaselineError(f"{path}: {wrong[0]}")
    return tuple(
        _entry(path, number, row, contract)
        for number, row in enumerate(data.get("known", ()), 1)
    )


def _dated(value: Any) -> Any:
    """Return TOML as JSON knows it: dates as texts."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _dated(one) for name, one in value.items()}
    return [_dated(one) for one in value] if isinstance(value, list) else value


def _entry(
    path: Path, number: int, row: Mapping[str, Any], contract: Contract
) -> Entry:
    where = f"{path}: entry {number}"
    if row["clause"] not in contract.by_id:
        raise BaselineError(f"{where}: there is no clause {row['clause']!r}")
    if type(row["expires"]) is not datetime.date:
        raise BaselineError(f"{where}: expires must be a date such as 2030-12-31")
    try:
        steps = tuple(steps_of(row["steps"], contract))
    except InvalidStepError as error:
        raise BaselineError(f"{where}: {error}") from error
    return Entry(
        number=number,
        clause=row["clause"],
        reason=row["reason"],
        issue=row["issue"],
        expires=row["expires"],
        steps=steps,
    )


def try_pinned(
    bench: Bench, entries: Sequence[Entry], today: datetime.date
) -> list[Pinned]:
    """Do every pinned trace, and return how its entry stands."""
    return [_tried(bench, one, entries, today) for one in entries]


def try_file(path: Path, word: str) -> list[Pinned]:
    """Do the pinned traces of a file on a fresh bench of a target.

    Raises:
        BaselineError: the file cannot be used.
        TargetUsageError: the word names no target.
        UnreachableError: nothing there answers.
    """
    contract = load()
    entries = read(path, contract)
    with visiting(find(word, contract), contract) as bench:
        return try_pinned(bench, entries, datetime.date.today())


def _tried(
    bench: Bench, entry: Entry, entries: Sequence[Entry], today: datetime.date
) -> Pinned:
    name = f"entry {entry.number}, {entry.clause} ({entry.issue})"
    twins = [one for one in entries if _same(one, entry)]
    if len(twins) > 1:
        numbers = " and ".join(str(one.number) for one in twins)
        text = f"{name}: entries {numbers} are about the same deviation; keep one"
        return Pinned(entry, Standing.AMBIGUOUS, text)
    run = perform(bench, entry.steps, Ledger())
    if run.problem is not None:
        text = f"{name}: its pinned trace cannot be done: {run.problem}"
        return Pinned(entry, Standing.CHANGED, text)
    hit = next((one for one in run.violations if one.clause == entry.clause), None)
    if hit is None and not run.violations:
        text = f"{name}: its pinned trace passes now; remove the entry"
        return Pinned(entry, Standing.STALE, text)
    finding = counterexample(
        bench.contract,
        run,
        hit or run.violations[0],
        case=CASE,
        steps=entry.steps,
        reproduce=command("baseline", "check", "FILE", "TARGET"),
        reproduced=1,
        attempts=1,
    )
    reason = reason_of(finding.observed)
    if hit is None or reason != entry.reason:
        text = (
            f"{name}: its pinned trace breaks {finding.clause} by {reason!r} now, the entry "
            f"says {entry.clause} by {entry.reason!r}"
        )
        return Pinned(entry, Standing.CHANGED, text, finding)
    if today > entry.expires:
        text = f"{name}: it was to be mended by {entry.expires}, and is not"
        return Pinned(entry, Standing.EXPIRED, text, finding)
    text = f"{name}: broken as known, until {entry.expires}"
    return Pinned(entry, Standing.KNOWN, text, finding)


def _same(one: Entry, two: Entry) -> bool:
    return (one.clause, one.reason) == (two.clause, two.reason)


def apply(result: Result, pinned: Sequence[Pinned]) -> Result:
    """Return a result in which the violations that are known say so.

    A violation is known when exactly one entry is about its clause and reason, and that entry
    stands. Every other one, and every entry that does not stand, is said in a problem of its own;
    the run is conforming only when all its violations are known and nothing else is missing.
    """
    findings = list(result.findings)
    said: dict[str, None] = {}
    clauses = [
        _known(one, findings, [x for x in pinned if x.entry.clause == one.id], said)
        for one in result.clauses
    ]
    for one in pinned:
        if one.standing is not Standing.KNOWN:
            said[f"{one.standing.value}: {one.text}"] = None
    notes = tuple(Problem(case=CASE, text=text) for text in said)
    after = (*result.problems, *notes)
    verdict = draw_known(result, clauses, after)
    return replace(
        result,
        clauses=tuple(clauses),
        findings=tuple(findings),
        problems=after,
        verdict=verdict.words,
        exit_code=int(verdict),
        sentence=sentence_known(result, verdict, clauses, notes),
    )


def _known(
    clause: ClauseResult,
    findings: list[Finding],
    entries: Sequence[Pinned],
    said: dict[str, None],
) -> ClauseResult:
    """Return a clause with what the entries about it make of its violations."""
    mine = clause.findings
    shown = [one for one in entries if one.standing is Standing.KNOWN and one.finding]
    if not mine and shown:
        # The run did not come by, but the pinned trace did: it is broken all the same.
        mine = tuple(range(len(findings), len(findings) + len(shown)))
        findings += [one.finding for one in shown if one.finding]
    if not mine:
        return clause
    known = True
    for place in mine:
        reason = reason_of(findings[place].observed)
        fitting = [one for one in entries if one.entry.reason == reason]
        if not fitting:
            word = Standing.CHANGED if entries else Standing.UNMATCHED
            others = ", ".join(repr(one.entry.reason) for one in entries)
            rest = (
                f"the baseline knows it by {others}" if entries else "no entry says so"
            )
            said[f"{word.value}: {clause.id} is broken by {reason!r}, and {rest}"] = (
                None
            )
        known = known and [one.standing for one in fitting] == [Standing.KNOWN]
    verdict = Verdict.KNOWN if known else Verdict.FAIL
    return replace(
        clause,
        verdict=verdict.value,
        findings=mine,
        missing=None,
        reason=None,
        remedy=None,
    )


def draw_known(
    result: Result, clauses: Sequence[ClauseResult], notes: Sequence[Problem]
) -> RunVerdict:
    """Return the verdict of a result where what is known counts as if it held."""
    before = RunVerdict(result.exit_code)
    if before not in (
        RunVerdict.NOT_CONFORMING,
        RunVerdict.INCOMPLETE,
        RunVerdict.CONFORMING,
    ):
        return before
    if any(one.verdict == Verdict.FAIL.value for one in clauses):
        return RunVerdict.NOT_CONFORMING
    behind = _behind(clauses)
    held = [
        replace(one, verdict=Verdict.PASS.value, missing=None)
        if one.verdict == Verdict.KNOWN.value or one.id in behind
        else one
        for one in clauses
    ]
    drawn = draw(held, (), notes)
    if drawn is RunVerdict.CONFORMING and not result.complete:
        return RunVerdict.INCOMPLETE
    return drawn


def _behind(clauses: Sequence[ClauseResult]) -> set[str]:
    """Return the clauses that could not be exercised because a known deviation stood in the way.

    Where it merely ended the tour, and nothing else was tried, it did not.
    """
    known = [one.id for one in clauses if one.verdict == Verdict.KNOWN.value]
    remedies = {f"mend {one} first" for one in known}
    return {
        one.id
        for one in clauses
        if one.remedy in remedies and not (one.reason or "").startswith(TOUR_ENDED)
    }


def sentence_known(
    result: Result,
    verdict: RunVerdict,
    clauses: Sequence[ClauseResult],
    notes: Sequence[Problem],
) -> str:
    """Return that verdict in one sentence, with how much is known."""
    known = sum(one.verdict == Verdict.KNOWN.value for one in clauses)
    broken = sum(one.verdict == Verdict.FAIL.value for one in clauses)
    if not known and not notes:
        return result.sentence
    deviations = count(known, "known deviation")
    match verdict:
        case RunVerdict.CONFORMING:
            kept = _behind(clauses)
            behind = ", ".join(one.id for one in clauses if one.id in kept)
            hidden = f", which kept {behind} from being exercised" if behind else ""
            said = (
                f"Conforming but for {deviations}{hidden}: every violation is in the "
                "baseline."
            )
        case RunVerdict.NOT_CONFORMING:
            said = f"Not conforming: {broken} violated beyond {deviations}."
        case RunVerdict.INCOMPLETE:
            why = notes[0].text if notes else "not every required clause was exercised"
            with_them = f" with {deviations} and no other violation" if known else ""
            said = f"Incomplete{with_them}: {why}."
        case _:
            return result.sentence
    return with_left_out(said, result.left_out)

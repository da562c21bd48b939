"""Several results of one target, such as the shards of a run, as one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations

from redeploy_conformance.results.baseline import draw_known, sentence_known
from redeploy_conformance.results.conclude import (
    CONSISTENT,
    draw,
    left_out_of,
    moves_of,
    wavers,
)
from redeploy_conformance.results.sentences import sentence
from redeploy_schemas.records import (
    Burst,
    Choice,
    ClauseResult,
    Finding,
    Problem,
    Result,
)
from redeploy_schemas.vocabulary import Missing, RunVerdict, Strength, Verdict


class MergeError(ValueError):
    """The results do not belong together; the message says why."""


@dataclass(slots=True)
class _Clause:
    """What the results said of one clause so far."""

    first: ClauseResult
    held: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    choices: Counter[str] = field(default_factory=Counter)
    evidence: dict[str, str] = field(default_factory=dict)
    findings: dict[int, None] = field(default_factory=dict)
    passed: bool = False
    failed: bool = False
    inconsistent: bool = False
    gap: ClauseResult | None = None

    def add(self, one: ClauseResult, places: Iterable[int]) -> None:
        self.held += one.held
        self.rows.update(one.rows)
        self.findings.update(dict.fromkeys(places))
        self.passed = self.passed or one.verdict == Verdict.PASS.value
        self.failed = self.failed or one.verdict == Verdict.FAIL.value
        self.inconsistent = self.inconsistent or one.inconsistent
        for choice in one.choices:
            self.choices[choice.choice] += choice.count
            self.evidence.setdefault(choice.choice, choice.evidence)
        applies = one.missing == Missing.COULD_NOT_RUN.value
        if one.missing and (self.gap is None or applies):
            self.gap = one

    def result(self) -> ClauseResult:
        """Return the clause as all results together say; a violation outweighs the rest."""
        choices = tuple(
            Choice(choice=word, count=count, evidence=self.evidence[word])
            for word, count in sorted(self.choices.items())
        )
        verdict = Verdict.PASS if self.passed else Verdict.NOT_EXERCISED
        if self.findings:
            verdict = Verdict.FAIL if self.failed else Verdict.KNOWN
        elif self.first.strength == Strength.OPEN.value and choices:
            verdict = Verdict.OPEN
        gap = self.gap if verdict is Verdict.NOT_EXERCISED else None
        return replace(
            self.first,
            verdict=verdict.value,
            held=self.held,
            rows=dict(sorted(self.rows.items())),
            missing=gap.missing if gap else None,
            reason=gap.reason if gap else None,
            remedy=gap.remedy if gap else None,
            choices=choices,
            inconsistent=self.inconsistent or self._two_ways(),
            findings=tuple(self.findings),
        )

    def _two_ways(self) -> bool:
        """Whether the results went different ways, each of them always the same."""
        if self.first.id in CONSISTENT:
            return wavers(self.choices)
        orders = [word.split(" before ") for word in self.choices]
        pairs = {pair for order in orders for pair in combinations(order, 2)}
        return any(pair[::-1] in pairs for pair in pairs)


class Merger:
    """Folds results one by one, so that only one of them need be in memory."""

    def __init__(self) -> None:
        """Begin with none."""
        self.base: Result | None = None
        self.clauses: dict[str, _Clause] = {}
        self.findings: dict[tuple[str, str, str], int] = {}
        self.kept: list[Finding] = []
        self.problems: dict[Problem, None] = {}
        self.moves: Counter[tuple[str, str, str, str]] = Counter()
        self.bursts: list[Burst] = []
        self.left: dict[str, dict[str, None]] = {}
        self.codes: set[int] = set()

    def add(self, result: Result) -> None:
        """Enter one result.

        Raises:
            MergeError: it is of another contract or of another target than those before.
        """
        base = self.base
        if base is None:
            self.base = result
        else:
            _check(base, result)
            self.base = replace(
                base,
                started=min(base.started, result.started),
                seconds=round(base.seconds + result.seconds, 3),
                workers=max(base.workers, result.workers),
                cases=base.cases + result.cases,
                requests=base.requests + result.requests,
                steps=base.steps + result.steps,
                complete=base.complete and result.complete,
            )
        places = [self._place(one) for one in result.findings]
        for clause in result.clauses:
            known = self.clauses.setdefault(clause.id, _Clause(clause))
            known.add(clause, [places[number] for number in clause.findings])
        self.problems.update(dict.fromkeys(result.problems))
        for move in result.moves:
            key = (move.origin, move.before, move.after, move.what)
            self.moves[key] += move.count
        self.bursts += result.bursts
        for left in result.left_out:
            self.left.setdefault(left.reason, {}).update(dict.fromkeys(left.cases))
        self.codes.add(result.exit_code)

    def _place(self, finding: Finding) -> int:
        """Return where a finding stands; the same one, seen again, adds to its counts."""
        key = (finding.clause, finding.case, repr(finding.steps))
        if key not in self.findings:
            self.findings[key] = len(self.kept)
            self.kept.append(finding)
            return self.findings[key]
        place = self.findings[key]
        before = self.kept[place]
        self.kept[place] = replace(
            before,
            reproduced=before.reproduced + finding.reproduced,
            attempts=before.attempts + finding.attempts,
        )
        return place

    def result(self) -> Result:
        """Return all results as one.

        Raises:
            MergeError: there was none.
        """
        if self.base is None:
            raise MergeError("there is no result to merge")
        clauses = tuple(one.result() for one in self.clauses.values())
        problems = tuple(self.problems)
        left_out = left_out_of(self.left)
        verdict = self._verdict(self.base, clauses)
        whole = replace(
            self.base,
            verdict=verdict.words,
            exit_code=int(verdict),
            sentence=sentence(verdict, clauses, problems, left_out),
            clauses=clauses,
            findings=tuple(self.kept),
            problems=problems,
            moves=moves_of(self.moves),
            bursts=tuple(self.bursts),
            left_out=left_out,
        )
        if all(one.verdict != Verdict.KNOWN.value for one in clauses):
            return whole
        verdict = draw_known(whole, clauses, problems)
        return replace(
            whole,
            verdict=verdict.words,
            exit_code=int(verdict),
            sentence=sentence_known(whole, verdict, clauses, problems),
        )

    def _verdict(self, base: Result, clauses: tuple[ClauseResult, ...]) -> RunVerdict:
        for worst in (RunVerdict.SUITE_FAILED, RunVerdict.UNREACHABLE):
            if worst in self.codes and (
                worst is RunVerdict.SUITE_FAILED or not self.kept
            ):
                return worst
        verdict = draw(clauses, self.kept, list(self.problems))
        if verdict is RunVerdict.CONFORMING and not base.complete:
            return RunVerdict.INCOMPLETE
        return verdict


def merge(results: Iterable[Result]) -> Result:
    """Return results of one target under one contract as one; the seed is the first one's.

    Counts are added, a violation in any result is one of the whole, and a clause that any of them
    exercised is exercised. ``seconds`` is the sum.

    Raises:
        MergeError: there is none, or they are of different contracts or targets.
    """
    merger = Merger()
    for result in results:
        merger.add(result)
    return merger.result()


def _check(one: Result, two: Result) -> None:
    if one.contract_sha256 != two.contract_sha256:
        raise MergeError(
            "results of different contract editions cannot be merged: "
            f"{one.contract_edition} ({one.contract_sha256[:12]}) and "
            f"{two.contract_edition} ({two.contract_sha256[:12]})"
        )
    if _who(one) != _who(two):
        raise MergeError(
            "results of different targets cannot be merged: "
            f"{one.target.name} {one.target.version or ''} and "
            f"{two.target.name} {two.target.version or ''} differ in name, version, "
            "offered parts or declarations; put them side by side with 'report matrix'"
        )


def _who(result: Result) -> tuple[object, ...]:
    target = result.target
    return (target.name, target.version, target.offers, dict(target.declares))

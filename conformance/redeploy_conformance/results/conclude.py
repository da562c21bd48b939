"""From what the cases brought to what the run says: a verdict per clause, and one in all."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from redeploy_conformance.judging.choices import EXISTENCE
from redeploy_conformance.judging.ledger import UNANSWERED
from redeploy_conformance.judging.passing import OF_SUCCESS
from redeploy_conformance.judging.world import Told
from redeploy_conformance.results.sums import Sums
from redeploy_conformance.running.api import Offer
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Clause, Contract
from redeploy_schemas.records import (
    Choice,
    ClauseResult,
    Finding,
    LeftOut,
    Move,
    Problem,
)
from redeploy_schemas.vocabulary import (
    NOT_CHOSEN,
    Missing,
    Part,
    RunVerdict,
    Strength,
    Verdict,
)

CONSISTENT = frozenset(
    {"A5", "A10", "A6d", "A13e", "A14b", "E5", "E7", "L11a", "L13", "R6", "U3"}
)
"""Open clauses of which an implementation should always go the same way."""
OF_FRESH_READS = frozenset({"L1", "L2", "L8r"})
"""Clauses about what shows at a certain moment: a read that may be late shows another one."""

UNDER_WAY = ("A2", "in_flight")
"""The clause, and its row, about calls while a redeploy is under way."""


def wavers(words: Iterable[str]) -> bool:
    """Whether one thing goes two ways; ``existence: same`` speaks of another than ``reveals``."""
    about = Counter(word.startswith(EXISTENCE) for word in words)
    return max(about.values(), default=0) > 1


@dataclass(slots=True)
class Gathered(Sums):
    """Everything that a run's cases brought, and what its target offers and declares.

    ``filtered`` says that the user chose some cases of the plan, and all of these were done; ``fresh``
    that the target declares that no read is late (L8l); ``doable`` are the clauses that cases of the
    plan exercise with what is offered, also where the clause needs more to be told in full.
    """

    contract: Contract
    offer: Offer
    declared: dict[str, str] = field(default_factory=dict)
    absent: frozenset[Part] = frozenset()
    filtered: bool = False
    fresh: bool = False
    doable: frozenset[str] = frozenset()

    def clauses(self) -> tuple[ClauseResult, ...]:
        """Return what the run says of each clause; its own cases explain it first."""
        slugs = {one.id: one.slug for one in self.contract.clauses}
        self.findings.sort(key=lambda one: not one.case.startswith(slugs[one.clause]))
        held = self.ledger.rows()
        return tuple(
            self._clause(clause, held.get(clause.id, {}))
            for clause in self.contract.clauses
        )

    def wavering(self) -> tuple[str, ...]:
        """Return the open clauses on which the implementation went two ways; more cases unmake none."""
        return tuple(one.id for one in self.contract.clauses if self._wavers(one))

    def _wavers(self, clause: Clause) -> bool:
        if clause.id == "A11":
            return self._disordered()
        words = (word for (name, word) in self.ledger.told if name == clause.id)
        return clause.id in CONSISTENT and wavers(words)

    def _clause(self, clause: Clause, rows: Mapping[str, int]) -> ClauseResult:
        found = tuple(
            n for n, one in enumerate(self.findings) if one.clause == clause.id
        )
        held = sum(rows.values())
        choices = self._choices(clause)
        missing: tuple[Missing, str, str] | None = None
        if found:
            verdict = Verdict.FAIL
        elif clause.strength is Strength.OPEN:
            verdict = Verdict.OPEN if choices else Verdict.NOT_EXERCISED
        else:
            solid = held > 0 and clause.id not in self.trouble and self._met(clause)
            verdict = Verdict.PASS if solid else Verdict.NOT_EXERCISED
        if verdict is Verdict.NOT_EXERCISED:
            missing = self._missing(clause)
        return ClauseResult(
            id=clause.id,
            name=clause.name,
            statement=clause.statement,
            strength=clause.strength.value,
            source=clause.source,
            mild=clause.mild,
            verdict=verdict.value,
            held=held,
            rows={row: times for row, times in rows.items() if row},
            missing=missing[0].value if missing else None,
            reason=missing[1] if missing else None,
            remedy=missing[2] if missing else None,
            choices=choices,
            declared=self.declared.get(clause.id),
            inconsistent=self._wavers(clause),
            findings=found,
        )

    def _met(self, clause: Clause) -> bool:
        """Whether every case came to the clause that it is for.

        Of calls under way it is enough that some did: in real time a redeploy may be over before it is
        called again, and what an event shows meanwhile may be answered first (E1x, A11).
        """
        if clause.id not in self.idle:
            return True
        return clause.id == UNDER_WAY[0] and self.ledger.held[UNDER_WAY] > 0

    def _choices(self, clause: Clause) -> tuple[Choice, ...]:
        if clause.id == "A11":
            return _precedence(self.ledger.precedence)
        return tuple(
            Choice(choice=word, count=count, evidence=self.ledger.evidence[name, word])
            for (name, word), count in sorted(self.ledger.told.items())
            if name == clause.id
        )

    def _disordered(self) -> bool:
        pairs = self.ledger.precedence
        return any((two, one) in pairs for one, two in pairs)

    def _missing(self, clause: Clause) -> tuple[Missing, str, str]:
        """Return why a clause was not exercised, and what would help."""
        if clause.id in self.declined:
            reason = self.declined[clause.id]
            return Missing.COULD_NOT_RUN, reason, "allow it with --burst"
        lacking = clause.needs - self.offer.parts
        # As the rate limit is in real time, without a clock.
        if clause.id in self.doable:
            lacking = frozenset()
        words = _listed(lacking)
        remedy = f"offer {words} of the control protocol"
        if lacking & self.absent:  # one that will never be there is enough
            reason = f"declared absent: {_listed(lacking & self.absent)}"
            return Missing.NOT_APPLICABLE, reason, remedy
        if lacking and self.offer.parts:
            reason = f"the implementation does not offer: {words}"
            remedy += ", or declare it absent"
            return Missing.COULD_NOT_RUN, reason, remedy
        if lacking:
            return (
                Missing.COULD_NOT_RUN,
                "there is no control plane, or its discovery offers nothing",
                "serve the control protocol beside the public endpoint, and say what it offers",
            )
        if self._blind(clause):
            times = count(self.ledger.held["S1", Part.INSPECT.value], "time")
            reason = (
                "redeploys succeeded, but inspection, which the implementation offers and which "
                f"answered {times}, never showed what this needs"
            )
            remedy = "let it list every instance of the account, with all its entries"
            return Missing.COULD_NOT_RUN, reason, remedy
        slow = self._too_slow() if Part.CLOCK in clause.needs else None
        if slow and clause.id in self.doable:
            remedy = (
                f"answer faster, or offer {Part.CLOCK.value} of the control protocol"
            )
            return Missing.COULD_NOT_RUN, slow, remedy
        if why := self.trouble.get(clause.id) or self.idle.get(clause.id):
            return Missing.COULD_NOT_RUN, why, self._look_into(clause)
        if clause.id in self.ended:
            reason = (
                f"its cases ended before, at a violation of {self.ended[clause.id]}"
            )
            return Missing.COULD_NOT_RUN, reason, f"mend {self.ended[clause.id]} first"
        if clause.id in self.ran:
            reason = "its cases ran, but what it needs did not come about"
            return Missing.COULD_NOT_RUN, reason, self._look_into(clause)
        if self.filtered and self.cut and clause.required:
            return Missing.COULD_NOT_RUN, *self.cut
        if self.filtered:
            return Missing.COULD_NOT_RUN, NOT_CHOSEN, "run all cases, without a filter"
        remedy = "run all cases to the end, without a filter"
        if self.findings:
            remedy += "; if that was done, mend what is violated first"
        return Missing.COULD_NOT_RUN, "no case of this run came to it", remedy

    def _look_into(self, clause: Clause) -> str:
        """Return what tells why a clause was not exercised, though its cases ran."""
        if clause.id in OF_FRESH_READS and not self.fresh:
            return "declare read_lag_seconds = 0 if no read is late: as it is, a late one may explain what was seen"
        if failed := self._failed():
            limit = clause.id.startswith("Q")
            throttled = "; a throttled call has a Code that begins with Throttling"
            return f"mend what lets calls fail: {failed}{throttled if limit else ''}"
        if self.problems:
            return "see what could not be run"
        if clause.id == UNDER_WAY[0] and Part.CLOCK not in self.offer.parts:
            return "let a redeploy take longer than a call does"
        if clause.id in OF_SUCCESS and Part.OUTCOMES not in self.offer.parts:
            # where nothing can be asked for, every redeploy may fail
            return "offer outcomes of the control protocol, so that redeploys succeed where they must"
        return f"run --clause {clause.id} --trace FILE, and see what was answered"

    def _too_slow(self) -> str | None:
        """Say that the calls of a burst took too long to come to the rate limit, if they did."""
        if Part.CLOCK in self.offer.parts or not self.bursts:
            return None
        points = [one for burst in self.bursts for one in burst.points]
        if any(one.throttled for one in points):
            return None
        calls = sum(one.accepted + one.rejected for one in points)
        seconds = max(one.at for one in points)
        limit, window = self.contract.quota_calls, self.contract.quota_seconds
        # Fast enough, so that the limiter is to blame.
        if calls * window > limit * seconds:
            return None
        return (
            f"{count(calls, 'call')} in real time took {seconds:.0f} s, too slow to come to the limit "
            f"of {limit} in {window:g} s"
        )

    def _failed(self) -> str | None:
        """Return how many calls failed that nobody had asked to, answered or not."""
        failed = self.ledger.failed
        asked = self.ledger.held["S1", Part.INTERNAL_ERRORS.value]
        lost = failed[UNANSWERED]
        told = [f"{count(lost, 'call')} got no whole answer"] if lost else []
        number = failed.total() - lost - asked
        if number > 0:
            were = "was" if number == 1 else "were"
            statuses = " or ".join(map(str, sorted(set(failed) - {UNANSWERED})))
            told.insert(
                0,
                f"{count(number, 'call')} {were} answered {statuses}, which nobody had asked for",
            )
        return ", and ".join(told) or None

    def _blind(self, clause: Clause) -> bool:
        """Whether inspection was asked for, and showed nothing to any clause that rests on it.

        That breaks nothing: the control protocol does not say how late it may show an instance.
        """
        asked = ("S1", Part.INSPECT.value) in self.ledger.held
        if not asked or Part.INSPECT not in clause.needs:
            return False
        held = {name for name, _ in self.ledger.held}
        rest = {one.id for one in self.contract.clauses if Part.INSPECT in one.needs}
        return "L3" in held and not held & rest

    def verdict(self, clauses: Sequence[ClauseResult]) -> RunVerdict:
        """Return what the run says as a whole."""
        return draw(clauses, self.findings, self.problems)


def _listed(parts: Iterable[Part]) -> str:
    return ", ".join(sorted(part.value for part in parts))


def moves_of(walked: Mapping[tuple[str, str, str, str], int]) -> tuple[Move, ...]:
    """Return how often each edge of the state diagram was walked."""
    return tuple(
        Move(origin=origin, before=before, after=after, what=what, count=count)
        for (origin, before, after, what), count in sorted(walked.items())
    )


def left_out_of(cases: Mapping[str, Iterable[str]]) -> tuple[LeftOut, ...]:
    """Return the cases that do not apply to the target, by the reason why."""
    return tuple(
        LeftOut(reason=why, cases=tuple(sorted(names)))
        for why, names in sorted(cases.items())
    )


def _precedence(pairs: Counter[Told]) -> tuple[Choice, ...]:
    """Return the order in which codes win, as one choice where all that was seen gives one (A11)."""
    order: tuple[str, ...] = ()
    with suppress(CycleError):
        before: TopologicalSorter[str] = TopologicalSorter()
        for one, two in pairs:
            before.add(two, one)
        order = tuple(before.static_order())
    if order and all(pair in pairs for pair in pairwise(order)):
        evidence = f"{count(len(pairs), 'pair')}, each of both violated at once"
        choice = " before ".join(order)
        return (Choice(choice=choice, count=pairs.total(), evidence=evidence),)
    return tuple(
        Choice(choice=f"{one} before {two}", count=count, evidence="both violated")
        for (one, two), count in sorted(pairs.items())
    )


def draw(
    clauses: Sequence[ClauseResult],
    findings: Sequence[Finding],
    problems: Sequence[Problem],
) -> RunVerdict:
    """Return the verdict of a whole run from what it says of each clause."""
    if findings:
        return RunVerdict.NOT_CONFORMING
    required = [one for one in clauses if one.strength != Strength.OPEN.value]
    if not any(one.verdict == Verdict.PASS.value for one in required):
        return RunVerdict.INCOMPLETE
    gaps = [
        one
        for one in required
        if one.verdict != Verdict.PASS.value
        and one.missing != Missing.NOT_APPLICABLE.value
    ]
    if gaps or problems:
        return RunVerdict.INCOMPLETE
    return RunVerdict.CONFORMING

"""The one fold over a result that every format starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redeploy_schemas.records import ClauseResult, Result
from redeploy_schemas.vocabulary import Missing, Verdict

BROKEN = (Verdict.FAIL.value, Verdict.KNOWN.value)
"""The verdicts of a clause that is violated, known or not."""

CONTROL = "S1"
"""The clause of the control protocol: where that does not work, nothing else is certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Clauses that were not exercised for one and the same reason."""

    missing: str | None
    reason: str | None
    remedy: str | None
    clauses: tuple[ClauseResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The clauses of a result by what the run says of them, in the contract's order.

    Of the violated ones, that of the control protocol comes first, and those last that others explain
    as well: see the function ``explained``.
    """

    violated: tuple[ClauseResult, ...]
    hold: tuple[ClauseResult, ...]
    not_exercised: tuple[ClauseResult, ...]
    open: tuple[ClauseResult, ...]
    known: tuple[ClauseResult, ...] = ()
    explained: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def not_applicable(self) -> int:
        """How many clauses were not exercised because the target declares so."""
        wanted = Missing.NOT_APPLICABLE.value
        return sum(clause.missing == wanted for clause in self.not_exercised)

    @property
    def could_not_run(self) -> int:
        """How many clauses were not exercised for any other reason."""
        return len(self.not_exercised) - self.not_applicable


def summarise(result: Result) -> Summary:
    """Return the clauses of a result, sorted by verdict."""

    def having(verdict: Verdict) -> tuple[ClauseResult, ...]:
        return tuple(row for row in result.clauses if row.verdict == verdict.value)

    others = explained(result)

    def causes_first(rows: tuple[ClauseResult, ...]) -> tuple[ClauseResult, ...]:
        return tuple(
            sorted(rows, key=lambda row: (row.id != CONTROL, row.id in others))
        )

    return Summary(
        violated=causes_first(having(Verdict.FAIL)),
        hold=having(Verdict.PASS),
        not_exercised=having(Verdict.NOT_EXERCISED),
        open=having(Verdict.OPEN),
        known=causes_first(having(Verdict.KNOWN)),
        explained=others,
    )


def explained(result: Result) -> dict[str, tuple[str, ...]]:
    """Return violated clauses that may not be broken at all, each with those that explain as much.

    Every counterexample of such a clause may be about another one instead, and that one has a
    counterexample that is about nothing else.
    """
    found = {
        row.id: [result.findings[place] for place in row.findings]
        for row in result.clauses
        if row.verdict in BROKEN and row.findings
    }
    causes = {
        clause: tuple(
            other
            for other, several in found.items()
            if all(other in one.instead for one in mine)
            and not all(one.instead for one in several)
        )
        for clause, mine in found.items()
    }
    return {clause: others for clause, others in causes.items() if others}


def groups(clauses: Sequence[ClauseResult]) -> tuple[Group, ...]:
    """Return clauses by the reason why they were not exercised, first seen first."""
    found: dict[tuple[str | None, str | None, str | None], list[ClauseResult]] = {}
    for clause in clauses:
        key = (clause.missing, clause.reason, clause.remedy)
        found.setdefault(key, []).append(clause)
    return tuple(
        Group(missing=missing, reason=reason, remedy=remedy, clauses=tuple(rows))
        for (missing, reason, remedy), rows in found.items()
    )

"""The one fold over a result that every format starts from."""

from collections.abc import Sequence
from dataclasses import dataclass

from redeploy_schemas.records import ClauseResult, Result
from redeploy_schemas.vocabulary import Missing, Verdict

BROKEN = (Verdict.FAIL.value, Verdict.KNOWN.value)
"""The verdicts of a clause that is violated, known or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Clauses that were not exercised for one and the same reason."""

    missing: str | None
    reason: str | None
    remedy: str | None
    clauses: tuple[ClauseResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The clauses of a result by what the run says of them, in the contract's order."""

    violated: tuple[ClauseResult, ...]
    hold: tuple[ClauseResult, ...]
    not_exercised: tuple[ClauseResult, ...]
    open: tuple[ClauseResult, ...]
    known: tuple[ClauseResult, ...] = ()

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

    return Summary(
        violated=having(Verdict.FAIL),
        hold=having(Verdict.PASS),
        not_exercised=having(Verdict.NOT_EXERCISED),
        open=having(Verdict.OPEN),
        known=having(Verdict.KNOWN),
    )


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

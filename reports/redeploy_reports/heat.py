"""The event table as a heat map: each type and status, how often a redeploy responded."""

from dataclasses import dataclass
from math import log10

from redeploy_reports.summary import BROKEN
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import ClauseResult, Result

RESPONDS = "E1"
"""The clause whose rows are named ``type status``."""
OUTSIDE = ("E2", "E3", "E4")
"""The clauses on events that a redeploy does not respond to; their rows are types."""
HOTTEST = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One type in one status: whether the table lists it, how often it was seen to be so."""

    listed: bool
    count: int
    violated: bool

    @property
    def heat(self) -> int:
        """Return 0 for never, and up to 4 for a thousand times and more."""
        return min(HOTTEST, 1 + int(log10(self.count))) if self.count else 0


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One event type; ``only_with`` is the condition of its row, empty without one."""

    type: str
    only_with: str
    cells: tuple[Cell, ...]
    outside: Cell


def rows(contract: Contract, result: Result) -> tuple[HeatRow, ...]:
    """Return the table's rows, then the types that it does not list."""
    clauses = {one.id: one for one in result.clauses}
    broken = _broken(result)
    listed = {row.type: row for row in contract.events}
    found = []
    for kind in (*listed, *contract.unlisted_event_types):
        row = listed.get(kind)
        cells = []
        for status in contract.open_event_statuses:
            name = f"{kind} {status}"
            known = row is not None and status in row.statuses
            cells.append(Cell(known, _times(clauses, RESPONDS, name), name in broken))
        beyond = sum(_times(clauses, clause, kind) for clause in OUTSIDE)
        only = row.only_with if row else {}
        found.append(
            HeatRow(
                kind,
                ", ".join(f"{name} {value}" for name, value in only.items()),
                tuple(cells),
                Cell(True, beyond, kind in broken),
            )
        )
    return tuple(found)


def _times(clauses: dict[str, ClauseResult], clause: str, row: str) -> int:
    return clauses[clause].rows.get(row, 0) if clause in clauses else 0


def _broken(result: Result) -> set[str]:
    """Return the rows that a violated clause on events is violated in, by its cases' names."""
    return {
        words
        for clause in result.clauses
        if clause.id in (RESPONDS, *OUTSIDE) and clause.verdict in BROKEN
        for place in clause.findings
        for words in _rows_of(result.findings[place].case)
    }


def _rows_of(case: str) -> tuple[str, ...]:
    """Return ``type status`` and ``type`` from a case named ``E1-responds type status``."""
    words = case.split()[1:]
    return (" ".join(words[:2]), *words[:1])

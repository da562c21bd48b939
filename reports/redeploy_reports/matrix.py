"""Several results side by side: clauses by targets, a cell is a verdict or a choice taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from redeploy_reports import markdown as md
from redeploy_reports.clean import clean
from redeploy_reports.phrases import VERDICT_WORDS, count, title, verdict
from redeploy_schemas.records import ClauseResult, Result
from redeploy_schemas.vocabulary import RunVerdict, Verdict

MARKS = {
    Verdict.PASS.value: "✓",
    Verdict.FAIL.value: "✗",
    Verdict.NOT_EXERCISED.value: "–",
    Verdict.OPEN.value: "○",
    Verdict.KNOWN.value: "!",
}
ABSENT = "no such clause"
NAME, CELL, NARROW = 40, 28, 16
"""How many characters of a clause's name and of a choice the terminal's table shows.

A choice gets fewer, though not less than ``NARROW``, where more targets fit so.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One target: who it is, and how many clauses have which verdict.

    ``label`` tells targets of one name apart; ``good`` says that nothing is left to be desired.
    """

    label: str
    name: str
    edition: str
    verdict: str
    good: bool
    violated: int
    hold: int
    not_exercised: int
    open: int
    known: int

    @property
    def title(self) -> str:
        """The name, with the label where there is one."""
        return f"{self.name} ({self.label})" if self.label else self.name

    @property
    def counts(self) -> str:
        """How many clauses have which verdict, in words."""
        known = f"{self.known} known, " if self.known else ""
        return (
            f"{self.violated} violated, {known}{self.hold} hold, "
            f"{self.not_exercised} not exercised, {self.open} open"
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """What one result says of one clause; ``verdict`` is None where it does not know it.

    ``parts`` are the choices where there is more than one.
    """

    verdict: str | None
    text: str
    parts: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """One character for the verdict, so that nothing rests on a colour."""
        return MARKS.get(self.verdict or "", " ")


@dataclass(frozen=True, slots=True)
class Row:
    """One clause over all targets."""

    id: str
    name: str
    statement: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether not all targets say the same."""
        return len(set(self.cells)) > 1


@dataclass(frozen=True, slots=True)
class Entry:
    """What one target brings: its column, and (id, name, statement, cell) of each clause."""

    column: Column
    clauses: tuple[tuple[str, str, str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole comparison, its columns sorted by fewest violations, every text cleaned."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    noun: str = "target"


def compare(results: Iterable[tuple[str, Result]]) -> Matrix:
    """Return the matrix of results with a label each, such as the name of their file."""
    return side_by_side(_entry(label, result) for label, result in results)


def side_by_side(entries: Iterable[Entry], noun: str = "target") -> Matrix:
    """Return the matrix of what several targets bring.

    Fewest violations first, known ones among them, then fewest gaps, then as given.
    """
    known: dict[str, tuple[str, str]] = {}
    shared: dict[Cell, Cell] = {}  # most results say the same of most clauses
    taken = []
    for entry in entries:
        cells = {}
        for key, name, statement, cell in entry.clauses:
            known.setdefault(key, (name, statement))
            cells[key] = shared.setdefault(cell, cell)
        taken.append((entry.column, cells))
    taken.sort(key=lambda pair: _order(pair[0]))
    absent = Cell(None, ABSENT)
    rows = tuple(
        Row(
            clean(key),
            clean(name),
            clean(statement, limit=400),
            tuple(cells.get(key, absent) for _, cells in taken),
        )
        for key, (name, statement) in known.items()
    )
    return Matrix(tuple(column for column, _ in taken), rows, noun)


def _order(column: Column) -> tuple[int, int]:
    return (column.violated + column.known, column.not_exercised)


def column(
    label: str,
    name: str,
    edition: str,
    verdict: str,
    good: bool,
    verdicts: Sequence[str],
) -> Column:
    """Return a column; its texts are cleaned, its counts those of the verdicts."""
    known = verdicts.count(Verdict.KNOWN.value)
    return Column(
        label=clean(label, limit=60),
        name=clean(name),
        edition=clean(edition),
        verdict=clean(verdict),
        good=good and not known,
        violated=verdicts.count(Verdict.FAIL.value),
        hold=verdicts.count(Verdict.PASS.value),
        not_exercised=verdicts.count(Verdict.NOT_EXERCISED.value),
        open=verdicts.count(Verdict.OPEN.value),
        known=known,
    )


def _entry(label: str, result: Result) -> Entry:
    rows = tuple(
        (one.id, one.name, one.statement, Cell(one.verdict, verdict(one), _parts(one)))
        for one in result.clauses
    )
    return Entry(
        column(
            label,
            title(result.target),
            result.contract_edition,
            result.verdict,
            result.exit_code == RunVerdict.CONFORMING,
            [one.verdict for one in result.clauses],
        ),
        rows,
    )


def _parts(clause: ClauseResult) -> tuple[str, ...]:
    if clause.verdict != Verdict.OPEN.value or len(clause.choices) < 2:
        return ()
    return tuple(clean(one.choice, limit=60) for one in clause.choices)


def markdown(matrix: Matrix) -> str:
    """Return the matrix as a Markdown table, ending in a line end."""
    columns = [md.escape(column.title) for column in matrix.columns]
    lines = md.head(["clause", *columns])
    lines.append(
        md.row(
            [
                "**verdict**",
                *(f"{md.escape(one.verdict)}: {one.counts}" for one in matrix.columns),
            ]
        )
    )
    for row in matrix.rows:
        cells = [f"{cell.mark} {md.escape(cell.text)}" for cell in row.cells]
        lines.append(md.row([f"{md.escape(row.id)} {md.escape(row.name)}", *cells]))
    return "\n".join(lines) + "\n"


def text(matrix: Matrix, width: int = 100) -> str:
    """Return the matrix for a terminal of ``width`` columns, ending in a line end.

    Targets are numbered; as many stand side by side as fit, the rest below.
    """
    lines = [
        line
        for number, one in enumerate(matrix.columns, 1)
        for line in wrap(
            f"[{number}] {one.title}: {one.verdict}; {one.counts}",
            max(width, 40),
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
    ]
    names = [_cut(f"{row.id} {row.name}", NAME) for row in matrix.rows]
    first = max(map(len, names), default=0)
    room = width - first
    most = max(NARROW, min(CELL, room // max(len(matrix.columns), 1) - 2))
    shown = [[_short(cell, most) for cell in row.cells] for row in matrix.rows]
    widths = [
        max([len(cells[place]) for cells in shown] or [0])
        for place in range(len(matrix.columns))
    ]
    for places in _fitting(widths, max(room, most + 3)):
        lines.append("")
        heads = [f"[{place + 1}]".ljust(widths[place]) for place in places]
        lines.append("  ".join([" " * first, *heads]).rstrip())
        for name, row in zip(names, shown, strict=True):
            cells = [row[place].ljust(widths[place]) for place in places]
            lines.append("  ".join([name.ljust(first), *cells]).rstrip())
    last = f"{legend(matrix)}; {count(len(matrix.columns), matrix.noun)}"
    lines += ["", *wrap(last, max(width, 40), break_on_hyphens=False)]
    return "\n".join(lines) + "\n"


def legend(matrix: Matrix) -> str:
    """Return what the marks mean that stand in a matrix."""
    return marked(cell.verdict for row in matrix.rows for cell in row.cells)


def marked(verdicts: Iterable[str | None]) -> str:
    """Return the marks of these verdicts, each with what it means."""
    seen = set(verdicts)
    marks = (
        f"{mark} {VERDICT_WORDS[key]}" for key, mark in MARKS.items() if key in seen
    )
    return ", ".join(marks)


def _short(cell: Cell, most: int) -> str:
    return _cut(f"{cell.mark} {cell.text}".rstrip(), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _fitting(widths: Sequence[int], room: int) -> Iterable[list[int]]:
    """Yield the places of the columns that stand side by side, from left to right."""
    block, used, blocks = 0, 0, []
    for width in widths:
        if used and used + width + 2 > room:
            block, used = block + 1, 0
        used += width + 2
        blocks.append(block)
    for _, pairs in groupby(enumerate(blocks), key=lambda pair: pair[1]):
        yield [place for place, _ in pairs]

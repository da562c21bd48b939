"""Several results side by side: clauses by targets, a cell is a verdict or a choice taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from redeploy_reports import markdown as md
from redeploy_reports.clean import clean
from redeploy_reports.phrases import VERDICT_WORDS, count, title, verdict
from redeploy_schemas.records import Result
from redeploy_schemas.vocabulary import Verdict

MARKS = {
    Verdict.PASS.value: "✓",
    Verdict.FAIL.value: "✗",
    Verdict.NOT_EXERCISED.value: "–",
    Verdict.OPEN.value: "○",
    Verdict.KNOWN.value: "!",
}
ABSENT = "not in its contract"
NAME, CELL = 40, 28
"""How many characters of a clause's name and of a choice the terminal's table shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One target: who it is, and how many clauses have which verdict."""

    title: str
    edition: str
    verdict: str
    violated: int
    hold: int
    not_exercised: int
    open: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What one result says of one clause; ``verdict`` is None where it does not know it."""

    verdict: str | None
    text: str

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


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole comparison, its columns sorted by fewest violations, every text cleaned."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def compare(results: Iterable[tuple[str, Result]]) -> Matrix:
    """Return the matrix of results with a label each, such as the name of their file.

    Fewest violations first, then fewest gaps, then as given.
    """
    known: dict[str, tuple[str, str]] = {}
    taken = []
    for label, result in results:
        for one in result.clauses:
            known.setdefault(one.id, (one.name, one.statement))
        cells = {one.id: Cell(one.verdict, verdict(one)) for one in result.clauses}
        taken.append((_column(label, result), cells))
    taken.sort(key=lambda pair: (pair[0].violated, pair[0].not_exercised))
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
    return Matrix(tuple(column for column, _ in taken), rows)


def _column(label: str, result: Result) -> Column:
    name = f"{title(result.target)} ({clean(label, limit=60)})" if label else ""
    numbers = [one.verdict for one in result.clauses]
    return Column(
        title=name or title(result.target),
        edition=clean(result.contract_edition),
        verdict=clean(result.verdict),
        violated=numbers.count(Verdict.FAIL.value),
        hold=numbers.count(Verdict.PASS.value),
        not_exercised=numbers.count(Verdict.NOT_EXERCISED.value),
        open=numbers.count(Verdict.OPEN.value),
    )


def markdown(matrix: Matrix) -> str:
    """Return the matrix as a Markdown table, ending in a line end."""
    columns = [md.escape(column.title) for column in matrix.columns]
    lines = md.head(["clause", *columns])
    lines.append(
        md.row(
            [
                "**verdict**",
                *(
                    f"{md.escape(one.verdict)}: {one.violated} violated, {one.hold} hold, "
                    f"{one.not_exercised} not exercised, {one.open} open"
                    for one in matrix.columns
                ),
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
        f"[{number}] {one.title}: {one.verdict}; {one.violated} violated, "
        f"{one.hold} hold, {one.not_exercised} not exercised, {one.open} open"
        for number, one in enumerate(matrix.columns, 1)
    ]
    names = [_cut(f"{row.id} {row.name}", NAME) for row in matrix.rows]
    first = max(map(len, names), default=0)
    widths = [
        max([len(_short(row.cells[place])) for row in matrix.rows] or [0])
        for place in range(len(matrix.columns))
    ]
    for places in _fitting(widths, max(width - first, CELL + 3)):
        lines.append("")
        heads = [f"[{place + 1}]".ljust(widths[place]) for place in places]
        lines.append("  ".join([" " * first, *heads]).rstrip())
        for name, row in zip(names, matrix.rows, strict=True):
            cells = [_short(row.cells[place]).ljust(widths[place]) for place in places]
            lines.append("  ".join([name.ljust(first), *cells]).rstrip())
    legend = ", ".join(f"{mark} {VERDICT_WORDS[key]}" for key, mark in MARKS.items())
    lines += ["", f"{legend}; {count(len(matrix.columns), 'target')}"]
    return "\n".join(lines) + "\n"


def _short(cell: Cell) -> str:
    return _cut(f"{cell.mark} {cell.text}".rstrip(), CELL)


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

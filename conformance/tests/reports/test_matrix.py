"""Several results side by side, in each of the three forms."""

from dataclasses import replace

import pytest

from redeploy_reports.html import render_matrix
from redeploy_reports.matrix import Matrix, compare, markdown, text
from redeploy_schemas.records import Result

TEXT = """\
[1] toy 1.0 (good): conforming; 0 violated, 1 hold, 0 not exercised, 1 open
[2] toy 1.0 (bad): not conforming; 2 violated, 1 hold, 3 not exercised, 2 open

                        [1]               [2]
A1 unknown-id           ✓ holds           ✓ holds
A3 security-lock          no such clause  ✗ violated
R3 message-of-code        no such clause  ✗ violated
L4 success-migrates       no such clause  – could not run
L5 failure-host           no such clause  – could not run
Q1 under-the-limit        no such clause  – not applicable
A5 dedicated-host-code    no such clause  ○ InvalidOperation.Redeploy…
A10 no-event            ○ refuse          ○ inconsistent: refuse, acc…

✓ holds, ✗ violated, – not exercised, ○ open; 2 targets
"""


@pytest.fixture
def both(conforming: Result, violated: Result) -> Matrix:
    """The worse one is given first."""
    return compare([("bad", violated), ("good", conforming)])


def test_the_terminal_table(both: Matrix) -> None:
    assert text(both, 100) == TEXT


def test_what_does_not_fit_stands_below(both: Matrix) -> None:
    lines = text(both, 50).splitlines()
    assert max(map(len, lines)) <= 50
    heads = [line.split() for line in lines if line.lstrip().startswith("[")]
    assert heads[2:] == [["[1]"], ["[2]"]]
    assert sum(line.startswith("A10 no-event") for line in lines) == 2


def test_fewest_violations_stand_first_then_fewest_gaps(
    conforming: Result, violated: Result
) -> None:
    gap = replace(
        conforming.clauses[0], verdict="not exercised", missing="could not run"
    )
    half = replace(conforming, clauses=(gap, conforming.clauses[1]))
    found = compare([("1", violated), ("2", half), ("3", conforming)])
    assert [column.title for column in found.columns] == [
        "toy 1.0 (3)",
        "toy 1.0 (2)",
        "toy 1.0 (1)",
    ]


def test_the_markdown_table(both: Matrix) -> None:
    lines = markdown(both).splitlines()
    assert lines[0] == "| clause | toy 1.0 (good) | toy 1.0 (bad) |"
    assert lines[3] == "| A1 unknown-id | ✓ holds | ✓ holds |"
    assert lines[4] == "| A3 security-lock |   no such clause | ✗ violated |"
    assert len(lines) == 3 + len(both.rows)


def test_the_page_has_a_header_for_each_row_and_column(both: Matrix) -> None:
    page = render_matrix(both)
    assert page.count('<th scope="col">') == 3
    assert page.count('<th scope="row"') == len(both.rows)
    assert "✗ violated" in page

"""The ledger table, as a whole string."""

from collections.abc import Callable
from dataclasses import replace

from redeploy_reports.ledger import render
from redeploy_schemas.records import ClauseResult, Result

LEDGER = """\
| clause | times its premise held | verdict |
| --- | ---: | --- |
| A1 unknown-id | 12 | pass |
| A3 security-lock | 12 | fail |
| R3 message-of-code | 12 | fail |
| L4 success-migrates | 0 | not exercised: could not run |
| L5 failure-host | 0 | not exercised: could not run |
| Q1 under-the-limit | 0 | not exercised: not applicable |
| A5 dedicated-host-code | 12 | open: InvalidOperation.RedeployInstance |
| A10 no-event | 12 | open: refuse, accept |
"""


def test_the_whole_table(violated: Result) -> None:
    assert render(violated) == LEDGER


def test_a_name_cannot_break_the_table(
    conforming: Result, clause: Callable[..., ClauseResult]
) -> None:
    row = clause("A1", "a|b\n<i>", held=1234)
    table = render(replace(conforming, clauses=(row,)))
    assert table.splitlines()[2:] == [r"| A1 a\|b\\x0a\<i\> | 1,234 | pass |"]

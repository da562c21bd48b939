"""Lines of a trace with one value that is not as it should be: never a crash."""

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from redeploy_conformance.evidence.check import ForeignTraceError, check
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import Contract

CLAUSES = ("A3", "E4", "U1", "L12", "R5")
RECORDS = ("header", "session", "step", "spans", "done", "finding", "case", "end")


@pytest.fixture
def lines(record: Callable[..., Any]) -> list[bytes]:
    """Return the lines of a run that breaks a clause."""
    ran = record(FAULTS["security-lock-ignored"].build(), CLAUSES)
    assert {one.clause for one in ran.result.findings} == {"A3"}
    return list(ran.lines)


@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", RECORDS)
def test_no_line_makes_the_check_fail(
    contract: Contract,
    tmp_path: Path,
    lines: list[bytes],
    odd: SimpleNamespace,
    kind: str,
    first: int,
) -> None:
    """Every second change, from the first one or, which takes as long again, from the next one."""
    tried: set[object] = set()
    path = tmp_path / "odd.trace"
    told = 0
    for number, raw in enumerate(lines):
        line = json.loads(raw)
        alike = frozenset(one["step"] for one in line.get("steps", ()))
        if line["record"] != kind or alike in tried:
            continue
        tried.add(alike)
        for place, value in islice(odd.changes(line), first, None, 2):
            changed = json.dumps(odd.changed(line, place, value)).encode() + b"\n"
            path.write_bytes(
                b"".join([*lines[:number], changed, *lines[number + 1 : number + 40]])
            )
            try:
                result = check([path], contract).result()
            except ForeignTraceError as error:
                told += f"line {number + 1}: " in str(error)
                continue
            told += any(f"line {number + 1}: " in one.text for one in result.problems)
    assert told

"""Certifications of clients side by side."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from redeploy_conformance.cli import main
from redeploy_reports import certified
from redeploy_reports.certified import entries
from redeploy_reports.matrix import Cell, markdown, side_by_side, text
from redeploy_schemas.clients import CERTIFICATION_FORMAT, client_clauses
from redeploy_schemas.validation import problems


def clause(id: str, verdict: str, **given: Any) -> dict[str, Any]:
    strength = "open" if verdict == "open" else "implied"
    return {
        "id": id,
        "name": f"name-of-{id}",
        "statement": f"What {id} says.",
        "strength": strength,
        "verdict": verdict,
        "held": 3,
        "failed": 0,
        "reason": None,
        "choices": {},
        **given,
    }


def client(
    library: str, *clauses: dict[str, Any], problem: str | None = None
) -> dict[str, Any]:
    return {
        "adapter": f"python adapters/{library}.py",
        "card": {
            "protocol": 1,
            "library": library,
            "version": "7.1",
            "language": "python",
            "runtime": "3.11",
            "signature": "v3",
        },
        "problem": problem,
        "cases": 10,
        "seconds": 1.5,
        "clauses": list(clauses),
        "failures": [],
    }


def certification(*clients: dict[str, Any]) -> dict[str, Any]:
    document = {
        "format": CERTIFICATION_FORMAT,
        "suite_version": "0.1.0",
        "contract_edition": "RedeployInstance, page of mid-2026",
        "started": "2026-01-01T00:00:00Z",
        "seconds": 3.0,
        "exit_code": 0,
        "clients": list(clients),
    }
    assert problems("client/result", document) == []
    return document


GOOD = client("good", clause("C2", "pass"), clause("C1b", "open", choices={"lower": 4}))
BAD = client("bad", clause("C2", "fail", failed=2), clause("C1b", "open"))
GAP = client(
    "gap", clause("C2", "not exercised", held=0, reason="it speaks no v3"), problem=None
)
GONE = {
    **client("gone", problem="it ended with 1"),
    "adapter": "gone.py",
    "card": None,
}

TEXT = """\
[1] good 7.1, python 3.11: conforming; 0 violated, 1 hold, 0 not exercised, 1
    open
[2] gap 7.1, python 3.11: incomplete; 0 violated, 0 hold, 1 not exercised, 0
    open
[3] gone.py: unreachable; 0 violated, 0 hold, 2 not exercised, 0 open
[4] bad 7.1, python 3.11: not conforming; 1 violated, 0 hold, 0 not exercised, 1
    open

                 [1]      [2]               [3]           [4]
C2 name-of-C2    ✓ holds  – it speaks no …  – not judged  ✗ violated
C1b name-of-C1b  ○ lower    no such clause  – not judged  ○ open

✓ holds, ✗ violated, – not exercised, ○ open; 4 clients
"""


def test_clients_stand_side_by_side_as_implementations_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = [one for one in client_clauses() if one.id in ("C1b", "C2")]
    monkeypatch.setattr(certified, "client_clauses", lambda: known)
    document = certification(BAD, GAP, GOOD, GONE)
    assert text(side_by_side(entries("", document), "client"), 80) == TEXT


def test_a_certification_by_some_cases_alone_is_incomplete() -> None:
    def verdict(exit_code: int) -> str:
        document = {**certification(GOOD), "exit_code": exit_code}
        (entry,) = entries("", document)
        return entry.column.verdict

    assert (verdict(0), verdict(3)) == ("conforming", "incomplete")


def test_several_choices_are_all_named() -> None:
    both = client("x", clause("C1b", "open", choices={"lower": 4, "upper": 1}))
    (entry,) = entries("", certification(both))
    assert entry.clauses[0][3] == Cell("open", "lower, upper", ("lower", "upper"))


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = tmp_path / "clients.json"
    found.write_text(json.dumps(certification(BAD, GOOD)), "utf-8")
    return str(found)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_command_takes_certifications(path: str, form: str) -> None:
    ran = CliRunner().invoke(main, ["report", "matrix", path, "--format", form])
    assert ran.exit_code == 0, ran.output
    assert 0 < ran.stdout.index("good 7.1") < ran.stdout.index("bad 7.1")


def test_hostile_names_of_a_library_stay_text(path: str) -> None:
    document = certification(client("<b>|\x1b[31m", clause("C2", "pass")))
    shown = markdown(side_by_side(entries("", document), "client"))
    assert "\\<b\\>\\|\\\\x1b" in shown


def test_a_result_among_certifications_is_wrong_usage(
    path: str, tmp_path: Path
) -> None:
    other = tmp_path / "result.json"
    other.write_text('{"format": "redeploy-conformance/result/1"}', "utf-8")
    for words in ((path, str(other)), (str(other), path)):
        ran = CliRunner().invoke(main, ["report", "matrix", *words])
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert ran.stderr.count("\n") == 1

"""What the tour found is told in the same order by the run and from its trace."""

import json
from pathlib import Path

from .conftest import Command

FAULT = "embedded:rejected-call-takes-effect-later"


def test_a_reason_names_the_same_finding(redeploy: Command, tmp_path: Path) -> None:
    ran = redeploy("run", FAULT, "--case", "tour", "--trace", "run.trace")
    checked = redeploy("check-trace", "run.trace", "--result", "again.json")
    assert (ran.code, checked.code) == (1, 1)
    assert ran.result is not None
    again = json.loads((tmp_path / "again.json").read_text("utf-8"))
    assert len(ran.result["findings"]) > 1
    for result in (ran.result, again):
        told = {one["id"]: one.get("reason") for one in result["clauses"]}
        assert told["U4"] == "the tour ended before, at a violation of L10"


def test_what_is_put_down_to_a_call_turned_down_is_so_in_its_trace(
    redeploy: Command, tmp_path: Path
) -> None:
    """Its session shows a change that either the redeploy or that call has made."""
    fault = "embedded:rejected-call-changes-event-type"
    case = "L7-ends called again and again until it must have ended"
    ran = redeploy("run", fault, "--case", case, "--trace", "run.trace")
    checked = redeploy("check-trace", "run.trace", "--result", "again.json")
    assert (ran.code, checked.code) == (1, 1)
    assert ran.result is not None
    again = json.loads((tmp_path / "again.json").read_text("utf-8"))
    for result in (ran.result, again):
        told = [(one["clause"], one["instead"]) for one in result["findings"]]
        assert told == [("L10", ["L9"])]

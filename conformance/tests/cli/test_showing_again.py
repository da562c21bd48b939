"""A printed command shows a violation again, whatever found it."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Ran

Command = Callable[..., Ran]


def again(ran: Ran, clause: str) -> list[str]:
    """Return the words of the command that was printed for a clause."""
    assert ran.result is not None
    found = next(one for one in ran.result["findings"] if one["clause"] == clause)
    words = shlex.split(found["reproduce"])
    assert words[0] == "redeploy-conformance"
    assert found["reproduce"][:60] in " ".join(ran.out.split())
    return words[1:]


def test_of_a_planned_case(redeploy: Command) -> None:
    ran = redeploy("run", "embedded:success-ends-stopped", "--clause", "L3")
    second = redeploy(*again(ran, "L3"))
    assert second.code == 1
    assert "VIOLATED L3" in second.out


def test_of_a_walk(redeploy: Command, tmp_path: Path) -> None:
    ran = redeploy("run", "embedded:success-ends-stopped", "-k", "test_walks")
    words = again(ran, "L3")
    assert words[0] == "replay"
    second = redeploy(*words[:1], *words[1:], "--times", "2")
    assert second.out.strip().endswith("L3: reproduced 2 of 2")
    healthy = [
        word.replace("embedded:success-ends-stopped", "embedded") for word in words
    ]
    kept = tmp_path / "redeploy-conformance-result.json"
    elsewhere = kept.rename(tmp_path / "elsewhere.json")
    healthy = [str(elsewhere) if word == str(kept) else word for word in healthy]
    third = redeploy(*healthy)
    assert third.code == 0
    assert "reproduced 0 of 3" in third.out


@pytest.mark.parametrize(
    ("text", "told"),
    [("{}", "no result file"), ("no json", "no result file"), ("", "no result file")],
)
def test_of_no_result(redeploy: Command, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "bad.json").write_text(text, "utf-8")
    ran = redeploy("replay", "bad.json")
    assert ran.code == 2
    assert told in ran.err


def test_of_a_finding_that_is_not_there(redeploy: Command, tmp_path: Path) -> None:
    redeploy("run", "--case", "tour")
    kept = tmp_path / "redeploy-conformance-result.json"
    assert json.loads(kept.read_text("utf-8"))["findings"] == []
    kept.rename(tmp_path / "r.json")
    ran = redeploy("replay", "r.json", "--finding", "1")
    assert ran.code == 2
    assert "0 findings" in ran.err

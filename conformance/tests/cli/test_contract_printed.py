"""The contract, printed for people, for programs and as a picture."""

import json

from redeploy_schemas.contract import load
from redeploy_schemas.validation import problems

from .conftest import Command


def test_as_a_table(redeploy: Command) -> None:
    ran = redeploy("contract", COLUMNS="80")
    assert ran.code == 0
    first = [line.split()[0] for line in ran.out.splitlines() if line.strip()]
    assert [one for one in first if one in load().by_id] == list(load().by_id)
    assert max(map(len, ran.out.splitlines())) <= 80


def test_as_json(redeploy: Command) -> None:
    ran = redeploy("contract", "--format", "json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert problems("run/contract", document) == []
    assert [one["id"] for one in document["clauses"]] == list(load().by_id)


def test_as_a_picture(redeploy: Command) -> None:
    ran = redeploy("contract", "--format", "mermaid")
    assert ran.code == 0
    assert ran.out.startswith("stateDiagram-v2\n")
    assert "Redeploy_of_Running --> Running: succeeds, L3" in ran.out

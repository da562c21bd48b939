"""The contract as printed: complete, in order, and always the same."""

import json
from collections.abc import Callable
from dataclasses import fields
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from redeploy_conformance.commands.contract import (
    FAILS,
    SUCCEEDS,
    document,
    mermaid,
    table,
)
from redeploy_schemas.contract import (
    Attribute,
    Clause,
    Contract,
    ErrorRow,
    EventRow,
    Forgery,
    MalformedCase,
    PolicyCase,
    Precondition,
    Transition,
    load,
)
from redeploy_schemas.vocabulary import Part, Strength

SCHEMA = json.loads(
    files("redeploy_schemas").joinpath("run/contract.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)

MERMAID = """\
stateDiagram-v2
    Pending --> Pending: rejected, A2
    Starting --> Starting: rejected, A2
    Stopping --> Stopping: rejected, A2
    Running --> Redeploy_of_Running: accepted
    state "under way, another call is rejected, A2" as Redeploy_of_Running {
        state "Stopping" as Redeploy_of_Running_1
        state "Stopped" as Redeploy_of_Running_2
        state "Starting" as Redeploy_of_Running_3
        [*] --> Redeploy_of_Running_1: L1
        Redeploy_of_Running_1 --> Redeploy_of_Running_2
        Redeploy_of_Running_2 --> Redeploy_of_Running_3
        Redeploy_of_Running_3 --> [*]
    }
    Redeploy_of_Running --> Running: succeeds, L3
    Redeploy_of_Running --> Running: fails by way of Starting, Stopped, Stopping, L6
    Stopped --> Redeploy_of_Stopped: accepted
    state "under way, another call is rejected, A2" as Redeploy_of_Stopped {
        state "Starting" as Redeploy_of_Stopped_1
        [*] --> Redeploy_of_Stopped_1: L2
        Redeploy_of_Stopped_1 --> [*]
    }
    Redeploy_of_Stopped --> Running: succeeds, L3
    Redeploy_of_Stopped --> Stopped: fails by way of Starting, Stopped, Stopping, L6
"""

CONTRACT = load()


def rebuilt(data: dict[str, Any]) -> Contract:
    """Make the contract again from the printed document and nothing else."""

    def rows(kind: Callable[..., Any], key: str) -> tuple[Any, ...]:
        return tuple(kind(row) for row in data[key])

    def tuples(row: dict[str, Any]) -> dict[str, Any]:
        return {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in row.items()
        }

    def clause(row: dict[str, Any]) -> Clause:
        needs = frozenset(Part(word) for word in row["needs"])
        return Clause(
            **tuples(row) | {"strength": Strength(row["strength"]), "needs": needs}
        )

    def attribute(row: dict[str, Any]) -> Attribute:
        default = frozenset(row["default"]) if row["is_set"] else row["default"]
        return Attribute(**tuples(row) | {"default": default})

    def precondition(row: dict[str, Any]) -> Precondition:
        return Precondition(**row | {"values": frozenset(row["values"])})

    def error(row: dict[str, Any]) -> ErrorRow:
        when = tuple(precondition(item) for item in row["preconditions"])
        return ErrorRow(**row | {"preconditions": when})

    def transition(row: dict[str, Any]) -> Transition:
        return Transition(**tuples(row) | {"through": frozenset(row["through"])})

    made = {
        "clauses": rows(clause, "clauses"),
        "attributes": rows(attribute, "attributes"),
        "errors": rows(error, "errors"),
        "events": rows(lambda row: EventRow(**tuples(row)), "events"),
        "transitions": rows(transition, "transitions"),
        "policy_cases": rows(lambda row: PolicyCase(**tuples(row)), "policy_cases"),
        "malformed": rows(lambda row: MalformedCase(**tuples(row)), "malformed"),
        "forgeries": rows(lambda row: Forgery(**row), "forgeries"),
    }
    rest = {key: value for key, value in data.items() if key != "format"}
    return Contract(**tuples(rest) | made)


def test_the_document_is_valid_and_complete() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    printed = json.loads(json.dumps(document(CONTRACT)))
    assert not list(VALIDATOR.iter_errors(printed))
    again = rebuilt(printed)
    names = [one.name for one in fields(CONTRACT)]  # a contract equals only itself
    assert {name: getattr(again, name) for name in names} == {
        name: getattr(CONTRACT, name) for name in names
    }


Edit = Callable[[dict[str, Any]], object]

WRONG: dict[str, Edit] = {
    "another format": lambda d: d.update(format="x"),
    "a field too many": lambda d: d.update(extra=1),
    "no events": lambda d: d.pop("events"),
    "no clause": lambda d: d.update(clauses=[]),
    "an unknown strength": lambda d: d["clauses"][0].update(strength="sure"),
    "an implied clause without its argument": lambda d: d["clauses"][0].update(
        strength="implied", argument=None
    ),
    "an unknown part": lambda d: d["clauses"][0].update(needs=["magic"]),
    "an error that is a success": lambda d: d["errors"][0].update(http_status=200),
    "a set whose default is a word": lambda d: d["attributes"][0].update(is_set=True),
    "a path of one status": lambda d: d["transitions"][0].update(path=["Running"]),
    "a policy that may": lambda d: d["policy_cases"][1]["statements"][0].update(
        Effect="May"
    ),
    "no quota": lambda d: d.update(quota_calls=0),
}


@pytest.mark.parametrize("edit", WRONG.values(), ids=list(WRONG))
def test_a_wrong_document_is_refused(edit: Edit) -> None:
    printed = json.loads(json.dumps(document(CONTRACT)))
    edit(printed)
    assert list(VALIDATOR.iter_errors(printed))


@pytest.mark.parametrize("width", [40, 88, 200])
def test_the_table_holds_every_row(width: int) -> None:
    printed = table(CONTRACT, width)
    words = " ".join(printed.split())
    for clause in CONTRACT.clauses:
        assert f"{clause.id} {clause.name}: {clause.strength.value}" in words
        for text in (clause.statement, clause.source, clause.argument or ""):
            assert " ".join(text.split()) in words
        for text in (*clause.choices, *clause.rulings):
            assert " ".join(text.split()) in words
    for error in CONTRACT.errors:
        assert f"{error.http_status} {error.code} {error.message}" in words
    for event in CONTRACT.events:
        assert f"{event.type}: {', '.join(event.statuses)}" in words
    for row in CONTRACT.transitions:
        assert f"{row.origin} → {' → '.join(row.path)}" in words
    long = [line for line in printed.splitlines() if len(line) > width]
    # Only a word that is longer than the line itself, such as the digest.
    assert all(len(line.split()) <= 3 for line in long)


def test_the_picture() -> None:
    assert mermaid(CONTRACT) == MERMAID
    assert {SUCCEEDS, FAILS} <= CONTRACT.by_id.keys()

"""A result survives the file, and its schema takes what is right and nothing else."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from redeploy_schemas.records import (
    Burst,
    Choice,
    ClauseResult,
    Exchange,
    Finding,
    InvalidRecordError,
    LeftOut,
    Move,
    Problem,
    Result,
    TraceStep,
)
from redeploy_schemas.vocabulary import Missing, RunVerdict, Strength, Verdict

Edit = Callable[[dict[str, Any]], object]

SCHEMA = json.loads(
    files("redeploy_schemas").joinpath("run/result.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "urn:redeploy-conformance:run:result:1"


def test_results_are_valid_and_survive(
    conforming: Result, violated: Result, left_out: Result
) -> None:
    for result in (conforming, violated, left_out):
        document = json.loads(result.to_text())
        assert not list(VALIDATOR.iter_errors(document))
        assert document == result.to_json()
        assert Result.from_text(result.to_text()) == result


RECORDS = {
    "clause": ClauseResult,
    "choice": Choice,
    "finding": Finding,
    "step": TraceStep,
    "exchange": Exchange,
    "move": Move,
    "burst": Burst,
    "left_out": LeftOut,
    "problem": Problem,
}


def test_every_record_of_the_schema_is_compared_here() -> None:
    objects = {name for name, one in SCHEMA["$defs"].items() if "properties" in one}
    assert not objects ^ set(RECORDS), f"RECORDS and $defs differ: {objects}"


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_and_the_schema_have_the_same_fields(name: str) -> None:
    ours = {one.name for one in fields(RECORDS[name])}
    theirs = set(SCHEMA["$defs"][name]["properties"])
    kind = RECORDS[name].__name__
    assert not theirs - ours, f"records.py, {kind}, lacks {sorted(theirs - ours)}"
    assert not ours - theirs, (
        f"run/result.json, $defs.{name}, lacks {sorted(ours - theirs)}"
    )


def test_the_document_groups_its_fields(violated: Result) -> None:
    document = violated.to_json()
    assert list(document) == SCHEMA["required"]
    assert document["suite"] == {"name": "redeploy-conformance", "version": "0.1.0"}
    assert document["run"]["seconds"] == 12.34
    assert document["findings"][0]["trace"][1]["exchanges"][0]["status"] == 200


def test_the_schema_knows_the_vocabulary() -> None:
    clause = SCHEMA["$defs"]["clause"]["properties"]
    assert clause["verdict"]["enum"] == [word.value for word in Verdict]
    assert clause["strength"]["enum"] == [word.value for word in Strength]
    assert clause["missing"]["enum"] == [*(word.value for word in Missing), None]
    assert SCHEMA["properties"]["verdict"]["enum"] == [
        word.words for word in RunVerdict
    ]
    pairs = {
        case["properties"]["verdict"]["const"]: case["properties"]["exit_code"]["const"]
        for case in SCHEMA["anyOf"]
    }
    assert pairs == {word.words: word.value for word in RunVerdict}


SHAPE_ERRORS: dict[str, Edit] = {
    "another format": lambda d: d.update(format="redeploy-conformance/result/2"),
    "no format": lambda d: d.pop("format"),
    "a field too many": lambda d: d.update(extra=1),
    "a field too many inside": lambda d: d["run"].update(extra=1),
    "no suite": lambda d: d.pop("suite"),
    "a group that is a list": lambda d: d.update(run=[]),
    "no clause name": lambda d: d["clauses"][0].pop("name"),
    "a count that is a text": lambda d: d["clauses"][0].update(held="12"),
    "a count that is true": lambda d: d["run"].update(cases=True),
    "steps that are texts": lambda d: d["problems"].append("text"),
    "rows that are no numbers": lambda d: d["clauses"][0].update(rows={"r": "1"}),
    "an exchange with a header": lambda d: d["findings"][0]["trace"][1]["exchanges"][
        0
    ].update(authorization="x"),
}

RULE_ERRORS: dict[str, Edit] = {
    "an unknown verdict": lambda d: d["clauses"][0].update(verdict="skipped"),
    "an unknown part": lambda d: d["target"]["offers"].append("magic"),
    "a pass that never held": lambda d: d["clauses"][0].update(held=0),
    "a negative count": lambda d: d["run"].update(requests=-1),
    "a failure without a finding": lambda d: d["clauses"][1].update(findings=[]),
    "a finding of a clause that holds": lambda d: d["clauses"][0].update(findings=[0]),
    "not exercised for no reason": lambda d: d["clauses"][3].update(missing=None),
    "a pass that is missing": lambda d: d["clauses"][0].update(
        missing="could not run", reason="x"
    ),
    "green with findings": lambda d: d.update(verdict="conforming", exit_code=0),
    "another exit code": lambda d: d.update(exit_code=0),
    "local time": lambda d: d["run"].update(started="2026-01-01 00:00:00"),
    "half a digest": lambda d: d["contract"].update(sha256="abc"),
}


@pytest.mark.parametrize("edit", SHAPE_ERRORS.values(), ids=list(SHAPE_ERRORS))
def test_a_wrong_shape_is_refused_by_both(violated: Result, edit: Edit) -> None:
    document = deepcopy(violated.to_json())
    edit(document)
    assert list(VALIDATOR.iter_errors(document))
    with pytest.raises(InvalidRecordError):
        Result.from_json(document)


@pytest.mark.parametrize("edit", RULE_ERRORS.values(), ids=list(RULE_ERRORS))
def test_what_contradicts_itself_is_refused(violated: Result, edit: Edit) -> None:
    document = deepcopy(violated.to_json())
    edit(document)
    assert list(VALIDATOR.iter_errors(document))


def test_the_place_is_named(violated: Result) -> None:
    document = violated.to_json()
    document["clauses"][1]["held"] = None
    with pytest.raises(InvalidRecordError, match=r"Result\.clauses\[1\]\.held"):
        Result.from_json(document)


def test_a_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidRecordError, match="not JSON"):
        Result.from_text("{")

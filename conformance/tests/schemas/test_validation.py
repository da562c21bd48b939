"""Finding schemas, and saying what a document has against one."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from redeploy_schemas.validation import UnknownSchemaError, names, problems, schema

KEY = {"access_key_id": "LTAI1", "access_key_secret": "hush"}


def references(document: Any) -> set[str]:
    """Every `$ref` of a schema."""
    if isinstance(document, list):
        return set().union(*map(references, document))
    if not isinstance(document, dict):
        return set()
    own = {document["$ref"]} if "$ref" in document else set()
    return own.union(*map(references, document.values()))


def test_files_are_found_not_listed() -> None:
    root = files("redeploy_schemas")
    assert names() == tuple(sorted(names()))
    for area in ("control", "run", "wire"):
        held = {one.name for one in root.joinpath(area).iterdir()}
        shown = {f"{name.split('/')[1]}.json" for name in names() if area in name}
        assert {name for name in held if name.endswith(".json")} == shown


@pytest.mark.parametrize("name", names())
def test_a_schema_is_one(name: str) -> None:
    document = schema(name)
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"urn:redeploy-conformance:{name.replace('/', ':')}:1"
    assert document["title"]
    known = {schema(other)["$id"] for other in names()}
    documents = {one.partition("#")[0] for one in references(document)}
    assert documents - {""} <= known
    rest = json.dumps(document).replace(document["$schema"], "")
    assert not re.search(r"https?://", rest)


def test_a_schema_is_the_callers_own() -> None:
    schema("control/clock").clear()
    assert problems("control/clock", {}) == ["$: now is missing"]


@pytest.mark.parametrize("name", ["control/nothing", "contract", "../wire/error", ""])
def test_what_there_is_not_is_said(name: str) -> None:
    for ask in (schema, lambda name: problems(name, {})):
        with pytest.raises(UnknownSchemaError, match="there is no schema"):
            ask(name)


@pytest.mark.parametrize(
    ("name", "document", "sentences"),
    [
        ("control/clock", {"now": 1.5}, []),
        ("control/clock", [], ["$ is a list of 0, not of type object"]),
        (
            "control/discovery",
            {"protocol": "x/1", "region": "eu", "offers": ["clock", "clock"]},
            [
                "$.offers is a list of 2, with something in it twice",
                '$.protocol is "x/1", not "redeploy-control/1"',
                "$: implementation is missing",
            ],
        ),
        (
            "control/instance-spec",
            {"color": 1, "size": 2, "storage": "tape"},
            [
                '$.storage is "tape", none of "cloud", "local"',
                "$: color, size are not known here",
            ],
        ),
        (
            "control/instances-request",
            {"account_id": "", "instances": [{}, {"events": [{"type": "a.b"}]}]},
            [
                '$.account_id is "", with fewer than 1 in it',
                "$.instances[1].events[0]: status is missing",
            ],
        ),
        (
            "control/advance-request",
            {"seconds": -1},
            ["$.seconds is -1, too small: the least is 0"],
        ),
        (
            "wire/error",
            {"RequestId": "r", "Code": "a b", "Message": "m"},
            [r'$.Code is "a b", which does not look like ^\S+$'],
        ),
        (
            "wire/redeploy-success",
            {"RequestId": "r", "TaskId": "t", "Code": "c"},
            ['$ is an object, which has what is not allowed: {"required": ["Code"]}'],
        ),
    ],
)
def test_sentences(name: str, document: Any, sentences: list[str]) -> None:
    assert problems(name, document) == sentences


def test_the_alternative_that_fits_best_is_told() -> None:
    statement: dict[str, Any] = {"Effect": "Allow", "Resource": "*"}
    statement["Action"] = ["ecs:*", 1]
    policy = {"Version": "1", "Statement": [statement]}
    document = {"account_id": "1", "policies": [policy]}
    assert problems("control/principal-request", document) == [
        "$.policies[0].Statement[0].Action[1] is 1, not of type string"
    ]
    statement["Action"] = 7
    assert problems("control/principal-request", document) == [
        "$.policies[0].Statement[0].Action is 7, which is not one of the alternatives"
    ]


@pytest.mark.parametrize("secret", ["", 4711, None])
def test_secrets_are_not_repeated(secret: Any) -> None:
    (sentence,) = problems(
        "control/principal-answer", {**KEY, "access_key_secret": secret}
    )
    assert sentence.startswith("$.access_key_secret is a secret, ")
    missing = {"access_key_secret": "hush"}
    assert "hush" not in str(problems("control/principal-answer", missing))


def test_long_values_are_cut() -> None:
    (sentence,) = problems("control/next-redeploy-request", {"outcome": "x" * 5000})
    assert len(sentence) < 300

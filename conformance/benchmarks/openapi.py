"""An OpenAPI description of the operations, made from the contract and the JSON Schemas.

It is meant to be as fair to a reader of OpenAPI as such a description can be: each code stands with
its HTTP status and its text, values have schemas, and links lead from an instance that was made to
the operations on it. Signing is left to a proxy, since no description can say it.
"""

from typing import Any

from redeploy_schemas.contract import Contract
from redeploy_schemas.validation import names, schema

PREFIX = "urn:redeploy-conformance:"
ANSWERS = ("wire/redeploy-success", "wire/describe-instances", "wire/error")
CONTROL = "/redeploy-control/v1"
REGION = "cn-hangzhou"
DAY = 86_400.0
LIST_OF_ONE = r'^\["i-[a-z0-9]+"\]$'
Json = dict[str, Any]


def document(contract: Contract, account_id: str) -> Json:
    """Return the description, for a caller who is the given account."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "ECS RedeployInstance", "version": "2014-05-26"},
        "paths": {
            "/RedeployInstance": {"post": _redeploy(contract)},
            "/DescribeInstances": {"post": _describe()},
            f"{CONTROL}/instances": {"post": _make(account_id)},
            f"{CONTROL}/instances/{{id}}": {"patch": _change(), "delete": _release()},
            f"{CONTROL}/instances/{{id}}/events": {"post": _raise()},
            f"{CONTROL}/clock/advance": {"post": _advance()},
        },
        "components": {"schemas": _schemas(contract)},
    }


def _schemas(contract: Contract) -> Json:
    """Return the schemas in use; the types of events that matter are named, as are bounds."""
    made = {_word(one): _inlined(schema(one)) for one in _used()}
    types = [*(row.type for row in contract.events), *contract.unlisted_event_types]
    made["control-event-request"]["properties"]["type"] = {"enum": types}
    made["control-advance-request"]["properties"]["seconds"]["maximum"] = DAY
    return made


def _used() -> list[str]:
    return [one for one in names() if one.startswith("control/") or one in ANSWERS]


def _word(name: str) -> str:
    return name.replace("/", "-")


def _inlined(part: Any) -> Any:
    """Return a schema whose references point into the description."""
    if isinstance(part, list):
        return [_inlined(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {
        name: _inlined(value)
        for name, value in part.items()
        if name not in ("$schema", "$id")
    }
    if str(made.get("$ref", "")).startswith(PREFIX):
        name = made["$ref"].removeprefix(PREFIX).rpartition(":")[0].replace(":", "-")
        made["$ref"] = f"#/components/schemas/{name}"
    return made


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{_word(name)}"}


def _json(what: Json) -> Json:
    return {"application/json": {"schema": what}}


def _answer(text: str, what: Json, **more: Any) -> Json:
    return {"description": text, "content": _json(what), **more}


def _query(name: str, what: Json, *, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "schema": what}


def _redeploy(contract: Contract) -> Json:
    links = {
        "look": _link(
            "describeInstances", InstanceIds='["{$request.query.InstanceId}"]'
        ),
        "again": _link("redeployInstance", InstanceId="$request.query.InstanceId"),
    }
    answers = {"200": _answer("accepted", _ref("wire/redeploy-success"), links=links)}
    rows: dict[str, list[Json]] = {}
    for row in contract.errors:
        rows.setdefault(str(row.http_status), []).append(_row(row.code, row.message))
    rows.setdefault("400", []).append(_row(None, None))
    for status, several in sorted(rows.items()):
        answers[status] = _answer("rejected", {"anyOf": several})
    words = ["true", "false"]
    return {
        "operationId": "redeployInstance",
        "parameters": [
            _query("InstanceId", {"type": "string", "minLength": 1}, required=True),
            _query("ForceStop", {"type": "string", "enum": words}),
        ],
        "responses": answers,
    }


def _row(code: str | None, message: str | None) -> Json:
    """Return what an error answer is, with its code and its text where the page gives them."""
    known: Json = {}
    if code is not None:
        known["Code"] = {"const": code}
    if message is not None and message != "%s":
        known["Message"] = {"const": message}
    return {"allOf": [_ref("wire/error"), {"type": "object", "properties": known}]}


def _describe() -> Json:
    return {
        "operationId": "describeInstances",
        "parameters": [
            _query("RegionId", {"type": "string", "const": REGION}, required=True),
            _query("InstanceIds", {"type": "string", "pattern": LIST_OF_ONE}),
        ],
        "responses": {
            "200": _answer("what there is", _ref("wire/describe-instances")),
            "400": _answer("rejected", _ref("wire/error")),
            "403": _answer("rejected", _ref("wire/error")),
            "404": _answer("rejected", _ref("wire/error")),
        },
    }


def _make(account_id: str) -> Json:
    first = "$response.body#/instances/0/instance_id"
    return {
        "operationId": "makeInstances",
        "requestBody": {
            "required": True,
            "content": _json(
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["account_id", "instances"],
                    "properties": {
                        "account_id": {"type": "string", "const": account_id},
                        "instances": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": 2,
                            "items": _ref("control/instance-spec"),
                        },
                    },
                }
            ),
        },
        "responses": {
            "201": _answer(
                "made",
                _ref("control/instances-answer"),
                links={
                    "redeploy": _link("redeployInstance", InstanceId=first),
                    "look": _link("describeInstances", InstanceIds=f'["{{{first}}}"]'),
                    "change": _link("changeInstance", id=first),
                    "raise": _link("raiseEvent", id=first),
                    "release": _link("releaseInstance", id=first),
                },
            ),
            "default": _answer("not made", _ref("control/error")),
        },
    }


def _on_instance(operation: str, request: str | None, status: str, answer: str) -> Json:
    made: Json = {
        "operationId": operation,
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "pattern": "^i-[a-z0-9]+$"},
            }
        ],
        "responses": {
            status: _answer(
                "done",
                _ref(answer),
                links={
                    "redeploy": _link("redeployInstance", InstanceId="$request.path.id")
                },
            ),
            "default": _answer("not done", _ref("control/error")),
        },
    }
    if request is not None:
        made["requestBody"] = {"required": True, "content": _json(_ref(request))}
    return made


def _change() -> Json:
    return _on_instance(
        "changeInstance", "control/patch-request", "200", "control/empty"
    )


def _release() -> Json:
    return _on_instance("releaseInstance", None, "200", "control/empty")


def _raise() -> Json:
    return _on_instance(
        "raiseEvent", "control/event-request", "201", "control/event-answer"
    )


def _advance() -> Json:
    return {
        "operationId": "advanceClock",
        "requestBody": {
            "required": True,
            "content": _json(_ref("control/advance-request")),
        },
        "responses": {
            "200": _answer("turned", _ref("control/clock")),
            "default": _answer("not turned", _ref("control/error")),
        },
    }


def _link(operation: str, **parameters: str) -> Json:
    return {"operationId": operation, "parameters": parameters}

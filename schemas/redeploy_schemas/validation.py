"""The JSON Schemas of this package: by name, and what a document has against one.

A name is the path of the file without its ending, such as ``control/discovery``. The
files are found, not listed: a new one needs no edit here.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_LONGEST = 200
_SECRETS = frozenset({"access_key_secret", "Signature"})


class UnknownSchemaError(LookupError):
    """There is no schema of that name; the message says it."""


@cache
def names() -> tuple[str, ...]:
    """Return the name of every schema, sorted."""
    return tuple(sorted(_found(files("redeploy_schemas"), "")))


def schema(name: str) -> dict[str, Any]:
    """Return a schema as a document of the caller's own.

    Raises:
        UnknownSchemaError: there is none of that name.
    """
    document: dict[str, Any] = json.loads(_text(name))
    return document


def problems(name: str, document: Any) -> list[str]:
    """Return what is wrong with a document, a sentence each; nothing when it is valid.

    A sentence begins with the JSON path of the place: ``$.instances[0].host is missing``.

    Raises:
        UnknownSchemaError: there is no schema of that name.
    """
    if _is_valid(name, document):
        return []
    found = _validator(name).iter_errors(document)
    sentences = (_sentence(error) for one in found for error in _causes(one))
    return sorted(dict.fromkeys(sentences))


def _found(folder: Traversable, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.name.startswith(("_", ".")):
            yield from _found(entry, f"{prefix}{entry.name}/")
        elif prefix and entry.name.endswith(".json"):
            yield prefix + entry.name.removesuffix(".json")


@cache
def _text(name: str) -> str:
    if name not in names():
        raise UnknownSchemaError(f"there is no schema {name!r}")
    return files("redeploy_schemas").joinpath(f"{name}.json").read_text("utf-8")


@cache
def _registry() -> Registry[Any]:
    documents = (schema(name) for name in names())
    empty: Registry[Any] = Registry()
    return empty.with_resources(
        (document["$id"], DRAFT202012.create_resource(document))
        for document in documents
        if "$id" in document
    )


@cache
def _validator(name: str) -> Any:
    return _Thorough(schema(name), registry=_registry())


@cache
def _matching(pattern: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern})


def _pattern(
    validator: Any, pattern: str, value: Any, rules: Any
) -> Iterator[ValidationError]:
    """Hold a text against a pattern as JSON Schema means it (ECMA 262).

    Python's own patterns take other characters for blanks, and a line's end for the text's.
    """
    if isinstance(value, str) and not _fits(pattern, value):
        yield ValidationError(f"does not match {pattern!r}")


def _fits(pattern: str, value: str) -> bool:
    try:
        return _matching(pattern).is_valid(value)
    except ValueError:  # half a surrogate pair: no text at all
        return False


_Thorough: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _pattern}
)


@cache
def _known() -> jsonschema_rs.Registry:
    documents = map(schema, names())
    return jsonschema_rs.Registry([(one["$id"], one) for one in documents])


@cache
def _quick(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name), registry=_known())


def _is_valid(name: str, document: Any) -> bool:
    """Whether a document is valid for certain: a hundred times faster than to say why it is not."""
    try:
        return _quick(name).is_valid(document)
    except (ValueError, TypeError, OverflowError):
        return False  # it holds what JSON cannot: the other validator tells


def _causes(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the errors of the one alternative that the document came nearest to."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        yield error
        return
    branches: dict[Any, list[ValidationError]] = {}
    for one in error.context:
        branches.setdefault(one.schema_path[0], []).append(one)
    best = min(branches.values(), key=lambda found: (_shallow(found), len(found)))
    if _shallow(best):
        yield error
        return
    for one in best:
        yield from _causes(one)


def _shallow(found: list[ValidationError]) -> bool:
    """Whether an alternative does not even begin to fit."""
    return any(
        not one.path and one.validator in ("type", "const", "enum") for one in found
    )


def _sentence(error: ValidationError) -> str:
    where = error.json_path
    limit: Any = error.validator_value
    rules: Any = error.schema
    value: Any = error.instance
    seen = f"{where} is {_shown(value, secret=bool(_SECRETS & set(error.path)))}"
    match error.validator:
        case "required":
            return f"{where}: {_words([name for name in limit if name not in value])} missing"
        case "additionalProperties":
            known = set(rules.get("properties", {}))
            extra = sorted(str(name) for name in value if name not in known)
            return f"{where}: {_words(extra)} not known here"
        case "type":
            return f"{seen}, not of type {' or '.join([limit] if isinstance(limit, str) else limit)}"
        case "enum":
            return f"{seen}, none of {', '.join(_shown(word) for word in limit)}"
        case "const":
            return f"{seen}, not {_shown(limit)}"
        case "pattern":
            return f"{seen}, which does not look like {limit}"
        case "minLength" | "minItems" | "minProperties":
            return f"{seen}, with fewer than {limit} in it"
        case "minimum" | "exclusiveMinimum":
            return f"{seen}, too small: the least is {limit}"
        case "uniqueItems":
            return f"{seen}, with something in it twice"
        case "anyOf" | "oneOf":
            return f"{seen}, which is not one of the alternatives"
        case "not":
            return f"{seen}, which has what is not allowed: {_cut(json.dumps(limit))}"
        case rule:
            return f"{seen}, which breaks the rule {rule}"


def _words(found: list[str]) -> str:
    return _cut(f"{', '.join(found)} {'is' if len(found) == 1 else 'are'}")


def _shown(value: Any, *, secret: bool = False) -> str:
    """Name a value without repeating what is long, or should stay secret."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if secret:
        return "a secret"
    return _cut(json.dumps(value, ensure_ascii=False, default=repr))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

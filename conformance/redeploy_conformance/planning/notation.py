"""Steps written down as JSON objects, and read again."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import msgspec

from redeploy_conformance.planning.steps import KINDS, Step, spec_items

BY_NAME: Mapping[str, type[Step]] = {kind.name: kind for kind in KINDS}


class InvalidStepError(ValueError):
    """A JSON object is no step; the message names what is wrong."""


def to_json(step: Step) -> dict[str, Any]:
    """Return a step as a JSON object; what is at its default is left out."""
    document: dict[str, Any] = {"step": step.name}
    for one in fields(step):
        value = getattr(step, one.name)
        if value != one.default:
            document[one.name] = dict(value) if one.name == "spec" else value
    return {name: _lists(value) for name, value in document.items()}


def from_json(document: Mapping[str, Any]) -> Step:
    """Return the step that a JSON object describes.

    Raises:
        InvalidStepError: it describes none.
    """
    rest = dict(document)
    name = rest.pop("step", None)
    kind = BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidStepError(f"{name!r} is no kind of step")
    known = {one.name for one in fields(kind)}
    if not known.issuperset(rest):
        strange = ", ".join(sorted(map(repr, rest.keys() - known)))
        raise InvalidStepError(f"a step {name!r} has no {strange}")
    try:
        if "spec" in rest:
            rest["spec"] = spec_items(msgspec.convert(rest["spec"], dict[str, Any]))
        return msgspec.convert(rest, kind)
    except msgspec.ValidationError as error:
        raise InvalidStepError(f"a step {name!r} is wrong: {error}") from error


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, tuple | list) else value

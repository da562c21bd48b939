"""Reading answers: JSON or XML to fields, and never an exception."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from redeploy_conformance.wire.http import HttpResponse

# Containers whose one child is a list in ECS's JSON, however often XML repeats it.
_LISTS = {
    "Instances": "Instance",
    "OperationLocks": "LockReason",
    "InstanceSystemEventSet": "InstanceSystemEventType",
    "TaskSet": "Task",
    "Tags": "Tag",
    "InstanceIdSets": "InstanceIdSet",
    "EventIdSet": "EventId",
}


WEB_PAGE = "the answer is a web page"
"""How the problem begins of an answer that no service makes, but a gateway or a proxy before it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer decoded; ``fields`` None where it could not be, and then ``problem`` says why."""

    status: int
    fields: dict[str, Any] | None
    problem: str | None = None


def decode_answer(
    response: HttpResponse, read: Callable[[bytes], Any] = json.loads
) -> Answer:
    """Return the fields of an answer; rubbish is told, never raised.

    Of an XML document the fields are the root's children; numbers stay texts there. ``read`` is what
    reads JSON: it raises ValueError or RecursionError.
    """
    body = response.body
    if not body.strip():
        return Answer(response.status, None, "the answer is empty")
    if body.lstrip()[:1] == b"<":
        return _xml(response)
    try:
        document = read(body)
    except (ValueError, RecursionError):
        return Answer(response.status, None, f"the answer is not JSON{_kind(response)}")
    if not isinstance(document, dict):
        return Answer(response.status, None, "the answer is JSON, but no object")
    return Answer(response.status, document)


def _kind(response: HttpResponse) -> str:
    kind = dict(response.headers).get("content-type")
    return f" but {kind}" if kind else ""


def _page(response: HttpResponse) -> str:
    kind = dict(response.headers).get("content-type")
    return WEB_PAGE + (f" ({kind})" if kind else "")


class _Page(ValueError):
    """The document has a document type, which answers of the service never have."""


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        # Refused before any entity of it could be expanded.
        raise _Page


def _xml(response: HttpResponse) -> Answer:
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        root = ElementTree.fromstring(response.body, parser)
        value = _value(root)
    except _Page:
        return Answer(response.status, None, _page(response))
    except (ElementTree.ParseError, LookupError, ValueError, RecursionError):
        problem = f"the answer is not well-formed XML{_kind(response)}"
        return Answer(response.status, None, problem)
    if root.tag.lower() == "html":
        return Answer(response.status, None, _page(response))
    return Answer(response.status, value if isinstance(value, dict) else {})


def _value(element: ElementTree.Element) -> Any:
    """Return an element as ECS's JSON would show it; repeated names are a list."""
    listed = _LISTS.get(element.tag)
    if listed is None and not len(element):
        text = element.text or ""
        return text if text.strip() else ""  # what only sets lines apart is nothing
    found: dict[str, Any] = {} if listed is None else {listed: []}
    for child in element:
        value = _value(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found

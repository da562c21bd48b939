"""HAR files (version 1.2), as browsers and proxies save them, as a log of requests."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from redeploy_conformance.evidence.answered import (
    EVENTS,
    INSTANCES,
    REPEATED,
    history,
    instances,
)
from redeploy_conformance.evidence.elements import elements
from redeploy_conformance.evidence.ordering import Entry, held_back, in_order
from redeploy_conformance.evidence.sources import (
    Listed,
    LogError,
    Page,
    Seen,
    listed_in,
    page_in,
)
from redeploy_conformance.replies import Reply, read, unanswered
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpResponse
from redeploy_conformance.wire.quick import from_json

REDEPLOY = "RedeployInstance"
VERSION = "2014-05-26"
"""Of ECS; other services have operations of the same names, in other versions."""
NOTHING: tuple[Page | None, object] = (None, None)


class _Pair(msgspec.Struct, gc=False):
    name: str
    value: str = ""


class _Sent(msgspec.Struct, gc=False):
    text: str = ""


class _Request(msgspec.Struct, gc=False):
    method: str
    url: str
    headers: list[_Pair] = []
    postData: _Sent | None = None


class _Content(msgspec.Struct, gc=False):
    text: str = ""
    encoding: str = ""


class _Response(msgspec.Struct, gc=False):
    status: int
    content: _Content = msgspec.field(default_factory=_Content)


class _Entry(msgspec.Struct, gc=False):
    startedDateTime: datetime
    request: _Request
    response: _Response
    time: float = 0.0


def har(path: Path) -> Iterator[Seen]:
    """Yield the requests to ECS in a HAR file, in the order of their answers.

    Raises:
        OSError: the file cannot be read.
        LogError: it is no HAR file, or an entry is none; what came before it was yielded.
    """
    return in_order(_entries(path), held_back(path), strictly=True)


def _entries(path: Path) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(_Entry)
    for number, raw in enumerate(elements(path, [("log", "entries")], "HAR file"), 1):
        try:
            one = _seen(decoder.decode(raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            told = f"entry {number}: it is no entry of a HAR file: {error}"
            raise LogError(told) from error
        if one is not None:
            yield one.ended, 0, number, one


def _seen(entry: _Entry) -> Seen | None:
    """Return what an entry shows; None where it is no request to ECS."""
    request, response = entry.request, entry.response
    headers = {one.name.lower(): one.value for one in request.headers}
    place, _, query = request.url.partition("#")[0].partition("?")
    sent = request.postData.text if request.postData is not None else ""
    params = _params(query, sent)
    action = headers.get("x-acs-action") or params.get("Action")
    version = headers.get("x-acs-version") or params.get("Version") or VERSION
    if action is None or version != VERSION:
        return None
    if entry.startedDateTime.tzinfo is None:
        raise ValueError("startedDateTime has no time zone")
    begun = entry.startedDateTime.timestamp()
    good = 200 <= response.status < 300
    page, total = _page(response) if good and action == EVENTS else NOTHING
    return Seen(
        begun,
        begun + max(entry.time, 0.0) / 1000.0,
        action,
        params,
        _key(headers, params),
        place.partition("://")[2].partition("/")[0],
        _reply(response) if action == REDEPLOY else None,
        _listed(response) if good and action == INSTANCES else (),
        page,
        total,
    )


@lru_cache(REPEATED)
def _params(*sent: str) -> Mapping[str, str]:
    return dict(_pair(one) for text in sent for one in text.split("&") if one)


@lru_cache(REPEATED)
def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unquote_plus(name), unquote_plus(value)


def _reply(response: _Response) -> Reply:
    if response.status == 0 or not response.content.text:
        # A HAR file may leave bodies out, so an empty one says nothing of the answer.
        return unanswered("the file does not keep the answer")
    body = _body(response.content)
    return read(decode_answer(HttpResponse(response.status, (), body), from_json))


def _listed(response: _Response) -> Sequence[Listed]:
    body = _body(response.content)
    try:
        return instances(body)
    except msgspec.MsgspecError:
        return listed_in(_fields(body))


def _page(response: _Response) -> tuple[Page, object]:
    body = _body(response.content)
    try:
        return history(body)
    except msgspec.MsgspecError:
        fields = _fields(body)
        return page_in(fields), fields.get("TotalCount")


def _fields(body: bytes) -> Mapping[str, Any]:
    """Return the fields of an answer that is not as usual: in XML, or in none of their shapes."""
    return decode_answer(HttpResponse(200, (), body)).fields or {}


def _key(headers: Mapping[str, str], params: Mapping[str, str]) -> str:
    """Return the access key id that a request names: a proxy does not know the account."""
    authorization = headers.get("authorization", "")
    _, _, rest = authorization.partition("Credential=")
    return rest.partition(",")[0] or params.get("AccessKeyId", "")


def _body(content: _Content) -> bytes:
    if content.encoding != "base64":
        return content.text.encode("utf-8", "replace")
    try:
        return base64.b64decode(content.text)
    except binascii.Error as error:
        raise ValueError(f"its answer is no base64: {error}") from error

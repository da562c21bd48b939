"""HAR files (version 1.2), as browsers and proxies save them, as a log of requests."""

import base64
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlencode

import msgspec

from redeploy_conformance.evidence.answered import (
    EVENTS,
    INSTANCES,
    REPEATED,
    history,
    instances,
)
from redeploy_conformance.evidence.elements import UNREADABLE, elements
from redeploy_conformance.evidence.hands import IDS
from redeploy_conformance.evidence.ordering import Entry, held_back, in_order
from redeploy_conformance.evidence.sources import (
    READ_ONLY,
    Listed,
    LogError,
    Page,
    Seen,
    listed_in,
    masked,
    page_in,
)
from redeploy_conformance.judging.recent import Recent
from redeploy_conformance.judging.replies import Reply, read, unanswered
from redeploy_conformance.wire.answers import WEB_PAGE, decode_answer
from redeploy_conformance.wire.http import HttpResponse
from redeploy_conformance.wire.quick import from_json

REDEPLOY = "RedeployInstance"
VERSION = "2014-05-26"
"""Of ECS; other services have operations of the same names, in other versions."""
CENTRAL = "ecs.aliyuncs.com"
"""The endpoint of several regions: it does not say in which one a call was."""
FORM = "form-urlencoded"
NONCE = "x-acs-signature-nonce"
GZIP = 31
"""What ``zlib`` calls the form of gzip."""
LONGEST = 64 * 1024 * 1024
"""Bytes of an answer that is unpacked."""
OURS = frozenset({"RequestId", "Code", "Message", "TaskId"})
"""Fields of which an answer of the service has one, whatever else it lacks."""
NOTHING: tuple[Page | None, object] = (None, None)


class _Pair(msgspec.Struct, gc=False):
    name: str
    value: str | None = None


class _Sent(msgspec.Struct, gc=False):
    mimeType: str | None = None
    text: str | None = None
    params: list[_Pair] | None = None


class _Request(msgspec.Struct, gc=False):
    method: str
    url: str
    headers: list[_Pair] = []
    postData: _Sent | None = None
    bodySize: float | None = None


class _Content(msgspec.Struct, gc=False):
    text: str | None = None
    encoding: str | None = None
    size: float | None = None


class _Response(msgspec.Struct, gc=False):
    status: int
    content: _Content = msgspec.field(default_factory=_Content)
    headers: list[_Pair] = []


class _Entry(msgspec.Struct, gc=False):
    startedDateTime: datetime
    request: _Request
    response: _Response
    time: float | None = None
    from_cache: Any = msgspec.field(default=None, name="_fromCache")


class _Asked(msgspec.Struct, gc=False):
    url: str


class _Odd(msgspec.Struct, gc=False):
    request: _Asked


ASKED = msgspec.json.Decoder(_Odd)
CALLING = re.compile(rb"x-acs-action|AccessKeyId", re.IGNORECASE)
"""One of which every call of the API has in it."""
VERSIONED = re.compile(rb"x-acs-version|\bVersion=", re.IGNORECASE)


def har(path: Path, known: Recent | None = None) -> Iterator[Seen]:
    """Yield the requests to ECS in a HAR file, in the order of their answers.

    A call that was written down twice is yielded once; ``known`` holds the calls of other files.

    Raises:
        OSError: the file cannot be read.
        LogError: it is no HAR file, or an entry is none; what came before it was yielded.
    """
    entries = _entries(path, Recent() if known is None else known)
    return in_order(entries, held_back(path), strictly=True)


def har_order(seen: Seen) -> tuple[float, int]:
    """Return by what the requests of a HAR file are put in order."""
    return seen.ended, 0


def _entries(path: Path, known: Recent) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(_Entry)
    for number, raw in enumerate(elements(path, [("log", "entries")], "HAR file"), 1):
        try:
            entry = _entry(decoder, raw)
            one = None if entry is None else _seen(entry)
        except (*UNREADABLE, ValueError, OverflowError) as error:
            told = f"entry {number}: it is no entry of a HAR file: {error}"
            raise LogError(told) from error
        if entry is None or one is None:
            continue
        if one.action == REDEPLOY:
            mark = _mark(entry, one)
            if mark in known:
                continue
            known.add(mark)
        yield one.ended, 0, number, one


def _entry(decoder: msgspec.json.Decoder[_Entry], raw: msgspec.Raw) -> _Entry | None:
    """Return an entry; None for one that cannot be read, where it is no call of this API at all.

    Raises:
        msgspec.MsgspecError: it is none of the entries that have to be read.
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        ASKED.decode(raw)  # where something was asked, so that it is an entry
        text = bytes(raw)
        other = VERSIONED.search(text) and VERSION.encode() not in text
        if CALLING.search(text) and not other:
            raise
        return None


def _seen(entry: _Entry) -> Seen | None:
    """Return what an entry shows; None where it is no request to ECS.

    What browsers ask before a request, take from their cache, or send to a console that makes the
    call itself, is no call: the last has neither a header of the API's own nor a key.
    """
    request, response = entry.request, entry.response
    if request.method == "OPTIONS" or entry.from_cache is not None:
        return None
    headers = {one.name.lower(): one.value or "" for one in request.headers}
    place, _, query = request.url.partition("#")[0].partition("?")
    form, whole = _form(request, headers)
    params, clear = _params(query, form)
    action = headers.get("x-acs-action")
    if action is None and "AccessKeyId" in params:
        action = params.get("Action")
    version = headers.get("x-acs-version") or params.get("Version") or VERSION
    named: tuple[str, ...] = ()
    if action is None or version != VERSION:
        asked = action or params.get("Action")
        named = _named(request, asked)
        if not named:
            return None
        action = f"{request.method} {place} {asked or ''}"  # another's hand
    key = _key(headers, params)
    if entry.startedDateTime.tzinfo is None:
        raise ValueError("startedDateTime has no time zone")
    begun = entry.startedDateTime.astimezone(UTC).timestamp()
    good = 200 <= response.status < 300
    page, total = _page(response) if good and action == EVENTS else NOTHING
    return Seen(
        begun,
        begun + max(entry.time or 0.0, 0.0) / 1000.0,
        action,
        params,
        key,
        _region(place),
        _reply(response) if action == REDEPLOY else None,
        _listed(response) if good and action == INSTANCES else (),
        page,
        total,
        clear and (whole or "InstanceId" in params),
        key,
        named,
    )


def _named(request: _Request, action: str | None) -> tuple[str, ...]:
    """Return the instances that a request names which is none to the API itself: a console's, another service's.

    One that reads moves nothing.
    """
    if action.startswith(READ_ONLY) if action else request.method == "GET":
        return ()
    sent = request.postData
    text = f"{request.url} {(sent.text or sent.params) if sent else ''}"
    return tuple(dict.fromkeys(IDS.findall(unquote_plus(text))))


def _form(request: _Request, headers: Mapping[str, str]) -> tuple[str, bool]:
    """Return the parameters of the body, as a form has them, and whether these are all."""
    sent = request.postData
    if sent is None or not (sent.text or sent.params):
        size = headers.get("content-length") or request.bodySize
        return "", request.method == "GET" or size in ("0", 0)
    kind = sent.mimeType or headers.get("content-type") or FORM
    if FORM not in kind.lower():
        return "", False
    pairs = [(one.name, one.value or "") for one in sent.params or ()]
    return sent.text or urlencode(pairs), True


def _mark(entry: _Entry, seen: Seen) -> str:
    """Return what tells a call from all others, so that one written down twice is known again.

    Two that write down the same answer may write it differently, packed or spread over lines, and a
    proxy the address, too: the nonce tells, with the ids of the answer, which show a nonce used twice.
    """
    request = entry.request
    names = (one for one in request.headers if one.name.lower() == NONCE)
    nonce = next((one.value for one in names), None)
    nonce = nonce or seen.params.get("SignatureNonce")
    sent = request.postData and (request.postData.text or str(request.postData.params))
    what = nonce or f"{entry.startedDateTime}\n{request.url}\n{sent}"
    ids = seen.reply and (seen.reply.request_id, seen.reply.task_id)
    answer = ids if ids and ids[0] else entry.response.content.text
    text = f"{what}\n{answer}"
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


@lru_cache(REPEATED)
def _params(*sent: str) -> tuple[Mapping[str, str], bool]:
    """Return parameters, and whether none of them was taken out of the file."""
    params = dict(_pair(one) for text in sent for one in text.split("&") if one)
    return params, not any(map(masked, params.values()))


@lru_cache(REPEATED)
def _region(place: str) -> str:
    """Return what tells regions apart in an address; empty where one serves several."""
    host = place.partition("://")[2].lower().rstrip("/")
    host = host.removesuffix(":443").removesuffix(":80")
    return "" if host == CENTRAL else host


@lru_cache(REPEATED)
def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unquote_plus(name), unquote_plus(value)


def _reply(response: _Response) -> Reply:
    if response.status == 0 or not response.content.text:
        # A HAR file may leave bodies out, so an empty one says nothing of the answer.
        return unanswered("the file does not keep the answer")
    body = _body(response.content)
    answer = decode_answer(HttpResponse(response.status, (), body), from_json)
    good = 200 <= response.status < 300
    page = (answer.problem or "").startswith(WEB_PAGE)
    other = answer.fields or not good
    if page or (other and not OURS & (answer.fields or {}).keys()):
        return unanswered("somebody on the way has answered, it seems")
    if answer.fields is None and _in_part(response, body):
        return unanswered("the file does not keep the answer as it was")
    return read(answer)


def _in_part(response: _Response, body: bytes) -> bool:
    """Whether a file keeps less of an answer than came, or keeps it packed."""
    packed = any(one.name.lower() == "content-encoding" for one in response.headers)
    return packed or (response.content.size or 0) > len(body)


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
    text = content.text or ""
    if content.encoding != "base64":
        return text.encode("utf-8", "replace")
    try:
        body = base64.b64decode(text)
    except ValueError as error:
        raise ValueError(f"its answer is no base64: {error}") from error
    try:
        unpacked = zlib.decompressobj(GZIP).decompress(body, LONGEST)
    except zlib.error:
        return body  # as nearly always: it was unpacked before it was written
    return unpacked

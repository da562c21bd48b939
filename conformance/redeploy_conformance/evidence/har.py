"""HAR files (version 1.2), as browsers and proxies save them, as a log of requests."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from redeploy_conformance.evidence.sources import LogError, Seen, listed_in, page_in
from redeploy_conformance.replies import Reply, read, unanswered
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpResponse

REDEPLOY = "RedeployInstance"
VERSION = "2014-05-26"
"""Of ECS; other services have operations of the same names, in other versions."""
INSTANCES, EVENTS = "DescribeInstances", "DescribeInstanceHistoryEvents"


class _Pair(msgspec.Struct):
    name: str
    value: str = ""


class _Sent(msgspec.Struct):
    text: str = ""


class _Request(msgspec.Struct):
    method: str
    url: str
    headers: list[_Pair] = []
    postData: _Sent | None = None


class _Content(msgspec.Struct):
    text: str = ""
    encoding: str = ""
    mimeType: str = ""


class _Response(msgspec.Struct):
    status: int
    content: _Content = msgspec.field(default_factory=_Content)


class _Entry(msgspec.Struct):
    startedDateTime: datetime
    request: _Request
    response: _Response
    time: float = 0.0


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]


class _File(msgspec.Struct):
    log: _Log


def har(path: Path) -> Iterator[Seen]:
    """Yield the requests to ECS in a HAR file, in the order of their answers.

    Raises:
        OSError: the file cannot be read.
        LogError: it is no HAR file, or an entry is none; what came before it was yielded.
    """
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=_File).log.entries
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LogError(f"it is no HAR file: {error}") from error
    decoder = msgspec.json.Decoder(_Entry)
    seen: list[Seen] = []
    damage: LogError | None = None
    for number, raw in enumerate(entries, 1):
        try:
            one = _seen(decoder.decode(raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            damage = LogError(f"entry {number}: it is no entry of a HAR file: {error}")
            break
        if one is not None:
            seen.append(one)
    yield from sorted(seen, key=lambda one: one.ended)
    if damage is not None:
        raise damage


def _seen(entry: _Entry) -> Seen | None:
    """Return what an entry shows; None where it is no request to ECS."""
    request = entry.request
    headers = {one.name.lower(): one.value for one in request.headers}
    url = urlsplit(request.url)
    pairs = parse_qsl(url.query, keep_blank_values=True)
    if request.postData is not None:
        pairs += parse_qsl(request.postData.text, keep_blank_values=True)
    params = dict(pairs)
    action = headers.get("x-acs-action") or params.get("Action")
    if action is None or (
        headers.get("x-acs-version") or params.get("Version")
    ) not in (
        None,
        VERSION,
    ):
        return None
    if entry.startedDateTime.tzinfo is None:
        raise ValueError("startedDateTime has no time zone")
    begun = entry.startedDateTime.timestamp()
    key = _key(headers, params)
    status = entry.response.status
    reply: Reply | None = None
    fields: Mapping[str, Any] | None = None
    if status == 0 or not entry.response.content.text:
        # A HAR file may leave bodies out, so an empty one says nothing of the answer.
        reply = unanswered("the file does not keep the answer")
    else:
        answer = decode_answer(HttpResponse(status, (), _body(entry.response.content)))
        reply = read(answer)
        fields = answer.fields if 200 <= status < 300 else None
    return Seen(
        begun,
        begun + max(entry.time, 0.0) / 1000.0,
        action,
        params,
        key,
        url.netloc,
        reply if action == REDEPLOY else None,
        listed_in(fields) if fields and action == INSTANCES else (),
        page_in(fields) if fields and action == EVENTS else None,
        fields.get("TotalCount") if fields else None,
    )


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

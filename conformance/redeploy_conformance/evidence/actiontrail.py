"""ActionTrail events as a log of requests: a JSON array, LookupEvents' answer, one per line, or one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from redeploy_conformance.evidence.answered import (
    EVENTS,
    INSTANCES,
    REPEATED,
    history,
    instances,
)
from redeploy_conformance.evidence.elements import (
    BOM,
    PIECE,
    UNREADABLE,
    elements,
)
from redeploy_conformance.evidence.hands import IDS
from redeploy_conformance.evidence.opening import LONGEST, TOO_LONG, opened, read_on
from redeploy_conformance.evidence.ordering import Entry, held_back, in_order
from redeploy_conformance.evidence.sources import (
    READ_ONLY,
    LogError,
    Page,
    Seen,
    masked,
)
from redeploy_conformance.judging.recent import Recent
from redeploy_conformance.judging.replies import Kind, Reply

T = TypeVar("T")
REDEPLOY = "RedeployInstance"
ECS = "ecs"
PLACES = ((), ("Events",))
"""Where the events are in a file that is one document: LookupEvents answers the second."""
KIND = (
    "list of ActionTrail events: a JSON array, an answer of LookupEvents, or one event in "
    "each line"
)
RESOLUTION = 1.0
"""Seconds: an event's time is a whole second."""
EARLIEST, LATEST = 0.0, datetime(9999, 1, 1, tzinfo=UTC).timestamp()
"""Seconds since 1970: an event is of a time when there were any."""
NUMBERED = ("eventId", "requestId", "errorCode")
"""Texts of an event that some write as numbers."""
NULL = msgspec.Raw(b"null")
NO_PARAMS: tuple[Mapping[str, str], bool] = ({}, True)
NOTHING: tuple[Page | None, object] = (None, None)
HAND, CALL, REFUSED, LOOK = range(4)
"""The order within one second, which a trail does not tell: what makes the least known of a call.

A call that was refused may have come after one that was accepted, and been refused because of it.
"""


class _Identity(msgspec.Struct, gc=False):
    accountId: str | None = None
    principalId: Any = None


class _Event(msgspec.Struct, gc=False):
    eventName: str
    eventTime: datetime
    eventId: str | None = None
    acsRegion: str | None = None
    serviceName: str | None = None
    requestId: str | None = None
    errorCode: str | None = None
    errorMessage: str | None = None
    requestParameters: msgspec.Raw = NULL
    responseElements: msgspec.Raw = NULL
    userIdentity: _Identity | None = None


class _Call(msgspec.Struct, gc=False):
    TaskId: Any = None
    RequestId: Any = None


CALLS = msgspec.json.Decoder(_Call)
FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
PARAMS = msgspec.json.Decoder(dict[str, Any])
TEXT = msgspec.json.Decoder(str)


def actiontrail(path: Path, known: Recent | None = None) -> Iterator[Seen]:
    """Yield the calls to ECS that a trail shows, in the order of their times.

    One that was delivered twice is yielded once; ``known`` holds the events of other files.

    Raises:
        OSError: the file cannot be read.
        LogError: an event is none; what came before it was yielded.
    """
    known = Recent() if known is None else known
    with opened(path) as file:
        head = read_on(file, PIECE)[0].removeprefix(BOM).strip()
    if _is_event(head.partition(b"\n")[0]):
        entries = _entries("line", _lines(path), known)
        return in_order(entries, held_back(path), strictly=True)
    if _is_event(head):
        return in_order(_entries("entry", [(1, head)], known))
    rows = elements(path, PLACES, KIND)
    entries = _entries("entry", enumerate(rows, 1), known)
    return in_order(entries, held_back(path), strictly=True)


def trail_order(seen: Seen) -> tuple[float, int]:
    """Return by what the calls of a trail are put in order."""
    refused = seen.reply is not None and seen.reply.kind is Kind.REJECTED
    return seen.begun, REFUSED if refused else _rank(seen.action)


def _entries(
    word: str, raws: Iterable[tuple[int, bytes | msgspec.Raw]], known: Recent
) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(_Event)
    for number, raw in raws:
        try:
            event = _event(decoder, raw)
            if event is None:
                continue
            # Without an id, an event is known again by all that it says.
            mark = event.eventId or _mark(event, raw)
            one = None if mark in known else _seen(event, bytes(raw))
        except (*UNREADABLE, ValueError) as error:
            told = f"{word} {number}: it is no ActionTrail event: {error}"
            raise LogError(told) from error
        known.add(mark)
        if one is not None:
            yield *trail_order(one), number, one


def _event(
    decoder: msgspec.json.Decoder[_Event], raw: bytes | msgspec.Raw
) -> _Event | None:
    """Return an event; None for one that cannot be read, of another service than ECS.

    Where such an event may name an instance, it is damage: that hand may have moved it. Ids that are
    numbers say as much as texts.

    Raises:
        msgspec.MsgspecError: it is none of the events that have to be read.
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        fields = FIELDS.decode(raw)
    _as_texts(fields, NUMBERED)
    identity = _fields(fields.get("userIdentity", NULL), FIELDS.decode)
    if identity is not None:
        _as_texts(identity, ("accountId",))
        fields["userIdentity"] = msgspec.Raw(msgspec.json.encode(identity))
    try:
        return decoder.decode(msgspec.json.encode(fields))
    except msgspec.ValidationError:
        service = bytes(fields.get("serviceName", NULL)).decode().strip('"').lower()
        if service in (ECS, "null", "") or b'"InstanceId' in bytes(raw):
            raise
        return None


def _as_texts(fields: dict[str, msgspec.Raw], names: Iterable[str]) -> None:
    for name in names:
        value = bytes(fields.get(name, NULL))
        if value[:1].isdigit():
            fields[name] = msgspec.Raw(b'"%s"' % value)


@lru_cache(REPEATED)
def _rank(action: str) -> int:
    if action == REDEPLOY:
        return CALL
    return LOOK if action.startswith(READ_ONLY) else HAND


def _is_event(raw: bytes) -> bool:
    """Whether a text is an event by itself, or seems to be one that is nested too deep."""
    try:
        return "eventName" in FIELDS.decode(raw)
    except RecursionError:
        return b'"eventName"' in raw and not raw.startswith((b"[", b'{"Events"'))
    except UNREADABLE:
        return False


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with opened(path) as file:
        number = 0
        while raw := file.readline(LONGEST):
            number += 1
            if len(raw) == LONGEST and not raw.endswith(b"\n"):
                raise LogError(f"line {number}: {TOO_LONG}")
            line = raw.removeprefix(BOM) if number == 1 else raw
            if line and not line.isspace():
                yield number, line


def _mark(event: _Event, raw: bytes | msgspec.Raw) -> str:
    """Return by what an event without an id is known again: its request, or all that it says."""
    if event.requestId:
        return f"{event.requestId} {event.eventName} {event.eventTime}"
    return blake2b(raw, digest_size=16).hexdigest()


def _seen(event: _Event, raw: bytes) -> Seen | None:
    """Return what an event shows; None where it is of another service that names no instance."""
    name = event.eventName
    foreign = (event.serviceName or ECS).lower() != ECS
    hand = name != REDEPLOY and not name.startswith(READ_ONLY)
    named = ids_in(raw) if hand or foreign else ()
    if foreign and (name.startswith(READ_ONLY) or not named):
        return None
    if event.eventTime.tzinfo is None:
        raise ValueError("eventTime has no time zone")
    begun = event.eventTime.timestamp()
    if not EARLIEST <= begun < LATEST:
        raise ValueError("eventTime is no time of an event")
    if foreign:
        name = f"{event.serviceName} {name}"  # its hand may move an instance, too
    params, clear = NO_PARAMS
    if name == EVENTS or not name.startswith(READ_ONLY):
        params, clear = _params(bytes(event.requestParameters))
    answered = NULL if event.errorCode else event.responseElements
    listing = _fields(answered, instances) if name == INSTANCES else None
    page, total = (_fields(answered, history) if name == EVENTS else None) or NOTHING
    return Seen(
        begun,
        begun + RESOLUTION,
        name,
        params,
        event.userIdentity.accountId or "" if event.userIdentity else "",
        event.acsRegion or "",
        _reply(event) if name == REDEPLOY else None,
        listing or (),
        page,
        total,
        clear and ("InstanceId" in params or (hand and bool(params))),
        _caller(event.userIdentity),
        named,
    )


def _caller(identity: _Identity | None) -> str:
    """Return who has called: of one account, some may know an instance and others not."""
    return "" if identity is None else f"{identity.accountId} {identity.principalId}"


def ids_in(raw: bytes) -> tuple[str, ...]:
    """Return the ids of instances that stand anywhere in an event."""
    return tuple(dict.fromkeys(IDS.findall(raw.decode("utf-8", "replace"))))


@lru_cache(REPEATED)
def _params(raw: bytes) -> tuple[Mapping[str, str], bool]:
    """Return parameters, and whether none of them was taken out of the trail."""
    given = _fields(raw, PARAMS.decode) or {}
    params = {name: _text(value) for name, value in given.items() if value is not None}
    return params, not any(map(masked, params.values()))


def _reply(event: _Event) -> Reply:
    """Return the answer to a call, without the HTTP status, which a trail does not keep."""
    answered = _fields(event.responseElements, CALLS.decode) or _Call()
    named = answered.RequestId if isinstance(answered.RequestId, str) else None
    request_id = event.requestId or named or None
    code = event.errorCode or None
    if code is None:
        task_id = answered.TaskId if isinstance(answered.TaskId, str) else None
        return Reply(Kind.ACCEPTED, 200, None, None, request_id, task_id)
    if code.startswith("Throttling"):
        kind = Kind.THROTTLED
    elif code == "InternalError":
        kind = Kind.INTERNAL
    else:
        kind = Kind.REJECTED
    return Reply(kind, 400, code, event.errorMessage, request_id)


def _fields(value: msgspec.Raw | bytes, read: Callable[[bytes | str], T]) -> T | None:
    """Return what is read of an object that may have been written as a text; None where it is none."""
    data = bytes(value)
    if data == b"null":
        return None
    try:
        return read(TEXT.decode(data) if data.startswith(b'"') else data)
    except msgspec.MsgspecError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

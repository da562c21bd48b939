"""ActionTrail events as a log of requests: a JSON array, LookupEvents' answer, or one per line."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import msgspec

from redeploy_conformance.evidence.sources import (
    READ_ONLY,
    Listed,
    LogError,
    Page,
    Seen,
    listed,
    page_in,
)
from redeploy_conformance.recent import Recent
from redeploy_conformance.replies import Kind, Reply

T = TypeVar("T")
REDEPLOY = "RedeployInstance"
INSTANCES, EVENTS = "DescribeInstances", "DescribeInstanceHistoryEvents"
REPEATED = 4096
"""Rows, pages and questions that are remembered: whoever polls repeats them again and again."""
WINDOW, BLOCK = 4096, 1024
"""Events held back to put them in order, and how many are let go at once.

A trail is delivered nearly in order, and never quite: sorting what nearly is costs next to nothing.
"""
READ = 1 << 18
"""Bytes that are read at once."""
RESOLUTION = 1.0
"""Seconds: an event's time is a whole second."""
NULL = msgspec.Raw(b"null")
NO_PARAMS: Mapping[str, str] = {}
HAND, CALL, LOOK = range(3)
"""The order within one second, which a trail does not tell: what makes the least known of a call."""


class _Identity(msgspec.Struct, gc=False):
    accountId: str = ""


class _Event(msgspec.Struct, gc=False):
    eventName: str
    eventTime: datetime
    eventId: str = ""
    acsRegion: str = ""
    serviceName: str = "Ecs"
    requestId: str = ""
    errorCode: str | None = None
    errorMessage: str | None = None
    requestParameters: msgspec.Raw = NULL
    responseElements: msgspec.Raw = NULL
    userIdentity: _Identity = msgspec.field(default_factory=_Identity)


# Of answers only what is looked at is read, and what a log repeats is read once.
class _Rows(msgspec.Struct, gc=False):
    Instance: list[msgspec.Raw] = []


class _Listing(msgspec.Struct, gc=False):
    Instances: _Rows = msgspec.field(default_factory=_Rows)


class _Instance(TypedDict, total=False):
    InstanceId: Any
    Status: Any
    OperationLocks: Any
    DedicatedHostAttribute: Any


class _History(msgspec.Struct, gc=False):
    TotalCount: Any = None
    InstanceSystemEventSet: msgspec.Raw = NULL


class _Call(msgspec.Struct, gc=False):
    TaskId: Any = None
    RequestId: Any = None


CALLS = msgspec.json.Decoder(_Call)
LISTINGS = msgspec.json.Decoder(_Listing)
ROWS = msgspec.json.Decoder(_Instance)
HISTORIES = msgspec.json.Decoder(_History)
ANY = msgspec.json.Decoder(Any)
PARAMS = msgspec.json.Decoder(dict[str, Any])
TEXT = msgspec.json.Decoder(str)


class _Answer(msgspec.Struct):
    Events: list[msgspec.Raw]


def actiontrail(path: Path) -> Iterator[Seen]:
    """Yield the calls to ECS that a trail shows, in the order of their times.

    Events one per line are read one at a time; a JSON array is read as a whole. One that was
    delivered twice is yielded once.

    Raises:
        OSError: the file cannot be read.
        LogError: an event is none; what came before it was yielded.
    """
    by_line = _one_per_line(path)
    raws = _lines(path) if by_line else _array(path)
    decoder = msgspec.json.Decoder(_Event)
    held: list[tuple[float, int, int, Seen]] = []
    known = Recent()
    damage: LogError | None = None
    try:
        for number, raw in raws:
            try:
                event = decoder.decode(raw)
                one = None if event.eventId in known else _seen(event)
            except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
                where = f"line {number}" if by_line else f"event {number} by time"
                raise LogError(
                    f"{where}: it is no ActionTrail event: {error}"
                ) from error
            if event.eventId:
                known.add(event.eventId)
            if one is None:
                continue
            held.append((one.begun, _rank(one.action), number, one))
            if len(held) == WINDOW + BLOCK:
                held.sort()
                yield from (entry[3] for entry in held[:BLOCK])
                del held[:BLOCK]
    except LogError as error:
        damage = error
    held.sort()
    yield from (entry[3] for entry in held)
    if damage is not None:
        raise damage


@lru_cache(REPEATED)
def _rank(action: str) -> int:
    if action == REDEPLOY:
        return CALL
    return LOOK if action.startswith(READ_ONLY) else HAND


def _one_per_line(path: Path) -> bool:
    """Whether the first line is an event by itself."""
    with path.open("rb") as file:
        try:
            first = msgspec.json.decode(file.readline())
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
    return isinstance(first, dict) and "eventName" in first


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb", buffering=READ) as file:
        for number, raw in enumerate(file, 1):
            if not raw.isspace():
                yield number, raw


def _array(path: Path) -> Iterator[tuple[int, msgspec.Raw]]:
    data = path.read_bytes()
    try:
        if data.lstrip().startswith(b"{"):
            rows = msgspec.json.decode(data, type=_Answer).Events
        else:
            rows = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LogError(f"it is no list of ActionTrail events: {error}") from error
    # Such lists come newest first, so the order of the whole is not left to the window.
    rows.sort(key=_time)
    yield from enumerate(rows, 1)


class _Time(msgspec.Struct):
    eventTime: str = ""


def _time(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=_Time).eventTime
    except msgspec.MsgspecError:
        return "~"  # after every time: it is told as damage when its turn comes


def _seen(event: _Event) -> Seen | None:
    """Return what an event shows; None where it is of another service."""
    if event.serviceName.lower() != "ecs":
        return None
    if event.eventTime.tzinfo is None:
        raise ValueError("eventTime has no time zone")
    begun = event.eventTime.timestamp()
    name = event.eventName
    params: Mapping[str, str] = NO_PARAMS
    if name == EVENTS or not name.startswith(READ_ONLY):
        params = _params(bytes(event.requestParameters))
    answered = NULL if event.errorCode else event.responseElements
    listing = _fields(answered, LISTINGS) if name == INSTANCES else None
    history = _fields(answered, HISTORIES) if name == EVENTS else None
    return Seen(
        begun,
        begun + RESOLUTION,
        name,
        params,
        event.userIdentity.accountId,
        event.acsRegion,
        _reply(event) if name == REDEPLOY else None,
        _listed(listing) if listing is not None else (),
        _page(bytes(history.InstanceSystemEventSet)) if history is not None else None,
        history.TotalCount if history is not None else None,
    )


@lru_cache(REPEATED)
def _params(raw: bytes) -> Mapping[str, str]:
    given = _fields(raw, PARAMS) or {}
    return {name: _text(value) for name, value in given.items()}


def _listed(listing: _Listing) -> list[Listed]:
    rows = [_row(bytes(raw)) for raw in listing.Instances.Instance]
    return [one for one in rows if one is not None]


@lru_cache(REPEATED)
def _row(raw: bytes) -> Listed | None:
    try:
        return listed(ROWS.decode(raw))
    except msgspec.MsgspecError:
        return None


@lru_cache(REPEATED)
def _page(raw: bytes) -> Page:
    try:
        return page_in({"InstanceSystemEventSet": ANY.decode(raw)})
    except msgspec.MsgspecError:
        return ()


def _reply(event: _Event) -> Reply:
    """Return the answer to a call, without the HTTP status, which a trail does not keep."""
    answered = _fields(event.responseElements, CALLS) or _Call()
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


def _fields(value: msgspec.Raw | bytes, decoder: msgspec.json.Decoder[T]) -> T | None:
    """Return an object that may have been written as a text; None where it is none."""
    data = bytes(value)
    if data == b"null":
        return None
    try:
        return decoder.decode(TEXT.decode(data) if data.startswith(b'"') else data)
    except msgspec.MsgspecError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

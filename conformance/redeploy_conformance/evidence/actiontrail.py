"""ActionTrail events as a log of requests: a JSON array, LookupEvents' answer, or one per line."""

import heapq
import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from redeploy_conformance.evidence.sources import READ_ONLY, LogError, Recent, Seen
from redeploy_conformance.replies import Kind, Reply

REDEPLOY = "RedeployInstance"
WINDOW = 4096
"""Events held back to put them in order: a trail is delivered nearly in order, and never quite."""
RESOLUTION = 1.0
"""Seconds: an event's time is a whole second."""
HAND, CALL, LOOK = range(3)
"""The order within one second, which a trail does not tell: what makes the least known of a call."""


class _Identity(msgspec.Struct):
    accountId: str = ""


class _Event(msgspec.Struct):
    eventName: str
    eventTime: datetime
    eventId: str = ""
    acsRegion: str = ""
    serviceName: str = "Ecs"
    requestId: str = ""
    errorCode: str | None = None
    errorMessage: str | None = None
    requestParameters: Any = None
    responseElements: Any = None
    userIdentity: _Identity = msgspec.field(default_factory=_Identity)


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
    raws = _lines(path) if _one_per_line(path) else _array(path)
    decoder = msgspec.json.Decoder(_Event)
    held: list[tuple[float, int, int, Seen]] = []
    ticks, known = itertools.count(), Recent()
    damage: LogError | None = None
    try:
        for where, raw in raws:
            try:
                event = decoder.decode(raw)
                one = None if event.eventId in known else _seen(event)
            except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
                raise LogError(
                    f"{where}: it is no ActionTrail event: {error}"
                ) from error
            if event.eventId:
                known.add(event.eventId)
            if one is None:
                continue
            heapq.heappush(held, (one.begun, _rank(one), next(ticks), one))
            if len(held) > WINDOW:
                yield heapq.heappop(held)[3]
    except LogError as error:
        damage = error
    while held:
        yield heapq.heappop(held)[3]
    if damage is not None:
        raise damage


def _rank(one: Seen) -> int:
    if one.action == REDEPLOY:
        return CALL
    return LOOK if one.action.startswith(READ_ONLY) else HAND


def _one_per_line(path: Path) -> bool:
    """Whether the first line is an event by itself."""
    with path.open("rb") as file:
        try:
            first = msgspec.json.decode(file.readline())
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
    return isinstance(first, dict) and "eventName" in first


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                yield f"line {number}", raw


def _array(path: Path) -> Iterator[tuple[str, msgspec.Raw]]:
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
    for number, raw in enumerate(rows, 1):
        yield f"event {number} in the order of time", raw


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
    given = _fields(event.requestParameters) or {}
    params = {name: _text(value) for name, value in given.items()}
    answered = _fields(event.responseElements)
    reply = _reply(event, answered or {}) if event.eventName == REDEPLOY else None
    return Seen(
        begun,
        begun + RESOLUTION,
        event.eventName,
        params,
        event.userIdentity.accountId,
        event.acsRegion,
        reply,
        None if event.errorCode else answered,
        wordless=True,
    )


def _reply(event: _Event, answered: Mapping[str, Any]) -> Reply:
    """Return the answer to a call, without the HTTP status, which a trail does not keep."""
    request_id = event.requestId or answered.get("RequestId") or None
    code = event.errorCode or None
    if code is None:
        task = answered.get("TaskId")
        task_id = task if isinstance(task, str) else None
        return Reply(Kind.ACCEPTED, 200, None, None, request_id, task_id)
    if code.startswith("Throttling"):
        kind = Kind.THROTTLED
    elif code == "InternalError":
        kind = Kind.INTERNAL
    else:
        kind = Kind.REJECTED
    return Reply(kind, 400, code, event.errorMessage, request_id)


def _fields(value: Any) -> Mapping[str, Any] | None:
    """Return an object that may have been written as a text."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.MsgspecError:
            return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

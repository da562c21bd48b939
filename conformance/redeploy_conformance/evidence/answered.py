"""What answers of neighbouring operations show; what a log repeats again and again is read once."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypedDict

import msgspec

from redeploy_conformance.evidence.sources import Listed, Page, listed, page_in

INSTANCES, EVENTS = "DescribeInstances", "DescribeInstanceHistoryEvents"
REPEATED = 4096
"""Rows, pages and questions that are remembered: whoever polls repeats them again and again."""


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
    InstanceSystemEventSet: msgspec.Raw = msgspec.Raw(b"null")


LISTINGS = msgspec.json.Decoder(_Listing)
ROWS = msgspec.json.Decoder(_Instance)
HISTORIES = msgspec.json.Decoder(_History)
ANY = msgspec.json.Decoder(Any)


def instances(answer: bytes | str) -> Sequence[Listed]:
    """Return the instances of an answer to DescribeInstances; rows that are none are left out.

    Raises:
        msgspec.MsgspecError: it is no such answer in JSON.
        RecursionError: it is nested too deep.
    """
    rows = [_row(bytes(raw)) for raw in LISTINGS.decode(answer).Instances.Instance]
    return [one for one in rows if one is not None]


def history(answer: bytes | str) -> tuple[Page, object]:
    """Return the events of an answer to DescribeInstanceHistoryEvents, and how many it says there are.

    Raises:
        msgspec.MsgspecError: it is no such answer in JSON.
        RecursionError: it is nested too deep.
    """
    found = HISTORIES.decode(answer)
    return _page(bytes(found.InstanceSystemEventSet)), found.TotalCount


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

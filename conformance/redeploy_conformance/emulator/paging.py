"""Both ways of paging: by page number, and by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from redeploy_conformance.emulator.errors import invalid
from redeploy_conformance.emulator.request import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged:
    """One page: its items' bounds, and the fields that describe it."""

    start: int
    stop: int
    fields: dict[str, object]


def page(call: Call, total: int, *, most: int = 100, least: int = 1) -> Paged:
    """The page of `total` items that the call asks for.

    NextToken and MaxResults page by token, else PageNumber and PageSize (default 1 and
    10) count. Raises ApiError on a number that is none or out of bounds.
    """
    token, size = call.params.get("NextToken"), call.params.get("MaxResults")
    if token or size:
        start = _read_token(token)
        length = min(most, max(least, number(call, "MaxResults", 10)))
        stop = min(total, start + length)
        following = _token(stop) if stop < total else ""
        return Paged(start, stop, {"NextToken": following, "TotalCount": total})
    current = number(call, "PageNumber", 1)
    length = number(call, "PageSize", 10)
    if length > most:
        raise invalid("PageSize")
    start = (current - 1) * length
    described: dict[str, object] = {
        "PageNumber": current,
        "PageSize": length,
        "TotalCount": total,
        "NextToken": "",
    }
    return Paged(min(start, total), min(start + length, total), described)


def cut(items: Sequence[T], paged: Paged) -> Sequence[T]:
    """The items of the page."""
    return items[paged.start : paged.stop]


def number(call: Call, name: str, default: int) -> int:
    """A parameter that is a number from 1 on. Raises ApiError if it is none."""
    text = call.params.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise invalid(name)
    return int(text)


def _token(start: int) -> str:
    return f"page{start:08x}"


def _read_token(token: str | None) -> int:
    if not token:
        return 0
    digits = token.removeprefix("page")
    if len(token) != 12 or len(digits) != 8:
        raise invalid("NextToken")
    try:
        return int(digits, 16)
    except ValueError:
        raise invalid("NextToken") from None

"""Lists that come page by page, read to their end whatever pages are like."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

PAGE = 100
MOST_PAGES = 500
LISTS = {
    "DescribeInstances": ("Instances", "Instance", "InstanceId"),
    "DescribeInstanceHistoryEvents": (
        "InstanceSystemEventSet",
        "InstanceSystemEventType",
        "EventId",
    ),
    "DescribeDisks": ("Disks", "Disk", "DiskId"),
}
"""Where the rows of a listing operation are, and what names each."""


class PagesError(Exception):
    """The pages do not end, or one comes again in place of the next."""


def paged(
    action: str,
    ask: Callable[[Sequence[tuple[str, str]]], Mapping[str, Any]],
    most: float,
) -> list[Mapping[str, Any]]:
    """Return the rows of all pages; one may hold fewer than were asked for, and not be the last.

    ``ask`` takes the parameters that name a page, ``most`` is how many rows there can be.

    Raises:
        PagesError: the pages do not end, or one comes again in place of the next.
    """
    outer, inner, named = LISTS[action]
    every: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    before: list[str] = []
    for number in range(1, MOST_PAGES + 1):
        fields = ask([("PageSize", str(PAGE)), ("PageNumber", str(number))])
        rows: list[dict[str, Any]] = (fields.get(outer) or {}).get(inner) or []
        every += rows
        ids = [str(row.get(named)) for row in rows]
        new = set(ids) - seen
        seen |= new
        total = _total(fields)
        # A page that is not full may hold all there is, whatever the total says.
        if len(ids) == PAGE and ids == before and len(seen) < total:
            raise PagesError(
                f"{action} shows on page {number} what was on page {number - 1}, though it "
                f"counts {total} rows: it does not heed PageNumber"
            )
        before = ids
        whole = len(rows) < PAGE and len(seen) >= total
        if whole or not new or len(seen) >= most:
            return every
    raise PagesError(f"{action} has over {MOST_PAGES} pages")


def _total(fields: Mapping[str, Any]) -> int:
    """Return how many rows an answer says that there are in all; 0 where it does not say so."""
    total = str(fields.get("TotalCount"))
    return int(total) if total.isascii() and total.isdecimal() else 0

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


class ShortError(PagesError):
    """The pages hold fewer rows than they count."""


def paged(
    action: str,
    ask: Callable[[Sequence[tuple[str, str]]], Mapping[str, Any]],
    most: float,
    *,
    strict: bool = False,
) -> list[Mapping[str, Any]]:
    """Return the rows of all pages; one may hold fewer than were asked for, and not be the last.

    ``ask`` takes the parameters that name a page, ``most`` is how many rows there can be. Pages are
    numbered, unless one names the next by a token. ``strict`` takes no list that lacks rows.

    Raises:
        PagesError: the pages do not end, or one comes again in place of the next.
        ShortError: they hold fewer rows than they count, and that is asked for.
    """
    outer, inner, named = LISTS[action]
    every: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    before: list[str] = []
    token: object = ""
    for number in range(1, MOST_PAGES + 1):
        page = [("PageSize", str(PAGE)), ("PageNumber", str(number))]
        if token:
            page = [("MaxResults", str(PAGE)), ("NextToken", str(token))]
        fields = ask(page)
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
                f"counts {total} rows: it does not heed {page[1][0]}"
            )
        before, came_by, token = ids, token, fields.get("NextToken")
        whole = len(rows) < PAGE and len(seen) >= total and (total or not token)
        if whole or not new or len(seen) >= most or (came_by and not token):
            if strict and len(seen) < min(total, most):
                raise ShortError(
                    f"{action} lists {len(seen)} of the {total} rows that it counts"
                )
            return every
    raise PagesError(f"{action} has over {MOST_PAGES} pages")


def _total(fields: Mapping[str, Any]) -> int:
    """Return how many rows an answer says that there are in all; 0 where it does not say so."""
    total = str(fields.get("TotalCount"))
    return int(total) if total.isascii() and total.isdecimal() else 0

"""Lists that come page by page, as services number them, name them by tokens, or count them wrongly."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

import pytest

from redeploy_conformance.running.paging import PAGE, PagesError, ShortError, paged

Ask = Callable[[Sequence[tuple[str, str]]], Mapping[str, Any]]


def service(
    rows: int, size: int, *, total: int | None, tokens: bool, asked: list[str]
) -> Ask:
    """Return a service that lists disks; with ``tokens`` it takes no notice of page numbers."""

    def ask(page: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
        given = dict(page)
        asked.append(page[1][0])
        start = int(given.get("NextToken", "0")) if tokens else 0
        if not tokens:
            start = (int(given["PageNumber"]) - 1) * size
        stop = min(rows, start + size)
        shown = [{"DiskId": f"d-{n}"} for n in range(start, stop)]
        fields: dict[str, Any] = {"Disks": {"Disk": shown}}
        fields |= {"NextToken": str(stop) if stop < rows else ""} if tokens else {}
        return fields | ({} if total is None else {"TotalCount": total})

    return ask


@pytest.mark.parametrize(
    ("tokens", "total"), [(True, None), (True, 0), (True, 25), (False, 25)]
)
@pytest.mark.parametrize("size", [10, 25, 100])
def test_every_row_is_read(size: int, total: int | None, tokens: bool) -> None:
    ask = service(25, size, total=total, tokens=tokens, asked=[])
    rows = paged("DescribeDisks", ask, inf, strict=True)
    assert [one["DiskId"] for one in rows] == [f"d-{n}" for n in range(25)]


@pytest.mark.parametrize("tokens", [True, False])
def test_full_pages_are_read_to_their_end(tokens: bool) -> None:
    asked: list[str] = []
    ask = service(2 * PAGE, PAGE, total=None, tokens=tokens, asked=asked)
    assert len(paged("DescribeDisks", ask, inf)) == 2 * PAGE
    assert asked[0] == "PageNumber"
    assert set(asked[1:]) == {"NextToken" if tokens else "PageNumber"}


def test_a_list_that_counts_more_than_it_has_is_taken_unless_that_is_not_wanted() -> (
    None
):
    ask = service(3, 10, total=1000, tokens=False, asked=[])
    assert len(paged("DescribeDisks", ask, inf)) == 3
    assert len(paged("DescribeDisks", ask, 3, strict=True)) == 3
    with pytest.raises(ShortError, match="lists 3 of the 1000 rows that it counts"):
        paged("DescribeDisks", ask, inf, strict=True)


def test_a_token_that_is_not_heeded_is_named() -> None:
    def ask(page: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
        shown = [{"DiskId": f"d-{n}"} for n in range(PAGE)]
        return {"Disks": {"Disk": shown}, "TotalCount": 150, "NextToken": "t"}

    with pytest.raises(PagesError, match="it does not heed NextToken"):
        paged("DescribeDisks", ask, inf)

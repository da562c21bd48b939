"""The rate-limit picture as SVG: calls, refusals, and what the contract leaves to a limiter."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from redeploy_reports.clean import clean
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Burst, BurstPoint, Result

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 30
BAR = 10
SEEN = 5
"""The least height of a refusal: a single one must still be seen."""
MOST = 6
"""How many bursts are drawn; the result file has them all."""


@dataclass(frozen=True, slots=True)
class RatePicture:
    """One burst: its case, its totals, the limiters that fit, and the drawing.

    ``early`` counts what was throttled though the caller had kept to the limit.
    """

    case: str
    passed: int
    rejected: int
    throttled: int
    early: int
    limiters: tuple[str, ...]
    points: tuple[BurstPoint, ...]
    svg: str


def pictures(contract: Contract, result: Result) -> tuple[RatePicture, ...]:
    """Return the bursts in which something was throttled first, then the others."""
    bursts = sorted(result.bursts, key=lambda one: -len(one.limiters) * _refused(one))
    return tuple(_picture(contract, one) for one in bursts[:MOST])


def _refused(burst: Burst) -> int:
    return sum(point.throttled for point in burst.points)


def _picture(contract: Contract, burst: Burst) -> RatePicture:
    return RatePicture(
        case=clean(burst.case),
        passed=sum(one.accepted + one.rejected for one in burst.points),
        rejected=sum(point.rejected for point in burst.points),
        throttled=_refused(burst),
        early=_early(contract, burst.points),
        limiters=tuple(clean(one, limit=40) for one in burst.limiters),
        points=burst.points,
        svg=_svg(contract, burst.points),
    )


def _svg(contract: Contract, points: Sequence[BurstPoint]) -> str:
    """Return what passed within the last window, and on top of it what was throttled."""
    limit, window = contract.quota_calls, contract.quota_seconds
    levels = [_level(points, one.at, window) for one in points]
    tops = [level + one.throttled for one, level in zip(points, levels, strict=True)]
    tallest = max([2 * limit, *tops])
    longest = max([window, *(one.at for one in points)])
    floor = HEIGHT - BOTTOM

    def up(calls: float) -> float:
        return round(floor - (floor - TOP) * calls / (tallest * 1.05), 1)

    def along(seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT - BAR) * seconds / longest, 1)

    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "class": "rate",
            "role": "img",
            "aria-label": "Calls over time; the table below says the same.",
        },
    )
    inner = WIDTH - LEFT - RIGHT
    _box(root, LEFT, up(2 * limit), inner, up(limit) - up(2 * limit), "band")
    for calls in (0, limit, 2 * limit):
        at = up(calls)
        line = {"x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": f"{at}", "y2": f"{at}"}
        SubElement(root, "line", {**line, "class": "axis"})
        _text(root, LEFT - 6, at + 4, f"{calls:,}", "end")
    for seconds in sorted({0.0, window, longest}):
        _text(root, along(seconds), HEIGHT - 10, f"{seconds:g} s", "middle")
    ends = {one.at for one in points} | {one.at + window for one in points}
    changes = sorted(at for at in ends if at <= longest)
    area = f"M{along(0):g} {floor}"
    for at, then in pairwise([*changes, longest]):
        level = up(_level(points, at, window))
        area += f"V{level:g}H{along(then):g}"
    SubElement(root, "path", {"d": f"{area}V{floor}", "class": "passed"})
    for one, level in zip(points, levels, strict=True):
        if one.throttled:
            height = max(up(level) - up(level + one.throttled), SEEN)
            top = up(level) - height
            _box(root, along(one.at), top, BAR, height, "throttled")
    return tostring(root, encoding="unicode")


def _early(contract: Contract, points: Sequence[BurstPoint]) -> int:
    """Return how many calls were throttled though the caller had kept to the limit (Q1).

    Every call counts, as it may for a limiter. Points are whole seconds: in doubt of one, none.
    """
    total = 0
    for place, one in enumerate(points):
        made = one.accepted + one.rejected
        made += sum(
            each.accepted + each.rejected + each.throttled
            for each in points[:place]
            if one.at - contract.quota_seconds - 2 < each.at
        )
        total += max(0, min(one.throttled, contract.quota_calls - made))
    return total


def _level(points: Sequence[BurstPoint], now: float, window: float) -> int:
    """Return how many calls were let through within the window that ends ``now``."""
    return sum(
        one.accepted + one.rejected for one in points if now - window < one.at <= now
    )


def _box(
    root: Element, x: float, y: float, width: float, height: float, kind: str
) -> None:
    if height > 0:
        height, width = max(height, 1.5), max(width, 2)
        box = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}"}
        box["height"] = f"{height:g}"
        SubElement(root, "rect", {**box, "class": kind})


def _text(root: Element, x: float, y: float, words: str, anchor: str) -> None:
    at = {"x": f"{x}", "y": f"{y:g}", "text-anchor": anchor, "class": "small"}
    SubElement(root, "text", at).text = words

"""The rate-limit picture as SVG: calls, refusals, and what the contract leaves to a limiter."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from redeploy_reports.clean import clean
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Burst, BurstPoint, Result

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 30
BAR = 10
MOST = 6
"""How many bursts are drawn; the result file has them all."""


@dataclass(frozen=True, slots=True)
class RatePicture:
    """One burst: its case, its totals, the limiters that fit, and the drawing."""

    case: str
    passed: int
    throttled: int
    seconds: float
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
        throttled=_refused(burst),
        seconds=burst.points[-1].at if burst.points else 0.0,
        limiters=tuple(clean(one, limit=40) for one in burst.limiters),
        points=burst.points,
        svg=_svg(contract, burst.points),
    )


def _svg(contract: Contract, points: Sequence[BurstPoint]) -> str:
    """Return bars of what passed and what was throttled, over the admissible band."""
    limit = contract.quota_calls
    tallest = max(
        [2 * limit, *(one.accepted + one.rejected + one.throttled for one in points)]
    )
    longest = max([contract.quota_seconds, *(one.at for one in points)])
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
    for seconds in sorted({0.0, contract.quota_seconds, longest}):
        _text(root, along(seconds), HEIGHT - 10, f"{seconds:g} s", "middle")
    for one in points:
        x, passed = along(one.at), one.accepted + one.rejected
        _box(root, x, up(passed), BAR, floor - up(passed), "passed")
        top = up(passed + one.throttled)
        _box(root, x, top, BAR, up(passed) - top, "throttled")
    return tostring(root, encoding="unicode")


def _box(
    root: Element, x: float, y: float, width: float, height: float, kind: str
) -> None:
    if height > 0:
        # A single call must still be seen.
        height = max(height, 1.5)
        box = {"x": f"{x}", "y": f"{y:g}", "width": f"{width}", "height": f"{height:g}"}
        SubElement(root, "rect", {**box, "class": kind})


def _text(root: Element, x: float, y: float, words: str, anchor: str) -> None:
    at = {"x": f"{x}", "y": f"{y:g}", "text-anchor": anchor, "class": "small"}
    SubElement(root, "text", at).text = words

"""The state diagram as SVG: a lane per status in which a redeploy may begin.

Colours are classes, so that the page's style sheet decides them, in light and in dark.
"""

from xml.etree.ElementTree import Element, SubElement, tostring

from redeploy_reports.edges import Edge, Edges, Life
from redeploy_reports.phrases import count

NODE_WIDTH, NODE_HEIGHT = 96, 34
GAP = 92
LANE = 172
TOP = 20
LEFT = 10


def svg(edges: Edges) -> str:
    """Return the diagram as one SVG element."""
    most = max((len(life.passed) for life in edges.lives), default=0)
    step = NODE_WIDTH + GAP
    width = LEFT * 2 + NODE_WIDTH + (most + 1) * step + 66
    height = TOP + LANE * len(edges.lives) + 120
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "class": "diagram",
            "role": "img",
            "aria-label": "State diagram of a redeploy; the table below says the same.",
        },
    )
    for number, life in enumerate(edges.lives):
        _lane(root, life, TOP + LANE * number, width - LEFT - NODE_WIDTH)
    _rejections(root, edges.rejected, TOP + LANE * len(edges.lives), width)
    return tostring(root, encoding="unicode")


def _lane(root: Element, life: Life, top: int, right: int) -> None:
    middle = top + 84
    step = NODE_WIDTH + GAP
    _node(root, LEFT, middle, life.origin)
    box = LEFT + NODE_WIDTH + GAP
    inside = [box + 66 + place * step for place in range(len(life.passed))]
    end = inside[-1] + NODE_WIDTH + 14
    SubElement(
        root,
        "rect",
        {
            "x": str(box),
            "y": str(top + 34),
            "width": str(end - box),
            "height": "104",
            "rx": "10",
            "class": "flight",
        },
    )
    _text(root, box + 10, top + 52, "redeploy under way", "small", "start")
    _arrow(root, LEFT + NODE_WIDTH, box, middle, life.accepted)
    starts = [box, *(place + NODE_WIDTH for place in inside)]
    for edge, start, stop in zip(life.inner, starts, inside, strict=False):
        _arrow(root, start, stop, middle, edge, short=True)
    for place, status in zip(inside, life.passed, strict=True):
        _node(root, place, middle, status)
    _loop(root, end - 60, top + 34, life.busy)
    for edge, offset in ((life.succeeds, -28), (life.fails, 28)):
        _arrow(root, end, right, middle + offset, edge)
        _node(root, right, middle + offset, edge.after)


def _rejections(
    root: Element, rejected: tuple[Edge, ...], top: int, width: int
) -> None:
    step = (width - 2 * LEFT) / max(len(rejected), 1)
    _text(root, LEFT, top + 18, "no redeploy under way", "small", "start")
    for number, edge in enumerate(rejected):
        left = round(LEFT + step * number + (step - NODE_WIDTH) / 2)
        _node(root, left, top + 88, edge.before)
        _loop(root, left + NODE_WIDTH // 2, top + 88 - NODE_HEIGHT // 2, edge)


def _node(root: Element, left: int, middle: int, status: str) -> None:
    SubElement(
        root,
        "rect",
        {
            "x": str(left),
            "y": str(middle - NODE_HEIGHT // 2),
            "width": str(NODE_WIDTH),
            "height": str(NODE_HEIGHT),
            "rx": "6",
            "class": "status",
        },
    )
    _text(root, left + NODE_WIDTH // 2, middle + 5, status, "name")


def _arrow(
    root: Element, start: int, stop: int, y: int, edge: Edge, *, short: bool = False
) -> None:
    group = _group(root, edge)
    tip = stop - 8
    SubElement(group, "path", {"d": f"M{start} {y}H{tip}", "class": "line"})
    SubElement(group, "path", {"d": f"M{tip} {y - 5}L{stop} {y}L{tip} {y + 5}Z"})
    centre = (start + stop) // 2
    if not short:
        _text(group, centre, y - 22, edge.label, "small")
    _text(group, centre, y - 8, " ".join(edge.clauses), "small")
    _text(group, centre, y + 16, f"×{edge.count:,}", "count")


def _loop(root: Element, centre: int, top: int, edge: Edge) -> None:
    group = _group(root, edge)
    path = f"M{centre - 14} {top}C{centre - 18} {top - 26} {centre + 18} {top - 26} {centre + 13} {top - 5}"
    SubElement(group, "path", {"d": path, "class": "line"})
    tip = centre + 12
    SubElement(
        group,
        "path",
        {"d": f"M{tip - 5} {top - 8}L{tip + 6} {top - 7}L{tip + 1} {top}Z"},
    )
    words = f"{edge.label} ×{edge.count:,}"
    _text(group, centre, top - 26, words, "small")


def _group(root: Element, edge: Edge) -> Element:
    group = SubElement(root, "g", {"class": f"edge {edge.state}"})
    crossed = f", crossed unseen {count(edge.crossed, 'time')}" if edge.crossed else ""
    SubElement(group, "title").text = (
        f"{edge.before} to {edge.after}: {edge.label} ({', '.join(edge.clauses)}), "
        f"{edge.state}, {count(edge.count, 'time')}{crossed}"
    )
    return group


def _text(
    root: Element, x: int, y: int, words: str, kind: str, anchor: str = "middle"
) -> None:
    at = {"x": str(x), "y": str(y), "class": kind, "text-anchor": anchor}
    SubElement(root, "text", at).text = words

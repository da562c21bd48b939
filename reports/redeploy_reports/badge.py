"""An SVG badge with the verdict of a run."""

from xml.etree.ElementTree import Element, SubElement, tostring

from redeploy_reports.clean import clean
from redeploy_reports.phrases import count
from redeploy_reports.summary import summarise
from redeploy_schemas.records import Result
from redeploy_schemas.vocabulary import RunVerdict

LABEL = "RedeployInstance"
COLOURS = {
    RunVerdict.CONFORMING: "#2a7d3c",
    RunVerdict.NOT_CONFORMING: "#b3261e",
}
OTHERWISE = "#8a5a00"
"""Neither green nor red: nothing was proved, or what is violated is known."""

HEIGHT = 20
PADDING = 6
CHARACTER = 6.8
"""About the width in pixels of a character of a sans-serif font at 11 px."""


def render(result: Result) -> str:
    """Return the badge as one SVG document, ending in a line end."""
    words = _words(result)
    left, right = (
        round(len(text) * CHARACTER) + 2 * PADDING for text in (LABEL, words)
    )
    width = left + right
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(width),
            "height": str(HEIGHT),
            "viewBox": f"0 0 {width} {HEIGHT}",
            "role": "img",
            "aria-label": f"{LABEL}: {words}",
        },
    )
    SubElement(svg, "title").text = clean(result.sentence, limit=400)
    colour = COLOURS.get(RunVerdict(result.exit_code), OTHERWISE)
    if summarise(result).known and result.exit_code == RunVerdict.CONFORMING:
        colour = OTHERWISE
    _half(svg, 0, left, "#444c56", LABEL)
    _half(svg, left, right, colour, words)
    return tostring(svg, encoding="unicode") + "\n"


def _words(result: Result) -> str:
    words = clean(result.verdict)
    if result.exit_code == RunVerdict.NOT_CONFORMING:
        words += f" · {len(summarise(result).violated)} violated"
    if known := len(summarise(result).known):
        words += f" · {count(known, 'known deviation')}"
    return words


def _half(svg: Element, start: int, width: int, colour: str, text: str) -> None:
    box = {"x": str(start), "width": str(width), "height": str(HEIGHT)}
    SubElement(svg, "rect", {**box, "fill": colour})
    SubElement(
        svg,
        "text",
        {
            "x": f"{start + width / 2:g}",
            "y": "14",
            "fill": "#ffffff",
            "font-family": "Verdana, DejaVu Sans, sans-serif",
            "font-size": "11",
            "text-anchor": "middle",
            "textLength": str(width - 2 * PADDING),
            "lengthAdjust": "spacingAndGlyphs",
        },
    ).text = text

"""Pages without a mouse, without eyes, in the dark, on a telephone, on paper."""

from itertools import pairwise
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from redeploy_reports.html import render, render_matrix
from redeploy_reports.matrix import compare
from redeploy_schemas.records import Result

from .conftest import Browser, Show, shown

MEANING = """
const name = (one) => one.getAttribute("aria-label")
  || document.getElementById(one.getAttribute("aria-labelledby"))?.textContent
  || one.textContent || one.labels?.[0]?.textContent;
const all = (what) => [...document.querySelectorAll(what)];
const ids = all("[id]").map((one) => one.id);
return {
  language: document.documentElement.lang,
  mains: all("main").length,
  titles: all("h1").length,
  twice: ids.filter((one, place) => ids.indexOf(one) !== place),
  lost: all("a[href^='#']").map((one) => one.hash.slice(1))
    .filter((one) => one && !one.includes("=") && !ids.includes(one)),
  unnamed: all("a, button, input, select, section, nav, article, [role=group], [role=img]")
    .filter((one) => !name(one)?.trim()).map((one) => one.outerHTML.slice(0, 80)),
  uncaptioned: all("table").filter((one) => !one.caption?.textContent).length,
  unscoped: all("th:not([scope])").length,
  headings: all("h1, h2, h3, h4").map((one) => Number(one.tagName[1])),
  unreachable: all(".scroll").filter((one) => one.tabIndex !== 0).length,
};
"""


def meaning(browser: Browser) -> dict[str, Any]:
    """Return what a page tells those who do not see it; the headings as wrong jumps."""
    found: dict[str, Any] = browser.execute_script(MEANING)
    levels = found.pop("headings")
    found["jumps"] = [two for one, two in pairwise(levels) if two > one + 1]
    return found


WHOLE = {
    "language": "en",
    "mains": 1,
    "titles": 1,
    "twice": [],
    "lost": [],
    "unnamed": [],
    "uncaptioned": 0,
    "unscoped": 0,
    "unreachable": 0,
    "jumps": [],
}


def test_everything_has_a_name_a_place_and_an_order(
    show: Show, rich: Result, conforming: Result
) -> None:
    assert meaning(show(render(rich))) == WHOLE
    assert meaning(show(render(conforming))) == WHOLE
    both = compare([("bad", rich), ("good", conforming)])
    assert meaning(show(render_matrix(both))) == WHOLE


def test_it_can_be_used_without_a_mouse(show: Show, rich: Result) -> None:
    browser = show(render(rich))
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    first = browser.switch_to.active_element
    assert first.get_attribute("class") == "skip"
    assert first.rect["x"] >= 0
    seen = []
    for _ in range(60):
        active = browser.switch_to.active_element
        name = active.get_attribute("name") or active.tag_name
        seen.append(name)
        if name == "find":
            break
        active.send_keys(Keys.TAB)
    assert {"a", "button", "summary", "verdict", "strength", "find"} <= set(seen)
    browser.switch_to.active_element.send_keys("A3")
    assert shown(browser) == ["A3"]


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as ``rgb(20, 23, 27)``."""
    parts = [int(word) / 255 for word in colour[4:-1].split(", ")]
    linear = [
        x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


CONTRAST = """
const ground = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }
};
return [...document.querySelectorAll(arguments[0])].map(
  (one) => [one.className + " " + one.tagName, getComputedStyle(one).color, ground(one)]);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_in_light_and_in_dark(
    show: Show, rich: Result, scheme: str, chromium: Browser
) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser = show(render(rich))
    page = browser.execute_script(
        "return getComputedStyle(document.body).backgroundColor"
    )
    assert (luminance(page) < 0.1) is (scheme == "dark")
    texts = (
        "p, a, dd, dt, th, td, small, summary, pre, .mark, .n, button, li, h1, h2, h3"
    )
    low = set()
    for name, ink, ground in browser.execute_script(CONTRAST, texts):
        pair = sorted([luminance(ink), luminance(ground)])
        if (pair[1] + 0.05) / (pair[0] + 0.05) < 4.5:
            low.add((name, ink, ground))
    assert low == set()


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_nothing_sticks_out_of_a_narrow_window(
    show: Show, rich: Result, width: int, chromium: Browser
) -> None:
    size: dict[str, Any] = {"height": 800, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {**size, "width": width}
    )
    browser = show(render(rich))
    inner, whole = browser.execute_script(
        "const page = document.documentElement; return [page.clientWidth, page.scrollWidth]"
    )
    assert whole <= inner


def test_on_paper_everything_is_open_and_nothing_is_a_button(
    show: Show, rich: Result
) -> None:
    browser = show(render(rich))
    closed = "return document.querySelectorAll('details:not([open])').length"
    before = browser.execute_script(closed)
    assert before > 0
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(closed) == 0
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    for hidden in ("#filter", ".sections", "button[data-copy]"):
        assert not browser.find_element(By.CSS_SELECTOR, hidden).is_displayed()
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"media": "print", "features": dark}
    )
    ink = browser.execute_script("return getComputedStyle(document.body).color")
    assert luminance(ink) < 0.1  # paper is white, whatever the screen is
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(closed) == before
    assert browser.execute_cdp_cmd("Page.printToPDF", {})["data"]

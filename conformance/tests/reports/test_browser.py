"""The page in a real browser, opened from disk: Debian's Chromium, without any network."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from redeploy_reports.html import render, render_matrix
from redeploy_reports.matrix import compare
from redeploy_schemas.contract import load
from redeploy_schemas.records import (
    Burst,
    BurstPoint,
    ClauseResult,
    Exchange,
    Finding,
    Move,
    Result,
)

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="needs Debian's chromium and chromium-driver",
)

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m"

Browser = webdriver.Chrome


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of this file."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for word in QUIET:
        options.add_argument(word)
    profile = tmp_path_factory.mktemp("profile")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield browser
    browser.quit()


@pytest.fixture
def rich(
    violated: Result, finding: Finding, clause: Callable[..., ClauseResult]
) -> Result:
    """A result with everything that a page shows."""
    exchange = Exchange(
        request_line="POST /?InstanceId=i-1 (RedeployInstance)",
        request_body="",
        status=200,
        response_body='{"TaskId": "t-1"}',
        problem=None,
    )
    steps = tuple(replace(one, exchanges=(exchange,) * 3) for one in finding.trace)
    point = BurstPoint(at=0.0, accepted=500, rejected=0, throttled=9)
    move = Move(
        origin="Running", before="Running", after="Stopping", what="seen", count=3
    )
    return replace(
        violated,
        contract_sha256=load().sha256,
        findings=(replace(finding, trace=steps), violated.findings[1]),
        bursts=(Burst(case="Q1", points=(point,), limiters=("token-bucket",)),),
        moves=(move,),
    )


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """Open a page from disk; afterwards nothing may have been complained about."""

    def open_page(text: str, place: str = "") -> Browser:
        path = tmp_path / "page.html"
        path.write_text(text, "utf-8")
        chromium.get("about:blank")
        chromium.get_log("browser")
        chromium.get(f"{path.as_uri()}{place}")
        return chromium

    yield open_page
    assert chromium.get_log("browser") == []
    chromium.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"media": "", "features": []}
    )
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def shown(browser: Browser) -> list[str]:
    """Return the clauses that the ledger shows, in its order."""
    rows = browser.find_elements(By.CSS_SELECTOR, "#clauses tbody tr")
    return [
        row.find_element(By.TAG_NAME, "th").text.split()[0]
        for row in rows
        if row.is_displayed()
    ]


def hash_of(browser: Browser) -> str:
    return str(browser.execute_script("return location.hash"))


def test_it_opens_from_disk_and_complains_of_nothing(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    assert browser.title == "toy 1.0: not conforming"
    verdict = browser.find_element(By.ID, "verdict")
    assert verdict.is_displayed()
    assert verdict.text == rich.sentence
    entries = browser.execute_script(
        "return performance.getEntriesByType('resource').length"
    )
    assert entries == 0


def test_the_policy_stops_what_is_not_the_pages_own(
    show: Callable[..., Browser], rich: Result, chromium: Browser
) -> None:
    page = render(rich).replace(
        "</main>", "<script>document.title = 'x'</script></main>"
    )
    browser = show(page)
    assert browser.title == "toy 1.0: not conforming"
    (complaint,) = chromium.get_log("browser")
    assert "Content Security Policy" in complaint["message"]


def test_the_first_screen_says_who_by_what_and_how_it_went(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    height = browser.execute_script("return innerHeight")
    for text in ("toy 1.0", rich.sentence, rich.contract_edition, "A10: refuse"):
        found = browser.find_element(By.XPATH, f"//*[text()[contains(., '{text}')]]")
        assert found.rect["y"] + found.rect["height"] < height
    tallies = browser.find_elements(By.CSS_SELECTOR, ".counts li")
    assert [one.text for one in tallies] == [
        "2 violated",
        "1 hold",
        "2 could not run",
        "1 not applicable",
        "2 open",
        "of 8 clauses, 6 of them required",
    ]
    assert all(one.rect["y"] < height / 2 for one in tallies)


def test_a_count_leads_to_the_ledger_of_those_clauses(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    browser.find_element(By.PARTIAL_LINK_TEXT, "could not run").click()
    WebDriverWait(browser, 5).until(lambda found: shown(found) == ["L4", "L5", "Q1"])
    assert hash_of(browser) == "#verdict=not+exercised"
    top = browser.execute_script(
        "return document.getElementById('ledger').getBoundingClientRect().top"
    )
    assert 0 <= top < browser.execute_script("return innerHeight")


def test_wherever_one_is_a_violation_is_two_clicks_away(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    browser.execute_script("scrollTo(0, document.body.scrollHeight)")
    browser.find_element(By.LINK_TEXT, "Violations").click()
    card = browser.find_element(By.CSS_SELECTOR, ".violation")
    top = browser.execute_script(
        "return arguments[0].getBoundingClientRect().top", card
    )
    assert 0 <= top < browser.execute_script("return innerHeight")


def test_a_card_tells_the_whole_story(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    card = browser.find_element(By.ID, "A3")
    clause, found = rich.clauses[1], rich.findings[0]
    for words in (
        clause.statement,
        f"source: {clause.source}",
        found.expected,
        found.observed,
        "broken with it: L10",
        "Reproduced 3 of 3 times",
        found.reproduce,
    ):
        assert words in card.text
    first, second = card.find_elements(By.CSS_SELECTOR, ".trace > .step")[:2]
    assert "before it, the oracle holds possible: nothing is known yet" in first.text
    assert "after it:\ni1 Running" in first.text
    assert "before it, the oracle holds possible:\ni1 Running" in second.text
    assert found.trace[1].exchanges[0].request_line in second.text
    assert '200 {"TaskId": "t-1"}' in second.text


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
    show: Callable[..., Browser], rich: Result, conforming: Result
) -> None:
    assert meaning(show(render(rich))) == WHOLE
    assert meaning(show(render(conforming))) == WHOLE
    both = compare([("bad", rich), ("good", conforming)])
    assert meaning(show(render_matrix(both))) == WHOLE


def test_every_violated_clause_is_one_click_away(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    links = browser.find_elements(By.CSS_SELECTOR, ".violated-list a")
    assert [link.text.split()[0] for link in links] == ["A3", "R3"]
    for link in links:
        browser.execute_script("scrollTo(0, 0)")
        link.click()
        card = browser.find_element(By.CSS_SELECTOR, ":target")
        assert card.get_attribute("class") == "violation"
        top = browser.execute_script(
            "return arguments[0].getBoundingClientRect().top", card
        )
        assert 0 <= top < browser.execute_script("return innerHeight")


def test_the_filter_narrows_the_ledger_and_lives_in_the_address(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    assert len(shown(browser)) == len(rich.clauses)
    Select(browser.find_element(By.NAME, "verdict")).select_by_value("not exercised")
    assert shown(browser) == ["L4", "L5", "Q1"]
    assert hash_of(browser) == "#verdict=not+exercised"
    browser.find_element(By.NAME, "find").send_keys("host")
    assert shown(browser) == ["L5"]
    assert hash_of(browser) == "#verdict=not+exercised&find=host"
    assert browser.find_element(By.ID, "shown").text == "1 of 8 clauses shown"
    browser.find_element(By.CSS_SELECTOR, "#filter [type=reset]").click()
    WebDriverWait(browser, 5).until(lambda found: len(shown(found)) == 8)
    assert "=" not in hash_of(browser)


def test_an_address_with_a_filter_opens_filtered(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich), "#verdict=fail&sort=-place")
    assert shown(browser) == ["R3", "A3"]
    chosen = Select(browser.find_element(By.NAME, "verdict")).first_selected_option
    assert chosen.text == "violated"
    browser.execute_script("location.hash = '#strength=open'")
    WebDriverWait(browser, 5).until(lambda found: shown(found) == ["A5", "A10"])


def test_a_nonsense_address_shows_everything(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich), "#verdict=%3Cb%3E&sort=constructor&x=y")
    assert len(shown(browser)) == len(rich.clauses)


def test_a_click_on_a_header_sorts_and_a_second_one_turns_it_round(
    show: Callable[..., Browser], rich: Result
) -> None:
    browser = show(render(rich))
    head = browser.find_element(By.CSS_SELECTOR, "th[data-sort=held]")
    head.find_element(By.TAG_NAME, "button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert shown(browser)[:3] == ["L4", "L5", "Q1"]
    head.find_element(By.TAG_NAME, "button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert shown(browser)[-3:] == ["L4", "L5", "Q1"]
    assert hash_of(browser) == "#sort=-held"


def test_it_can_be_used_without_a_mouse(
    show: Callable[..., Browser], rich: Result
) -> None:
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


def test_copy_takes_the_command(show: Callable[..., Browser], rich: Result) -> None:
    browser = show(render(rich))
    browser.execute_script(
        "navigator.clipboard.writeText = async (text) => { window.taken = text; };"
    )
    for words, text in (
        ("Copy command", rich.findings[0].reproduce),
        (
            "Copy curl (unsigned)",
            "curl -sS -X POST 'http://127.0.0.1:8080/?InstanceId=i-1' "
            "-H 'x-acs-action: RedeployInstance'",
        ),
    ):
        found = browser.find_elements(By.XPATH, f"//button[. = '{words}']")
        button = next(one for one in found if one.is_displayed())
        button.click()
        WebDriverWait(browser, 5).until(lambda _, one=button: one.text == "Copied")
        assert browser.execute_script("return window.taken") == text


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
    show: Callable[..., Browser], rich: Result, scheme: str, chromium: Browser
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
    show: Callable[..., Browser], rich: Result, width: int, chromium: Browser
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
    show: Callable[..., Browser], rich: Result
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


def test_without_its_script_it_still_says_everything(
    show: Callable[..., Browser], rich: Result, chromium: Browser
) -> None:
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser = show(render(rich))
        assert len(shown(browser)) == len(rich.clauses)
        assert not browser.find_element(By.ID, "filter").is_displayed()
        assert browser.find_element(By.CSS_SELECTOR, ".violation .wrong").is_displayed()
    finally:
        chromium.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )


def test_hostile_texts_stay_texts(show: Callable[..., Browser], rich: Result) -> None:
    target = replace(rich.target, name=HOSTILE, version=HOSTILE, address=HOSTILE)
    finding = replace(rich.findings[0], observed=HOSTILE, reproduce=HOSTILE)
    clauses = tuple(replace(one, id=one.id + HOSTILE) for one in rich.clauses)
    bad = replace(rich, target=target, findings=(finding,) * 2, clauses=clauses)
    browser = show(render(bad))
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 1
    assert HOSTILE[:30] in browser.find_element(By.TAG_NAME, "h1").text
    links = browser.find_elements(By.CSS_SELECTOR, ".violated-list a")
    links[0].click()
    assert browser.find_element(By.CSS_SELECTOR, ":target").is_displayed()


def test_the_matrix_opens_too(
    show: Callable[..., Browser], conforming: Result, rich: Result
) -> None:
    browser = show(render_matrix(compare([("bad", rich), ("good", conforming)])))
    heads = browser.find_elements(By.CSS_SELECTOR, ".matrix thead th")
    assert [head.text.splitlines()[:3] for head in heads] == [
        ["Clause"],
        ["good", "toy 1.0", "conforming"],
        ["bad", "toy 1.0", "not conforming"],
    ]


def test_the_matrix_can_be_narrowed_to_what_differs(
    show: Callable[..., Browser], conforming: Result, rich: Result
) -> None:
    browser = show(render_matrix(compare([("bad", rich), ("good", conforming)])))
    assert "A1" in clauses_of(browser)
    browser.find_element(By.NAME, "differ").click()
    narrowed = clauses_of(browser)
    assert narrowed == ["A3", "R3", "L4", "L5", "Q1", "A5", "A10"]
    assert hash_of(browser) == "#differ"
    browser.get("about:blank")
    browser.back()
    WebDriverWait(browser, 5).until(lambda found: clauses_of(found) == narrowed)


def clauses_of(browser: Browser) -> list[str]:
    rows = browser.find_elements(By.CSS_SELECTOR, "#cells tbody tr")
    return [row.text.split()[0] for row in rows if row.is_displayed()]

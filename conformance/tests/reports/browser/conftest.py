"""Pages in a real browser, opened from disk: Debian's Chromium, without any network."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

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
Browser = webdriver.Chrome
Show: TypeAlias = Callable[..., Browser]
"""Open a page from disk, at a place of it."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of a file."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Debian's chromium and chromium-driver")
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
def show(chromium: Browser, tmp_path: Path) -> Iterator[Show]:
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

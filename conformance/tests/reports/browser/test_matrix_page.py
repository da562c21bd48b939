"""The page of several results side by side."""

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from redeploy_reports.html import render_matrix
from redeploy_reports.matrix import compare
from redeploy_schemas.records import Result

from .conftest import Browser, Show, hash_of


def clauses_of(browser: Browser) -> list[str]:
    rows = browser.find_elements(By.CSS_SELECTOR, "#cells tbody tr")
    return [row.text.split()[0] for row in rows if row.is_displayed()]


def test_the_matrix_opens_too(show: Show, conforming: Result, rich: Result) -> None:
    browser = show(render_matrix(compare([("bad", rich), ("good", conforming)])))
    heads = browser.find_elements(By.CSS_SELECTOR, ".matrix thead th")
    assert [head.text.splitlines()[:3] for head in heads] == [
        ["Clause"],
        ["good", "toy 1.0", "conforming"],
        ["bad", "toy 1.0", "not conforming"],
    ]


def test_the_matrix_can_be_narrowed_to_what_differs(
    show: Show, conforming: Result, rich: Result
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

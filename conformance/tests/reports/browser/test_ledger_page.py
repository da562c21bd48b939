"""The ledger of a page: filtered, sorted, and both in its address."""

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from redeploy_reports.html import render
from redeploy_schemas.records import Result

from .conftest import Show, hash_of, shown


def test_the_filter_narrows_the_ledger_and_lives_in_the_address(
    show: Show, rich: Result
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


def test_an_address_with_a_filter_opens_filtered(show: Show, rich: Result) -> None:
    browser = show(render(rich), "#verdict=fail&sort=-place")
    assert shown(browser) == ["R3", "A3"]
    chosen = Select(browser.find_element(By.NAME, "verdict")).first_selected_option
    assert chosen.text == "violated"
    browser.execute_script("location.hash = '#strength=open'")
    WebDriverWait(browser, 5).until(lambda found: shown(found) == ["A5", "A10"])


def test_a_nonsense_address_shows_everything(show: Show, rich: Result) -> None:
    browser = show(render(rich), "#verdict=%3Cb%3E&sort=constructor&x=y")
    assert len(shown(browser)) == len(rich.clauses)


def test_a_click_on_a_header_sorts_and_a_second_one_turns_it_round(
    show: Show, rich: Result
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

"""The page of a result: what it shows first, and what it shows of a violation."""

from dataclasses import replace

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from redeploy_reports.html import render
from redeploy_schemas.records import Result

from .conftest import Browser, Show, hash_of, shown

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m"


def test_it_opens_from_disk_and_complains_of_nothing(show: Show, rich: Result) -> None:
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
    show: Show, rich: Result, chromium: Browser
) -> None:
    page = render(rich).replace(
        "</main>", "<script>document.title = 'x'</script></main>"
    )
    browser = show(page)
    assert browser.title == "toy 1.0: not conforming"
    (complaint,) = chromium.get_log("browser")
    assert "Content Security Policy" in complaint["message"]


def test_the_first_screen_says_who_by_what_and_how_it_went(
    show: Show, rich: Result
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


def test_a_count_leads_to_the_ledger_of_those_clauses(show: Show, rich: Result) -> None:
    browser = show(render(rich))
    browser.find_element(By.PARTIAL_LINK_TEXT, "could not run").click()
    WebDriverWait(browser, 5).until(lambda found: shown(found) == ["L4", "L5", "Q1"])
    assert hash_of(browser) == "#verdict=not+exercised"
    top = browser.execute_script(
        "return document.getElementById('ledger').getBoundingClientRect().top"
    )
    assert 0 <= top < browser.execute_script("return innerHeight")


def test_wherever_one_is_a_violation_is_two_clicks_away(
    show: Show, rich: Result
) -> None:
    browser = show(render(rich))
    browser.execute_script("scrollTo(0, document.body.scrollHeight)")
    browser.find_element(By.LINK_TEXT, "Violations").click()
    card = browser.find_element(By.CSS_SELECTOR, ".violation")
    top = browser.execute_script(
        "return arguments[0].getBoundingClientRect().top", card
    )
    assert 0 <= top < browser.execute_script("return innerHeight")


def test_every_violated_clause_is_one_click_away(show: Show, rich: Result) -> None:
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


def test_a_card_tells_the_whole_story(show: Show, rich: Result) -> None:
    browser = show(render(rich))
    card = browser.find_element(By.ID, "A3")
    clause, found = rich.clauses[1], rich.findings[0]
    for words in (
        clause.statement,
        f"source: {clause.source}",
        found.expected,
        found.observed,
        "broken with it: L10",
        "Reproduced 3 of 3, in case",
        found.reproduce,
    ):
        assert words in card.text
    first, second = card.find_elements(By.CSS_SELECTOR, ".trace > .step")[:2]
    assert "before it, the oracle holds possible: nothing is known yet" in first.text
    assert "after it:\ni1 Running" in first.text
    assert "before it, the oracle holds possible:\ni1 Running" in second.text
    assert found.trace[1].exchanges[0].request_line in second.text
    assert '200 {"TaskId": "t-1"}' in second.text


def test_copy_takes_the_command(show: Show, rich: Result) -> None:
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


def test_without_its_script_it_still_says_everything(
    show: Show, rich: Result, chromium: Browser
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


def test_hostile_texts_stay_texts(show: Show, rich: Result) -> None:
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

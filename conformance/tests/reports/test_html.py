"""The page's structure: what it loads, what it links, what it says, without a browser."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from redeploy_reports.html import render
from redeploy_reports.story import STEPS, ends
from redeploy_schemas.contract import load
from redeploy_schemas.records import Burst, BurstPoint, Move, Result, TraceStep

VOID = {"meta", "br", "input", "line", "path", "rect"}


class Page(HTMLParser):
    """What a test asks of a page: its elements, ids, links, and the text of some."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style", "h1", "title"):
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data

    def having(self, name: str) -> list[str]:
        return [given[name] or "" for _, given in self.elements if name in given]


@pytest.fixture
def page(violated: Result) -> Page:
    """The page of a run with everything."""
    return Page(render(violated))


def test_every_element_is_closed(page: Page) -> None:
    assert (page.open, page.unclosed) == ([], [])


def test_the_policy_admits_the_one_script_and_the_one_style_and_nothing_else(
    page: Page,
) -> None:
    tags = [tag for tag, _ in page.elements]
    assert (tags.count("script"), tags.count("style"), tags.count("link")) == (1, 1, 0)
    (policy,) = [
        given["content"] or ""
        for tag, given in page.elements
        if given.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for kind in ("script", "style"):
        digest = b64encode(sha256(page.raw[kind].encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert set(rules) == {
        "default-src",
        "script-src",
        "style-src",
        "base-uri",
        "form-action",
    }


def test_nothing_is_loaded_and_no_handler_is_inline(page: Page) -> None:
    names = {name for _, given in page.elements for name in given}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "srcset", "style", "data", "action", "xlink:href"}
    assert all(target.startswith("#") for target in page.having("href"))


def test_every_link_has_its_place_and_every_id_is_there_once(page: Page) -> None:
    ids = page.having("id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in page.having("href")} <= set(ids)
    for name in ("aria-labelledby",):
        assert set(page.having(name)) <= set(ids)


def test_violated_clauses_come_first_and_are_linked_from_the_top(
    violated: Result,
) -> None:
    text = render(violated)
    places = [text.index(f'id="{name}"') for name in ("main", "A3", "R3", "ledger")]
    assert places == sorted(places)
    assert text.index('href="#A3"') < text.index('id="main"')


def test_landmarks_and_headers_are_there(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(tag) for tag in ("header", "main", "footer", "h1")] == [1] * 4
    assert tags.count("table") == tags.count("caption")
    heads = [given.get("scope") for tag, given in page.elements if tag == "th"]
    assert set(heads) == {"row", "col"}
    live = [given for _, given in page.elements if given.get("aria-live") == "polite"]
    assert [given["id"] for given in live] == ["shown"]
    scrolled = [g for _, g in page.elements if g.get("class") == "scroll"]
    assert all(given.get("tabindex") == "0" for given in scrolled)


def test_a_violation_shows_what_was_allowed_observed_and_how_to_see_it_again(
    violated: Result,
) -> None:
    text = render(violated)
    for shown in (
        "What security-lock says.",
        "403 InstanceLockedForSecurity",
        "200 with TaskId t-1",
        "make i1: Running, locked for security",
        "POST /?Action=RedeployInstance&amp;InstanceId=i-1",
        "{&#34;TaskId&#34;: &#34;t-1&#34;",
        "redeploy-conformance replay redeploy-conformance-result.json A3",
        "Reproduced 3 of 3, in case",
    ):
        assert shown in text


def test_gaps_choices_and_problems_are_told(violated: Result) -> None:
    text = render(violated)
    for shown in (
        "could not run: the target offers no inspect",
        "offer inspect in the control protocol",
        "not applicable: the target declares that it has no rate limit",
        "refuse ×7",
        "the control protocol answered 501",
        "of 8 clauses: 2 violated · 1 hold · 3 not exercised",
    ):
        assert shown in text


def test_cases_that_were_left_out_are_named_with_the_reason(left_out: Result) -> None:
    text = render(left_out)
    assert "321 cases (2 left out)" in text
    assert "<h3>2 cases left out: requests as v1 form are not understood</h3>" in text
    assert "<li>U1-authorized x, as v1 form</li>" in text


def test_a_conforming_run_has_no_section_of_violations(conforming: Result) -> None:
    text = render(conforming)
    assert 'class="verdict good"' in text
    assert "Violated clauses" not in text


def test_a_percentage_never_stands_alone(violated: Result) -> None:
    body = render(violated).split("</style>")[1].split("<script>")[0]
    assert not re.search(r"\d\s*%", body)


def test_a_cut_run_and_another_contract_are_said(conforming: Result) -> None:
    assert "The run was cut short" in render(replace(conforming, complete=False))
    assert "judged by another contract" in render(conforming)
    own = replace(conforming, contract_sha256=load().sha256)
    assert "judged by another contract" not in render(own)


def test_a_long_trace_is_cut_in_the_middle(violated: Result) -> None:
    step = violated.findings[0].trace[0]
    steps = tuple(replace(step, n=number) for number in range(1, 501))
    kept = list(ends(steps, STEPS))
    numbers = [one.n if isinstance(one, TraceStep) else -one for one in kept]
    assert len(kept) == STEPS
    assert numbers[:3] == [1, -(500 - STEPS + 1), 500 - STEPS + 3]
    assert numbers[-1] == 500
    finding = replace(violated.findings[0], trace=steps)
    assert "461 steps left out" in render(replace(violated, findings=(finding,) * 2))


def test_the_rate_picture_says_what_was_throttled(conforming: Result) -> None:
    burst = Burst(
        case="Q3-limiter",
        points=(
            BurstPoint(at=0.0, accepted=500, rejected=0, throttled=7),
            BurstPoint(at=61.0, accepted=1, rejected=2, throttled=0),
        ),
        limiters=("sliding-window",),
    )
    text = render(replace(conforming, bursts=(burst,)))
    assert "503 calls let through, 7 throttled." in text
    assert "Limiter that answers so: sliding-window." in text
    assert text.count('class="throttled"') == 1
    assert "within the limit" not in text
    assert "No account came near the limit" in render(conforming)


@pytest.mark.parametrize(
    ("before", "throttled", "early"), [(499, 3, 1), (498, 1, 1), (500, 3, 0), (0, 9, 9)]
)
def test_what_was_throttled_within_the_limit_is_said(
    conforming: Result, before: int, throttled: int, early: int
) -> None:
    point = BurstPoint(at=0.0, accepted=before, rejected=0, throttled=throttled)
    burst = Burst(case="Q1", points=(point,), limiters=())
    text = render(replace(conforming, bursts=(burst,)))
    assert (f"{early} throttled within the limit." in text) is (early > 0)


def test_throttled_calls_may_use_quota_too(conforming: Result) -> None:
    burst = Burst(
        case="Q2",
        points=(
            BurstPoint(at=0.0, accepted=1, rejected=0, throttled=0),
            BurstPoint(at=1.0, accepted=499, rejected=0, throttled=100),
            BurstPoint(at=61.5, accepted=0, rejected=0, throttled=1),
        ),
        limiters=(),
    )
    text = render(replace(conforming, bursts=(burst,)))
    assert "within the limit" not in text


def test_the_diagram_counts_the_moves(conforming: Result) -> None:
    move = Move(
        origin="Running", before="Running", after="Stopping", what="seen", count=77
    )
    text = render(replace(conforming, moves=(move,)))
    assert "Running to Stopping: first seen (L1), exercised, 77 times" in text

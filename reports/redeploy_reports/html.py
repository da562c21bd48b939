"""A result as one HTML file that needs no network and runs no script but its own.

The page works without its script; the script adds filter, sort and copy buttons. The policy in
its ``meta`` element admits that one script and that one style sheet by their hashes, nothing else.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from redeploy_reports import diagram, heat, rates
from redeploy_reports.clean import clean
from redeploy_reports.curl import curl
from redeploy_reports.edges import edges
from redeploy_reports.matrix import Matrix, legend
from redeploy_reports.phrases import (
    LONG,
    VERDICT_WORDS,
    again,
    cases_of,
    caution,
    count,
    counts,
    title,
    verdict,
)
from redeploy_reports.story import STEPS, ends
from redeploy_reports.summary import Summary, groups, summarise
from redeploy_schemas.contract import load
from redeploy_schemas.records import ClauseResult, Exchange, Result
from redeploy_schemas.vocabulary import RunVerdict, Strength

IN_FULL = 3
"""How many counterexamples of one clause are shown."""


def render(result: Result) -> str:
    """Return the page, ending in a line end; the contract's pictures are this suite's."""
    contract = load()
    walked = edges(contract, result)
    summary = summarise(result)
    address = result.target.address
    return _page(
        "result.html.j2",
        result=result,
        summary=summary,
        title=title(result.target),
        counts=counts(result),
        tallies=_tallies(summary),
        required=sum(one.strength != Strength.OPEN.value for one in result.clauses),
        declares=list(_declared(result.target.declares)),
        good=result.exit_code == RunVerdict.CONFORMING and not summary.known,
        same_contract=contract.sha256 == result.contract_sha256,
        contract=contract,
        anchors=_anchors(result.clauses),
        gaps=groups(summary.not_exercised),
        chosen=[one for one in result.clauses if one.choices],
        edges=walked,
        diagram=diagram.svg(walked),
        heat=heat.rows(contract, result),
        rates=rates.pictures(contract, result),
        most_bursts=rates.MOST,
        curl=lambda exchange: _curl(exchange, address),
        in_full=IN_FULL,
        long=LONG,
    )


def render_matrix(matrix: Matrix) -> str:
    """Return the comparison of several results as a page, ending in a line end."""
    return _page(
        "matrix.html.j2",
        matrix=matrix,
        legend=legend(matrix),
        same_edition=len({column.edition for column in matrix.columns}) == 1,
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """How many clauses there are of a kind; ``filter`` is what the ledger shows them by."""

    number: int
    words: str
    kind: str
    filter: str


def _tallies(summary: Summary) -> list[Tally]:
    """Return the counts of a run, the worst first; what a run rarely has only where it has it."""
    gap = "not-exercised"
    rows = [
        Tally(len(summary.violated), "violated", "fail", "verdict=fail"),
        Tally(len(summary.known), "known to deviate", "known", "verdict=known"),
        Tally(len(summary.hold), "hold", "pass", "verdict=pass"),
        Tally(summary.could_not_run, "could not run", gap, "verdict=not+exercised"),
        Tally(summary.not_applicable, "not applicable", gap, "verdict=not+exercised"),
        Tally(len(summary.open), "open", "open", "verdict=open"),
    ]
    rare = ("known", gap)
    return [one for one in rows if one.number or one.kind not in rare]


def _declared(values: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """Yield what a target declares, a phrase each, cleaned."""
    for key, value in values.items():
        name = f"{of}{clean(key, limit=60)}"
        if isinstance(value, Mapping):
            yield from _declared(value, f"{name} ")
            continue
        many = isinstance(value, list | tuple)
        words = ", ".join(map(str, value)) if many else str(value).removesuffix(".0")
        yield f"{name}: {clean(words)}"


def _curl(exchange: Exchange, address: str | None) -> str:
    return curl(exchange, address) or ""


def _anchors(clauses: Sequence[ClauseResult]) -> dict[str, str]:
    """Return an id of an element for each clause, whatever its own id looks like."""
    names: dict[str, str] = {}
    for number, one in enumerate(clauses):
        plain = re.fullmatch(r"[A-Za-z0-9]{1,12}", one.id) is not None
        names[one.id] = one.id if plain else f"clause-{number}"
    return names


def _page(name: str, **given: Any) -> str:
    environment = _environment()
    text = environment.get_template(name).render(
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js")),
        policy=policy(),
        **given,
    )
    return text.rstrip("\n") + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("redeploy_reports", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown: dict[str, Callable[..., Any]] = {
        "clean": clean,
        "count": count,
        "again": again,
        "cases": cases_of,
        "caution": caution,
        "verdict": verdict,
        "svg": Markup,
        "ends": partial(ends, most=STEPS),
    }
    environment.filters.update(shown)
    environment.globals["verdict_words"] = VERDICT_WORDS
    return environment


def policy() -> str:
    """Return the Content-Security-Policy of every page."""
    script, style = (_digest(_asset(name)) for name in ("page.js", "page.css"))
    return (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> str:
    return files("redeploy_reports").joinpath("page", name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"

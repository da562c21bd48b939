"""Declared choices: they bind those who do otherwise, and alarm nobody who keeps them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings, choices, clauses
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.finding.touring import perform_tour
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import plan, possible
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run
from redeploy_schemas.contract import Contract

Make = Callable[..., Bench]
FIELDS = {clause: name for name, clause in clauses().items()}
SHOWN_ELSEWHERE = {"L8l": "L1"}
"""Who declares fresh reads and is late breaks what the page says of the first status."""


def declared_and_done() -> Iterator[tuple[str, str, str]]:
    """Yield each open clause, a word to declare and another one to do."""
    for clause, name in FIELDS.items():
        first, *rest = choices()[name]
        if clause == "A11":  # an order, which nobody declares
            continue
        yield clause, first, rest[0]
        if clause != "L8r":  # what is allowed need not be seen
            yield clause, rest[0], first


def broken(bench: Bench, contract: Contract, *, bursts: bool) -> list[str]:
    """Return the clause that the tour and the plan find broken first, or the bursts alone."""
    run = Run() if bursts else perform_tour(bench)[2]
    for case in plan(contract):
        if run.violations or run.problem:
            break
        doable = possible(case, bench.offer.parts)
        if doable is not None and case.burst is bursts:
            run = perform(bench, doable.steps, Ledger())
    assert run.problem is None
    return [one.clause for one in run.violations[:1]]


@pytest.mark.parametrize(("clause", "declared", "done"), list(declared_and_done()))
def test_who_does_otherwise_than_declared_breaks_that_clause(
    contract: Contract, bench_of: Make, clause: str, declared: str, done: str
) -> None:
    settings = Settings(**{FIELDS[clause]: done})  # type: ignore[arg-type]
    lag = settings.read_lag_seconds if settings.reads == "lags" else 0.0
    said = {clause: declared}
    bench = bench_of(Emulator(settings), choices=said, read_lag_seconds=lag)
    found = broken(bench, contract, bursts=clause.startswith("Q"))
    assert found == [
        SHOWN_ELSEWHERE.get(clause, clause) if done == "lags" else clause
    ], f"no planned case tells of {clause} that it is {done}"


@pytest.mark.parametrize("number", range(len(variants())), ids=list(variants()))
@pytest.mark.parametrize("part", [9, pytest.param(1, marks=pytest.mark.long)])
def test_who_keeps_to_what_is_declared_raises_no_alarm(
    contract: Contract, bench_of: Make, number: int, part: int
) -> None:
    """Each does the tour and a ninth of the plan, the next one another ninth; all of it takes long."""
    settings = list(variants().values())[number]
    said = {
        clause: getattr(settings, field)
        for clause, field in FIELDS.items()
        if clause != "A11"
    }
    lag = settings.read_lag_seconds if settings.reads == "lags" else 0.0
    bench = bench_of(Emulator(settings), choices=said, read_lag_seconds=lag)
    assert perform_tour(bench)[2].violations == []
    for case in plan(contract)[number % part :: part]:
        doable = possible(case, bench.offer.parts)
        if doable is not None and not case.burst:
            run = perform(bench, doable.steps, Ledger())
            assert (run.violations, run.problem) == ([], None), case.row


@pytest.mark.parametrize(
    ("closed", "several", "told"),
    [("kept", "all", "kept"), ("closed", "all", "closed"), ("closed", "one", None)],
)
def test_where_one_alone_is_closed_nothing_tells_of_those_raised_on_the_way(
    contract: Contract, bench_of: Make, closed: str, several: str, told: str | None
) -> None:
    (case,) = (one for one in plan(contract) if one.clauses == ("E1r",))
    chosen: Any = {"raised_in_flight": closed, "several_events": several}
    ledger = Ledger()
    run = perform(bench_of(Emulator(Settings(**chosen))), case.steps, ledger)
    assert run.violations == []
    assert {word for clause, word in ledger.told if clause == "E1r"} == {told} - {None}

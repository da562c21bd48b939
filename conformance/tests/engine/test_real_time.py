"""The rate limit in real time: one burst, one window of silence, several limiters at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import plan, possible
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

Make = Callable[..., Bench]
LIMITERS = ("sliding-window", "fixed-window", "token-bucket")
QUICK = (
    "quota-of-499",
    "never-throttled",
    "other-accounts-throttled",
    "throttled-call-takes-effect",
)
"""Those that the burst shows by itself, before the silence."""


@pytest.fixture(scope="module")
def burst(contract: Contract) -> Case:
    return next(case for case in plan(contract) if case.burst and case.unless)


def test_every_limiter_passes_and_those_that_only_time_shows_do_not(
    bench_of: Make, burst: Case
) -> None:
    """They all wait for a minute, so they wait together."""
    emulators = {
        name: Emulator(Settings(limiter=name), clock="real") for name in LIMITERS
    }
    broken = {"quota-never-recovers": "Q5", "quota-of-600": "Q2"}
    emulators |= {name: FAULTS[name].build(clock="real") for name in broken}
    ledgers = {name: Ledger() for name in emulators}

    def run(name: str) -> tuple[list[str], str | None]:
        bench = bench_of(emulators[name])
        doable = possible(burst, bench.offer.parts)
        assert doable is not None
        done = perform(bench, doable.steps, ledgers[name])
        return [one.clause for one in done.violations], done.problem

    with ThreadPoolExecutor(len(emulators)) as pool:
        came = dict(zip(emulators, pool.map(run, emulators), strict=True))
    wrong = {name: ([clause], None) for name, clause in broken.items()}
    assert came == {**dict.fromkeys(LIMITERS, ([], None)), **wrong}
    for name in LIMITERS:
        held = {clause: ledgers[name].times(clause) for clause in burst.clauses}
        assert all(held.values()), (name, held)


@pytest.mark.parametrize("fault", QUICK)
def test_a_wrong_limiter_is_caught_in_real_time(
    bench_of: Make, burst: Case, fault: str
) -> None:
    bench = bench_of(FAULTS[fault].build(clock="real"))
    doable = possible(burst, bench.offer.parts)
    assert doable is not None
    found = perform(bench, doable.steps[:-2], Ledger()).violations
    assert found, fault
    assert found[0].clause in FAULTS[fault].clauses

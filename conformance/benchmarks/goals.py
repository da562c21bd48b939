"""The goals of detection, measured:

    python conformance/benchmarks/goals.py [--seeds N] [--every K] [--processes P]

The tour: what it costs, which clauses it meets, and how that compares with the fewest calls that
could. The plan: faults caught, and after how many requests. Exploration alone, with several seeds:
what it catches, what reducing its traces costs, and how long they are beside those of Hypothesis'
own shrinking. The seed moves exploration only; tour and cases are the same in every run.
"""

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from obligations import apart, obligations
from plain_machine import Budget, Plain

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform_case
from redeploy_conformance.finding.touring import perform_tour
from redeploy_conformance.finding.walks import OF_A_RUN
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import Advance, Pause
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.handler import HandlerTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.trial.trial import Plan, Trial, declared, try_fault
from redeploy_schemas.contract import load

PLAIN = Budget(5000, 60.0)


def fresh() -> Bench:
    """Return a bench with the emulator on it, without a fault."""
    transport = HandlerTransport(Emulator().handle)
    statement = Statement(read_lag_seconds=0.0)
    return set_up(Target("emulator", "embedded", transport, statement), load())


def tour_figures() -> None:
    """Print what the tour costs and meets, and the least that it could cost."""
    bench = fresh()
    through, report, _ = perform_tour(bench)
    contract = bench.contract
    required = [one.id for one in contract.clauses if one.required]
    idle = [one for one in required if not report.ledger.times(one)]
    print(f"tour: {bench.api.requests} requests, {through.calls} of them calls")
    print(f"  clauses it meets: {len(required) - len(idle)} of {len(required)}")
    print(f"  not met, all of the rate limit: {', '.join(idle)}")
    every = obligations(contract)
    least = apart(every)
    print(f"obligations without the rate limit: {len(every)}")
    print(f"  that cannot share a call: {len(least)}")
    print(f"  calls of the tour to those: {through.calls / len(least):.2f}")
    print(f"  requests of the tour to those: {bench.api.requests / len(least):.2f}")
    burst = next(one for one in plan(contract) if "Q2" in one.clauses)
    case = possible(burst, bench.offer.parts)
    assert case is not None
    report, _ = perform_case(bench, name(contract, case), case)
    met = [one for one in idle if report.ledger.times(one)]
    waits = [one.seconds for one in case.steps if isinstance(one, Advance | Pause)]
    print(
        f"rate limit: {report.requests} requests meet {', '.join(met)}; the burst lies in one "
        f"window, then {sum(waits):g} s for Q5\n"
    )


def planned(ids: list[str], processes: int) -> None:
    """Print what tour and cases catch, and how soon."""
    with ProcessPoolExecutor(processes) as pool:
        done = list(pool.map(try_fault, ids))
    seen = [one for one in done if one.blamed]
    caught = sum(one.caught for one in done)
    print(f"planned: {caught} of {len(done)} faults caught")
    print(f"  requests to the first violation: median {median(seen, 'requests')}")
    print(f"  to reduce it: median {median(seen, 'searching')}\n")


def explored(ids: list[str], seeds: int, processes: int) -> None:
    """Print what walks alone catch, seed by seed, and what reducing their traces costs."""
    tries = [(fault, seed) for seed in range(1, seeds + 1) for fault in ids]
    with ProcessPoolExecutor(processes) as pool:
        done = list(pool.map(walked, tries))
    # Hypothesis keeps of each machine what it drew: some gigabytes after a hundred of them.
    # An executor of Python 3.11 that replaces its processes may wait for ever; a pool does not.
    with get_context("spawn").Pool(processes, maxtasksperchild=10) as pool_of_plain:
        plain = pool_of_plain.map(shrunk, ids, chunksize=1)
    found = [one for one in done if one.blamed]
    by_seed = [
        sum(one.blamed is not None for one in part) for part in chunks(done, len(ids))
    ]
    often = Counter(one.name for one in found)
    print(f"walks alone, {seeds} seeds, {len(ids)} faults each")
    print(f"  caught: {', '.join(map(str, by_seed))}")
    print(
        f"  in every seed {sum(n == seeds for n in often.values())}, in some {len(often)}"
    )
    print(
        f"  under a clause that is broken: {sum(one.caught for one in found)} of {len(found)}"
    )
    print(f"  requests to the first violation: median {median(found, 'requests')}")
    print(f"  requests to reduce it: median {median(found, 'searching')}")
    print(f"  and to confirm it: median {median(found, 'confirming')}")
    lengths = [one.length for one in found]
    print(
        f"  steps of the trace: median {statistics.median(lengths):g}, longest {max(lengths)}"
    )
    ours = {one.name: one.length for one in reversed(found)}
    both = [
        (name, ours[name], length)
        for name, (length, _) in zip(ids, plain, strict=True)
        if length and name in ours
    ]
    costs = [cost for length, cost in plain if length]
    print(
        f"Hypothesis' own shrinking, plain machine, at most {PLAIN.requests:,} requests more"
    )
    print(
        f"  found {len(costs)}; requests to shrink: median {statistics.median(costs):g}"
    )
    if both:
        _, mine, theirs = zip(*both, strict=True)
        print(
            f"  of {len(both)} found by both: steps {statistics.median(theirs):g} there, "
            f"{statistics.median(mine):g} here; here no longer in "
            f"{sum(a <= b for _, a, b in both)}"
        )
        for name, here, there in both:
            if here > there:
                print(f"    {name}: {here} here, {there} there")


def walked(one: tuple[str, int]) -> Trial:
    """Run the walks alone against one fault."""
    fault, seed = one
    return try_fault(fault, Plan(planned=False, walks=OF_A_RUN, seed=seed))


def shrunk(fault: str) -> tuple[int, int]:
    """Run the plain machine; return the length of its trace, 0 for none, and what shrinking cost."""
    transport = HandlerTransport(FAULTS[fault].build().handle)
    bench = set_up(Target(fault, "embedded", transport, declared(fault)), load())
    plain = Plain(bench)
    plain.run(PLAIN, 1)
    return (plain.length, plain.shrinking) if plain.clause else (0, 0)


def chunks(done: list[Trial], size: int) -> Iterable[list[Trial]]:
    """Return the trials of one seed after another."""
    return [done[start : start + size] for start in range(0, len(done), size)]


def median(trials: list[Trial], what: str) -> str:
    """Return a median as a word."""
    return (
        f"{statistics.median(getattr(one, what) for one in trials):g}"
        if trials
        else "-"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="only every such fault")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--tour", action="store_true", help="only what the tour costs")
    given = parser.parse_args()
    print(" ".join(("python conformance/benchmarks/goals.py", *sys.argv[1:])), "\n")
    tour_figures()
    if given.tour:
        return
    ids = list(FAULTS)[:: given.every]
    planned(ids, given.processes)
    explored(ids, given.seeds, given.processes)


if __name__ == "__main__":
    main()

"""What several workers gain, and that they find the same: ``python conformance/benchmarks/workers.py``.

Efficiency is the time of one process over N times the time of N workers, whole runs of the command
with all that belongs to them, against one served emulator. One process and N take turns, so that
what else the machine does meets both; the best pair counts, and all are printed.

``--server own-core`` pins the server to the last core and the workers to N others; it needs N + 1
cores. ``--server far`` needs none: the server answers after some milliseconds in which it computes
nothing, as one across a network does, so that N workers never wait for each other's core; what is
left is what the suite itself loses: by starting, by sharing out, and by waiting at the end.
``--server near`` does neither: N workers and the server share what cores there are.

On a machine that has other work to do, seconds say little. So the processor time of each process is
read too, which hardly depends on that, and a second efficiency is reckoned from it: what the same
processes would take with a core each, where a worker waits while the server works for it. It knows
of no queue at the server.

``--faults`` runs the suite with one worker and with N against broken emulators, and demands that
the same are caught; with ``--first`` each run ends at its first violation, so that all faults take
a quarter of an hour and not two hours.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from whole_runs import DELAY, run, served

from redeploy_conformance.trial.trial import declared


def gained(
    server: str, workers: int, repeats: int, clocks: bool, words: Sequence[str]
) -> float:
    """Print what N workers gain over one; return the best efficiency."""
    every = sorted(os.sched_getaffinity(0))
    core: int | None = None
    mine = set(every)
    if server == "own-core":
        if len(every) <= workers:
            raise SystemExit(
                f"{workers} workers and a server on its own core need {workers + 1} cores, "
                f"here are {len(every)}; try --server far"
            )
        core, mine = every[-1], set(every[:workers])
    delay = DELAY if server == "far" else 0.0
    best = 0.0
    for _ in range(repeats):
        with served(delay, clocks=clocks, core=core) as (url, pid):
            one = run(url, pid, 1, mine, *words)
            many = run(url, pid, workers, mine, *words)
        gain = one["took"] / (workers * many["took"])
        could = one["reckoned"] / (workers * many["reckoned"])
        best = max(best, gain)
        verdicts = {one["exit"], many["exit"]}
        print(
            f"  1 process {one['took']:.1f} s, {workers} workers {many['took']:.1f} s: "
            f"efficiency {gain:.2f}; by processor time {one['reckoned']:.1f} s, "
            f"{many['reckoned']:.1f} s: {could:.2f} ({one['run']['requests']:,} and "
            f"{many['run']['requests']:,} requests, exit {', '.join(map(str, verdicts))})",
            flush=True,
        )
    return best


def blamed(result: dict[str, Any]) -> set[str]:
    """Return the clauses that a result says are violated."""
    return {one["id"] for one in result["clauses"] if one["verdict"] == "fail"}


def same_faults(
    faults: list[str],
    workers: int,
    at_once: int,
    words: Sequence[str],
    *,
    first: bool,
) -> int:
    """Run against broken emulators with one worker and with N; return how many differ."""
    cores = os.sched_getaffinity(0)

    def both(fault: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        how: dict[str, Any] = {"first": first, "choices": declared(fault).choices}
        with served(fault=fault) as (url, pid):
            one = run(url, pid, 1, cores, *words, **how)
        with served(fault=fault) as (url, pid):
            return fault, one, run(url, pid, workers, cores, *words, **how)

    differ = blames = 0
    with ThreadPoolExecutor(at_once) as pool:
        for fault, one, many in pool.map(both, faults):
            here, there = blamed(one), blamed(many)
            if one["exit"] != many["exit"]:
                differ += 1
                print(f"  {fault}: exit {one['exit']} alone, {many['exit']} together")
                continue
            blames += here != there
            print(
                f"  {fault}: exit {one['exit']}, alone {', '.join(sorted(here)) or '-'}; "
                f"together {', '.join(sorted(there)) or '-'}",
                flush=True,
            )
    print(
        f"{len(faults)} faults: {len(faults) - differ} with the same exit code with 1 and "
        f"{workers} workers, {len(faults) - differ - blames} with the same clauses"
    )
    return differ


def main() -> int:
    """Measure what is asked for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all ends with it
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--server", choices=["own-core", "far", "near"], action="append", default=[]
    )
    parser.add_argument("-n", "--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", metavar="EXPR", help="only these tests, as pytest -k")
    parser.add_argument(
        "--one-clock", action="store_true", help="the server offers no further clocks"
    )
    parser.add_argument(
        "--faults", nargs="*", metavar="FAULT", help="these, or all of them"
    )
    parser.add_argument(
        "--first", action="store_true", help="each run ends at its first violation"
    )
    parser.add_argument("--at-once", type=int, default=1, help="faults at a time")
    given = parser.parse_args()
    words = ("-k", given.only) if given.only else ()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    for server in given.server:
        print(f"server {server}" + (", one clock" if given.one_clock else ""))
        clocks = not given.one_clock
        best = gained(server, given.workers, given.repeats, clocks, words)
        print(f"  best efficiency of {given.workers} workers: {best:.2f}")
    if given.faults is None:
        return 0
    from redeploy_conformance.faults.catalogue import FAULTS

    unknown = sorted({*given.faults} - FAULTS.keys())
    if unknown:
        parser.error(f"no fault is called {', '.join(unknown)}")
    faults = given.faults or list(FAULTS)
    differ = same_faults(faults, given.workers, given.at_once, words, first=given.first)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())

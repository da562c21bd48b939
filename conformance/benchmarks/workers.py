"""What several workers gain, and that they find the same: ``python conformance/benchmarks/workers.py``.

Efficiency is the time of one worker over N times the time of N workers, whole runs of the command
with all that belongs to them, against one served emulator. One worker and N take turns, so that
what else the machine does meets both; the best pair counts, and all are printed.

``--server own-core`` pins the server to the last core and the workers to N others; it needs N + 1
cores. ``--server far`` needs none: the server answers after some milliseconds in which it computes
nothing, as one across a network does, so that N workers never wait for each other's core; what is
left is what the suite itself loses: by starting, by sharing out, and by waiting at the end.
``--server near`` does neither: N workers and the server share what cores there are.

``--faults`` runs the suite with one worker and with N against broken emulators, and demands that
the same are caught.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMAND = Path(sysconfig.get_path("scripts")) / "redeploy-conformance"
DELAY = 0.008
"""Seconds that a far server takes to answer, most of them on the way."""
LONGEST = 900
SERVER = """
import asyncio, sys
from dataclasses import replace
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.asgi import AsgiApp
from redeploy_conformance.faults.catalogue import FAULTS
import uvicorn, socket

delay, fault, clocks = float(sys.argv[1]), sys.argv[2], sys.argv[3] == "clocks"
emulator = FAULTS[fault].build() if fault else Emulator()
if not clocks:
    from redeploy_conformance.emulator import control_parts
    control_parts.PARTS = tuple(p for p in control_parts.PARTS if p != "clocks")
inner = AsgiApp(emulator.handle, 1 << 20, threads=not delay)

async def app(scope, receive, send):
    if delay and scope["type"] == "http":
        await asyncio.sleep(delay)
    await inner(scope, receive, send)

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(app, access_log=False, log_level="critical", lifespan="off")
uvicorn.Server(config).run(sockets=[listener])
"""


@contextmanager
def served(
    delay: float = 0.0, fault: str = "", clocks: bool = True, core: int | None = None
) -> Iterator[str]:
    """Serve an emulator in a process of its own; give its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(delay), fault, "clocks" if clocks else ""],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise SystemExit("the server did not start")
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def run(url: str, workers: int, cores: set[int], *words: str) -> dict[str, Any]:
    """Run the suite; return its result, with the seconds that the command took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        command = [str(COMMAND), "run", url, "-n", str(workers), "--result", str(path)]
        begun = time.perf_counter()
        done = subprocess.run(
            [*command, *words],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        seconds = time.perf_counter() - begun
        if not path.exists():
            raise SystemExit(f"no result:\n{(done.stdout + done.stderr)[-2000:]}")
        result: dict[str, Any] = json.loads(path.read_text())
        return {**result, "took": seconds, "exit": done.returncode}


def gained(server: str, workers: int, repeats: int, clocks: bool) -> float:
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
        with served(delay, clocks=clocks, core=core) as url:
            one = run(url, 1, mine)
            many = run(url, workers, mine)
        gain = one["took"] / (workers * many["took"])
        best = max(best, gain)
        verdicts = {one["exit"], many["exit"]}
        print(
            f"  1 worker {one['took']:6.1f} s, {workers} workers {many['took']:6.1f} s: "
            f"efficiency {gain:.2f} ({one['run']['requests']:,} and "
            f"{many['run']['requests']:,} requests, exit {', '.join(map(str, verdicts))})",
            flush=True,
        )
    return best


def blamed(result: dict[str, Any]) -> set[str]:
    """Return the clauses that a result says are violated, or could not be exercised."""
    rows = [one for one in result["clauses"] if one["strength"] != "open"]
    return {one["id"] for one in rows if one["verdict"] == "fail"}


def same_faults(faults: list[str], workers: int, at_once: int) -> int:
    """Run against broken emulators with one worker and with N; return how many differ."""
    cores = os.sched_getaffinity(0)

    def both(fault: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        with served(fault=fault) as url:
            one = run(url, 1, cores)
        with served(fault=fault) as url:
            return fault, one, run(url, workers, cores)

    differ = blames = 0
    with ThreadPoolExecutor(at_once) as pool:
        for fault, one, many in pool.map(both, faults):
            here, there = blamed(one), blamed(many)
            if one["exit"] != many["exit"]:
                differ += 1
                print(f"  {fault}: exit {one['exit']} alone, {many['exit']} together")
            elif here != there:
                blames += 1
                print(
                    f"  {fault}: alone {', '.join(sorted(here))}; "
                    f"together {', '.join(sorted(there))}"
                )
    print(
        f"{len(faults)} faults: {len(faults) - differ} with the same exit code with 1 and "
        f"{workers} workers, {len(faults) - differ - blames} with the same clauses"
    )
    return differ


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--server", choices=["own-core", "far", "near"], action="append", default=[]
    )
    parser.add_argument("-n", "--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--one-clock", action="store_true", help="the server offers no further clocks"
    )
    parser.add_argument(
        "--faults", nargs="*", metavar="FAULT", help="these, or all of them"
    )
    parser.add_argument("--at-once", type=int, default=1, help="faults at a time")
    given = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    for server in given.server:
        print(f"server {server}" + (", one clock" if given.one_clock else ""))
        best = gained(server, given.workers, given.repeats, not given.one_clock)
        print(f"  best efficiency of {given.workers} workers: {best:.2f}")
    if given.faults is None:
        return 0
    from redeploy_conformance.faults.catalogue import FAULTS

    faults = given.faults or list(FAULTS)
    return 1 if same_faults(faults, given.workers, given.at_once) else 0


if __name__ == "__main__":
    sys.exit(main())

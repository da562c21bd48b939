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
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPTS = Path(sysconfig.get_path("scripts"))
COMMAND = [
    str(SCRIPTS / "redeploy-conformance"),
    "run",
    "{target}",
    "--result",
    "{result}",
]
TO_FIRST = [str(SCRIPTS / "pytest"), "--pyargs", "redeploy_conformance.suite", "-x"]
TO_FIRST += ["--redeploy-target", "{target}", "--redeploy-result", "{result}"]
DELAY = 0.004
"""Seconds that a far server takes to answer, most of them on the way."""
LONGEST = 900
STATEMENT = """
[endpoint]
url = "{url}"

[bounds]
read_lag_seconds = 0
"""
"""What is true of the served emulator; undeclared, a stale read could explain what a race did."""
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

# Named as TCP, so that asyncio sends each answer at once (TCP_NODELAY).
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(app, access_log=False, log_level="critical", lifespan="off")
uvicorn.Server(config).run(sockets=[listener])
"""


@contextmanager
def served(
    delay: float = 0.0, fault: str = "", clocks: bool = True, core: int | None = None
) -> Iterator[tuple[str, int]]:
    """Serve an emulator in a process of its own; give its base URL and process."""
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
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


class Meter:
    """Processor seconds of a command, of each process that it starts, and of the server."""

    def __init__(self, command: int, server: int) -> None:
        """Begin to read."""
        self.command, self.server = command, server
        self.used: dict[int, float] = {}
        self.before = 0.0
        self.at_first = _used(server)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while not self.over.wait(0.05):
            for pid in (self.command, *_children(self.command)):
                used = _used(pid)
                if pid != self.command and pid not in self.used:
                    self.before = self.before or self.used.get(self.command, 0.0)
                self.used[pid] = max(used, self.used.get(pid, 0.0))

    def reckoned(self) -> float:
        """Return the seconds that the command would take with a core for each process."""
        self.over.set()
        self.thread.join(5)
        served = _used(self.server) - self.at_first
        used = {pid: one for pid, one in self.used.items() if pid != self.command}
        workers = [one for one in used.values() if one > 0.1]  # others ask for a name
        if not workers:
            return self.used[self.command] + served
        return self.before + max(workers) * (1 + served / sum(workers))


def _used(pid: int) -> float:
    """Return the processor seconds of a process, 0 once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(one) for one in text.split()]


def run(
    url: str,
    server: int,
    workers: int,
    cores: set[int],
    *words: str,
    first: bool = False,
) -> dict[str, Any]:
    """Run the suite; return its result, with the seconds that it took, and would take."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        statement = Path(folder) / "target.toml"
        statement.write_text(STATEMENT.format(url=url))
        places = {"target": statement, "result": path}
        command = [one.format(**places) for one in (TO_FIRST if first else COMMAND)]
        command += ["-n", str(workers)] if workers > 1 else []
        begun = time.perf_counter()
        with (Path(folder) / "said.txt").open("w+") as said:
            process = subprocess.Popen(
                [*command, *words],
                cwd=folder,
                stdout=said,
                stderr=said,
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )
            meter = Meter(process.pid, server)
            try:
                process.wait(LONGEST)
            finally:
                process.terminate()  # a command that has ended minds nothing
                process.wait(30)
            seconds = time.perf_counter() - begun
            said.seek(0)
            if not path.exists():
                raise SystemExit(f"no result:\n{said.read()[-2000:]}")
        result: dict[str, Any] = json.loads(path.read_text())
        more = {"took": seconds, "reckoned": meter.reckoned()}
        return {**result, **more, "exit": process.returncode}


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
    rows = [one for one in result["clauses"] if one["strength"] != "open"]
    return {one["id"] for one in rows if one["verdict"] == "fail"}


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
        with served(fault=fault) as (url, pid):
            one = run(url, pid, 1, cores, *words, first=first)
        with served(fault=fault) as (url, pid):
            return fault, one, run(url, pid, workers, cores, *words, first=first)

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

"""Whole runs of the command against an emulator served by a process of its own, and their cost."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
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

[choices]
{choices}
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
    choices: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run the suite; return its result, with the seconds that it took, and would take."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        statement = Path(folder) / "target.toml"
        lines = [f'{clause} = "{one}"' for clause, one in (choices or {}).items()]
        statement.write_text(STATEMENT.format(url=url, choices="\n".join(lines)))
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

"""The README's figures, measured: ``python conformance/benchmarks/figures.py``.

Every ratio compares two things within this one run; nothing here is asserted.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from served import COMMAND

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.serve import serve
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Redeploy
from redeploy_conformance.running.api import Api
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.targets.find import find
from redeploy_conformance.wire.signing import Credentials, build_request
from redeploy_schemas.contract import load
from redeploy_schemas.records import Result

SECONDS = 3.0
LOCKED = Create("i1", (("lock_reasons", ("security",)),))


def rate(
    once: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return how often per second of a clock something can be done, over some seconds."""
    count, begun = 0, clock()
    while clock() < begun + SECONDS:
        once()
        count += 1
    return count / (clock() - begun)


def judged(bench: Bench) -> Callable[[], object]:
    """Return one judged step: a call, its answer, the oracle's word on it.

    The quota is out of the way, since every hundredth call comes from a new account.
    """
    state = {"n": 0, "session": bench.session(Ledger())}

    def once() -> None:
        if state["n"] % 400 == 0:
            state["session"] = bench.session(Ledger())
            state["session"].do(LOCKED)  # type: ignore[attr-defined]
        state["n"] += 1  # type: ignore[operator]
        assert state["session"].do(Redeploy("i1"))  # type: ignore[attr-defined]

    return once


def served() -> str:
    """Start the reference emulator on a socket; return its URL."""
    ready = threading.Event()
    urls: list[str] = []

    def tell(url: str) -> None:
        urls.append(url)
        ready.set()

    emulator = Emulator()
    threading.Thread(
        target=lambda: serve(emulator, "127.0.0.1", 0, ready=tell), daemon=True
    ).start()
    if not ready.wait(20):
        raise SystemExit("the server did not start")
    return urls[0]


def bare(url: str) -> Callable[[], object]:
    """Return one request of a bare keep-alive httpx loop, signed like the suite's."""
    import httpx

    client = httpx.Client(trust_env=False)
    host = url.removeprefix("http://")
    nobody = Credentials("nobody", "nothing")

    def once() -> None:
        request = build_request(
            [("InstanceId", "i-1")],
            action="RedeployInstance",
            credentials=nobody,
            host=host,
            scheme="v3",
            method="POST",
            place="query",
            format="JSON",
        )
        client.request(
            request.method, url + request.target, headers=list(request.headers)
        )

    return once


def suite_over_http(api: Api) -> Callable[[], object]:
    """Return one request of the suite's own path over HTTP."""
    nobody = Credentials("nobody", "nothing")
    return lambda: api.call("RedeployInstance", [("InstanceId", "i-1")], nobody)


def default_run(words: list[str]) -> str:
    """Run the whole suite in a process of its own; return what it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "result.json")
        begun = time.perf_counter()
        subprocess.run(
            [str(COMMAND), "run", *words, "--result", str(path)],
            check=True,
            capture_output=True,
        )
        took = time.perf_counter() - begun
        result = Result.from_text(path.read_text("utf-8"))
    return f"{took:.1f} s, {result.requests} requests, {result.steps} steps"


def main() -> None:
    """Measure and print."""
    contract = load()
    print(f"python {sys.version.split()[0]}")
    print(f"default run, 1 process:   {default_run([])}")
    print(f"default run, 2 processes: {default_run(['-n', '2'])}")
    bench = set_up(find("embedded", contract), contract)
    print(
        f"judged steps per second, in process: {rate(judged(bench)):.0f}, "
        f"of processor time {rate(judged(bench), time.process_time):.0f}"
    )
    url = served()
    over = set_up(find(url, contract), contract)
    client, ours = rate(bare(url)), rate(suite_over_http(over.api))
    print(
        f"requests per second over HTTP, same server: bare httpx {client:.0f}, "
        f"suite {ours:.0f}, ratio {ours / client:.2f}"
    )


if __name__ == "__main__":
    main()

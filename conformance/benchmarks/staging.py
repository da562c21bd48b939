"""How well a staging run waits: ``python conformance/benchmarks/staging.py [K...] [--speed N]``.

Runs on doubles of accounts of K instances over TLS, with time shortened and the pause between looks
with it. Goals: the run takes at most 1.3 times as long as the longest chain of redeploys that depend on
each other (those on one instance, with the starts and stops between them), and asks at most one
question per instance and 5 s. Seconds are the account's; nothing here is asserted.
"""

import argparse
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from redeploy_conformance.staging.clock import RealClock
from redeploy_conformance.staging.requests import READS, read
from redeploy_conformance.staging.running import begin
from redeploy_conformance.staging.serving import REAL, TAG, Setting, made, serve_double
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.targets.base import Transport
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.contract import load

POLL = 5.0
STARTING, STOPPING = REAL["starting_seconds"], REAL["stopping_seconds"]
OF_RUNNING = sum(REAL.values())


@dataclass
class Counting:
    """A transport that counts, and adds up what each instance has to go through."""

    inner: Transport
    asked: Counter[str] = field(default_factory=Counter)
    redeploys: Counter[str] = field(default_factory=Counter)
    errands: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return str(self.inner.host)  # type: ignore[attr-defined]

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = self.inner.send(request, timeout)
        asked = read(request)
        self.asked[asked.action] += 1
        if answer.status < 300 and asked.instances:
            one = asked.instances[0]
            if asked.action == "RedeployInstance":
                running = self.statuses[one] == "Running"
                self.redeploys[one] += OF_RUNNING if running else STARTING
                self.statuses[one] = "Running"
            elif asked.action == "StartInstance":
                self.errands[one] += STARTING
                self.statuses[one] = "Running"
            elif asked.action == "StopInstance":
                self.errands[one] += STOPPING
                self.statuses[one] = "Stopped"
        return answer

    def close(self) -> None:
        self.inner.close()


def measure(count: int, speed: float) -> str:
    """Return a line of the table: one run on so many instances."""
    setting = Setting(instances=count, speed=speed)
    double = made(setting)
    ready = threading.Event()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls: list[str] = []

        def said(line: str) -> None:
            if line.startswith("serving on "):
                urls.append(line.split()[2].rstrip(","))
                ready.set()

        threading.Thread(
            target=serve_double, args=(double, setting, folder, 0, said), daemon=True
        ).start()
        assert ready.wait(30)
        statement = Statement(
            name="a double",
            url=urls[0],
            region="cn-hangzhou",
            control=None,
            redeploy_seconds=300.0 / speed + 10.0,
            read_lag_seconds=0.0,
            choices={"L13": "listed"},
        )
        settings = Settings(
            statement=statement,
            instances=(),
            tag=TAG,
            redeploys=200,
            minutes=600.0,
            poll_seconds=POLL / speed,
            share=1.0,
        )
        counting = Counting(
            HttpTransport(urls[0], str(folder / "ca.pem")),
            statuses={
                one.instance_id: one.status for one in double.account.instances.values()
            },
        )
        key = Credentials(double.key.access_key_id, double.key.secret)
        clock = RealClock()
        run = begin(
            load(),
            settings,
            counting,
            lambda: key,
            folder / "journal.jsonl",
            lambda line: None,
            clock,
        )
        with run.journal:
            plan = run.plan()
            counting.asked.clear()
            begun = clock.now()
            run.carry_out(plan)
            took = (clock.now() - begun) * speed
            asked = counting.asked.copy()
            errands = counting.errands.copy()
            left = run.restore()
        found = run.result(left, complete=True)
    assert run.driver is not None
    alone = max(counting.redeploys.values())
    chain = max(counting.redeploys[one] + errands[one] for one in counting.redeploys)
    total = sum(counting.redeploys.values()) + sum(errands.values())
    reads = sum(asked[one] for one in READS)
    per = count * took / POLL
    return (
        f"| {count} | {run.past.redeploys} | {total:.0f} | {alone:.0f} | {chain:.0f} | {took:.0f} "
        f"| {took / chain:.2f} | {took / alone:.2f} | {len(run.driver.looks) / per:.2f} "
        f"| {reads / per:.2f} | {len(found.findings)} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", nargs="*", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--speed", type=float, default=60.0)
    given = parser.parse_args()
    print(
        "| instances | redeploys | all work, s | longest chain of redeploys, s | with its starts "
        "and stops, s | run, s | run to chain with starts and stops | run to chain of redeploys "
        "| looks per instance and 5 s | all reads per instance and 5 s | findings |"
    )
    print("|" + " --- |" * 11)
    for count in given.counts:
        print(measure(count, given.speed), flush=True)


if __name__ == "__main__":
    main()

"""How well a staging run waits: ``python conformance/benchmarks/staging.py [K...]``.

Runs on doubles of accounts of K instances, in virtual time, so that the figures are of the waiting
alone and the same on every machine. The instances are found Running and Stopped in turn; ``--found
Stopped`` (or ``--found Stopped,Running``) finds them otherwise. By how much reads may be late is told
once as 0, and once not at all, as of the real service: then 60 s are reckoned with. Goals: the run takes
at most 1.3 times as long as the longest chain of redeploys that depend on each other (those on one
instance), and asks at most one question per instance and 5 s. Nothing here is asserted. ``--where``
says below each line where the seconds of the lane that was the last to be done have gone, as the double
knows and the run does not.
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.staging.beginning import begin
from redeploy_conformance.staging.double import Double, TurnedClock
from redeploy_conformance.staging.driver import Driver
from redeploy_conformance.staging.fence import STABLE
from redeploy_conformance.staging.requests import READS, read
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.serving import REAL, TAG
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Transport
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


class Observed(TurnedClock):
    """A clock that keeps what each lane of a ``run`` was doing while it was turned."""

    STEP = 0.5

    def __init__(self, double: Double) -> None:
        """Take the double whose clock is turned."""
        super().__init__(double)
        self.run: Staging | None = None
        self.spent: dict[str, Counter[str]] = defaultdict(Counter)
        self.busy: dict[str, float] = {}

    def sleep(self, seconds: float) -> None:
        """Turn its clock bit by bit."""
        end = self.now() + seconds
        while (left := end - self.now()) > 0:
            step = min(self.STEP, left)
            super().sleep(step)
            if self.run is not None and self.run.driver is not None:
                for key in self.run.driver._posts:
                    self._keep(self.run.driver, key, step)

    def _keep(self, driver: Driver, key: str, step: float) -> None:
        session, post = driver.session, driver._posts[key]
        one = self.double.account.instances[session.ids[key]]
        if post.case is not None:
            self.busy[key] = self.now()
        if one.flight is not None:
            doing = "redeploys"
        elif one.status not in STABLE:
            doing = one.status.lower()
        elif post.case is None:
            doing = "no case"
        elif not post.waits.startswith("for its redeploy"):
            doing = f"not seen {post.waits}"
        elif session.over(key) is None:
            doing = "its end not seen"
        else:
            doing = "reads may be late"
        self.spent[key][doing] += step

    def told(self) -> str:
        """Return where the seconds of the lane went that was the last to be done."""
        last = max(self.busy, key=lambda key: self.busy[key])
        spent = self.spent[last].most_common()
        return f"    {last}: " + ", ".join(f"{what} {s:.0f} s" for what, s in spent)


def measure(
    count: int,
    lag: float | None,
    found: Sequence[str],
    *,
    where: bool = False,
) -> str:
    """Return a line of the table: one run on so many instances."""
    accepts = EmulatorSettings(no_event="accept", simulated_only="accept", **REAL)
    double = Double(accepts, clock="virtual")
    for status in islice(cycle(found), count):
        double.put(status, dict([TAG]))
    statement = Statement(
        name="a double",
        url="https://ecs.test",
        region="cn-hangzhou",
        control=None,
        redeploy_seconds=300.0,
        read_lag_seconds=lag,
        choices={"L13": "listed"},
    )
    settings = Settings(
        statement=statement,
        instances=(),
        tag=TAG,
        redeploys=200,
        minutes=600.0,
        poll_seconds=POLL,
        share=1.0,
    )
    counting = Counting(
        DirectTransport(double.asgi),
        statuses={
            one.instance_id: one.status for one in double.account.instances.values()
        },
    )
    key = Credentials(double.key.access_key_id, double.key.secret)
    clock = Observed(double) if where else TurnedClock(double)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        run = begin(
            load(), settings, counting, lambda: key, path, lambda line: None, clock
        )
        with run.journal:
            plan = run.plan()
            counting.asked.clear()
            begun = clock.now()
            if isinstance(clock, Observed):
                clock.run = run
            run.carry_out(plan)
            took = clock.now() - begun
            asked = counting.asked.copy()
            errands = counting.errands.copy()
            where_it_went = clock.told() if isinstance(clock, Observed) else None
            left = run.restore()
        result = run.result(left, complete=True)
    assert run.driver is not None
    alone = max(counting.redeploys.values())
    chain = max(counting.redeploys[one] + errands[one] for one in counting.redeploys)
    total = sum(counting.redeploys.values()) + sum(errands.values())
    reads = sum(asked[one] for one in READS)
    per = count * took / POLL
    late = "not told" if lag is None else f"{lag:g} s"
    line = (
        f"| {count} | {late} | {run.past.redeploys} | {total:.0f} | {alone:.0f} | {chain:.0f} "
        f"| {took:.0f} | {took / chain:.2f} | {took / alone:.2f} "
        f"| {len(run.driver.looks) / per:.2f} | {reads / per:.2f} | {len(result.findings)} |"
    )
    return line if where_it_went is None else f"{line}\n{where_it_went}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", nargs="*", type=int, default=[*range(1, 9)])
    parser.add_argument("--where", action="store_true")
    parser.add_argument(
        "--found", type=lambda text: text.split(","), default=["Running", "Stopped"]
    )
    given = parser.parse_args()
    if not set(given.found) <= set(STABLE):
        parser.error(f"instances are found {' or '.join(sorted(STABLE))}")
    print(
        "| instances | reads late by | redeploys | all work, s | longest chain of redeploys, s "
        "| with its starts and stops, s | run, s | run to chain with starts and stops "
        "| run to chain of redeploys | looks per instance and 5 s "
        "| all reads per instance and 5 s | findings |"
    )
    print("|" + " --- |" * 12)
    for lag in (0.0, None):
        for count in given.counts:
            print(measure(count, lag, given.found, where=given.where), flush=True)


if __name__ == "__main__":
    main()

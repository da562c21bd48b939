"""Traces: the same verdict as live for every fault, how fast they are checked, and in what memory.

    python conformance/benchmarks/traces.py faults [ID...]   # every fault of the catalogue
    python conformance/benchmarks/traces.py speed            # records a second, peak memory

``faults`` runs the suite against each fault until its first violation, writes the trace, draws the
verdict from it, and exits with 1 where the two results differ in anything: the verdict, counts and
choices of each clause, the findings, the requests, the sentence.

``speed`` measures, of a trace of the tour and the whole plan against the reference emulator, and of
an ActionTrail log and a HAR file of the callers of the tests, how many records a second of processor
time are checked on one core, beside what merely decoding the same takes in the same run; and the peak
memory of a process that checks a short one and one three times as long.
"""

import importlib.util
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.evidence.check import check
from redeploy_conformance.evidence.logs import watch
from redeploy_conformance.evidence.recording import begin, finish
from redeploy_conformance.evidence.writer import TraceWriter
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import CaseReport, findings, perform_case
from redeploy_conformance.finding.touring import looked_into, perform_tour
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.results.verdict import Taken, judge
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load
from redeploy_schemas.records import Result

PROCESSES = 2
TASKS = "L13"
"""The clause that binds only those who declare it: its faults declare it."""


class Run:
    """A run of the suite in this process, until its first violation, written down."""

    def __init__(self, emulator: Emulator, statement: Statement, path: Path) -> None:
        """Put an emulator on the bench, and begin the trace."""
        self.contract = load()
        made = DirectTransport(emulator.asgi)
        target = Target("emulator", "embedded", made, statement)
        self.bench: Bench = set_up(target, self.contract)
        self.path = path
        self.writer: TraceWriter = begin(
            path, self.bench, worker="main", seed=0, workers=1
        )
        offer = self.bench.offer
        parts = sorted(part.value for part in offer.parts)
        self.taken = Taken(
            offer={
                "name": offer.name,
                "version": offer.version,
                "region": offer.region,
                "parts": parts,
            }
        )

    def perform(self, rounds: int = 1) -> None:
        """Run the tour, and the plan some times over, until something is found."""
        self._enter(self._tour)
        for case in plan(self.contract) * rounds:
            doable = possible(case, self.bench.offer.parts)
            if doable is not None and not self.found:
                label = name(self.contract, case)
                self._enter(lambda label=label, one=doable: self._case(label, one))
        self.writer.close()

    def finish(self) -> Result:
        """Write the last line, and return what the run says."""
        start = check([self.path], self.contract).start
        assert start is not None
        live = judge(start, self.taken, 1.0, complete=True)
        finish(self.path, live, (), complete=True)
        return live

    @property
    def found(self) -> bool:
        """Whether a clause was broken."""
        return any(one.findings for one in self.taken.reports)

    def _tour(self) -> CaseReport:
        through, report, run = perform_tour(self.bench)
        report.findings = looked_into(self.bench, through, run, "embedded")
        return report

    def _case(self, label: str, case: Any) -> CaseReport:
        report, run = perform_case(self.bench, label, case)
        report.findings = findings(self.bench, label, run, "")
        return report

    def _enter(self, do: Callable[[], CaseReport]) -> None:
        requests, steps = self.bench.api.requests, self.bench.steps
        report = do()
        report.requests = self.bench.api.requests - requests
        report.steps = self.bench.steps - steps
        self.writer.case(report)
        self.taken.reports.append(report)


def said(result: Result) -> dict[str, object]:
    """Return everything that two results of one run must agree in."""
    return {
        "exit code": result.exit_code,
        "sentence": result.sentence,
        "cases, requests, steps": (result.cases, result.requests, result.steps),
        "findings": sorted({(one.clause, one.case) for one in result.findings}),
        "problems": [(one.case, one.text) for one in result.problems],
        "moves": result.moves,
        **{
            one.id: (one.verdict, one.held, one.rows, one.choices, one.reason)
            for one in result.clauses
        },
    }


def compare(fault: str) -> tuple[str, bool, list[str]]:
    """Return a fault, whether it was found, and in what live and trace differ."""
    choices = {TASKS: "listed"} if TASKS in FAULTS[fault].clauses else {}
    statement = Statement(read_lag_seconds=0.0, choices=choices)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.trace"
        run = Run(FAULTS[fault].build(), statement, path)
        run.perform()
        live = run.finish()
        drawn = check([path], run.contract).result()
    one, two = said(live), said(drawn)
    wrong = [f"{key}: {one[key]} / {two[key]}" for key in one if one[key] != two[key]]
    return fault, run.found, wrong


def faults(chosen: list[str]) -> Iterator[str]:
    """Yield a line for each fault whose trace does not say what the run said, and the sum."""
    names = chosen or list(FAULTS)
    begun, same, silent = time.monotonic(), 0, 0
    with ProcessPoolExecutor(PROCESSES) as pool:
        for fault, found, wrong in pool.map(compare, names):
            same += not wrong
            silent += not found
            if wrong:
                yield f"DIFFERS {fault} (live / from its trace): {'; '.join(wrong)[:2000]}"
    yield (
        f"{same} of {len(names)} faults: the same result live and from the trace "
        f"({silent} break no clause by themselves), {time.monotonic() - begun:.0f} s"
    )


def make_trace(path: Path, rounds: int) -> int:
    """Write a trace of the tour and of the plan, done some times over; return its records."""
    run = Run(Emulator(), Statement(read_lag_seconds=0.0), path)
    run.perform(rounds)
    run.finish()
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _wandered() -> Any:
    """Return what the callers of the tests did."""
    place = Path(__file__).parents[1] / "tests" / "evidence" / "log_maker.py"
    spec = importlib.util.spec_from_file_location("log_maker", place)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    log = maker.Log(Emulator())
    log.wander(1, 400)
    return log


def make_trail(path: Path, rounds: int) -> int:
    """Write the same calls over and over, as ActionTrail keeps them; return their number."""
    log = _wandered()
    events, span = log.trail(), timedelta(seconds=int(log.now) + 700)
    with path.open("w", encoding="utf-8") as file:
        for turn, (n, one) in product(range(rounds), enumerate(events)):
            then = datetime.fromisoformat(one["eventTime"]) + turn * span
            again = one | {
                "eventId": f"{turn}-{n}",
                "requestId": f"{turn}-{n}",
                "eventTime": then.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            if "TaskId" in (one["responseElements"] or {}):
                again["responseElements"] = {"TaskId": f"t-{turn}-{n}"}
            file.write(json.dumps(again) + "\n")
    return rounds * len(events)


def make_har(path: Path, rounds: int) -> int:
    """Write the same calls over and over, as a proxy keeps them; return their number."""
    log = _wandered()
    entries, span = log.har()["log"]["entries"], timedelta(seconds=int(log.now) + 700)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"log": {"version": "1.2", "entries": [')
        for turn, (n, one) in product(range(rounds), enumerate(entries)):
            then = datetime.fromisoformat(one["startedDateTime"]) + turn * span
            again = one | {"startedDateTime": then.isoformat()}
            content = one["response"]["content"]
            text = content["text"].replace('"RequestId":"', f'"RequestId":"{turn}-')
            text = text.replace('"TaskId":"', f'"TaskId":"{turn}-')
            again["response"] = one["response"] | {"content": content | {"text": text}}
            file.write((", " if turn or n else "") + json.dumps(again))
        file.write("]}}")
    return rounds * len(entries)


def check_trace(path: Path) -> Result:
    """Return the verdict of a suite's trace."""
    return check([path], load()).result()


def check_trail(path: Path) -> Result:
    """Return the verdict of an ActionTrail log."""
    return watch([path], "actiontrail", load(), 5.0, 600.0)


def check_har(path: Path) -> Result:
    """Return the verdict of a HAR file."""
    return watch([path], "har", load(), 5.0, 600.0)


def peak(checks: Callable[[Path], Result], path: Path) -> float:
    """Return the peak memory, in MB, of a process that checks a file."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_peak_here, checks, path).result()


def _peak_here(checks: Callable[[Path], Result], path: Path) -> float:
    checks(path)
    # Linux hands ru_maxrss on from a parent to what it starts, but not VmHWM.
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _decoded(path: Path, decode: Callable[[bytes], object]) -> float:
    begun = time.process_time()
    with path.open("rb") as file:
        for line in file:
            decode(line)
    return time.process_time() - begun


def speed() -> Iterator[str]:
    """Yield what was measured."""
    kinds = (
        ("suite trace", make_trace, check_trace, (1, 3)),
        ("ActionTrail log", make_trail, check_trail, (100, 300)),
        ("HAR file", make_har, check_har, (100, 300)),
    )
    for kind, make, checks, (short, long) in kinds:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / str(rounds) for rounds in (short, long)]
            counts = [make(path, int(path.name)) for path in paths]
            fast = _decoded(paths[0], msgspec.json.decode)
            plain = _decoded(paths[0], json.loads)
            begun = time.process_time()
            result = checks(paths[0])
            taken = time.process_time() - begun
            assert not result.findings
            yield (
                f"{kind}: {counts[0]} records of {paths[0].stat().st_size // counts[0]} "
                f"bytes: {counts[0] / taken:,.0f} records/s checked; "
                f"{taken / fast:.1f} x msgspec decoding ({counts[0] / fast:,.0f}/s), "
                f"{taken / plain:.1f} x json decoding ({counts[0] / plain:,.0f}/s)"
            )
            peaks = [peak(checks, path) for path in paths]
            yield (
                f"{kind}: peak memory {peaks[0]:.1f} MB with {counts[0]} records, "
                f"{peaks[1]:.1f} MB with {counts[1]}"
            )


def main() -> int:
    """Do what was asked for."""
    what, *rest = sys.argv[1:] or ["help"]
    if [what, *rest] == ["speed"]:
        for line in speed():
            print(line, flush=True)
        return 0
    unknown = [one for one in rest if one not in FAULTS]
    if what != "faults" or unknown:
        print(f"there is no fault {unknown[0]!r}" if unknown else __doc__)
        return 2
    differ = -1
    for differ, line in enumerate(faults(rest)):  # noqa: B007 - the last line is the sum
        print(line, flush=True)
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())

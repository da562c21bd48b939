"""Traces: the same verdict as live for every fault, how fast they are checked, and in what memory.

    python conformance/benchmarks/traces.py faults [ID...]   # every fault of the catalogue

``faults`` runs the suite against each fault until its first violation, writes the trace, checks it
again, and exits with 1 when the clauses differ.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from redeploy_conformance.bench import set_up
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.evidence.check import check
from redeploy_conformance.evidence.recording import begin
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.investigate import findings, perform_case
from redeploy_conformance.planner import name, plan, possible
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.touring import looked_into, perform_tour
from redeploy_schemas.contract import load

PROCESSES = 1
TASKS = "L13"
"""The clause that binds only those who declare it: its faults declare it."""


def record(emulator: Emulator, statement: Statement, path: Path) -> set[str]:
    """Run the suite on an emulator until its first violation; return the clauses found."""
    contract = load()
    target = Target("emulator", "embedded", DirectTransport(emulator.asgi), statement)
    bench = set_up(target, contract)
    writer = begin(path, bench, worker="main", seed=0, workers=1)
    through, report, run = perform_tour(bench)
    report.findings = looked_into(bench, through, run, "embedded")
    writer.case(report)
    found = {one.clause for one in report.findings}
    for case in plan(contract):
        doable = possible(case, bench.offer.parts)
        if found or doable is None:
            continue
        report, run = perform_case(bench, name(contract, case), doable)
        report.findings = findings(bench, report.name, run, "")
        writer.case(report)
        found |= {one.clause for one in report.findings}
    writer.close()
    return found


def compare(fault: str) -> tuple[str, set[str], set[str], str]:
    """Return a fault, the clauses found live and from the trace, and what is wrong with it."""
    choices = {TASKS: "listed"} if TASKS in FAULTS[fault].clauses else {}
    statement = Statement(read_lag_seconds=0.0, choices=choices)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.trace"
        live = record(FAULTS[fault].build(), statement, path)
        checker = check([path], load())
    result = checker.result()
    texts = [
        one.text for one in result.problems if "last line is missing" not in one.text
    ]
    return fault, live, {one.clause for one in result.findings}, "; ".join(texts)


def faults(chosen: list[str]) -> Iterator[str]:
    """Yield a line for each fault whose trace does not say what the run said, and the sum."""
    names = chosen or list(FAULTS)
    begun, same, silent = time.monotonic(), 0, 0
    with ProcessPoolExecutor(PROCESSES) as pool:
        for fault, live, drawn, problem in pool.map(compare, names):
            same += live == drawn and not problem
            silent += not live
            if live != drawn or problem:
                yield f"DIFFERS {fault}: live {live}, from its trace {drawn} {problem}"
    yield (
        f"{same} of {len(names)} faults: the same clauses live and from the trace "
        f"({silent} break no clause by themselves), {time.monotonic() - begun:.0f} s"
    )


def main() -> int:
    """Do what was asked for."""
    what, *rest = sys.argv[1:] or ["speed"]
    if what == "faults":
        lines = list(faults(rest))
        print("\n".join(lines))
        return int(len(lines) > 1)
    return 2


if __name__ == "__main__":
    sys.exit(main())

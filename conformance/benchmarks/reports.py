"""How merging and rendering grow: ``python conformance/benchmarks/reports.py [SMALL [LARGE]]``.

Every step is measured for a small and for a large number of results, each in a process of its own,
in processor time and peak memory, and printed as a ratio; with memory and time that grow linearly, ten times the results take about
ten times as much of either, or less. Nothing here is asserted.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from redeploy_conformance.results.shards import merge
from redeploy_reports import diff, html, junit, markdown, matrix, text
from redeploy_schemas.contract import load
from redeploy_schemas.records import (
    Choice,
    ClauseResult,
    Exchange,
    Finding,
    Result,
    Target,
    TraceStep,
)
from redeploy_schemas.vocabulary import Strength

BROKEN = "A3"
"""The clause of which every result brings a counterexample of its own."""


def finding(number: int) -> Finding:
    """Return a counterexample of two steps that no other result has."""
    exchange = Exchange(
        request_line=f"POST /?InstanceId=i-{number} (RedeployInstance)",
        request_body="",
        status=200,
        response_body=f'{{"TaskId": "t-{number}", "RequestId": "R-{number}"}}',
        problem=None,
    )
    steps = tuple(
        TraceStep(
            n=n,
            text=words,
            detail="",
            allowed=("rejected",),
            observed="200",
            worlds_before=("i1: Running",),
            worlds_after=("i1: Running",),
            exchanges=(exchange,),
        )
        for n, words in enumerate(("create i1", "redeploy i1"), 1)
    )
    return Finding(
        clause=BROKEN,
        also=(),
        case=f"walk {number}",
        summary="accepted",
        expected="rejected",
        observed=f"200, TaskId t-{number}",
        trace=steps,
        steps=({"step": "redeploy", "key": "i1"},),
        reproduce=f"redeploy-conformance run x --case 'walk {number}'",
        reproduced=3,
        attempts=3,
    )


def clauses() -> tuple[ClauseResult, ...]:
    """Return a result of every clause of the contract."""
    return tuple(
        ClauseResult(
            id=row.id,
            name=row.name,
            statement=row.statement,
            strength=row.strength.value,
            source=row.source,
            mild=row.mild,
            verdict="fail"
            if row.id == BROKEN
            else "open"
            if row.strength is Strength.OPEN
            else "pass",
            held=7,
            rows={"a row": 7},
            missing=None,
            reason=None,
            remedy=None,
            choices=(Choice(choice="refuse", count=2, evidence="403"),)
            if row.strength is Strength.OPEN
            else (),
            declared=None,
            inconsistent=False,
            findings=(0,) if row.id == BROKEN else (),
        )
        for row in load().clauses
    )


def results(count: int) -> Iterator[Result]:
    """Yield results of one target, one by one."""
    contract = load()
    base = Result(
        suite_name="redeploy-conformance",
        suite_version="0",
        contract_edition=contract.edition,
        contract_sha256=contract.sha256,
        target=Target(
            name="toy",
            version="1",
            kind="http",
            address=None,
            offers=(),
            declares={},
        ),
        started="2026-01-01T00:00:00Z",
        seconds=1.0,
        seed=0,
        workers=1,
        cases=10,
        requests=100,
        steps=50,
        complete=True,
        verdict="not conforming",
        exit_code=1,
        sentence="Not conforming: 1 clause is violated.",
        clauses=clauses(),
        findings=(finding(0),),
        problems=(),
    )
    for number in range(count):
        yield replace(base, findings=(finding(number),))


def read(count: int) -> Iterator[Result]:
    """Yield the same results, each read from the text that its file would hold."""
    return (Result.from_text(result.to_text()) for result in results(count))


def _side_by_side(count: int) -> matrix.Matrix:
    return matrix.compare((str(place), one) for place, one in enumerate(results(count)))


STEPS: dict[str, Callable[[int], object]] = {
    "write and read": lambda count: sum(1 for _ in read(count)),
    "merge": lambda count: merge(results(count)).to_text(),
    "html": lambda count: html.render(merge(results(count))),
    "text": lambda count: text.render(merge(results(count))),
    "markdown": lambda count: markdown.render(merge(results(count))),
    "junit": lambda count: junit.render(merge(results(count))),
    "diff": lambda count: diff.text(
        diff.compare(next(results(1)), merge(results(count)))
    ),
    "matrix text": lambda count: matrix.text(_side_by_side(count)),
    "matrix markdown": lambda count: matrix.markdown(_side_by_side(count)),
    "matrix html": lambda count: html.render_matrix(_side_by_side(count)),
}


def measure(step: str, count: int) -> tuple[float, float]:
    """Return the seconds and the megabytes that a step takes, in a process of its own."""
    words = [sys.executable, __file__, "--one", step, str(count)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def one(step: str, count: int) -> None:
    """Do a step once; print its processor seconds, and the megabytes that it added to the process."""
    STEPS[step](1)  # what is loaded once is no growth
    before = _peak()
    begun = time.process_time()
    STEPS[step](count)
    print(time.process_time() - begun, _peak() - before)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    small = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    large = int(sys.argv[2]) if len(sys.argv) > 2 else 10 * small
    print(f"results: {small:,} and {large:,}, {large / small:g} times as many")
    for step in STEPS:
        (few, little), (many, much) = (measure(step, n) for n in (small, large))
        # Reading keeps nothing, so its few megabytes are noise and no ratio means anything.
        growth = f"×{much / little:.1f}" if little > 1 else "–"
        print(
            f"{step:<16} time {few:6.2f} s, {many:6.2f} s: ×{many / few:.1f}   "
            f"memory {little:6.1f} MB, {much:6.1f} MB: {growth}",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], int(sys.argv[3]))
    else:
        main()

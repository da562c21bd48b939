"""Three generators side by side, on the same HTTP server and the same faults.

    python conformance/benchmarks/compare.py [--all] [--fault ID]... [--requests N] [--seconds S]

This suite (tour, planned cases, walks), a plain Hypothesis machine with the same oracle, and
Schemathesis with an OpenAPI description made from the contract. Each run has a server of its own on
this machine and the same budget; the plain machine has it once more to shrink. The faults are those
of the catalogue that come first for their clause, of every second clause that binds everybody,
unless all or some are asked for. A false alarm is anything said against a legal variant. The last
lines are a Markdown table.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import schemathesis_runs
from contenders import Came, Contender, Machine, Schemathesis, Subject, Suite, timed
from plain_machine import Budget

from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import load

LEGAL = ("reference", "combination-1", "combination-2", "combination-3")
MORE = (100, 101, 102)
"""Seeds, beside that of the run itself, with which Schemathesis says what it has to say of an emulator
without a fault."""


@dataclass(slots=True)
class Score:
    """What one contender did over all subjects."""

    caught: list[Came] = field(default_factory=list)
    alarms: int = 0
    seconds: float = 0.0

    def add(self, subject: Subject, came: Came, seconds: float) -> None:
        """Count one run."""
        self.seconds += seconds
        if not subject.fault:
            self.alarms += came.told
        elif came.told:
            self.caught.append(came)


def sample() -> list[str]:
    """Return the first fault of every second clause that binds everybody, in the catalogue's order."""
    by_id = load().by_id
    first: dict[str, str] = {}
    for one in FAULTS.values():
        if by_id[one.clauses[0]].required:
            first.setdefault(one.clauses[0], one.id)
    return list(first.values())[::2]


def median(values: Iterable[int | None]) -> str:
    """Return the median of what is known, as a word."""
    known = [one for one in values if one is not None]
    return f"{statistics.median(known):,.0f}" if known else "—"


def table(scores: dict[str, Score], faults: int) -> str:
    """Return all scores as Markdown."""
    heads = ("generator", "caught", "requests to the first violation", "to shrink it")
    heads += ("steps of the trace", "false alarms", "wall time")
    rows = [heads, ("---",) * len(heads)]
    for name, one in scores.items():
        rows.append(
            (
                name,
                f"{len(one.caught)} of {faults}",
                median(came.requests for came in one.caught),
                median(came.shrinking for came in one.caught),
                median(came.length for came in one.caught),
                f"{one.alarms} of {len(LEGAL)}",
                f"{one.seconds:,.0f} s",
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def compare(
    contenders: Sequence[Contender], faults: Sequence[str], budget: Budget, seed: int
) -> dict[str, Score]:
    """Run every contender against every subject, in turn; print each."""
    subjects = [Subject(fault=one) for one in faults]
    subjects += [Subject(variant=one) for one in LEGAL]
    scores = {one.name: Score() for one in contenders}
    for subject in subjects:
        for contender in contenders:
            came, took = timed(contender, subject, budget, seed)
            scores[contender.name].add(subject, came, took)
            word = "says" if came.told else "wrongly" if came.said else "nothing"
            print(
                f"{subject.name:45} {contender.name:26} {word:8} {came.said[:60]} "
                f"({came.requests or '—'} requests, {took:.1f} s)",
                flush=True,
            )
    return scores


def main() -> None:
    """Read the options, install Schemathesis for the while, compare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every fault")
    parser.add_argument("--fault", action="append", choices=FAULTS, metavar="ID")
    parser.add_argument("--requests", type=int, default=20_000, help="of each run")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    faults = list(FAULTS) if given.all else given.fault or sample()
    budget = Budget(given.requests, given.seconds)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = schemathesis_runs.install(Path(folder, "environment"))
        other = Schemathesis(command, Path(folder))
        other.learn(budget, (given.seed, *MORE))
        contenders: list[Contender] = [Suite(), Machine(), other]
        scores = compare(contenders, faults, budget, given.seed)
    words = " ".join(("python conformance/benchmarks/compare.py", *sys.argv[1:]))
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, `{words}`")
    print(
        f"{len(faults)} faults, {len(LEGAL)} legal variants; each run at most "
        f"{budget.requests:,} requests and {budget.seconds:g} s; "
        f"{time.perf_counter() - begun:,.0f} s in all\n"
    )
    print(table(scores, len(faults)))


if __name__ == "__main__":
    main()

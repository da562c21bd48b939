"""Judging a changed emulator: does the suite find anything wrong with it, and is the run green?

The tour and the cases that are not on it run against it until something is wrong. A case that does
not reach the changed statement, or that is answered the same, is not judged again.
"""

import importlib
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

from mutants import EMULATOR
from reach import Reached, Straight, same, stopped, traced

from redeploy_conformance.finding.investigate import CaseReport, perform_case
from redeploy_conformance.finding.touring import TOUR, perform_tour
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import Depth
from redeploy_conformance.results.conclude import Gathered
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.running.session import Run
from redeploy_conformance.targets.base import Target, UnreachableError
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import Contract, load

PACKAGE = "redeploy_conformance.emulator"
RATE = 130
"""Calls in 60 s that the emulator admits here, in place of 500; the tour needs as many."""
BEGUN = time.time()
"""When time stands still for what is compared."""

KILLED = ("violation", "not green", "does not answer")
WORDS = (*KILLED, "cannot run", "survived")

OTHERWISE: tuple[Mapping[str, Any], ...] = (
    {},
    {
        "no_event": "accept",
        "damaged_disk": "DiskError",
        "isolated_disk_outside_gap": "DiskError",
        "dedicated_host_code": "other",
        "boolean_case": "rejected",
        "lenient_values": "accepted",
        "limiter": "token-bucket",
        "throttle_answer": "429 Throttling.Api",
        "refusal": "403 NoPermission",
        "failed_path_shows_running": "yes",
        "absent_force_stop": "power-off",
        "id_shape": "other",
        "tasks": "absent",
        "reads": "lags",
        "host_in_flight": "new",
        "raised_in_flight": "closed",
    },
    {
        "simulated_only": "accept",
        "limiter": "fixed-window",
        "rejected_calls": "free",
        "throttle_answer": "503 Throttling",
        "refusal_reveals": "reveals",
        "event_in_flight": "Executing",
        "several_events": "one",
        "closing_status": "Avoided",
    },
)
"""The settings that a mutant is tried with: by default, and two that choose otherwise.

Each declares its choices, so that they bind.
"""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: one of ``WORDS``, and the clause or the reason."""

    word: str
    how: str = ""


ALIKE = Fate("survived")
OTHER = Fate("survived", "answers otherwise")


@dataclass(frozen=True, slots=True)
class Bed:
    """The emulator as it is imported now, on a bench under some settings.

    Every case gets an emulator of its own, with a seed of its own, so that no id comes twice.
    """

    bench: Bench
    gathered: Gathered
    straight: Straight
    app: ModuleType
    settings: Any

    def fresh(self, seed: int) -> Straight:
        """Put a new emulator on the bench."""
        settings = replace(self.settings, seed=seed)
        self.straight.emulator = self.app.Emulator(settings, wall=lambda: time.time())
        return self.straight

    def jobs(self) -> dict[str, Callable[[], tuple[CaseReport, Run]]]:
        """Return the tour and the cases that are not on it, each to be run; bursts come last."""
        bench = self.bench
        named: dict[str, Callable[[], tuple[CaseReport, Run]]] = {
            TOUR: lambda: perform_tour(bench)[1:]
        }
        for case in sorted(plan(bench.contract), key=lambda one: one.burst):
            doable = possible(case, bench.offer.parts)
            if doable is not None and (case.burst or case.depth is Depth.PLAN):
                label = name(bench.contract, case)
                named[label] = partial(perform_case, bench, label, doable)
        return named


def made(contract: Contract, otherwise: Mapping[str, Any]) -> Bed:
    """Return the emulator as it is imported now, on a bench."""
    app = importlib.import_module(f"{PACKAGE}.app")
    settings = importlib.import_module(f"{PACKAGE}.settings")
    chosen = settings.Settings(**otherwise, quota=RATE)
    choices = {
        clause: getattr(chosen, field)
        for field, clause in settings.clauses().items()
        if contract.by_id[clause].choices
    }
    lag = chosen.read_lag_seconds if chosen.reads == "lags" else 0.0
    statement = Statement(read_lag_seconds=lag, choices=choices)
    straight = Straight(app.Emulator(chosen))
    bench = set_up(Target("mutant", "embedded", straight, statement), contract)
    gathered = Gathered(contract, bench.offer, choices)
    return Bed(bench, gathered, straight, app, chosen)


def as_it_is(contract: Contract, otherwise: Mapping[str, Any]) -> Reached:
    """Return what the unchanged emulator does under some settings, case by case.

    Raises:
        NotGreenError: the suite finds something wrong with it, so that it kills every mutant.
    """
    unloaded()
    with stopped(BEGUN), traced(EMULATOR) as lines:
        bed = made(contract, otherwise)
        reached = Reached(frozenset(lines))
        for seed, (label, job) in enumerate(bed.jobs().items()):
            lines.clear()
            tape = bed.fresh(seed).tape = []
            report, run = job()
            reached.lines[label] = frozenset(lines)
            reached.tapes[label] = tuple(tape)
            reached.reports[label] = report
            bed.gathered.add(report)
            if run.violations:
                raise NotGreenError(f"{label}: {run.violations[0]}")
    fate = concluded(contract, bed.gathered)
    if fate != OTHER:
        raise NotGreenError(f"{fate.word}: {fate.how}")
    return reached


class NotGreenError(Exception):
    """The unchanged emulator does not pass; the message says where."""


def eased() -> Contract:
    """Return the contract with a lower rate, which the emulator is given, too: to save time."""
    return replace(load(), quota_calls=RATE)


def unloaded() -> None:
    """Forget the emulator's modules, so that they are imported again."""
    for loaded in [one for one in sys.modules if one.startswith(PACKAGE)]:
        del sys.modules[loaded]


def judged(
    contract: Contract,
    otherwise: Mapping[str, Any],
    reached: Reached,
    chosen: frozenset[str],
) -> Fate:
    """Run the chosen cases against the emulator as it is imported now, where it answers otherwise.

    What the others report is taken from the unchanged one.
    """
    try:
        bed = made(contract, otherwise)
    except UnreachableError as error:
        return Fate("not green", str(error))
    except Exception as error:
        return Fate("cannot run", f"{type(error).__name__}: {error}")
    alike = True
    for seed, (label, job) in enumerate(bed.jobs().items()):
        report = reached.reports[label]
        if label in chosen:
            with stopped(BEGUN):
                answers_alike = same(bed.fresh(seed).emulator, reached.tapes[label])
            if not answers_alike:
                alike = False
                bed.fresh(seed)
                report, run = job()
                if run.violations:
                    return Fate("violation", run.violations[0].clause)
        bed.gathered.add(report)
    return ALIKE if alike else concluded(contract, bed.gathered)


def concluded(contract: Contract, gathered: Gathered) -> Fate:
    """Return what becomes of a mutant that broke no clause: is the run green?"""
    red = [
        one.id
        for one in gathered.clauses()
        if one.inconsistent
        or (contract.by_id[one.id].required and one.verdict != "pass")
    ]
    if red or gathered.problems:
        return Fate("not green", ", ".join(red) or gathered.problems[0].text)
    return OTHER

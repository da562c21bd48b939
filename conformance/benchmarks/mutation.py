"""Systematic mutation: small changes to the emulator's own source, and whether the suite sees them.

    python conformance/benchmarks/mutation.py [--sample N] [--seed S] [--processes P]

Every mutant is compiled in a process of its own, by an import hook; no file is changed. The tour
and the cases that are not on it run against it until something is wrong: first as the emulator is by
default, then as legal variants that choose otherwise: the tour alone, or what is reached by these
only, all of it. Each declares its choices. A case that does not reach the changed statement, or that is answered the same, is not
judged again. What survives is looked up in ``survivors.toml``. The exit code is 1 when a survivor is
not filed there, or when one that is filed is caught now.
"""

import argparse
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import Any

from mutants import EMULATOR, MODULES, Mutant, mutants, mutated
from reach import Reached, Straight, same, stopped, traced

from redeploy_conformance.bench import Bench, set_up
from redeploy_conformance.conclude import Gathered
from redeploy_conformance.investigate import CaseReport, perform_case
from redeploy_conformance.planner import name, plan, possible
from redeploy_conformance.session import Run
from redeploy_conformance.steps import Depth
from redeploy_conformance.targets.base import Target, UnreachableError
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.touring import TOUR, perform_tour
from redeploy_schemas.contract import Contract, load

SURVIVORS = Path(__file__).parent / "survivors.toml"
PACKAGE = "redeploy_conformance.emulator"
SECONDS = 20
"""Of computing, after which a mutant counts as one that does not answer; many times what it takes."""
RATE = 130
"""Calls in 60 s that the emulator admits here, in place of 500; the tour needs as many."""
BEGUN = time.time()
"""When time stands still for what is compared."""
STUCK = 400.0
"""Seconds after which one that does not even compute counts so, too."""
MEMORY = 1 << 30
"""Bytes that a mutant may take: an endless loop may grow."""

KILLED = ("violation", "not green", "does not answer")
WORDS = (*KILLED, "cannot run", "survived")
FILED = ("equivalent", "open", "missing")

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


# ------------------------------------------------------------------ trying one


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module its changed tree when it is imported."""

    def __init__(self, mutant: Mutant) -> None:
        """Compile the changed tree."""
        self.name = f"{PACKAGE}.{mutant.module}"
        self.code = compile(mutated(mutant), self.name, "exec")

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answer for that module only."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed code."""
        exec(self.code, module.__dict__)


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
    if fate.word != "survived":
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
    return Fate("survived") if alike else concluded(contract, bed.gathered)


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
    return Fate("survived")


Tried = Sequence[tuple[Mapping[str, Any], Reached]]
"""Settings, and what the unchanged emulator does under them."""


def _try(mutant: Mutant, contract: Contract, under: Tried, writer: Connection) -> None:
    """Be the process of one mutant: send its fate."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    signal.signal(signal.SIGXCPU, partial(_give_up, writer))
    fate = Fate("survived")
    try:
        unloaded()
        sys.meta_path.insert(0, Loader(mutant))
        by_default: frozenset[str] = frozenset()
        for otherwise, reached in under:
            chosen = reached.cases(mutant.module, mutant.span)
            if by_default:
                chosen &= {TOUR}
            by_default = by_default or (frozenset() if otherwise else chosen)
            if chosen:
                fate = judged(contract, otherwise, reached, chosen)
            if fate.word != "survived":
                break
    except Exception as error:  # what the suite itself says of an answer it cannot read
        fate = Fate("not green", f"{type(error).__name__}: {error}")
    writer.send((fate.word, fate.how[:80]))


def _give_up(writer: Connection, *_: object) -> None:
    writer.send(("does not answer", f"within {SECONDS} s of computing"))
    os._exit(0)


def tried(
    chosen: Sequence[Mutant], under: Tried, processes: int
) -> Iterator[tuple[Mutant, Fate]]:
    """Yield what becomes of each mutant, each in a process of its own, as they end."""
    contract = eased()
    forking = multiprocessing.get_context("fork")
    waiting = []
    for one in reversed(chosen):
        if any(reached.cases(one.module, one.span) for _, reached in under):
            waiting.append(one)
        else:
            yield one, Fate("survived", "not reached")
    running: dict[Connection, tuple[Mutant, Any, float]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            reader, writer = forking.Pipe(duplex=False)
            words = (mutant, contract, under, writer)
            child = forking.Process(target=_try, args=words)
            child.start()
            writer.close()
            running[reader] = mutant, child, time.monotonic() + STUCK
        wait(list(running), timeout=1.0)
        for reader, (mutant, child, end) in list(running.items()):
            late = time.monotonic() > end
            if not (reader.poll() or late):
                continue
            yield mutant, _fate(reader, late)
            child.kill()
            child.join()
            reader.close()
            del running[reader]


def _fate(reader: Connection, late: bool) -> Fate:
    if late and not reader.poll():
        return Fate("does not answer", f"within {STUCK:g} s, and computes nothing")
    try:
        return Fate(*reader.recv())
    except EOFError:
        return Fate("cannot run", "its process ended")


# ------------------------------------------------------------------ the whole


class FilingError(Exception):
    """The file of survivors is wrong; the message says where."""


def filed(path: Path = SURVIVORS) -> dict[str, str]:
    """Return how each survivor that was looked at is filed, by its key.

    Raises:
        FilingError: a group lacks its reason, is filed under no known word, or repeats a key.
    """
    known: dict[str, str] = {}
    for number, group in enumerate(
        tomllib.loads(path.read_text("utf-8")).get("group", ()), 1
    ):
        if group.get("filed") not in FILED or not str(group.get("why", "")).strip():
            words = ", ".join(FILED)
            raise FilingError(
                f"{path.name}, group {number}: needs filed ({words}) and why"
            )
        for key in group.get("mutants", ()):
            if key in known:
                raise FilingError(f"{path.name}, group {number}: {key} is there twice")
            known[key] = group["filed"]
    return known


def report(fates: Mapping[Mutant, Fate], known: Mapping[str, str]) -> list[str]:
    """Return the lines that tell what came, the survivors that are not filed first."""
    counts = Counter(fate.word for fate in fates.values())
    lines = [
        f"NOT FILED  {one.module}.py:{one.line}  {one.key}"
        for one in unfiled(fates, known)
    ]
    lines += [f"STALE      {key}: {how}" for key, how in stale(fates, known)]
    ran = len(fates) - counts["cannot run"]
    killed = sum(counts[word] for word in KILLED)
    lines += [
        f"{len(fates)} mutants made, {counts['cannot run']} cannot run, {ran} tried",
        f"{killed} killed: " + ", ".join(f"{counts[word]} {word}" for word in KILLED),
        f"{counts['survived']} survived",
    ]
    kinds = Counter(
        known[one.key]
        for one, fate in fates.items()
        if fate.word == "survived" and one.key in known
    )
    lines += [f"  {kinds[word]} filed as {word}" for word in FILED]
    return lines


def unfiled(fates: Mapping[Mutant, Fate], known: Mapping[str, str]) -> list[Mutant]:
    """Return the survivors that nobody looked at."""
    return [
        one
        for one, fate in fates.items()
        if fate.word == "survived" and one.key not in known
    ]


def stale(
    fates: Mapping[Mutant, Fate], known: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return the keys that are filed as survivors, and are none any more."""
    return [
        (one.key, f"{fate.word}, {fate.how}")
        for one, fate in fates.items()
        if fate.word != "survived" and one.key in known
    ]


def gone(known: Mapping[str, str]) -> list[str]:
    """Return the keys that name no mutant of the source as it is."""
    return sorted(set(known) - {one.key for one in mutants()})


def main(words: Sequence[str] | None = None) -> int:
    """Try mutants, print what came, return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, help="try only so many, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--module", choices=MODULES, help="only of this module")
    parser.add_argument("--all", action="store_true", help="print the fate of each")
    parser.add_argument("--having", default="", help="only those whose key has this")
    options = parser.parse_args(words)
    modules = (options.module,) if options.module else MODULES
    chosen = [one for one in mutants(modules) if options.having in one.key]
    if options.sample is not None:
        amount = min(options.sample, len(chosen))
        chosen = random.Random(options.seed).sample(chosen, amount)
    try:
        known = filed()
    except FilingError as error:
        print(error, file=sys.stderr)
        return 2
    begun = time.monotonic()
    try:
        under = [(one, as_it_is(eased(), one)) for one in OTHERWISE]
    except NotGreenError as error:
        print(f"the emulator as it is does not pass: {error}", file=sys.stderr)
        return 2
    fates: dict[Mutant, Fate] = {}
    for one, fate in tried(chosen, under, options.processes):
        fates[one] = fate
        if options.all:
            place = f"{one.module}.py:{one.line}"
            print(fate.word, fate.how, place, one.key, sep="\t", flush=True)
    lost = gone(known)
    for key in lost:
        print(f"GONE       {key}")
    print("\n".join(report(fates, known)))
    print(f"in {time.monotonic() - begun:.0f} s with {options.processes} processes")
    return 1 if unfiled(fates, known) or stale(fates, known) or lost else 0


if __name__ == "__main__":
    sys.exit(main())

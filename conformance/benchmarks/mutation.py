"""Systematic mutation: small changes to the emulator's own source, and whether the suite sees them.

    python conformance/benchmarks/mutation.py [--sample N] [--seed S] [--processes P]

Every mutant is compiled in a process of its own, by an import hook; no file is changed. The plan
runs against it until something is wrong: first as the emulator is by default, with its choices
declared, then as legal variants that choose otherwise, so that their code is tried too. What
survives is looked up in ``survivors.toml``. The exit code is 1 when a survivor is not filed there,
or when one that is filed is caught now.
"""

import argparse
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import random
import resource
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import Any

from mutants import MODULES, Mutant, mutants, mutated

from redeploy_conformance.bench import Bench, set_up
from redeploy_conformance.conclude import Gathered
from redeploy_conformance.investigate import perform_case
from redeploy_conformance.planner import name, plan, possible
from redeploy_conformance.session import Run
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.touring import perform_tour
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract, load

SURVIVORS = Path(__file__).parent / "survivors.toml"
PACKAGE = "redeploy_conformance.emulator"
SECONDS = 40.0
"""After which a mutant counts as one that does not answer."""
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
    },
    {
        "simulated_only": "accept",
        "limiter": "fixed-window",
        "rejected_calls": "free",
        "throttle_answer": "503 Throttling",
        "refusal_reveals": "reveals",
        "event_in_flight": "Executing",
        "raised_in_flight": "closed",
        "several_events": "one",
        "closing_status": "Avoided",
    },
)
"""The settings that a mutant is tried with: by default, and two that choose otherwise.

Only the first declares its choices, so that they bind; the others find the suite as careful as it
is with an implementation that says nothing of itself.
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


class Crashing:
    """A transport on which a crash of the application is a 500, as a server would make it."""

    def __init__(self, inner: DirectTransport) -> None:
        """Take the application's own."""
        self.inner = inner

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer, or a bare 500."""
        try:
            return self.inner.send(request, timeout)
        except Exception as error:
            text = f"{type(error).__name__}: {error}".encode()
            return HttpResponse(500, (("content-type", "text/plain"),), text)

    def close(self) -> None:
        """Nothing is held."""


def judged(contract: Contract, otherwise: Mapping[str, Any]) -> Fate:
    """Run the tour and the plan against the emulator as it is imported now."""
    try:
        app = importlib.import_module(f"{PACKAGE}.app")
        settings = importlib.import_module(f"{PACKAGE}.settings")
        chosen = settings.Settings(**otherwise)
        emulator = app.Emulator(chosen)
    except Exception as error:
        return Fate("cannot run", f"{type(error).__name__}: {error}")
    choices = {
        clause: getattr(chosen, field)
        for field, clause in settings.clauses().items()
        if contract.by_id[clause].choices and not otherwise
    }
    lag = chosen.read_lag_seconds if chosen.reads == "lags" else 0.0
    statement = Statement(read_lag_seconds=lag, choices=choices)
    transport = Crashing(DirectTransport(emulator.asgi))
    bench = set_up(Target("mutant", "embedded", transport, statement), contract)
    gathered = Gathered(contract, bench.offer, choices)
    for run in _runs(bench, contract, gathered):
        if run.violations:
            return Fate("violation", run.violations[0].clause)
    clauses = gathered.clauses()
    red = [
        one.id
        for one in clauses
        if one.inconsistent
        or (contract.by_id[one.id].required and one.verdict != "pass")
    ]
    if red or gathered.problems:
        return Fate("not green", ", ".join(red) or gathered.problems[0].text)
    return Fate("survived")


def _runs(bench: Bench, contract: Contract, gathered: Gathered) -> Iterator[Run]:
    _, report, run = perform_tour(bench)
    gathered.add(report)
    yield run
    for case in plan(contract):
        doable = possible(case, bench.offer.parts)
        if doable is not None:
            report, run = perform_case(bench, name(contract, case), doable)
            gathered.add(report)
            yield run


def _try(mutant: Mutant, contract: Contract, writer: Connection) -> None:
    """Be the process of one mutant: send its fate."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        sys.meta_path.insert(0, Loader(mutant))
        for otherwise in OTHERWISE:
            fate = judged(contract, otherwise)
            if fate.word != "survived":
                break
    except Exception as error:  # what the suite itself says of an answer it cannot read
        fate = Fate("not green", f"{type(error).__name__}: {error}")
    writer.send((fate.word, fate.how[:80]))


def tried(chosen: Sequence[Mutant], processes: int) -> dict[Mutant, Fate]:
    """Return what becomes of each mutant, each in a process of its own."""
    contract = load()
    forking = multiprocessing.get_context("fork")
    waiting, fates = list(reversed(chosen)), dict.fromkeys(chosen, Fate("survived"))
    running: dict[Connection, tuple[Mutant, Any, float]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            reader, writer = forking.Pipe(duplex=False)
            child = forking.Process(target=_try, args=(mutant, contract, writer))
            child.start()
            writer.close()
            running[reader] = mutant, child, time.monotonic() + SECONDS
        wait(list(running), timeout=1.0)
        for reader, (mutant, child, end) in list(running.items()):
            late = time.monotonic() > end
            if not (reader.poll() or late):
                continue
            fates[mutant] = _fate(reader, late)
            child.kill()
            child.join()
            reader.close()
            del running[reader]
    return fates


def _fate(reader: Connection, late: bool) -> Fate:
    if late and not reader.poll():
        return Fate("does not answer", f"within {SECONDS:g} s")
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
    options = parser.parse_args(words)
    chosen = mutants((options.module,) if options.module else MODULES)
    if options.sample is not None:
        amount = min(options.sample, len(chosen))
        chosen = random.Random(options.seed).sample(chosen, amount)
    try:
        known = filed()
    except FilingError as error:
        print(error, file=sys.stderr)
        return 2
    begun = time.monotonic()
    fates = tried(chosen, options.processes)
    if options.all:
        for one, fate in fates.items():
            print(f"{fate.word}\t{fate.how}\t{one.module}.py:{one.line}\t{one.key}")
    lost = gone(known)
    for key in lost:
        print(f"GONE       {key}")
    print("\n".join(report(fates, known)))
    print(f"in {time.monotonic() - begun:.0f} s with {options.processes} processes")
    return 1 if unfiled(fates, known) or stale(fates, known) or lost else 0


if __name__ == "__main__":
    sys.exit(main())

"""Trying mutants of the emulator: what becomes of each, in a process of its own.

Every mutant is compiled by an import hook; no file is changed. It is judged first as the emulator is by
default, then as legal variants that choose otherwise. Each declares its choices, so that they bind.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

from judging import ALIKE, PACKAGE, Fate, eased, judged, unloaded
from mutants import Mutant, mutated
from reach import Reached

from redeploy_schemas.contract import Contract

SECONDS = 20
"""Of computing, after which a mutant counts as one that does not answer; many times what it takes."""
STUCK = 400.0
"""Seconds after which one that does not even compute counts so, too."""
MEMORY = 1 << 30
"""Bytes that a mutant may take: an endless loop may grow."""


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


Tried = Sequence[tuple[Mapping[str, Any], Reached]]
"""Settings, and what the unchanged emulator does under them."""


def _try(mutant: Mutant, contract: Contract, under: Tried, writer: Connection) -> None:
    """Be the process of one mutant: send its fate."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    signal.signal(signal.SIGXCPU, partial(_give_up, writer))
    fate = ALIKE
    try:
        unloaded()
        sys.meta_path.insert(0, Loader(mutant))
        for otherwise, reached in under:
            chosen = reached.cases(mutant.module, mutant.span)
            found = judged(contract, otherwise, reached, chosen) if chosen else ALIKE
            if found != ALIKE:
                fate = found
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

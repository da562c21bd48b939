"""The implementation under test, as the plugin's fixture puts it on the bench and takes it down."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from redeploy_conformance.evidence.recording import begin, part_of
from redeploy_conformance.evidence.writer import TraceWriter
from redeploy_conformance.running import bench
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.offered import long_waits, passed_over
from redeploy_conformance.targets.base import Kind, Target, TargetUsageError
from redeploy_conformance.targets.find import find
from redeploy_conformance.targets.watched import Watched
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.vocabulary import Part

if TYPE_CHECKING:
    from redeploy_conformance.plugin.run import Reporter


def set_up(
    config: pytest.Config, reporter: "Reporter", folders: pytest.TempPathFactory
) -> Bench:
    """Return the implementation that the options name, discovered, and tell the reporter of it.

    Raises:
        TargetUsageError: it is none, or cannot be used as was asked for.
        UnreachableError: it does not answer.
    """
    contract = load()
    target = _watched(find(reporter.target_place, contract), reporter)
    if reporter.examples:
        from redeploy_conformance.finding.examples import database

        word = reporter.target_word
        reporter.database = database(reporter.examples, contract.sha256, word)
    if hasattr(config, "workerinput") and target.kind != Kind.EMBEDDED:
        made = _shared(target, contract, reporter, folders)
    else:
        made = bench.move_in(target, contract)
    reporter.secrets = made.api.secrets  # the same set: it grows as accounts are made
    offer = made.offer
    strange = passed_over(offer.name, offer.unknown)
    first = getattr(config, "workerinput", {}).get("workerid", "gw0") == "gw0"
    if first and reporter.signs is not None:
        for line in (strange, long_waits(target.statement, offer)):
            if line is not None:
                reporter.signs.say(line)
    reporter.offer = {
        "name": offer.name,
        "version": offer.version,
        "region": offer.region,
        "parts": sorted(part.value for part in offer.parts),
    }
    if reporter.trace_path:
        reporter.trace = _trace(config, reporter.trace_path, reporter.seed, made)
    return made


def _watched(target: Target, reporter: "Reporter") -> Target:
    """Return a target, watched unless it is part of this process, and answers at once."""
    if target.kind == Kind.EMBEDDED:
        return target
    transport = Watched(target.transport, target.statement.control or "")
    if reporter.signs is not None:
        reporter.signs.watch(transport)
    return replace(target, transport=transport)


def _shared(
    target: Target,
    contract: Contract,
    reporter: "Reporter",
    folders: pytest.TempPathFactory,
) -> Bench:
    """Return a target that other workers use too, so that nobody turns a clock under another's test."""
    made = bench.set_up(target, contract, alone=False)
    if Part.CLOCKS in made.offer.parts:
        made.take_clock()
    elif Part.CLOCK in made.offer.parts:
        if reporter.hosts > 1:
            raise TargetUsageError(
                "the implementation has one clock, which several hosts cannot take turns at: "
                "offer clocks of the control protocol, or run on one host"
            )
        from filelock import FileLock

        place = folders.getbasetemp().parent / "redeploy-clock.lock"
        reporter.turn = FileLock(place, poll_interval=0.01)
        made.alone = True
    return made


def _trace(config: pytest.Config, path: str, seed: int, made: Bench) -> TraceWriter:
    """Begin the trace of this process."""
    process = getattr(config, "workerinput", None)
    worker = None if process is None else process["workerid"]
    return begin(
        part_of(Path(path), worker),
        made,
        worker=worker or "main",
        seed=seed,
        workers=1 if process is None else process["workercount"],
    )


def take_down(made: Bench, reporter: "Reporter") -> None:
    """End the trace, and leave the target as others may want it: that belongs to no case."""
    if reporter.trace is not None:
        made.api.watcher = None
        reporter.trace.close()
    made.leave_clock()
    made.target.transport.close()

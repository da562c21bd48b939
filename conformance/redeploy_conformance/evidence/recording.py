"""Traces of whole runs: begun by each process, put together by the one that draws the verdict."""

import glob
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from redeploy_conformance.evidence.setting import Setting
from redeploy_conformance.evidence.writer import TraceWriter
from redeploy_conformance.results.verdict import started_on
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.records import Problem, Result


def begin(
    path: Path, bench: Bench, *, worker: str, seed: int, workers: int
) -> TraceWriter:
    """Begin to write down what is done on a bench; ``worker`` names the process in the trace.

    Raises:
        OSError: the file cannot be written.
    """
    writer = TraceWriter(path, worker)
    statement, api = bench.target.statement, bench.api
    start = started_on(
        bench.contract,
        statement,
        bench.target.kind,
        datetime.now(UTC),
        offers=bench.offer.parts,
        seed=seed,
        workers=workers,
    )
    setting = Setting(
        statement,
        bench.target.kind,
        bench.offer,
        api.host,
        api.region,
        bench.alone,
        api.clock_id,
    )
    writer.header(start, setting)
    api.watcher = writer
    return writer


def part_of(path: Path, worker: str | None) -> Path:
    """Return the file that one process of a run writes; the only process writes the trace itself."""
    return path if worker is None else path.with_name(f"{path.name}.{worker}")


def clear(path: Path) -> None:
    """Remove what an earlier run left, so that nothing of it can end up in this one's trace."""
    for old in (path, *_parts(path)):
        if old.is_file():  # not a device: /dev/null stays
            old.unlink()


def finish(
    path: Path, result: Result, crashes: Sequence[Problem], *, complete: bool
) -> None:
    """Put the parts of a run together, and write the last line.

    Raises:
        OSError: a part cannot be read, or the trace not written.
    """
    end = {
        "record": "end",
        "complete": complete,
        "seconds": result.seconds,
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        "crashes": [one.to_json() for one in crashes],
    }
    parts = _parts(path)
    with path.open("ab") as whole:
        for part in parts:
            with part.open(
                "rb"
            ) as file:  # a line breaks off where a process was killed
                whole.writelines(line for line in file if line.endswith(b"\n"))
        whole.write(json.dumps(end, separators=(",", ":")).encode() + b"\n")
    for part in parts:
        part.unlink()


def _parts(path: Path) -> list[Path]:
    """Return the parts that the processes of pytest-xdist wrote, in their order."""
    found = path.parent.glob(f"{glob.escape(path.name)}.gw*")
    numbered = [one for one in found if one.name.rpartition(".gw")[2].isdigit()]
    return sorted(numbered, key=lambda one: int(one.name.rpartition(".gw")[2]))

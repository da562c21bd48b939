"""Which kind of log a file is, and the contract as a monitor over it."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from redeploy_conformance.evidence.actiontrail import KIND, actiontrail, trail_order
from redeploy_conformance.evidence.har import har, har_order
from redeploy_conformance.evidence.monitor import Monitor
from redeploy_conformance.evidence.opening import opened
from redeploy_conformance.evidence.ordering import merged
from redeploy_conformance.evidence.settled import FRESH
from redeploy_conformance.evidence.shown import WORDLESS
from redeploy_conformance.evidence.sources import LogError, Seen
from redeploy_conformance.finding.investigate import command
from redeploy_conformance.judging.recent import Recent
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result

__all__ = ["LogError", "kind_of", "strange", "watch"]
SOURCES = {"har": (har, har_order), "actiontrail": (actiontrail, trail_order)}
"""By kind of log: what reads one, and by what its requests are put in order."""
BEGINNING = 65536
HAR = re.compile(rb'\{\s*"log"\s*:')
"""How a HAR file begins: it has nothing else."""
ROWS = re.compile(rb'[\[\s]*\{\s*"__')
"""How what a log service exports begins: with a field of its own, the event in another."""
TRACE = b'"redeploy-conformance/trace/'
"""What is in the first line of a trace, if not at its beginning."""


def kind_of(path: Path) -> str | None:
    """Return ``trace``, ``har`` or ``actiontrail``, by how a file begins; None where it is none of them.

    Raises:
        OSError: the file cannot be read.
        LogError: it is packed, and cannot be unpacked.
    """
    head = _head(path).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b'{"record"') or TRACE in head:
        return "trace"
    if HAR.match(head):
        return "har"
    if ROWS.match(head):
        return None
    if head.startswith(b"{") and b'"log"' in head and b'"eventName"' not in head:
        return "har"
    events = b'"eventName"' in head or b'"Events"' in head
    if head.startswith(b"[") or (head.startswith(b"{") and events):
        return "actiontrail"  # the only one of them that may be a list
    return None


def strange(path: Path) -> str:
    """Return in one sentence that a file is of no kind that is known, and what would be right.

    Raises:
        OSError: the file cannot be read.
        LogError: it is packed, and cannot be unpacked.
    """
    head = _head(path)
    if not head.strip():
        why = "; it is empty"
    elif b"\0" in head[:4]:
        why = "; it may be in UTF-16: save it in UTF-8"
    elif ROWS.match(head):
        why = "; it has rows of a log service: give the events that are in them"
    else:
        why = f": {KIND.partition(': ')[2]}, each plain or packed by gzip"
    return (
        f"{path} is neither a trace of the suite, nor a HAR file, nor a list of ActionTrail "
        f"events{why}"
    )


def _head(path: Path) -> bytes:
    with opened(path) as file:
        return file.read1(BEGINNING)


def watch(
    paths: Sequence[Path],
    kind: str,
    contract: Contract,
    fresh: float,
    redeploy_seconds: float | None,
) -> Result:
    """Return what logs of one kind show of the contract.

    ``fresh`` is how many seconds a look counts, ``redeploy_seconds`` by when a redeploy has ended, if
    anybody declares that (L7).

    Raises:
        OSError: a file cannot be read.
    """
    monitor = Monitor(
        contract,
        fresh=fresh,
        redeploy_seconds=redeploy_seconds,
        wordless=kind in WORDLESS,
    )
    monitor.tally.reproduce = _again(paths, kind, fresh, redeploy_seconds)
    source, order = SOURCES[kind]
    known = Recent()

    def requests(path: Path) -> Iterator[Seen]:
        """Yield those of one log; damage ends it there, and what came before counts."""
        try:
            yield from source(path, known)
        except LogError as error:
            monitor.damaged(f"{path.name}, {error}")

    logs: list[tuple[float, Callable[[], Iterator[Seen]]]] = [
        (_begins(kind, path) if len(paths) > 1 else 0.0, partial(requests, path))
        for path in paths
    ]
    for one in merged(logs, order):
        monitor.take(one)
    return monitor.result(kind, [path.name for path in paths])


def _again(
    paths: Sequence[Path], kind: str, fresh: float, redeploy_seconds: float | None
) -> str:
    """Return the command that says the same of these logs."""
    try:
        seen = {kind_of(path) for path in paths}
    except LogError:
        seen = set()
    words = [] if seen == {kind} else ["--format", kind]
    if fresh != FRESH:
        words += ["--fresh", _number(fresh)]
    if redeploy_seconds is not None:
        words += ["--redeploy-seconds", _number(redeploy_seconds)]
    return command("check-trace", *words, *map(str, paths))


def _number(seconds: float) -> str:
    return str(seconds).removesuffix(".0")


def _begins(kind: str, path: Path) -> float:
    """Return when the first request of a log was, infinity where it has none that can be read."""
    source, order = SOURCES[kind]
    try:
        first = next(source(path), None)
    except LogError:
        return float("inf")
    return float("inf") if first is None else order(first)[0]

"""Which kind of log a file is, and the contract as a monitor over it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from redeploy_conformance.evidence.actiontrail import actiontrail
from redeploy_conformance.evidence.har import har
from redeploy_conformance.evidence.monitor import Monitor
from redeploy_conformance.evidence.opening import opened
from redeploy_conformance.evidence.sources import LogError, Seen
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result

__all__ = ["LogError", "kind_of", "watch"]
SOURCES = {"har": har, "actiontrail": actiontrail}
WORDLESS = frozenset({"actiontrail"})
"""Kinds of log that keep no HTTP status, and no message text as it was sent."""
BEGINNING = 65536


def kind_of(path: Path) -> str:
    """Return ``trace``, ``har`` or ``actiontrail``, by how a file begins.

    Raises:
        OSError: the file cannot be read.
    """
    with opened(path) as file:
        head = file.read1(BEGINNING).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b'{"record"'):
        return "trace"
    if head.startswith(b"{") and b'"log"' in head and b'"eventName"' not in head:
        return "har"
    if head.startswith((b"[", b"{")) and (
        b'"eventName"' in head or b'"Events"' in head
    ):
        return "actiontrail"
    return "trace"


def watch(
    paths: Sequence[Path],
    kind: str,
    contract: Contract,
    fresh: float,
    redeploy_seconds: float,
) -> Result:
    """Return what logs of one kind show of the contract.

    Raises:
        OSError: a file cannot be read.
    """
    monitor = Monitor(
        contract,
        fresh=fresh,
        redeploy_seconds=redeploy_seconds,
        wordless=kind in WORDLESS,
    )
    for path in paths:
        _take(monitor, path.name, SOURCES[kind](path))
    return monitor.result(kind, [path.name for path in paths])


def _take(monitor: Monitor, name: str, seen: Iterable[Seen]) -> None:
    """Take one log; damage ends it there, and what came before counts."""
    try:
        for one in seen:
            monitor.take(one)
    except LogError as error:
        monitor.damaged(f"{name}, {error}")

"""The list of tasks: what it shows binds only those who declare it (L13)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.oracle import settled
from redeploy_conformance.running.api import Api, LostError, UnreadError
from redeploy_conformance.running.shapes import UNREAD, misshapen
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.vocabulary import Ending

PROCESSING = "Processing"
ENDED = {Ending.SUCCEED: "Finished", Ending.FAIL: "Failed"}
OVER = tuple(ENDED.values())
"""The statuses of a task that is over."""
NO_END = ("L8", "L10")
"""Clauses of which one is broken where looks showed an end that was none, and the task is told rightly."""


class Shown(msgspec.Struct, frozen=True):
    """What DescribeTasks shows of a task."""

    status: str | None
    action: str | None

    def __str__(self) -> str:
        """Return it as a trace shows it."""
        return f"{self.action} {self.status}"


def shown(api: Api, key: Credentials, task: str) -> list[Shown]:
    """Return what DescribeTasks shows of a task; nothing where it is not listed.

    Raises:
        LostError: no answer came.
        UnreadError: one came that cannot be read.
    """
    params = [("RegionId", api.region), ("TaskIds", task)]
    try:
        answer = api.call("DescribeTasks", params, key)
    except (UnansweredError, UnreachableError) as error:
        raise LostError(f"DescribeTasks: {error}") from error
    wrong = misshapen("DescribeTasks", answer.fields or {})
    if wrong:
        raise UnreadError(f"DescribeTasks {UNREAD}: {wrong}")
    return rows_of(answer.fields or {}, task)


def rows_of(fields: Mapping[str, Any], task: str) -> list[Shown]:
    """Return what the fields of an answer show of a task."""
    rows = (fields.get("TaskSet") or {}).get("Task") or []
    return [
        Shown(row.get("TaskStatus"), row.get("TaskAction"))
        for row in rows
        if row.get("TaskId") == task
    ]


def judged(
    declared: str | None,
    listed: Sequence[Shown],
    operation: str,
    expected: Sequence[str],
    *,
    due: bool,
) -> list[Violation]:
    """Return what is wrong with what is listed of a task.

    ``expected`` are the statuses that it may have, none if that is uncertain; ``due`` says that it
    must be listed by now, in whatever status.
    """
    seen = in_words(listed)
    if declared == "absent" and listed:
        return [Violation("L13", "not listed, as declared", seen)]
    if declared != "listed":
        return []
    statuses = [one.status for one in listed]
    if expected and not (len(statuses) == 1 and statuses[0] in expected):
        wanted = f"{' or '.join(expected)}, as declared"
        others = NO_END if statuses == [PROCESSING] else ()
        return [Violation("L13", wanted, seen, instead=others)]
    if due and not listed:
        return [Violation("L13", "listed, as declared", seen)]
    if any(one.action != operation for one in listed):
        return [Violation("L13", f"a task of {operation}, as declared", seen)]
    return []


def in_words(listed: Sequence[Shown]) -> str:
    """Return what is listed of a task, in words."""
    return ", ".join(map(str, listed)) or "not listed"


def expected(worlds: Belief, ended: Ending | None) -> tuple[str, ...]:
    """Return what a list of tasks may show now, nothing where that is uncertain.

    ``ended`` is how the redeploy was told to end, None where nobody said.
    """
    if settled(worlds):
        return OVER if ended is None else (ENDED[ended],)
    return (PROCESSING,) if all(world.flight for world in worlds) else ()

"""The list of tasks: what it shows binds only those who declare it (L13)."""

from redeploy_conformance.api import Api, LostError
from redeploy_conformance.belief import Belief
from redeploy_conformance.oracle import Violation, settled
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.vocabulary import Ending


def statuses(api: Api, key: Credentials, task: str) -> list[str | None]:
    """Return the statuses that DescribeTasks shows of a task; none where it is not listed.

    Raises:
        LostError: no answer came.
    """
    params = [("RegionId", api.region), ("TaskIds", task)]
    try:
        answer = api.call("DescribeTasks", params, key)
    except (UnansweredError, UnreachableError) as error:
        raise LostError(f"DescribeTasks: {error}") from error
    rows = ((answer.fields or {}).get("TaskSet") or {}).get("Task") or []
    return [row.get("TaskStatus") for row in rows if row.get("TaskId") == task]


def judged(
    declared: str | None, listed: bool, seen: str, expected: str | None
) -> list[Violation]:
    """Return what is wrong with what was seen of a task; ``expected`` is None if uncertain."""
    if declared == "absent" and listed:
        return [Violation("L13", "not listed, as declared", seen)]
    if declared == "listed" and expected and seen != expected:
        return [Violation("L13", f"{expected}, as declared", seen)]
    return []


def expected(worlds: Belief, ended: Ending | None) -> str | None:
    """Return what a list of tasks shows now, where that is certain.

    ``ended`` is how the redeploy was told to end, None where nobody said.
    """
    if settled(worlds):
        return {Ending.SUCCEED: "Finished", Ending.FAIL: "Failed", None: None}[ended]
    return "Processing" if all(world.flight for world in worlds) else None

"""What is kept of an instance that is alive in a log, and what its looks and pages say for certain."""

from dataclasses import dataclass

from redeploy_conformance.evidence.knowledge import NOTHING, Look
from redeploy_conformance.evidence.sources import Listed, Page, Seen
from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.world import World
from redeploy_conformance.running.api import ALL_STATUSES

RUNNING = "Running"
"""What a redeploy that succeeds ends in (L3); one that fails ends in what it began in (L6)."""
NEVER = (float("-inf"), float("-inf"))
NARROWING = (
    "EventId",
    "NotBefore",
    "EventPublishTime",
    "InstanceEventType",
    "EventType",
)
"""How the names of parameters begin that leave events out."""


@dataclass(slots=True)
class Watched:
    """An instance alive in the log: what was shown of it, and what an accepted call began.

    Times are of the log: ``shown`` when a look began and ended, ``called`` when the last call
    ended, ``touched`` when another operation did. ``flying`` are the worlds since an accepted call, and
    ``watched`` is when the last look showed that its redeploy is on its way, None where one between
    did not, or was long in coming: then it may have ended, and another hand begun what is seen.
    """

    first: float
    look: Look = NOTHING
    shown: tuple[float, float] = NEVER
    by: str = ""
    called: float = float("-inf")
    touched: float = float("-inf")
    flying: Belief | None = None
    due: float = float("-inf")
    watched: float | None = None
    row: Listed | None = None

    def forget(self) -> None:
        """Forget what was shown, and what an accepted call began."""
        self.flying, self.look, self.row = None, NOTHING, None


def may_end_in(world: World) -> tuple[str, ...]:
    """Return in which statuses a redeploy that is under way may end, or has ended."""
    return (RUNNING, world.flight.origin) if world.flight else (world.status,)


def leaves_none_out(seen: Seen, page: Page) -> bool:
    """Whether an answer holds every event of what was asked for, in whatever status."""
    if seen.total != sum(len(events) for _, events in page):
        return False
    asked = set()
    for name, value in seen.params.items():
        if name.startswith("InstanceEventCycleStatus"):
            asked.add(value)
        elif name.startswith(NARROWING):
            return False
    return len(asked) == len(ALL_STATUSES)

"""How long cases are expected to take: guesses, by which nothing is judged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from redeploy_conformance.staging.cases import (
    StagingCase,
    calls,
    in_question,
    leaves_events,
    redeploys,
)
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.waits import ERRAND
from redeploy_schemas.contract import Contract

USUAL = 0.5
"""What part of the time that it may take something usually takes."""
STARTING = 0.5
"""What part of a redeploy is left where nothing has to be stopped first."""
MAYBE = 0.5
"""What part of a redeploy counts where its call may be refused as well."""
CALL = 5.0
"""Seconds that a call is given, with the looks around it."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a case takes, in seconds.

    ``calls`` are its calls; ``running`` and ``stopped`` its redeploy, by the status it is called in;
    ``late`` what it waits for events that may be seen late. ``status`` is what its instance must be
    in, None where that is left open. ``part`` is the part of its redeploy that counts, less than 1 where it
    may be refused.
    """

    status: str | None
    calls: float
    running: float = 0.0
    stopped: float = 0.0
    late: float = 0.0
    part: float = 1.0

    def after(self, status: str) -> tuple[float, str]:
        """Return its seconds where an instance is in a status before, and the status after it."""
        errand = ERRAND * USUAL if self.status not in (None, status) else 0.0
        status = self.status or status
        seconds = errand + self.calls
        if not self.running:
            return seconds, status
        took = self.stopped if status == "Stopped" else self.running
        return seconds + took * self.part + self.late, "Running"


def weigher(contract: Contract, settings: Settings) -> Callable[[StagingCase], Weight]:
    """Return what weighs cases.

    A redeploy whose task is not listed is waited for as long as it may take. Events that may be seen
    late are waited for in full.
    """
    statement = settings.statement
    running = stopped = statement.redeploy_seconds + settings.late
    lag = 0.0
    if settings.tasks_tell:
        running = statement.redeploy_seconds * USUAL
        stopped, lag = running * STARTING, settings.late

    def weigh(case: StagingCase) -> Weight:
        called = CALL * USUAL * calls(case)
        if not redeploys(contract, case):
            return Weight(case.status, called)
        late = lag if leaves_events(case) else 0.0
        part = MAYBE if in_question(contract, case) else 1.0
        return Weight(case.status, called, running, stopped, late, part)

    return weigh


def seconds(status: str, several: Iterable[Weight]) -> float:
    """Return how long cases take one after the other on an instance found in a status."""
    total = 0.0
    for one in several:
        took, status = one.after(status)
        total += took
    return total

"""Dealing cases out to instances, so that the last one is done as soon as can be expected."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from redeploy_conformance.running.api import Offer
from redeploy_conformance.running.session import rules_for
from redeploy_conformance.staging.cases import (
    SIMULATED_IN,
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
CALL = 5.0
"""Seconds that a call is given, with the looks around it."""


Hand: TypeAlias = dict[str, list[StagingCase]]
"""Which cases each lane was dealt, by its key."""


@dataclass(slots=True)
class Lane:
    """What is done on one instance, one case after the other; lanes run side by side.

    ``status`` is what it is found in.
    """

    key: str
    instance: str
    status: str
    cases: list[StagingCase] = field(default_factory=list)


def deal(
    contract: Contract,
    settings: Settings,
    lanes: Sequence[Lane],
    several: Sequence[StagingCase],
) -> None:
    """Deal cases out to lanes, which have their own already, and put each lane in order.

    The longest come first, each to the lane that is done with it soonest; then what the longest lane
    has is handed over or exchanged, as long as that makes it shorter.
    """

    dealt: Hand = {lane.key: [] for lane in lanes}

    def ordered(lane: Lane, cases: Sequence[StagingCase]) -> list[StagingCase]:
        several = (*lane.cases, *cases)
        return sorted(several, key=lambda one: _place(contract, one))

    def seconds(lane: Lane, cases: Sequence[StagingCase]) -> float:
        return usual_seconds(contract, settings, lane.status, ordered(lane, cases))

    def alone(case: StagingCase) -> float:
        return usual_seconds(contract, settings, "Running", [case])

    for case in sorted(several, key=alone, reverse=True):
        soonest = min(lanes, key=lambda lane: seconds(lane, [*dealt[lane.key], case]))
        dealt[soonest.key].append(case)
    while _shortened(lanes, dealt, seconds):
        pass
    for lane in lanes:
        lane.cases = ordered(lane, [one.on(lane.key) for one in dealt[lane.key]])


def _shortened(
    lanes: Sequence[Lane],
    dealt: Hand,
    seconds: Callable[[Lane, Sequence[StagingCase]], float],
) -> bool:
    """Make the longest lane shorter by what helps most, without making another as long."""
    longest = max(lanes, key=lambda lane: seconds(lane, dealt[lane.key]))
    now = seconds(longest, dealt[longest.key])
    best: tuple[float, str, list[StagingCase], list[StagingCase]] | None = None
    for other in lanes:
        if other is longest:
            continue
        for mine, theirs in _exchanges(dealt[longest.key], dealt[other.key]):
            most = max(seconds(longest, mine), seconds(other, theirs))
            if most < (now if best is None else best[0]):
                best = most, other.key, mine, theirs
    if best is not None:
        _, key, dealt[longest.key], dealt[key] = best
    return best is not None


def _exchanges(
    mine: list[StagingCase], theirs: list[StagingCase]
) -> Iterator[tuple[list[StagingCase], list[StagingCase]]]:
    """Yield what two lanes may have instead: one case handed over, or one for another."""
    for n, given in enumerate(mine):
        rest = [*mine[:n], *mine[n + 1 :]]
        yield rest, [*theirs, given]
        for m, taken in enumerate(theirs):
            yield [*rest, taken], [*theirs[:m], *theirs[m + 1 :], given]


def usual_seconds(
    contract: Contract, settings: Settings, status: str, several: Sequence[StagingCase]
) -> float:
    """Return how long cases are expected to take one after the other on an instance in a status.

    That is a guess, by which nothing is judged. A redeploy whose task is not listed is waited for as
    long as it may take. Events that may be seen late are waited for in full.
    """
    statement, seconds = settings.statement, 0.0
    rules = rules_for(
        statement, Offer(statement.name, "", settings.region, frozenset())
    )
    lag = rules.bound - statement.redeploy_seconds
    listed = statement.choices.get("L13") == "listed"
    for case in several:
        errand = ERRAND * USUAL if case.status not in (None, status) else 0.0
        seconds += errand + CALL * USUAL * calls(case)
        status = case.status or status
        if redeploys(contract, case):
            took = rules.bound
            if listed:
                part = STARTING if status == "Stopped" else 1.0
                took = statement.redeploy_seconds * USUAL * part
                seconds += lag if leaves_events(case) else 0.0
            seconds += took * (0.5 if in_question(contract, case) else 1.0)
            status = "Running"
    return seconds


def _place(contract: Contract, case: StagingCase) -> tuple[int, bool, bool]:
    """Order a lane: as found first and what costs nothing, then by status, so as to start and stop least.

    Simulated events come first, while other instances are still redeployed: what that does to them is
    seen then (L9).
    """
    if case.status is None:
        return int(redeploys(contract, case) > 0), False, False
    return 2, case.status != SIMULATED_IN, not leaves_events(case)

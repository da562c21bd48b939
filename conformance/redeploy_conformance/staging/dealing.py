"""Dealing cases out to instances, so that the last one is done as soon as can be expected."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from redeploy_conformance.staging.cases import (
    SIMULATED_IN,
    StagingCase,
    leaves_events,
    redeploys,
)
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.weighing import Weight, seconds, weigher
from redeploy_schemas.contract import Contract

BEGINNINGS = 20
"""In how many further orders cases are dealt out, to see which comes out best."""

Placed: TypeAlias = tuple[tuple[int, bool, bool], Weight, StagingCase]
"""A case with its place in a lane and what it takes."""
Hand: TypeAlias = dict[str, list[Placed]]
"""Which cases each lane has, by its key."""


@dataclass(slots=True)
class Lane:
    """What is done on one instance, one case after the other; lanes run side by side.

    ``status`` is what it is found in; what is ``locked`` stays in it, since it could not be started again.
    """

    key: str
    instance: str
    status: str
    cases: list[StagingCase] = field(default_factory=list)
    locked: bool = False

    def fits(self, case: StagingCase) -> bool:
        """Whether the instance may be brought to where a case begins."""
        return not self.locked or case.status in (None, self.status)


def deal(
    contract: Contract,
    settings: Settings,
    lanes: Sequence[Lane],
    several: Sequence[StagingCase],
) -> None:
    """Deal cases out to lanes, which have their own already, and put each lane in order.

    The longest come first, each to the lane that is done with it soonest; then what a longest lane has
    is handed over or exchanged, as long as that makes the whole shorter. Where that ends depends on
    where it began: it begins again in some other orders, always the same, and the best deal counts.
    Each case must fit a lane.
    """
    weigh = weigher(contract, settings)

    def placed(case: StagingCase) -> Placed:
        return _place(contract, case), weigh(case), case

    order = sorted(
        map(placed, several),
        key=lambda one: seconds("Running", [one[1]]),
        reverse=True,
    )
    table = _Table(
        {one.key: one for one in lanes},
        {one.key: [placed(case) for case in one.cases] for one in lanes},
    )
    chance, best = Random(0), table.dealt(order)
    for _ in range(BEGINNINGS):
        chance.shuffle(order)
        best = min(best, table.dealt(order), key=table.lengths)
    for lane in lanes:
        several = [case for *_, case in table.lane(lane.key, best[lane.key])]
        lane.cases = [case.on(lane.key) for case in several]


@dataclass(frozen=True, slots=True)
class _Table:
    """Where cases are dealt out: each lane and its own cases, by its key."""

    lanes: dict[str, Lane]
    own: Hand

    def dealt(self, order: Sequence[Placed]) -> Hand:
        """Return what each lane is dealt when it goes by an order."""
        hand: Hand = {key: [] for key in self.own}
        for case in order:
            soonest = min(hand, key=lambda key: self._long(key, [*hand[key], case]))
            hand[soonest].append(case)
        while better := self._shorter(hand):
            hand |= better
        return hand

    def lane(self, key: str, cases: Sequence[Placed]) -> list[Placed]:
        """Return what a lane does, in order."""
        return sorted((*self.own[key], *cases), key=lambda one: one[0])

    def lengths(self, hand: Hand) -> list[float]:
        """Return when the lanes are done, the last one first."""
        each = [self._long(key, cases) for key, cases in hand.items()]
        return sorted(each, reverse=True)

    def _long(self, key: str, cases: Sequence[Placed]) -> float:
        lane = self.lanes[key]
        if not all(lane.fits(case) for *_, case in cases):
            return math.inf
        weights = [weight for _, weight, _ in self.lane(key, cases)]
        return seconds(lane.status, weights)

    def _shorter(self, hand: Hand) -> Hand:
        """Return what two lanes have instead where that helps the longest, nothing where nothing does."""
        longest = max(hand, key=lambda key: self._long(key, hand[key]))
        least, best = self._long(longest, hand[longest]), dict[str, list[Placed]]()
        for other in hand:
            if other == longest:
                continue
            for mine, theirs in _exchanges(hand[longest], hand[other]):
                most = max(self._long(longest, mine), self._long(other, theirs))
                if most < least:
                    least, best = most, {longest: mine, other: theirs}
        return best


def _exchanges(
    mine: list[Placed], theirs: list[Placed]
) -> Iterator[tuple[list[Placed], list[Placed]]]:
    """Yield what two lanes may have instead: one case handed over, or one for another."""
    for n, given in enumerate(mine):
        rest = [*mine[:n], *mine[n + 1 :]]
        yield rest, [*theirs, given]
        for m, taken in enumerate(theirs):
            yield [*rest, taken], [*theirs[:m], *theirs[m + 1 :], given]


def _place(contract: Contract, case: StagingCase) -> tuple[int, bool, bool]:
    """Order a lane: as found first and what costs nothing, then by status, so as to start and stop least.

    Simulated events come first, while other instances are still redeployed: what that does to them is
    seen then (L9).
    """
    if case.status is None:
        return int(redeploys(contract, case) > 0), False, False
    return 2, case.status != SIMULATED_IN, not leaves_events(case)

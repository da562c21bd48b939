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

EVEN = 5.0
"""Seconds that lanes may differ by: they are guesses, and no further order is tried."""

Hand: TypeAlias = dict[str, tuple[int, ...]]
"""Which cases each lane has, by its key: their places in the order in which a lane does them."""


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
    where it began: while lanes are not even it begins again in some other orders, always the same, and
    the best deal counts. Each case must fit a lane.
    """
    own = [case for lane in lanes for case in lane.cases]
    cases = sorted((*own, *several), key=lambda case: _place(contract, case))
    table = _Table(
        {one.key: one for one in lanes},
        cases,
        [*map(weigher(contract, settings), cases)],
        {one.key: tuple(map(cases.index, one.cases)) for one in lanes},
    )
    order = [*map(cases.index, several)]
    order.sort(key=lambda n: seconds("Running", [table.weights[n]]), reverse=True)
    chance, best = Random(0), table.dealt(order)
    for _ in range(BEGINNINGS):
        if table.uneven(best) < EVEN:
            break
        chance.shuffle(order)
        best = min(best, table.dealt(order), key=table.lengths)
    for lane in lanes:
        lane.cases = [
            cases[n].on(lane.key) for n in table.lane(lane.key, best[lane.key])
        ]


@dataclass(frozen=True, slots=True)
class _Table:
    """Where cases are dealt out: lanes by their keys, all cases in the order in which a lane does them.

    ``own`` is what each lane has in any case; ``known`` how long lanes are that were looked at before.
    """

    lanes: dict[str, Lane]
    cases: list[StagingCase]
    weights: list[Weight]
    own: Hand
    known: dict[tuple[str, tuple[int, ...]], float] = field(default_factory=dict)

    def dealt(self, order: Sequence[int]) -> Hand:
        """Return what each lane is dealt when it goes by an order."""
        hand: Hand = dict.fromkeys(self.own, ())
        for case in order:
            soonest = min(hand, key=lambda key: self._long(key, (*hand[key], case)))
            hand[soonest] = (*hand[soonest], case)
        while better := self._shorter(hand):
            hand |= better
        return hand

    def lane(self, key: str, cases: tuple[int, ...]) -> tuple[int, ...]:
        """Return what a lane does, in order."""
        return tuple(sorted(self.own[key] + cases))

    def lengths(self, hand: Hand) -> list[float]:
        """Return when the lanes are done, the last one first."""
        each = [self._long(key, cases) for key, cases in hand.items()]
        return sorted(each, reverse=True)

    def uneven(self, hand: Hand) -> float:
        """Return how many seconds the last lane is done later than they are on average."""
        each = self.lengths(hand)
        return each[0] - sum(each) / len(each)

    def _long(self, key: str, cases: tuple[int, ...]) -> float:
        several = self.lane(key, cases)
        if (key, several) not in self.known:
            lane = self.lanes[key]
            fit = all(lane.fits(self.cases[n]) for n in cases)
            took = seconds(lane.status, (self.weights[n] for n in several))
            self.known[key, several] = took if fit else math.inf
        return self.known[key, several]

    def _shorter(self, hand: Hand) -> Hand:
        """Return what two lanes have instead where that helps the longest, nothing where nothing does."""
        longest = max(hand, key=lambda key: self._long(key, hand[key]))
        least, best = self._long(longest, hand[longest]), Hand()
        for other in hand:
            if other == longest:
                continue
            for mine, theirs in _exchanges(hand[longest], hand[other]):
                if self._long(longest, mine) >= least:
                    continue
                most = max(self._long(longest, mine), self._long(other, theirs))
                if most < least:
                    least, best = most, {longest: mine, other: theirs}
        return best


def _exchanges(
    mine: tuple[int, ...], theirs: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield what two lanes may have instead: one case handed over, or one for another."""
    for n, given in enumerate(mine):
        rest = (*mine[:n], *mine[n + 1 :])
        yield rest, (*theirs, given)
        for m, taken in enumerate(theirs):
            yield (*rest, taken), (*theirs[:m], *theirs[m + 1 :], given)


def _place(contract: Contract, case: StagingCase) -> tuple[int, bool, bool]:
    """Order a lane: as found first and what costs nothing, then by status, so as to start and stop least.

    Simulated events come first, while other instances are still redeployed: what that does to them is
    seen then (L9).
    """
    if case.status is None:
        return int(redeploys(contract, case) > 0), False, False
    return 2, case.status != SIMULATED_IN, not leaves_events(case)

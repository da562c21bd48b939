"""Which case runs on which instance, in which order, and what all of it may cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redeploy_conformance.staging.cases import (
    OWN,
    StagingCase,
    as_found,
    at_stake,
    calls,
    cases,
    leaves_events,
    redeploys,
)
from redeploy_conformance.staging.dealing import Lane, deal
from redeploy_conformance.staging.decide import Decidable, decidable
from redeploy_conformance.staging.declining import (
    LOCKED,
    Declined,
    too_dear,
    too_long,
)
from redeploy_conformance.staging.finding import Found, NothingInsideError, unfit
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.waits import ERRAND
from redeploy_conformance.staging.weighing import CALL
from redeploy_schemas.contract import Contract


@dataclass(frozen=True, slots=True)
class Plan:
    """The lanes of a run, the cases that its budget leaves out, the instances that are unfit."""

    lanes: tuple[Lane, ...]
    left_out: tuple[tuple[StagingCase, Declined], ...]
    unfit: tuple[tuple[str, str], ...]
    contract: Contract
    settings: Settings

    @property
    def redeploys(self) -> int:
        """How many redeploys the plan comes to, when every call that may be accepted is."""
        return sum(
            redeploys(self.contract, case) for lane in self.lanes for case in lane.cases
        )

    @property
    def in_doubt(self) -> int:
        """How many cases make calls that must be refused, and cost a redeploy where one is not."""
        return sum(
            not redeploys(self.contract, case) and at_stake(self.contract, case) > 0
            for lane in self.lanes
            for case in lane.cases
        )

    @property
    def seconds(self) -> float:
        """How long the longest lane takes, when everything takes as long as it may."""
        return max((self.lane_seconds(lane) for lane in self.lanes), default=0.0)

    def lane_seconds(self, lane: Lane) -> float:
        """Return how long a lane takes at most."""
        each = [worst_seconds(self.contract, one, self.settings) for one in lane.cases]
        return sum(each) + self._back_seconds(lane)

    def _back_seconds(self, lane: Lane) -> float:
        """Return how long it takes at most to put the instance of a lane back.

        What is found Running is Running after any redeploy.
        """
        moved = any(
            one.status or (lane.status != "Running" and redeploys(self.contract, one))
            for one in lane.cases
        )
        raised = any(map(leaves_events, lane.cases))
        late = self.settings.late
        return (ERRAND + late) * moved + late * raised

    @property
    def clauses(self) -> set[str]:
        """The clauses that the cases are about."""
        return {
            one for lane in self.lanes for case in lane.cases for one in case.clauses
        }

    @property
    def reach(self) -> tuple[Decidable, ...]:
        """How far each clause of the contract is decided by these cases."""
        trusted = self.settings.events_are_real
        return decidable(self.contract, self.clauses, trusted=trusted)


def worst_seconds(contract: Contract, case: StagingCase, settings: Settings) -> float:
    """Return how long a case takes at most: every redeploy its bound, every errand its time.

    Until its end is seen counts, too: a look may be late.
    """
    moved = case.status is not None or case.name == "A15-launched"
    waits = (ERRAND + settings.late) * moved + settings.late * leaves_events(case)
    bound = settings.statement.redeploy_seconds + settings.late
    return waits + redeploys(contract, case) * bound + CALL * calls(case)


def make_plan(
    contract: Contract,
    settings: Settings,
    found: Mapping[str, Found],
    now: float,
    past: Past | None = None,
) -> Plan:
    """Return the plan for instances as they are found, without what is done in the ``past``.

    What the budget does not reach is named, not dropped. ``now`` in seconds since 1970.

    Raises:
        NothingInsideError: every instance is unfit.
    """
    past = past or Past()
    over = {one.name for one in past.reports if one.problem is None}
    reasons = [
        (key, unfit(contract, settings, one, now, begun=key in past.before))
        for key, one in sorted(found.items())
    ]
    alone = tuple((key, why) for key, why in reasons if why is not None)
    if len(alone) == len(found):
        raise NothingInsideError(
            "no instance can be used: "
            + "; ".join(f"{key}: {why}" for key, why in alone)
        )
    fit = [key for key, why in reasons if why is None]
    lanes = [
        Lane(f"i{n}", key, found[key].status, locked=found[key].locked)
        for n, key in enumerate(fit, 1)
    ]
    several: list[tuple[Lane | None, StagingCase]] = [
        (lane, as_found(contract, lane.key, lane.instance)) for lane in lanes
    ]
    general = cases(contract, launch=bool(settings.launch))
    several += [(None, one) for one in general]
    wanted = [
        pair
        for pair in several
        if pair[1].name not in over and _wanted(pair[1], settings)
    ]
    affordable, left_out = _afford(contract, settings, wanted, past.redeploys)
    for lane, case in affordable:
        if lane is not None:
            lane.cases.append(case)
    free = [case for lane, case in affordable if lane is None]
    own = [one for one in free if one.name == "A15-launched"]
    held = [
        one
        for one in free
        if one not in own and not any(lane.fits(one) for lane in lanes)
    ]
    left_out += [(one, LOCKED) for one in held]
    deal(contract, settings, lanes, [one for one in free if one not in (*own, *held)])
    if own:
        lanes.append(Lane(OWN, "", "", own))
    elif settings.launch:  # made before: it stands by while others are redeployed
        lanes += [Lane(OWN, one, "") for one in past.launched[-1:]]
    return Plan(tuple(lanes), tuple(left_out), alone, contract, settings)


def _wanted(case: StagingCase, settings: Settings) -> bool:
    return not settings.clauses or bool(set(settings.clauses) & set(case.clauses))


def _afford(
    contract: Contract,
    settings: Settings,
    several: Sequence[tuple[Lane | None, StagingCase]],
    spent: int,
) -> tuple[list[tuple[Lane | None, StagingCase]], list[tuple[StagingCase, Declined]]]:
    """Split cases into those that the budget reaches, the cheap ones first, and the others.

    What must be refused costs nothing when it is; every lane makes those calls first, while the
    budget is whole.
    """
    kept, left_out, before = [], [], spent
    for pair in sorted(several, key=lambda one: redeploys(contract, one[1])):
        cost = redeploys(contract, pair[1])
        seconds = worst_seconds(contract, pair[1], settings)
        if spent + at_stake(contract, pair[1]) > settings.redeploys:
            left_out.append((pair[1], too_dear(settings, cost, before)))
        elif seconds > settings.minutes * 60:
            left_out.append((pair[1], too_long(settings)))
        else:
            spent += cost
            kept.append(pair)
    return kept, left_out

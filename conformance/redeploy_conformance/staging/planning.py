"""Which case runs on which instance, in which order, and what all of it may cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redeploy_conformance.staging.access import (
    StagingApi,
    Wallet,
    local_disks,
    made_by,
    tagged,
)
from redeploy_conformance.staging.cases import (
    OWN,
    StagingCase,
    calls,
    cases,
    found,
    redeploys,
)
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.waits import ERRAND
from redeploy_schemas.contract import Contract


class NothingInsideError(Exception):
    """No instance is inside the fence; the message says what was looked for."""


@dataclass(slots=True)
class Lane:
    """What is done on one instance, one case after the other; lanes run side by side."""

    key: str
    instance: str
    status: str
    cases: list[StagingCase] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """The lanes of a run, and the cases that its budget leaves out."""

    lanes: tuple[Lane, ...]
    left_out: tuple[tuple[StagingCase, str], ...]
    contract: Contract
    settings: Settings

    @property
    def redeploys(self) -> int:
        """How many redeploys the plan comes to, when every call that may be accepted is."""
        return sum(
            redeploys(self.contract, case) for lane in self.lanes for case in lane.cases
        )

    @property
    def seconds(self) -> float:
        """How long the longest lane takes, when everything takes as long as it may."""
        return max((self.lane_seconds(lane) for lane in self.lanes), default=0.0)

    def lane_seconds(self, lane: Lane) -> float:
        """Return how long a lane takes at most."""
        each = [worst_seconds(self.contract, one, self.settings) for one in lane.cases]
        back = ERRAND if any(one.status for one in lane.cases) else 0.0
        return sum(each) + back

    @property
    def clauses(self) -> set[str]:
        """The clauses that the cases are about."""
        return {
            one for lane in self.lanes for case in lane.cases for one in case.clauses
        }


def worst_seconds(contract: Contract, case: StagingCase, settings: Settings) -> float:
    """Return how long a case takes at most: every redeploy its bound, every errand its time."""
    errands = ERRAND if case.status is not None or case.name == "A15-launched" else 0.0
    bound = settings.statement.redeploy_seconds
    return errands + redeploys(contract, case) * bound + 5.0 * calls(case)


def inside(
    api: StagingApi, wallet: Wallet, settings: Settings, run: str = ""
) -> dict[str, Mapping[str, Any]]:
    """Return the instances inside the fence, by id, as DescribeInstances shows them.

    Raises:
        NothingInsideError: there is none, or a named one is not there.
        SetUpError: it could not be read.
    """
    named = (
        api.describe(list(settings.instances), wallet()) if settings.instances else ()
    )
    rows = {str(row["InstanceId"]): row for row in named if row.get("InstanceId")}
    for one in settings.instances:
        if one not in rows:
            raise NothingInsideError(f"{one} is not listed in {settings.region}")
    if settings.tag is not None:
        for row in tagged(api, wallet(), *settings.tag):
            rows.setdefault(str(row["InstanceId"]), row)
    rows = {key: row for key, row in rows.items() if not run or not made_by(row, run)}
    if not rows:
        raise NothingInsideError(
            f"no instance in {settings.region} carries the tag "
            f"{'='.join(settings.tag or ())}"
        )
    return rows


def make_plan(
    contract: Contract,
    settings: Settings,
    rows: Mapping[str, Mapping[str, Any]],
    done: Iterable[str] = (),
    spent: int = 0,
) -> Plan:
    """Return the plan for instances as they are listed, without cases already ``done``.

    The dearest cases are dealt out first, each to the instance that has the least to do, so that the
    longest lane is as short as it can be. What the budget does not reach is named, not dropped.
    """
    over = set(done)
    lanes = [
        Lane(f"i{n}", instance, str(rows[instance].get("Status")))
        for n, instance in enumerate(sorted(rows), 1)
    ]
    several: list[tuple[Lane | None, StagingCase]] = [
        (lane, found(contract, lane.key, lane.instance)) for lane in lanes
    ]
    general = cases(contract, launch=bool(settings.launch))
    several += [(None, one) for one in general]
    wanted = [
        pair
        for pair in several
        if pair[1].name not in over and _wanted(pair[1], settings)
    ]
    affordable, left_out = _afford(contract, settings, wanted, spent)
    load = {lane.key: 0.0 for lane in lanes}
    own: list[StagingCase] = []
    for lane, case in affordable:
        if lane is not None:
            lane.cases.append(case)
            load[lane.key] += worst_seconds(contract, case, settings)
    free = [case for lane, case in affordable if lane is None]
    for case in sorted(free, key=lambda one: -worst_seconds(contract, one, settings)):
        if case.name == "A15-launched":
            own.append(case)
            continue
        least = min(lanes, key=lambda lane: load[lane.key])
        least.cases.append(case.on(least.key))
        load[least.key] += worst_seconds(contract, case, settings)
    for lane in lanes:
        lane.cases.sort(key=lambda one: _place(contract, lane, one))
    if own:
        lanes.append(Lane(OWN, "", "", own))
    return Plan(tuple(lanes), tuple(left_out), contract, settings)


def _wanted(case: StagingCase, settings: Settings) -> bool:
    return not settings.clauses or bool(set(settings.clauses) & set(case.clauses))


def _afford(
    contract: Contract,
    settings: Settings,
    several: Sequence[tuple[Lane | None, StagingCase]],
    spent: int,
) -> tuple[list[tuple[Lane | None, StagingCase]], list[tuple[StagingCase, str]]]:
    """Split cases into those that the budget reaches, the cheap ones first, and the others."""
    kept, left_out = [], []
    for pair in sorted(several, key=lambda one: redeploys(contract, one[1])):
        cost = redeploys(contract, pair[1])
        seconds = worst_seconds(contract, pair[1], settings)
        if spent + cost > settings.redeploys:
            text = (
                f"the {settings.redeploys} redeploys that are allowed do not reach it"
            )
            left_out.append((pair[1], text))
        elif seconds > settings.minutes * 60:
            text = f"it may take longer than {settings.minutes:g} minutes"
            left_out.append((pair[1], text))
        else:
            spent += cost
            kept.append(pair)
    return kept, left_out


def _place(contract: Contract, lane: Lane, case: StagingCase) -> tuple[int, int]:
    """Order a lane: as found first and what costs nothing, then by status, so as to start and stop least."""
    if case.status is None and redeploys(contract, case) == 0:
        return 0, 0
    if case.status is None:
        return 1, 0
    return 2, 0 if case.status == lane.status else 1


def lost(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what a run could cost the owner, a sentence each."""
    told = [
        "a redeploy restarts an instance on another server: what runs there is interrupted"
    ]
    for one, row in sorted(rows.items()):
        has = local_disks(row)
        if has is not False:
            word = "are" if has else "may be"
            told.append(
                f"{one}: there {word} local disks, and all data on them is lost"
            )
    return told

"""What a run finds before it begins: which instances are meant, their open events, which are unfit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redeploy_conformance.judging.views import view
from redeploy_conformance.running.paging import PAGE
from redeploy_conformance.staging.access import (
    StagingApi,
    Wallet,
    local_disks,
    made_by,
    tagged,
    wiped,
    within,
)
from redeploy_conformance.staging.coming import (
    OpenEvent,
    answerable,
    coming,
    open_events,
)
from redeploy_conformance.staging.fence import STABLE
from redeploy_conformance.staging.requests import REDEPLOY
from redeploy_conformance.staging.settings import Settings
from redeploy_schemas.contract import Contract

SPARE = 600.0
"""Seconds after the run's minutes in which nothing else should begin to move an instance."""


class NothingInsideError(Exception):
    """No instance is inside the fence; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """An instance inside the fence: its row of DescribeInstances, its open events.

    ``task`` is that of a redeploy of it that is under way.
    """

    row: Mapping[str, Any]
    events: tuple[OpenEvent, ...] = ()
    task: str | None = None

    @property
    def status(self) -> str:
        """The status that it shows."""
        return str(self.row.get("Status"))

    @property
    def locked(self) -> bool:
        """Whether anything locks it, so that the service does not start it."""
        return bool(view(self.row, {}, None).get("lock_reasons"))


def inside(
    api: StagingApi, wallet: Wallet, settings: Settings, contract: Contract, run: str
) -> dict[str, Found]:
    """Return the instances inside the fence, by id; those that ``run`` made are not among them.

    Raises:
        NothingInsideError: there is none, or a named one is not there.
        SetUpError: it could not be read.
    """
    named = (
        api.describe(list(settings.instances), wallet()) if settings.instances else ()
    )
    rows = {
        str(row["InstanceId"]): row
        for row in named
        if row.get("InstanceId") and within(row, settings.region)
    }
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
    tasks = _under_way(api, wallet, settings)
    return {
        one: Found(
            api.with_disks(row, wallet()),
            open_events(contract, api.events(wallet(), one)),
            tasks.get(one),
        )
        for one, row in rows.items()
    }


def _under_way(api: StagingApi, wallet: Wallet, settings: Settings) -> dict[str, str]:
    """Return the tasks of redeploys that are under way, by instance, where they are listed.

    That a key may not look tasks up is better known before a redeploy is begun.
    """
    if not settings.tasks_tell:
        return {}
    params = [("RegionId", api.region), ("TaskAction", REDEPLOY)]
    params += [("TaskStatus", "Processing"), ("PageSize", str(PAGE))]
    fields = api.ask("DescribeTasks", params, wallet())
    rows = (fields.get("TaskSet") or {}).get("Task") or []
    return {
        str(row.get("ResourceId")): str(row.get("TaskId"))
        for row in rows
        if row.get("TaskStatus") == "Processing"
    }


def unfit(
    contract: Contract, settings: Settings, found: Found, now: float, *, begun: bool
) -> str | None:
    """Return why an instance is left alone, if so; ``now`` in seconds since 1970.

    With ``begun`` the run has been at work on it before, and its status may be the run's doing.
    """
    if found.status not in STABLE and not begun:
        return f"it is {found.status}: only what is Running or Stopped is redeployed"
    if found.task is not None and not begun:  # on its way it may show Stopped
        return f"somebody has it redeployed already ({found.task})"
    if local_disks(found.row) is not False and not settings.local_disks:
        return f"it {wiped(local_disks(found.row))}"
    if found.row.get("StoppedMode") == "StopCharging" and not begun:
        return (
            "it is stopped in economical mode (StopCharging): to stop it again so could lose its "
            "place or address, and otherwise it is billed"
        )
    until = now + settings.minutes * 60 + SPARE
    return coming(contract, found.row, found.events, now, until)


def lost(contract: Contract, found: Mapping[str, Found]) -> list[str]:
    """Return what a run could cost the owner, a sentence each."""
    told = [
        "a redeploy restarts an instance on another server: what runs there is interrupted",
        "a redeploy starts what is Stopped, and some cases start or stop an instance: in the end "
        "each gets the status it had",
    ]
    for key, one in sorted(found.items()):
        has = local_disks(one.row)
        if has is not False:
            word = "are" if has else "may be"
            told.append(
                f"{key}: there {word} local disks, and all data on them is lost"
            )
        told += [
            f"{key}: {event} may be answered by a redeploy and closed: that cannot be undone"
            for event in one.events
            if not event.simulated and answerable(contract, event, has)
        ]
    return told

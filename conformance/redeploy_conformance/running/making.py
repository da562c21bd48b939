"""Making and changing instances and their events, with the oracle told of each."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.oracle import Oracle, Worlds
from redeploy_conformance.judging.sight import View
from redeploy_conformance.judging.views import event_of
from redeploy_conformance.judging.world import Event, World
from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.steps import Step, keys_of
from redeploy_conformance.running.api import Api, OfferError, SetUpError
from redeploy_conformance.running.clock import Clock
from redeploy_conformance.running.looking import Looker, left_out
from redeploy_conformance.running.plane import Account, Plane
from redeploy_reports.phrases import count
from redeploy_schemas.vocabulary import Ending

FIRST_PAUSE, PAUSE = 0.2, 5.0
"""Seconds between looks for a change that does not show yet: where they really pass, few at first."""
AT_ONCE = 100
"""Instances that one request asks for: who makes them slowly has as long for each hundred."""
LATER = 2 * 86_400.0
"""Seconds until a simulated event is to happen, apart from what a case turns the clock by."""
FAR = 1e11
"""Seconds since 1970 beyond which no clock is taken to count from there: the year 5138."""


@dataclass(slots=True)
class Made:
    """How an instance came about: ``at`` which second of the clock that redeploys run on, and by which step.

    Without a step RunInstances made it. ``told`` says that the control plane told at once what inspection
    shows of it; ``changes`` are the steps by which it was changed since.
    """

    at: float
    by: step.Create | None = None
    told: bool = False
    changes: list[step.Change] = field(default_factory=list)


@dataclass(slots=True)
class Maker:
    """Makes what a case is about.

    ``ids`` are the instances' by key, shared with the session; ``lag`` is how many seconds a read may
    be late. ``launched`` were made by RunInstances: how they go on from there is not this contract's.
    ``given`` are the ids that the control plane gave, each with what it is of. ``cut_short`` is when a
    redeploy would have ended whose instance was released on the way: at its end that must not come back.
    """

    api: Api
    plane: Plane
    oracle: Oracle
    clock: Clock
    looker: Looker
    ids: dict[str, str]
    account: Callable[[str], Account]
    lag: float
    scripted: dict[str, Ending] = field(default_factory=dict)
    launched: set[str] = field(default_factory=set)
    made: dict[str, Made] = field(default_factory=dict)
    given: set[tuple[str, str]] = field(default_factory=set)
    cut_short: float = 0.0

    def prepare(self, one: Step) -> str:
        """Carry out a step that only prepares; return what came of it, in words."""
        if isinstance(one, step.Change) and one.key in self.made:
            self.made[one.key].changes.append(one)
        match one:
            case step.Launch():
                return self._launch(one)
            case step.Script():
                path = f"{self._path(one.key)}/next-redeploy"
                self.plane.ask("PUT", path, {"outcome": one.ending}, "empty")
                self.scripted[one.key] = Ending(one.ending)
                self._change(one.key, next_ending=Ending(one.ending))
            case step.Patch():
                path = self._path(one.key)
                self.plane.ask("PATCH", path, _document(one.spec), "empty")
                wanted = _world(one.spec)
                self._change(one.key, **wanted)
                self._await(lambda: self._shows(one.key, wanted))
            case step.Release():
                path = self._path(one.key)
                self.plane.ask("DELETE", path, None, "empty")
                worlds = self.oracle.worlds[one.key]
                dues = (world.flight.due for world in worlds if world.flight)
                self.cut_short = max(self.cut_short, *dues, 0.0)
                self._change(one.key, exists=False, events=(), flight=None)
                self._await(lambda: self._shows(one.key, {"exists": False}))
            case step.Raise():
                return self._raise(one)
            case step.Simulate():
                return self._simulate(one)
            case step.Break():
                account = self.account(one.account).id
                body = {"account_id": account, "effect": one.effect}
                self.plane.ask("POST", "internal-errors", body, "empty")
            case _:
                raise AssertionError(f"no way to do {one}")
        return "done"

    def _path(self, key: str) -> str:
        """Return the path of an instance; an id may hold any signs."""
        return f"instances/{quote(self.ids[key], safe='')}"

    def _change(self, key: str, **fields: Any) -> None:
        self.oracle.change(key, lambda world: replace(world, why=(), **fields))

    def _await(self, shows: Callable[[], bool]) -> None:
        """Let a change show, where reads may be late (L8l).

        What does not show in time is for the next look to judge.
        """
        for pause in self._pauses():
            if shows():
                break
            self.clock.wait(pause)

    def _pauses(self) -> Iterator[float]:
        """Yield the seconds to wait for what may be late, time and again until it is late no more."""
        waited, pause = 0.0, PAUSE if self.clock.stepped else FIRST_PAUSE
        while waited < self.lag:
            yield pause
            waited += pause
            pause = min(1.5 * pause, PAUSE)

    def _shows(self, key: str, wanted: Mapping[str, Any]) -> bool:
        """Whether an instance shows so, as far as that can be seen."""
        seen = self.looker.glance([key])[key]
        if self.looker.plane and wanted.keys() - seen.keys():
            account = self.account(self.oracle.homes[key])
            inspected = self.looker.plane.inspected(account.id).get(self.ids[key], {})
            seen = {**inspected, **seen}
        return all(seen.get(name, value) == value for name, value in wanted.items())

    def _listed(self, key: str, event_id: str) -> bool:
        """Whether the event history shows an event."""
        account = self.account(self.oracle.homes[key])
        rows = self.api.events(account.credentials, self.ids[key])
        return any(event_of(row)[1] == event_id for row in rows)

    # ------------------------------------------------------------------ instances

    def create(self, several: Sequence[Step]) -> list[str]:
        """Make the instances of adjacent steps, ``AT_ONCE`` of an account with one request."""
        made = [one for one in several if isinstance(one, step.Create)]
        told: dict[str, Any] = {}
        for name in dict.fromkeys(one.account for one in made):
            mine = [one for one in made if one.account == name]
            specs = [spec for one in mine for spec in [asked(one)] * one.count]
            rows = [
                row
                for first in range(0, len(specs), AT_ONCE)
                for row in self._posted(name, specs[first : first + AT_ONCE])
            ]
            for one in mine:
                self._enter(one, rows[: one.count])
                told |= {
                    row["instance_id"]: row.get("inspect") for row in rows[: one.count]
                }
                rows = rows[one.count :]
        keys = [key for one in made for key in keys_of(one.key, one.count)]
        self._verify(keys, told if self.looker.plane and all(told.values()) else None)
        return [
            f"made as {', '.join(self.ids[k] for k in keys_of(one.key, one.count)[:3])}"
            for one in made
        ]

    def _posted(
        self, account: str, specs: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        body = {"account_id": self.account(account).id, "instances": specs}
        answer = self.plane.ask("POST", "instances", body, "instances-answer")
        rows: list[dict[str, Any]] = answer["instances"]
        if len(rows) != len(specs):
            raise OfferError(
                f"asked for {count(len(specs), 'instance')}, got {len(rows)}"
            )
        return rows

    def _enter(self, one: step.Create, rows: Sequence[Mapping[str, Any]]) -> None:
        """Enter instances that were made, as they should be now."""
        for key, row in zip(keys_of(one.key, one.count), rows, strict=True):
            if len(row["event_ids"]) != len(one.events):
                raise OfferError("the control plane did not give an id for each event")
            self._give("instance", row["instance_id"])
            for event_id in row["event_ids"]:
                self._give("event", event_id)
            if "inspect" in row:
                told = row["inspect"]["instance_id"]
                if told != row["instance_id"]:
                    raise OfferError(
                        f"POST instances made {row['instance_id']}, and told of {told}"
                    )
            self.ids[key] = row["instance_id"]
            by = replaced(one, key=key, count=1)
            self.made[key] = Made(self.clock.now, by, told="inspect" in row)
            known = tuple(
                Event(event_id, kind, status)
                for event_id, (kind, status) in zip(
                    row["event_ids"], one.events, strict=True
                )
            )
            ending = Ending(one.ending) if one.ending else None
            if ending is not None:
                self.scripted[key] = ending
            world = World(events=known, next_ending=ending, **_world(one.spec))
            self.oracle.add(key, one.account, world)

    def _give(self, what: str, id: str) -> None:
        """Enter the id of something new: shared, nobody could tell of which one is spoken (S1)."""
        if (what, id) in self.given:
            raise OfferError(
                f"the control plane gave a new {what} the id of another: {id}"
            )
        self.given.add((what, id))

    def _verify(
        self, keys: Sequence[str], told: Mapping[str, Mapping[str, Any]] | None
    ) -> None:
        """Make sure that what was asked for is there, and learn what cannot be asked for.

        ``told`` is what inspection would show, where the control plane has said so already.
        """
        wrong, views = self.verified(keys, told)
        for pause in self._pauses():
            if not wrong and not left_out(views):
                break
            self.clock.wait(pause)
            wrong, views = self.verified(keys, told)
        if wrong:
            first = wrong[0]
            raise SetUpError(
                "the instance does not show as it was asked for: "
                f"expected {first.expected}, got {first.observed}"
            )
        self.inspected(views)

    def inspected(self, views: Mapping[str, View]) -> None:
        """Make sure that inspection leaves out no instance that is there, and not just made (S1).

        Raises:
            OfferError: it does.
        """
        for key in left_out(views):
            there = all(world.exists for world in self.oracle.worlds[key])
            if there and self.clock.now >= self.made[key].at + self.lag:
                raise OfferError(
                    f"inspection leaves out {self.ids[key]}, which DescribeInstances lists"
                )

    def verified(
        self, keys: Sequence[str], told: Mapping[str, Mapping[str, Any]] | None
    ) -> tuple[list[Violation], dict[str, View]]:
        """Return what is not as asked for, and all that can be seen."""
        counted, self.oracle.ledger = self.oracle.ledger, Ledger()
        kept = dict(self.oracle.worlds)
        try:
            begun = self.clock.now
            views = self.looker.views(keys, told)
            wrong = self.oracle.looked(views, begun)
        finally:
            self.oracle.ledger = counted
        if wrong:
            self.oracle.worlds = Worlds(kept)
        return wrong, views

    def _launch(self, one: step.Launch) -> str:
        account = self.account("a1")
        params = [("RegionId", self.api.region), ("InstanceType", "ecs.g6.large")]
        params += [("ImageId", "img"), ("Amount", "1")]
        fields = self.api.ask("RunInstances", params, account.credentials)
        ids = (fields.get("InstanceIdSets") or {}).get("InstanceIdSet") or []
        if len(ids) != 1:
            raise SetUpError("RunInstances gave no instance id")
        self.ids[one.key] = ids[0]
        # It goes on by itself, and may be listed late: it is in any status by the next call.
        statuses = map(str, self.oracle.contract.attribute_by_name["status"].values)
        self.oracle.add(one.key, "a1", *(World(status=status) for status in statuses))
        self.made[one.key] = Made(self.clock.now)
        self.launched.add(one.key)
        shown = self.looker.glance([one.key])[one.key]
        return f"made as {ids[0]}, {shown.get('status', 'not listed yet')}"

    # ------------------------------------------------------------------ events

    def _raise(self, one: step.Raise) -> str:
        path = f"{self._path(one.key)}/events"
        body = {"type": one.type, "status": one.status}
        event_id = self.plane.ask("POST", path, body, "event-answer")["event_id"]
        self._give("event", event_id)
        self.oracle.raised(one.key, Event(event_id, one.type, one.status))
        self._await(lambda: self._listed(one.key, event_id))
        return f"raised as {event_id}"

    def _simulate(self, one: step.Simulate) -> str:
        params = [
            ("RegionId", self.api.region),
            ("InstanceId.1", self.ids[one.key]),
            ("EventType", one.type),
            ("NotBefore", self._not_before().strftime("%Y-%m-%dT%H:%M:%SZ")),
        ]
        key = self.account(self.oracle.homes[one.key]).credentials
        fields = self.api.ask("CreateSimulatedSystemEvents", params, key)
        ids = (fields.get("EventIdSet") or {}).get("EventId") or []
        if len(ids) != 1:
            raise SetUpError("CreateSimulatedSystemEvents gave no event id")
        self._await(lambda: self._listed(one.key, ids[0]))
        rows = self.api.events(key, self.ids[one.key])
        shown = dict(event_of(row)[1:] for row in rows)
        if ids[0] not in shown:
            waited = f" after {self.lag:g} s" if self.lag else ""
            raise SetUpError(
                f"the simulated event {ids[0]} is not in the event history{waited}"
            )
        self.oracle.raised(one.key, Event(ids[0], *shown[ids[0]], simulated=True))
        return f"made as {ids[0]}, {shown[ids[0]][1]}"

    def _not_before(self) -> datetime:
        """Return a time that does not come within a case, by the wall clock and by one that is turned.

        Which of the two judges it is not said, and one that counts from 1970 may be far ahead.
        """
        now = time.time()
        if self.clock.stepped and self.clock.now < FAR:
            now = max(now, self.clock.now)
        return datetime.fromtimestamp(now + LATER + 10 * self.oracle.rules.bound, UTC)


def asked(one: step.Create) -> dict[str, Any]:
    """Return the spec of an instance as the control protocol wants it."""
    events = [{"type": kind, "status": status} for kind, status in one.events]
    spec = {**_document(one.spec), "events": events}
    return spec | ({"next_redeploy": one.ending} if one.ending else {})


def _document(spec: step.SpecItems) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in spec
    }


def _world(spec: step.SpecItems) -> dict[str, Any]:
    return {
        name: frozenset(value) if isinstance(value, tuple) else value
        for name, value in spec
    }

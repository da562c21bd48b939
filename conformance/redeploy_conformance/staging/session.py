"""The executor on a real account: instances are found and brought, not made to order."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from redeploy_conformance import steps as step
from redeploy_conformance.api import Offer, SetUpError
from redeploy_conformance.belief import View
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.oracle import Violation, settled
from redeploy_conformance.replies import Kind, Reply
from redeploy_conformance.session import Account, Done, Run, Session
from redeploy_conformance.staging.access import (
    CALMING,
    PAUSES,
    StagingApi,
    Wallet,
    made_at,
    tagged,
    task_status,
    throttled,
)
from redeploy_conformance.staging.fence import STABLE, FenceError
from redeploy_conformance.staging.requests import LAUNCH, SIMULATE, WITHDRAW
from redeploy_conformance.staging.settings import RUN_TAG, Settings
from redeploy_conformance.staging.taking import Known, taken
from redeploy_conformance.steps import Step
from redeploy_conformance.views import event_of
from redeploy_conformance.world import Event, World
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending

HOME = "a1"
ENDINGS = {"Finished": Ending.SUCCEED, "Failed": Ending.FAIL}
"""What the status of a task says of its redeploy."""
SPARE = 3600.0
"""Seconds after its minutes at which an instance of the run ends by itself, whatever happened."""
UNSEEN = ("billing", "disk_status")
"""Attributes that no public operation used here shows: answers about them are not judged."""
OF_THE_POLICY = ("Forbidden", "NoPermission", "Unauthorized")
OF_THE_KEY = (
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "InvalidTimeStamp",
    "SignatureDoesNotMatch",
    "SignatureNonceUsed",
)
"""How codes begin that refuse a caller, or a key; what such a caller would have got nobody knows."""


@dataclass(frozen=True, slots=True)
class Landing:
    """A task that was seen to be over: how its redeploy ended, and when it was seen."""

    task: str
    ending: Ending
    seen: float


class StagingSession(Session):
    """A session whose instances belong to somebody: it takes them as they are.

    Several cases are under way at once, each on its own instance; ``enter`` says which one the next
    step belongs to.
    """

    api: StagingApi

    def __init__(
        self,
        api: StagingApi,
        offer: Offer,
        contract: Contract,
        wallet: Wallet,
        settings: Settings,
        run_id: str,
    ) -> None:
        """Begin with nothing taken."""
        super().__init__(api, offer, contract, Ledger())
        self.wallet = wallet
        self.settings = settings
        self.run_id = run_id
        self.known: dict[str, Known] = {}
        self.late = self.oracle.rules.bound - settings.statement.redeploy_seconds
        """Seconds by which a read may be late."""
        self._called: dict[str, float] = {}
        self._landings: dict[str, Landing] = {}
        self._doubled: dict[str, tuple[str, float]] = {}

    def enter(self, run: Run, ledger: Ledger) -> None:
        """Let what comes next belong to a case."""
        self.run, self.oracle.ledger = run, ledger

    def _account(self, name: str) -> Account:
        return Account("", self.wallet())

    def at_rest(self, key: str) -> bool:
        """Whether no redeploy of an instance can be under way."""
        return settled(self.oracle.worlds[key])

    def since_call(self, key: str, now: float) -> float:
        """Return the seconds since the last call on an instance; without end where there was none."""
        return now - self._called.get(key, float("-inf"))

    def let_go(self, key: str) -> None:
        """Stop to watch an instance: something else than a redeploy moves it now."""
        self._doubled.pop(key, None)
        self.oracle.worlds.pop(key, None)
        self.oracle.stirred.discard(key)

    # ------------------------------------------------------------------ preparing

    def _prepare(self, one: Step) -> str:
        match one:
            case step.Take():
                return self._take(one.key)
            case step.Bring():
                return self._bring(one)
            case step.Withdraw():
                return self._withdraw(one.key)
            case step.Launch():
                return self._launch(one)
            case step.Simulate():
                return self._simulate(one)
            case _:
                raise AssertionError(f"there is no control plane to do {one}")

    def _take(self, key: str) -> str:
        """Watch an instance from now on, as a look shows it; what was believed before is dropped."""
        listed = self._listed(self._account(HOME), [key]).get(self.ids[key])
        if listed is None:
            raise SetUpError(f"{self.ids[key]} is not listed any more")
        known = self.known.setdefault(key, Known({}))
        rows = list(self.api.events(self.wallet(), self.ids[key]))
        worlds = taken(
            self.contract, listed, known, rows, self.settings.events_are_real
        )
        self.oracle.add(key, HOME, worlds[0])
        self.oracle.worlds[key] = frozenset(worlds)
        self.tasks.pop(key, None)
        self._doubled.pop(key, None)
        return f"{self.ids[key]}: {worlds[0]}"

    def _bring(self, one: step.Bring) -> str:
        self.let_go(one.key)
        action = "StartInstance" if one.status == "Running" else "StopInstance"
        params = [("InstanceId", self.ids[one.key])]
        if action == "StopInstance":
            params += [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
        try:
            self.api.ask(action, params, self.wallet())
        except FenceError:
            raise
        except SetUpError as error:
            return f"{action} is asked for again later: {error}"
        return f"{action} asked for"

    def _launch(self, one: step.Launch) -> str:
        for row in tagged(self.api, self.wallet(), RUN_TAG, self.run_id):
            self.ids[one.key] = str(row["InstanceId"])
            self.oracle.homes[one.key] = HOME
            return f"made before, as {self.ids[one.key]}"
        given = dict(self.settings.launch)
        end = self.api.clock.wall() + self.settings.minutes * 60 + SPARE
        release = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = [("RegionId", self.api.region), ("Amount", "1"), *given.items()]
        params += [("InstanceChargeType", "PostPaid"), ("AutoReleaseTime", release)]
        params += [("Tag.1.Key", RUN_TAG), ("Tag.1.Value", self.run_id)]
        fields = self.api.ask(LAUNCH, params, self.wallet())
        ids = (fields.get("InstanceIdSets") or {}).get("InstanceIdSet") or []
        if len(ids) != 1:
            raise SetUpError("RunInstances gave no instance id")
        self.ids[one.key] = str(ids[0])
        self.oracle.homes[one.key] = HOME
        return f"made as {ids[0]}"

    def _simulate(self, one: step.Simulate) -> str:
        later = datetime.now(UTC) + timedelta(days=2, seconds=secrets.randbelow(40_000))
        not_before = later.strftime("%Y-%m-%dT%H:%M:%SZ")
        instance = self.ids[one.key]
        params = [
            ("RegionId", self.api.region),
            ("InstanceId.1", instance),
            ("EventType", one.type),
            ("NotBefore", not_before),
        ]
        trouble = "the simulated event is not in the event history"
        try:
            self.api.ask(SIMULATE, params, self.wallet())
        except FenceError:
            raise
        except SetUpError as error:  # it may have been made all the same: look
            trouble = str(error)
        made = made_at(self.api, self.wallet, instance, one.type, not_before)
        if not made:
            raise SetUpError(trouble)
        known = self.known.setdefault(one.key, Known({}))
        for event_id, shown in made.items():
            known.simulated[event_id] = shown
            self._add_event(one.key, Event(event_id, *shown, simulated=True))
        return f"made as {', '.join(made)}"

    def _withdraw(self, key: str) -> str:
        known = self.known.get(key)
        if known is None or not known.simulated:
            return "there is none"
        params = [("RegionId", self.api.region)]
        params += [(f"EventId.{n}", one) for n, one in enumerate(known.simulated, 1)]
        for pause in PAUSES:
            try:
                self.api.ask(WITHDRAW, params, self.wallet())
                break
            except FenceError:
                raise
            except SetUpError as error:  # it may have been done all the same: look
                trouble = error
                self.api.sleep(pause)
            if not self._still_open(key, set(known.simulated)):
                break
        else:
            raise trouble
        gone = set(known.simulated)
        known.simulated.clear()
        if key in self.oracle.worlds:
            self.oracle.change(key, lambda world: _without(world, gone))
        return "done"

    def _still_open(self, key: str, events: set[str]) -> bool:
        rows = self.api.events(self.wallet(), self.ids[key])
        return any(
            event_id in events and status in self.contract.open_event_statuses
            for _, event_id, (_, status) in map(event_of, rows)
        )

    # ------------------------------------------------------------------ calling and looking

    def _redeploy(self, one: step.Redeploy) -> tuple[str, list[Violation]]:
        """Call, and where tasks are declared to be listed, hold an acceptance against them (A2)."""
        earlier = self.tasks.get(one.key)
        shown, wrong = super()._redeploy(one)
        if not wrong and earlier is not None and self.tasks.get(one.key) != earlier:
            self._doubled[one.key] = (earlier, self.now)
            wrong = self._at_once(one.key, self.now)
        return shown, wrong

    def _at_once(self, key: str, at: float) -> list[Violation]:
        """Return what is wrong with an acceptance whose forerunner was still under way (A2).

        ``at`` is when it was looked for; a read that may be late tells only of what was before.
        """
        earlier, accepted = self._doubled[key]
        if at < accepted + self.late:
            return []
        shown = self._task_shows(earlier)
        del self._doubled[key]
        if shown != "Processing":
            return []
        wanted = "rejected with IncorrectInstanceStatus"
        seen = f"accepted, while {earlier} was still Processing"
        return [Violation("A2", wanted, seen, key=key)]

    def _task_shows(self, task: str | None) -> str | None:
        """Return the status of a task, where it is declared to be listed (L13)."""
        if task is None or self.oracle.rules.declared.get("L13") != "listed":
            return None
        return task_status(self.api, self.wallet, task)

    def landed(self, key: str) -> bool:
        """Whether the task says that the redeploy is over; what is believed follows it (L13).

        Asked after a look was made, so that only the next look shows what it came to; where looks
        may be late, a later one.
        """
        task = self.tasks.get(key)
        landing = self._landings.get(key)
        if task is not None and (landing is None or landing.task != task):
            ending = ENDINGS.get(self._task_shows(task) or "")
            landing = None if ending is None else Landing(task, ending, self.now)
            if landing is not None:
                self._landings[key] = landing
        if (
            landing is None
            or landing.task != task
            or self.now < landing.seen + self.late
        ):
            return False
        ended = [
            one
            for one in self.oracle.worlds[key]
            if one.flight is not None and one.flight.ending is landing.ending
        ]
        if not ended:
            return False
        self.oracle.worlds[key] = frozenset(ended)
        self.oracle.time_passes(self.now, (key,))
        over = [one for one in self.oracle.worlds[key] if one.flight is None]
        self.oracle.worlds[key] = frozenset(over)
        return True

    def _tasks(self, one: step.Tasks) -> tuple[str, list[Violation]]:
        """Look a task up; by then a redeploy may have ended, however short it was."""
        self.oracle.time_passes(self.now, (one.key,))
        return super()._tasks(one)

    def _task_status(self, key: str) -> str | None:
        """Return what a task list shows now, where that is certain: not while it may be late."""
        if self.since_call(key, self.now) < self.late:
            return None
        return super()._task_status(key)

    def call(self, key: str, one: step.Redeploy) -> Reply:
        """Make one call; a refusal of the rate limit is waited for, since others may call too."""
        for pause in CALMING:
            self._called[key] = self.now
            reply = super().call(key, one)
            if reply.kind is not Kind.THROTTLED and not _throttled(reply):
                self._called[key] = self.now
                return self._judgeable(one, reply)
            self.api.sleep(pause)
        raise SetUpError(
            f"the call was refused by a rate limit {len(CALMING)} times; "
            "somebody else may be using the account"
        )

    def _judgeable(self, one: step.Redeploy, reply: Reply) -> Reply:
        """Return a reply that tells something of the implementation.

        Raises:
            SetUpError: it may be due to the key, or to what nobody can see.
        """
        code = reply.code or ""
        if code.startswith(OF_THE_POLICY):
            raise SetUpError(f"the key may not redeploy this instance: {reply}")
        if one.forgery is None and code.startswith(OF_THE_KEY):
            raise SetUpError(f"the key was not taken: {reply}")
        crashed = reply.status == 500 and reply.kind is Kind.UNKNOWN
        if crashed and self._meaning(one).barred is not None:
            raise SetUpError(f"whether it is due to the call cannot be told: {reply}")
        for row in self.contract.preconditions:
            if row.attribute in UNSEEN and row.code == reply.code:
                raise SetUpError(
                    f"the call was rejected with {row.code}, and the public API used here "
                    "does not show whether that is true"
                )
        return reply

    def _views(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what can be seen of instances, with their events."""
        return {
            key: self.with_events(key, seen) for key, seen in self.glance(keys).items()
        }

    def with_events(self, key: str, seen: View) -> View:
        """Return a view with the events that are judged: the run's own, and those found before.

        Others may come and go by themselves at any time. Where it is not said that those found are
        real, nothing is known of how they go on, so that none are shown.
        """
        known = self.known.get(key)
        if known is None or seen.get("status") not in STABLE:
            return seen
        if known.found and not self.settings.events_are_real:
            return seen
        judged = known.found | known.simulated.keys()
        rows = self.api.events(self.wallet(), self.ids[key])
        events = {
            event_id: shown
            for _, event_id, shown in map(event_of, rows)
            if event_id in judged
        }
        return {**seen, "events": events}

    def looked(self, key: str, seen: View, at: float) -> list[Violation]:
        """Judge what a shared look showed of one instance, and enter it in the trace.

        ``at`` is when the look was asked for: what it shows may be no younger, and is not late yet.

        Raises:
            SetUpError: a task that is to be held against it could not be read.
        """
        doubled = self._at_once(key, at) if key in self._doubled else []
        before = dict(self.oracle.worlds)
        wrong = [*doubled, *self.oracle.looked({key: seen}, at)]
        words = str(seen.get("status", "not listed"))
        looks = [one for one in self.run.done if isinstance(one.step, step.Look)]
        if (
            wrong
            or not looks
            or looks[-1] is not self.run.done[-1]
            or looks[-1].observed != words
        ):
            light = step.Look((key,), light="events" not in seen)
            after = dict(self.oracle.worlds)
            exchanges = tuple(self.api.exchanges)
            self.run.done.append(Done(light, words, before, after, exchanges))
        self.run.violations += wrong
        return wrong


def _without(world: World, gone: set[str]) -> World:
    kept = tuple(event for event in world.events if event.id not in gone)
    return replace(world, events=kept)


def _throttled(reply: Reply) -> bool:
    return reply.status is not None and throttled(reply.status, reply.code or "")

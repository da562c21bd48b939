"""What the emulator holds: accounts, keys, instances, events and tasks."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from redeploy_conformance.emulator.clock import Clock
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.emulator.settings import Outcome, Settings

OPEN_STATUSES: Final = ("Inquiring", "Scheduled", "Executing")
FINAL_STATUSES: Final = ("Executed", "Avoided", "Canceled", "Failed")
EVENT_STATUSES: Final = OPEN_STATUSES + FINAL_STATUSES


@dataclass(slots=True, eq=False)
class Event:
    """A system event of one instance. `restore` is the status it goes back to when
    the redeploy that took it up fails."""

    event_id: str
    instance_id: str
    event_type: str
    status: str
    published: float
    clock: Clock
    simulated: bool = False
    not_before: str | None = None
    finished: float | None = None
    restore: str | None = None

    @property
    def open(self) -> bool:
        """Whether the event has not reached a final status."""
        return self.status in OPEN_STATUSES


@dataclass(slots=True, eq=False)
class Task:
    """The task of one redeploy, as DescribeTasks shows it."""

    task_id: str
    instance_id: str
    created: float
    clock: Clock
    status: str = "Processing"
    finished: float | None = None


@dataclass(slots=True, eq=False)
class Flight:
    """A redeploy on its way."""

    task: Task
    outcome: Outcome
    before: str
    phases: tuple[tuple[str, float], ...]
    answered: tuple[Event, ...]
    new_host: str


@dataclass(slots=True, eq=False)
class Instance:
    """An instance, with what only the control protocol shows of it."""

    instance_id: str
    account_id: str
    sequence: int
    created: float
    clock: Clock
    host: str
    cloud_data: str
    status: str = "Running"
    tenancy: str = "default"
    lock_reasons: tuple[str, ...] = ()
    billing: str = "current"
    disk_status: str = "normal"
    storage: str = "cloud"
    local_disk: str | None = None
    local_data: str | None = None
    instance_type: str = "ecs.g7.large"
    orderly_stops: int = 0
    power_offs: int = 0
    next_outcome: Outcome | None = None
    redeploys: int = 0
    flight: Flight | None = None
    events: dict[str, Event] = field(default_factory=dict)
    shown: list[tuple[float, str]] = field(default_factory=list)
    """The moments at which the status changed, for reads that lag."""
    tags: dict[str, str] = field(default_factory=dict)
    errand: int = 0
    """Counts start, stop and reboot, so that one that was overtaken stays without
    effect."""

    def move(self, status: str, at: float) -> None:
        """Change the status as time goes by."""
        self.status = status
        self.shown.append((at, status))
        if len(self.shown) > 64:
            del self.shown[:32]

    def place(self, status: str) -> None:
        """Put the instance into a status, as if it had always been there."""
        self.status = status
        self.shown = [(float("-inf"), status)]
        self.errand += 1

    def status_at(self, moment: float) -> str:
        """The status at an earlier moment of the redeploy clock."""
        for at, status in reversed(self.shown):
            if at <= moment:
                return status
        return self.shown[0][1] if self.shown else self.status


@dataclass(slots=True, eq=False)
class Account:
    """An account: the owner of instances, and the one that has a quota. Time passes for
    it and for what is in it on its clock."""

    account_id: str
    clock: Clock
    instances: dict[str, Instance] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    internal_errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a RAM policy."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Principal:
    """Whoever holds an access key. `statements` is None for an account's own key,
    which may do everything in the account."""

    access_key_id: str
    secret: str = field(repr=False)
    account: Account
    statements: tuple[Statement, ...] | None = None
    nonces: dict[str, float] = field(default_factory=dict, repr=False)
    prune_at: int = 100_000


class World:
    """The whole state of an emulator. Its lock is held while a request is handled."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        ids: type[Ids],
        wall: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.clocks: dict[str, Clock] = {}
        """Further clocks by id, each for the accounts that were made to live on it."""
        self.wall = wall
        self.lock = threading.Lock()
        self.ids = ids(random.Random(settings.seed), settings.id_shape)
        self.accounts: dict[str, Account] = {}
        self.principals: dict[str, Principal] = {}
        self.instances: dict[str, Instance] = {}
        self.events: dict[str, Event] = {}
        self._sequence = 0

    def add_clock(self) -> str:
        """A further clock, which begins at 0; returns its id."""
        clock_id = f"clock-{len(self.clocks) + 1}"
        self.clocks[clock_id] = Clock(self.clock.kind)
        return clock_id

    def add_account(self, clock: Clock | None = None) -> Account:
        """A new account without keys, on the common clock or one of its own."""
        account = Account(self.ids.account_id(), clock or self.clock)
        self.accounts[account.account_id] = account
        return account

    def add_principal(
        self, account: Account, statements: tuple[Statement, ...] | None
    ) -> Principal:
        """A new key of the account."""
        key = Principal(
            self.ids.access_key_id(), self.ids.access_key_secret(), account, statements
        )
        self.principals[key.access_key_id] = key
        return key

    def add_instance(self, account: Account, status: str) -> Instance:
        """A new instance with default attributes."""
        self._sequence += 1
        instance = Instance(
            instance_id=self.ids.instance_id(),
            account_id=account.account_id,
            sequence=self._sequence,
            created=account.clock.now,
            clock=account.clock,
            host=self.ids.host(),
            cloud_data=self.ids.data(),
        )
        instance.place(status)
        account.instances[instance.instance_id] = instance
        self.instances[instance.instance_id] = instance
        return instance

    def add_event(self, instance: Instance, event_type: str, status: str) -> Event:
        """A new system event of the instance."""
        event = Event(
            event_id=self.ids.event_id(),
            instance_id=instance.instance_id,
            event_type=event_type,
            status=status,
            published=instance.clock.now,
            clock=instance.clock,
        )
        if not event.open:
            event.finished = instance.clock.now
        instance.events[event.event_id] = event
        self.events[event.event_id] = event
        return event

    def release(self, instance: Instance) -> None:
        """The instance is gone, and its events with it."""
        del self.instances[instance.instance_id]
        del self.accounts[instance.account_id].instances[instance.instance_id]
        for event_id in instance.events:
            del self.events[event_id]

    def owner(self, instance: Instance) -> Account | None:
        """The account of the instance; None once it is gone."""
        return self.accounts.get(instance.account_id)

    def exists(self, instance: Instance) -> bool:
        """Whether the instance has not been released."""
        return self.instances.get(instance.instance_id) is instance

    def open_events(self, instance: Instance) -> Iterator[Event]:
        """The events of the instance that are in no final status."""
        return (event for event in instance.events.values() if event.open)

    def reset(self) -> None:
        """Forget everything but the time."""
        self.accounts.clear()
        self.principals.clear()
        self.instances.clear()
        self.events.clear()
        for clock in (self.clock, *self.clocks.values()):
            clock.forget()

    def forget(self, clock: Clock) -> list[Account]:
        """Forget the accounts that live on a clock, with everything in them; return them."""
        gone = [one for one in self.accounts.values() if one.clock is clock]
        for account in gone:
            for instance in list(account.instances.values()):
                self.release(instance)
            del self.accounts[account.account_id]
        keys = [k for k, one in self.principals.items() if one.account in gone]
        for key in keys:
            del self.principals[key]
        clock.forget()
        return gone

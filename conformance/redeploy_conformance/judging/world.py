"""What one instance may be: plain values where they are known, constraints where not."""

from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from redeploy_schemas.vocabulary import Ending

Told: TypeAlias = tuple[str, str]
"""An open clause and the choice that would explain what is seen, such as ``("E7", "all")``."""


class Known(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """What is known of a value: it is one of ``values``, or with ``other`` none of them."""

    values: frozenset[Any] = frozenset()
    other: bool = False

    def admits(self, value: object) -> bool:
        """Whether the value may be this one."""
        return (value in self.values) is not self.other

    def __str__(self) -> str:
        """Return the constraint in words."""
        if self.other and not self.values:
            return "anything"
        words = " or ".join(sorted(in_words(value) for value in self.values))
        return f"anything but {words}" if self.other else words


ANYTHING = Known(other=True)


@lru_cache(1024, typed=True)
def exactly(*values: object) -> Known:
    """Return the constraint that the value is one of these."""
    return Known(frozenset(values))


def other_than(known: Known) -> Known:
    """Return the constraint that the value is not the one known; anything if none is."""
    return ANYTHING if known.other else Known(known.values, other=True)


class Event(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """A system event of an instance; ``status`` None is some final one, not yet seen.

    ``closed`` is one that a redeploy closed, and a look has shown so since.
    """

    id: str
    type: str
    status: str | None
    simulated: bool = False
    closed: bool = False


class Flight(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """A redeploy under way, since a call that was, or may have been, accepted.

    ``at`` is the place on the path of its transition, -1 before a lagging read has shown any;
    ``moved`` says whether time has passed since the call; ``due`` is when it must have ended;
    ``late`` marks one that has not, against L7: kept to explain a violation, never to excuse one. ``unclear`` is a ForceStop of open meaning
    (A14v); ``watched`` the choice under L8r that polls have told so far; ``unsure`` marks
    one that only an InternalError speaks for (A12); ``asked`` one whose ending the control plane was
    asked for.
    """

    origin: str
    ending: Ending
    force: bool | None
    answers: frozenset[str]
    due: float
    at: int = 0
    moved: bool = False
    late: bool = False
    unclear: bool = False
    watched: str = ""
    unsure: bool = False
    asked: bool = False


TAKEN_UP = ("Executing", "Scheduled")
"""Open statuses that an answered event may show while the redeploy runs, besides its own (E1x)."""


class Echo(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """What late reads may go on showing of a redeploy that an answer told to be over: its statuses.

    ``events`` are the ids of events with a status in which each may go on showing. They may until
    ``due``, when the redeploy must have ended, and every read must show it.
    """

    statuses: frozenset[str]
    due: float
    events: frozenset[tuple[str, str]] = frozenset()


class World(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """One possible state of one instance.

    The first nine fields are the attributes of the contract's rows. ``why`` gives, for the next
    look, the clause that a field rests on; ``quiet`` the clauses that forbid any change;
    ``told`` the choices that led here; ``doubt`` a call that may still take effect; ``echo`` what reads
    that lag may show instead of the status (L8l).
    """

    exists: bool = True
    status: str = "Running"
    tenancy: str = "default"
    lock_reasons: frozenset[str] = frozenset()
    billing: str = "current"
    disk_status: str = "normal"
    storage: str = "cloud"
    local_disk: str = "healthy"
    flight: Flight | None = None
    events: tuple[Event, ...] = ()
    host: Known = ANYTHING
    local_data: Known = ANYTHING
    cloud_data: Known = ANYTHING
    orderly_stops: Known = ANYTHING
    power_offs: Known = ANYTHING
    next_ending: Ending | None = None
    why: tuple[tuple[str, str], ...] = ()
    quiet: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()
    doubt: Flight | None = None
    echo: Echo | None = None

    @property
    def late(self) -> bool:
        """Whether this world already breaks L7."""
        return self.flight is not None and self.flight.late

    @property
    def in_flight(self) -> bool:
        """Whether a redeploy is under way."""
        return self.flight is not None

    def __str__(self) -> str:
        """Return the state as a trace shows it."""
        marks = [self.status if self.exists else "released"]
        for name, usual in _SHOWN.items():
            value = getattr(self, name)
            if value != usual:
                several = isinstance(value, frozenset)
                words = " and ".join(sorted(value)) if several else value
                marks.append(f"{name} {words}")
        if self.flight is not None:
            marks.append(f"redeploying, will {self.flight.ending.value}")
        if self.doubt is not None:
            marks.append("a call may still take effect")
        for event in self.events:
            made = "simulated " if event.simulated else ""
            marks.append(f"{made}{event.type} {event.status or 'closed'}")
        return ", ".join(marks)


_SHOWN = {
    name: getattr(World(), name)
    for name in (
        "tenancy",
        "lock_reasons",
        "billing",
        "disk_status",
        "storage",
        "local_disk",
    )
}
"""The attributes that a trace names where they are not as usual, and what is usual."""


@lru_cache(1024)
def hush(worlds: frozenset[World], clauses: tuple[str, ...]) -> frozenset[World]:
    """Return the worlds with ``clauses`` forbidding any change."""
    return frozenset(replace(world, quiet=clauses) for world in worlds)


def in_words(value: object) -> str:
    """Return a value of a view or a world as reports show it."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(str, value))) + "}" if value else "none"
    return "nothing" if value is None else str(value)

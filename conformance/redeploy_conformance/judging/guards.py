"""What speaks against a call: the preconditions that a world violates, and the open points."""

from functools import lru_cache

import msgspec

from redeploy_conformance.judging.world import Event, Told, World
from redeploy_schemas.contract import Contract, Precondition
from redeploy_schemas.vocabulary import LocalDisk, Storage

NO_EVENT_CODE = "InvalidOperation.RedeployInstance"
DISK_CODE = "DiskError"


class Excuse(msgspec.Struct, frozen=True, gc=False):
    """A reason to reject that the source leaves open: the code, and the choices that matter.

    ``refuse`` and ``accept`` are told where it is used or not, nothing where that is not certain;
    ``code_is_free`` where no edition binds the code either. ``shows`` is told wherever it is used,
    also beside a violated precondition.
    """

    code: str
    refuse: tuple[Told, ...] = ()
    accept: tuple[Told, ...] = ()
    code_is_free: bool = False
    shows: tuple[Told, ...] = ()


class Reasons(msgspec.Struct, frozen=True, gc=False):
    """Everything that speaks against or for one call in one world.

    ``violated`` rows bind (A1–A7); ``excuses`` may be used or not; ``responds`` are the events
    that a redeploy would respond to (E1); ``gap`` is the isolation gap of A13.
    """

    violated: tuple[Precondition, ...]
    excuses: tuple[Excuse, ...]
    responds: tuple[Event, ...]
    gap: bool


def responds_to(contract: Contract, world: World, event: Event) -> bool:
    """Whether a redeploy of this instance responds to the event (E1–E4)."""
    row = contract.event_by_type.get(event.type)
    return (
        row is not None
        and not event.simulated
        and event.status in row.statuses
        and all(getattr(world, name) == value for name, value in row.only_with.items())
    )


@lru_cache(1024)
def reasons(contract: Contract, world: World) -> Reasons:
    """Return what speaks against a redeploy of this instance now.

    An id that names no instance names none that could be locked or starting (A1); no event is open for it.
    """
    if not world.exists:
        rows = (row for row in contract.preconditions if row.attribute == "exists")
        return Reasons(tuple(rows), (Excuse(NO_EVENT_CODE),), (), gap=False)
    violated = tuple(
        row
        for row in contract.preconditions
        if not row.holds(getattr(world, row.attribute))
    )
    responds = tuple(
        event for event in world.events if responds_to(contract, world, event)
    )
    gap = _isolated(world) and not _gap_events(contract, world)
    excuses = list(_disk_excuses(contract, world))
    if not responds and not gap:
        clause = "E5" if _only_simulated(contract, world) else "A10"
        if _isolated(world) and not _gap_is_over(contract, world):
            # The gap may last, and admit the call by A13: nothing is told.
            excuses.append(Excuse(NO_EVENT_CODE, code_is_free=True))
        else:
            refuse, accept = (clause, "refuse"), (clause, "accept")
            excuses.append(Excuse(NO_EVENT_CODE, (refuse,), (accept,), True))
    elif not gap and world.flight is not None:
        # They may have moved on by now, those raised on the way too (E1r), and then there is no event,
        # either: beside A2 (A11).
        late = any(event.id not in world.flight.answers for event in responds)
        taken = (("E1r", "closed"),) if late else ()
        for word in ("Scheduled", "Executing", "closed"):
            excuses.append(Excuse(NO_EVENT_CODE, shows=(("E1x", word), *taken)))
    return Reasons(violated, tuple(excuses), responds, gap)


def _isolated(world: World) -> bool:
    return world.storage == Storage.LOCAL and world.local_disk == LocalDisk.ISOLATED


def _gap_events(contract: Contract, world: World) -> tuple[Event, ...]:
    """Return the events that end, or may end, the gap of the isolation flow."""
    return tuple(
        event
        for event in world.events
        if not event.simulated and event.type in contract.gap_ending_event_types
    )


def _disk_excuses(contract: Contract, world: World) -> tuple[Excuse, ...]:
    if world.storage != Storage.LOCAL:
        return ()
    if world.local_disk == LocalDisk.DAMAGED:
        return (Excuse(DISK_CODE, (("A6d", "DiskError"),), (("A6d", "accept"),)),)
    if _isolated(world) and _gap_events(contract, world):
        if not _gap_is_over(contract, world):  # whether it is, is open: nothing is told
            return (Excuse(DISK_CODE),)
        return (Excuse(DISK_CODE, (("A13e", "DiskError"),), (("A13e", "accept"),)),)
    return ()


def _gap_is_over(contract: Contract, world: World) -> bool:
    """Whether the event that ends the gap is open; other ones may end it or not (A13e)."""
    ends, *_ = contract.gap_ending_event_types
    return any(
        event.type == ends and event.status in ("Inquiring", "Scheduled")
        for event in _gap_events(contract, world)
    )


def _only_simulated(contract: Contract, world: World) -> bool:
    return any(
        event.simulated and event.status in contract.open_event_statuses
        for event in world.events
    )

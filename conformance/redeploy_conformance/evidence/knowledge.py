"""What a log lets one believe of an instance: everything possible, less what was shown.

What was never shown is anybody's guess, so a belief holds a plain world and, for each thing unseen,
the worlds in which just that thing stands in the way: together they explain every answer that some
state of the instance would explain, and no more than one thing at a time is needed to.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.world import Event, Flight, World
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending, LocalDisk, Storage

DERIVED = frozenset({"exists", "in_flight"})
"""Attributes that no world is given: they follow from others."""
UNSEEN_EVENT = "an event that was not shown"


class Look(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """What a log showed of an instance at one time; None for what it did not show.

    ``events`` are (id, type, status); ``whole`` says that there are no others.
    """

    status: str | None = None
    tenancy: str | None = None
    locks: frozenset[str] | None = None
    events: tuple[tuple[str, str, str], ...] = ()
    whole: bool = False


NOTHING = Look()
"""What is known of an instance that was never shown, or not lately."""


class Beliefs:
    """Makes beliefs of looks; the same look gives the same belief."""

    def __init__(self, contract: Contract) -> None:
        """Read what may stand in the way of a call."""
        self._contract = contract
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, look: Look, begins: bool) -> Belief:
        """Return the belief; ``begins`` where a redeploy may be under way that is not shown."""
        return frozenset(self._worlds(look, begins))

    def _worlds(self, look: Look, begins: bool) -> Iterator[World]:
        shown = World(
            tenancy=look.tenancy or "default", lock_reasons=look.locks or frozenset()
        )
        rests = list(self._contract.transition_from)
        # A status on the way may have come to rest since it was seen.
        passing = look.status is not None and look.status not in rests
        statuses = [look.status] if look.status else []
        if passing or not look.status:
            statuses += rests
        for status in statuses:
            plain = replace(shown, status=status)
            for events in self._events(look):
                yield replace(plain, events=events)
                isolated = replace(plain, events=events, storage=Storage.LOCAL.value)
                yield replace(isolated, local_disk=LocalDisk.ISOLATED.value)
            yield from self._hindered(look, plain, begins)

    def _events(self, look: Look) -> Iterator[tuple[Event, ...]]:
        """Yield what events there may be: a log does not say which of them are simulated."""
        known = tuple(Event(*one) for one in look.events)
        yield known
        if known:
            yield tuple(replace(one, simulated=True) for one in known)
        if not look.whole:
            row = self._contract.events[0]
            yield (*known, Event(UNSEEN_EVENT, row.type, row.statuses[0]))

    def _hindered(self, look: Look, plain: World, begins: bool) -> Iterator[World]:
        """Yield the worlds in which one unseen thing stands in the way of a call."""
        if look.status is None:
            yield replace(plain, exists=False)
        if begins:
            origin = next(iter(self._contract.transition_from))
            never = float("inf")
            under_way = Flight(origin, Ending.SUCCEED, None, frozenset(), never)
            yield replace(plain, flight=under_way)
        seen = {
            "status": look.status,
            "tenancy": look.tenancy,
            "lock_reasons": look.locks,
        }
        for row in self._contract.preconditions:
            attribute = self._contract.attribute_by_name[row.attribute]
            if row.attribute in DERIVED or seen.get(row.attribute) is not None:
                continue
            for value in attribute.values:
                held: Any = frozenset({value}) if attribute.is_set else value
                if not row.holds(held):
                    yield replace(plain, **{row.attribute: held})

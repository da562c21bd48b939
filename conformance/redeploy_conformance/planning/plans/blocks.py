"""What planned cases are made of: instances that rows of the contract ask for, and lives of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from redeploy_conformance.planning.steps import (
    Create,
    Look,
    Redeploy,
    Settle,
    Step,
    spec_items,
)
from redeploy_schemas.contract import Contract, Precondition
from redeploy_schemas.vocabulary import Ending, Storage

SUCCEED, FAIL = Ending.SUCCEED.value, Ending.FAIL.value
LOCAL = {"storage": Storage.LOCAL.value}
MORE = 12
"""Events of one instance: more than a page of the event history has, where nobody asks for more."""
WAITS = (2.0, 8.0, 20.0)
"""Seconds between looks at a redeploy on its way, where only some are made."""


def event(contract: Contract) -> tuple[str, str]:
    """Return an event that every instance responds to."""
    row = next(row for row in contract.events if not row.only_with)
    return row.type, row.statuses[0]


def make(
    contract: Contract,
    key: str = "i1",
    spec: dict[str, Any] | None = None,
    events: Iterable[tuple[str, str]] | None = None,
) -> Create:
    """Return the making of an instance, with an event open unless others are given."""
    chosen = (event(contract),) if events is None else tuple(events)
    return Create(key, spec_items(spec or {}), chosen)


def values(row: Precondition, contract: Contract) -> Iterator[Any]:
    """Yield the values of an attribute that violate a precondition."""
    attribute = contract.attribute_by_name[row.attribute]
    for value in attribute.values:
        if not row.holds(value):
            yield (value,) if attribute.is_set else value


def harmless_values(contract: Contract, name: str) -> tuple[Any, ...]:
    """Return the values of an attribute that violate no precondition of the whole table."""
    rows = [row for row in contract.preconditions if row.attribute == name]
    every = contract.attribute_by_name[name].values
    return tuple(value for value in every if all(row.holds(value) for row in rows))


def beside(row: Precondition, contract: Contract) -> Iterator[Any]:
    """Yield a violating value of a set together with each harmless one."""
    attribute = contract.attribute_by_name[row.attribute]
    if attribute.is_set:
        bad = next(value for value in attribute.values if not row.holds(value))
        for value in harmless_values(contract, row.attribute):
            yield (value, bad)


def words(value: Any) -> str:
    """Return a value as it stands in the name of a case."""
    return "+".join(value) if isinstance(value, tuple) else str(value)


def settable(row: Precondition) -> bool:
    """Whether an instance can be made so that it violates a precondition."""
    return row.attribute not in ("exists", "in_flight")


def listed_pairs(
    contract: Contract,
) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Yield every (type, status) that a redeploy responds to, and what it needs."""
    for row in contract.events:
        for status in row.statuses:
            yield (row.type, status), dict(row.only_with)


def life(made: Create, call: Redeploy, ending: str, *extra: Step) -> tuple[Step, ...]:
    """Return a whole redeploy: an instance made, a call, a look, and the end of it."""
    return (replace(made, ending=ending), *extra, call, Look(), Settle())


def unlisted_pairs(contract: Contract) -> list[tuple[str, str]]:
    """Return events that no row lists: an unlisted type, or a type in another status."""
    every = (*contract.open_event_statuses, *contract.final_event_statuses)
    listed = {(row.type, status) for row in contract.events for status in row.statuses}
    types = (*(row.type for row in contract.events), *contract.unlisted_event_types)
    return [pair for pair in product(types, every) if pair not in listed]

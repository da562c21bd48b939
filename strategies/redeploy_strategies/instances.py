"""Instances in every state that the contract speaks of, harmless and not."""

from typing import Any

from hypothesis import strategies as st

from redeploy_schemas.contract import Attribute, Contract
from redeploy_schemas.vocabulary import Storage
from redeploy_strategies.events import events
from redeploy_strategies.steering import Seen, favoured, times

DERIVED = ("exists", "in_flight")
"""Attributes that cannot be asked for: they follow from what is done."""


def values(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Draw a value of one attribute, half of the time its default."""
    if attribute.is_set:
        some = st.lists(st.sampled_from(attribute.values), unique=True, max_size=2)
        return st.just([]) | some
    return st.just(attribute.default) | st.sampled_from(attribute.values)


def specs(contract: Contract, seen: Seen) -> st.SearchStrategy[dict[str, Any]]:
    """Draw the spec of an instance: the attributes that differ from their default, and events.

    At most two attributes differ, since with more nothing but a rejection is ever tried.
    """
    free = {one.name: one for one in contract.attributes if one.name not in DERIVED}
    raised = events(contract, seen)
    clauses = {row.attribute: row.clause for row in contract.preconditions}
    names = favoured(sorted(free), lambda name: times(seen, clauses.get(name, "A9")))

    @st.composite
    def spec(draw: st.DrawFn) -> dict[str, Any]:
        chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
        made: dict[str, Any] = {name: draw(values(free[name])) for name in chosen}
        if "local_disk" in made:
            made["storage"] = Storage.LOCAL.value
        made["events"] = draw(st.lists(raised, max_size=3))
        return made

    return spec()

"""Which clauses a real account can decide, computed from what each needs to be observed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from redeploy_conformance.planning.planner import plan
from redeploy_conformance.staging.cases import ACCEPTED, EVENT_FOUND, as_found, cases
from redeploy_schemas.contract import Clause, Contract
from redeploy_schemas.vocabulary import Part


class Reach(Enum):
    """How far the public API of a real account decides a clause."""

    WHOLLY = "decided"
    PARTLY = "partly decided"
    AS_FOUND = "decided only where an instance is found so"
    NOT = "not decided"


PUBLIC: Mapping[Part, str] = {
    Part.ACCOUNTS: "",
    Part.INSTANCES: "only instances that run or are stopped, as they are",
    Part.EVENTS: "only simulated events can be raised",
    Part.CLOCK: "only real time, in which what is short may be missed",
}
"""Parts of the control protocol that the public API stands in for, and what falls short."""
OFFERS = "S1"
"""The clause about the control protocol."""
SETTABLE = frozenset({"exists", "status", "in_flight"})
"""Attributes that a run can bring about itself."""
SHOWN = frozenset({"lock_reasons", "tenancy"})
"""Attributes that a run can only find, and that DescribeInstances shows.

Of any other, nobody can tell whether an answer that speaks of it is true.
"""


@dataclass(frozen=True, slots=True)
class Decidable:
    """How far a clause is decided on a real account, and why no further."""

    clause: Clause
    reach: Reach
    reason: str


def decidable(
    contract: Contract, aimed: Iterable[str] | None = None, *, trusted: bool
) -> tuple[Decidable, ...]:
    """Return how far each clause is decided; ``aimed`` are those that the cases of a run are for.

    ``trusted`` says that the events that are found are taken for real.
    """
    tried = None if aimed is None else set(aimed)
    bursts = {one for case in plan(contract) if case.burst for one in case.clauses}
    return tuple(
        Decidable(clause, *_reach(contract, clause, tried, bursts, trusted))
        for clause in contract.clauses
    )


def _reach(
    contract: Contract,
    clause: Clause,
    tried: set[str] | None,
    bursts: set[str],
    trusted: bool,
) -> tuple[Reach, str]:
    lacking = sorted(part.value for part in clause.needs - PUBLIC.keys())
    if lacking:
        return (
            Reach.NOT,
            f"needs what no public operation does or shows: {', '.join(lacking)}",
        )
    if clause.id == OFFERS:
        return Reach.NOT, "an account offers no part of a control protocol"
    if clause.id in bursts:
        return (
            Reach.NOT,
            "needs a burst of calls, which an account that is in use is spared",
        )
    attributes = {
        row.attribute
        for row in contract.preconditions
        if clause.id in (row.clause, row.code_is_open)
    }
    hidden = sorted(attributes - SETTABLE - SHOWN)
    if hidden:
        return Reach.NOT, f"no operation used here shows {', '.join(hidden)}"
    if attributes and not attributes & SETTABLE:
        return Reach.AS_FOUND, f"no operation sets {', '.join(sorted(attributes))}"
    if clause.id in EVENT_FOUND:
        why = "no operation raises a real event"
        if not trusted:
            why += "; say of one that is found that it is real: --events-are-real"
        return Reach.AS_FOUND, why
    if tried is not None and clause.id not in tried:
        return Reach.AS_FOUND, "no case of this run brings it about; it may come along"
    short = [PUBLIC[part] for part in Part if part in clause.needs and PUBLIC[part]]
    if clause.id in ACCEPTED:
        short.append("only once a call is accepted, which may need an open event (A10)")
    if short:
        return Reach.PARTLY, "; ".join(short)
    return Reach.WHOLLY, ""


def by_itself(contract: Contract, *, trusted: bool) -> frozenset[str]:
    """Return the clauses that a run decides by cases of its own, however an instance is found."""
    made = [*cases(contract, launch=False), as_found(contract, "", "")]
    aimed = [one for case in made for one in case.clauses]
    rows = decidable(contract, aimed, trusted=trusted)
    own = (Reach.WHOLLY, Reach.PARTLY)
    return frozenset(row.clause.id for row in rows if row.reach in own)


def listed(rows: Iterable[Decidable]) -> Iterable[str]:
    """Yield the lines that say which clauses are decided how far, and why no further."""
    groups: dict[tuple[Reach, str], list[str]] = {}
    for row in rows:
        groups.setdefault((row.reach, row.reason), []).append(row.clause.id)
    for reach in Reach:
        for (one, reason), ids in groups.items():
            if one is reach:
                why = f" ({reason})" if reason else ""
                yield f"{reach.value}{why}: {', '.join(ids)}"

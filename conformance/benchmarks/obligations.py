"""What the contract obliges a tour to try, and how many calls that needs at the very least.

An obligation is a clause with a premise that tells it from others: a row of the contract's tables, two
preconditions violated at once, or an edge of the state graph. Its premise fixes features of one
call: the state of the instance, how it is called, how the redeploy ends. Two obligations that fix
one feature differently cannot share a call. Obligations of which no two can share a call need one
call each, so the size of such a set is a lower bound. It is searched for greedily, from every
obligation in turn: a larger set may exist, a smaller bound would be wrong.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

from redeploy_schemas.contract import Contract, Precondition
from redeploy_schemas.vocabulary import Ending, LocalDisk, Storage

Premise = Mapping[str, frozenset[object]]
SOUND = {"request": ("sound",), "caller": ("owner",), "500": (False,), "alone": (True,)}
"""A call that is judged by the state of its instance."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that a call must show; ``premise`` are the values that each feature may have."""

    clause: str
    name: str
    premise: Premise

    def excludes(self, other: "Obligation") -> bool:
        """Whether no call can show both."""
        both = self.premise.keys() & other.premise.keys()
        return any(not self.premise[one] & other.premise[one] for one in both)


def obligations(contract: Contract) -> list[Obligation]:
    """Return every obligation but those of the rate limit."""
    return [
        Obligation(clause, name, {key: frozenset(of) for key, of in premise.items()})
        for clause, name, premise in _all(contract)
    ]


def apart(every: list[Obligation]) -> list[Obligation]:
    """Return obligations of which no two can share a call, as many as greedy choice finds."""
    rivals = {id(a): sum(a.excludes(b) for b in every) for a in every}
    best: list[Obligation] = []
    for first in every:
        chosen = [first]
        for one in sorted(every, key=lambda one: -rivals[id(one)]):
            if one is not first and all(one.excludes(other) for other in chosen):
                chosen.append(one)
        best = max(best, chosen, key=len)
    return best


Row = tuple[str, str, dict[str, tuple[object, ...]]]


def _all(contract: Contract) -> Iterator[Row]:
    yield from _rejections(contract)
    yield from _acceptances(contract)
    yield from _lives(contract)
    yield from _requests(contract)


def _rows(contract: Contract) -> list[Precondition]:
    return [
        one
        for one in contract.preconditions
        if one.attribute not in ("exists", "in_flight")
    ]


def _ready(contract: Contract) -> dict[str, tuple[object, ...]]:
    """Return the premise that nothing speaks against the call."""
    allowed: dict[str, tuple[object, ...]] = {
        "exists": ("made",),
        "in_flight": (False,),
    }
    for row in _rows(contract):
        values = contract.attribute_by_name[row.attribute].values
        allowed[row.attribute] = tuple(one for one in values if row.holds(one))
    allowed["lock_reasons"] = ("no security lock",)
    return {**SOUND, **allowed, "responded": (*_pairs(contract), "several")}


def _pairs(contract: Contract) -> list[tuple[str, str]]:
    return [(row.type, status) for row in contract.events for status in row.statuses]


def _bad(row: Precondition, contract: Contract) -> list[object]:
    values = contract.attribute_by_name[row.attribute].values
    return [value for value in values if not row.holds(value)]


def _rejections(contract: Contract) -> Iterator[Row]:
    """Yield each value that a precondition forbids, alone; then two at once, or with no event."""
    ready = _ready(contract)
    for row in _rows(contract):
        for value in _bad(row, contract):
            yield (
                row.clause,
                f"{row.attribute} {value}",
                {**ready, row.attribute: (value,)},
            )
    for one, two in combinations(_rows(contract), 2):
        both = {
            one.attribute: tuple(_bad(one, contract)),
            two.attribute: tuple(_bad(two, contract)),
        }
        yield "A11", f"{one.attribute} and {two.attribute}", {**ready, **both}
    for row in _rows(contract):
        bad = {row.attribute: tuple(_bad(row, contract)), "responded": ("none",)}
        yield "A11", f"{row.attribute} and no event", {**ready, **bad}
    for how in ("never was", "released", "of another account"):
        yield "A1", how, {**SOUND, "exists": (how,)}
    for origin in contract.transition_from:
        yield "A2", f"in flight from {origin}", {**SOUND, "in_flight": (origin,)}


def _acceptances(contract: Contract) -> Iterator[Row]:
    """Yield what is no reason to reject, and each event that makes an instance redeployable."""
    ready = _ready(contract)
    for row in contract.events:
        needed = {name: (value,) for name, value in row.only_with.items()}
        for status in row.statuses:
            alone = {"responded": ((row.type, status),)}
            yield "E1", f"{row.type} {status}", {**ready, **needed, **alone}
    for value in contract.attribute_by_name["lock_reasons"].values:
        if value != "security":
            yield "A8", f"lock {value}", ready
    yield "E7", "several events", {**ready, "responded": ("several",)}
    yield "A10", "no event", {**ready, "responded": ("none",), "simulated": (False,)}
    simulated = {"responded": ("none",), "simulated": (True,)}
    yield "E5", "a simulated event only", {**ready, **simulated}
    yield "E4", "a simulated event beside", {**ready, "simulated": (True,)}
    yield "E3", "a limited event", {**ready, "storage": (Storage.CLOUD.value,)}
    for disk in LocalDisk:
        local = {"storage": (Storage.LOCAL.value,), "local_disk": (disk.value,)}
        yield "D3", f"{disk.value} local disk", {**ready, **local}
    for origin in contract.transition_from:
        gap = {"local_disk": (LocalDisk.ISOLATED.value,), "responded": ("none",)}
        yield "A13", f"gap, {origin}", {**ready, **gap, "status": (origin,)}
    ends = ((contract.gap_ending_event_types[0], "Inquiring"),)
    outside = {"local_disk": (LocalDisk.ISOLATED.value,), "responded": ends}
    yield "A13e", "outside the gap", {**ready, **outside}
    yield "A15", "made by RunInstances", {**SOUND, "exists": ("launched",)}


def _lives(contract: Contract) -> Iterator[Row]:
    """Yield the edges of the state graph, with each pair of what may matter on the way."""
    ready = _ready(contract)
    origins, endings = list(contract.transition_from), [one.value for one in Ending]
    forces = ("absent", "true", "false")
    features = {
        "status": origins,
        "ending": endings,
        "storage": [one.value for one in Storage],
        "force": forces,
        "before": ("nothing", *endings),
    }
    for (name, some), (other, more) in combinations(features.items(), 2):
        for one, two in product(some, more):
            yield (
                "L",
                f"{name} {one}, {other} {two}",
                {**ready, name: (one,), other: (two,)},
            )
    yield "L12", "calls at once", {**ready, "alone": (False,)}
    yield "E1r", "an event raised on the way", {**ready, "on the way": ("event",)}
    for what in ("lock", "billing"):
        failing = {"ending": (Ending.FAIL.value,), "on the way": (what,)}
        yield "L6", f"{what} changed on the way", {**ready, **failing}


def _requests(contract: Contract) -> Iterator[Row]:
    """Yield what is special about a request, whatever its instance."""
    ready = _ready(contract)
    for row in contract.malformed:
        yield row.clause, row.name, {**ready, "request": (row.name,)}
    for forged in contract.forgeries:
        yield "U4", forged.name, {**ready, "request": (forged.name,)}
    for case in contract.policy_cases:
        yield case.clause, case.name, {**ready, "caller": (case.name,)}
    refused = tuple(one.name for one in contract.policy_cases if not one.allowed)
    locked = {"caller": refused, "lock_reasons": ("security",)}
    yield "U3", "refused, and locked", {**ready, **locked}
    yield (
        "U3",
        "refused, and no instance",
        {"caller": refused, "exists": ("never was",)},
    )
    for effect, origin in product(("none", "accepted"), contract.transition_from):
        yield (
            "A12",
            f"{origin}, {effect}",
            {**ready, "500": (effect,), "status": (origin,)},
        )

"""What is tried on a real account: a small set of cases, made from the rows of the contract.

The public API gives an instance that runs or is stopped, simulated events, and real time. What a case
may cost is the number of its calls that the contract lets be accepted in some state.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from redeploy_conformance.planning.steps import (
    Bring,
    Launch,
    Look,
    Redeploy,
    Settle,
    Simulate,
    Take,
    Tasks,
    Together,
    Withdraw,
)
from redeploy_schemas.contract import Contract

NOBODY = "nobody"
"""The key of an instance that does not exist."""
PLACE = "i1"
"""The key that stands for whichever instance a case is run on."""
OWN = "n1"
"""The key of the instance that a run made."""
SIMULATABLE = ("SystemMaintenance.Reboot", "SystemMaintenance.Redeploy")
"""Types that CreateSimulatedSystemEvents makes in a status that the event table lists."""
SIMULATED_IN = "Stopped"
"""The status in which they are made: there a success and a failure look different."""
ANSWERS = ("R2", "R3", "R4", "L10")
LIFE = ("A9", "A10", "L3", "L7", "L8", "L9", "R1", "R4", "R5", "R6")
ACCEPTED = frozenset(
    {"A2", "L1", "L2", "L3", "L7", "L8", "L9", "L12", "L13", "R1", "R5", "R6", "E4"}
)
"""Clauses that only an accepted call decides, or first of all."""
EVENT_FOUND = frozenset({"A9", "E1"})
"""Clauses about a real event, which no public operation raises."""


Plain: TypeAlias = (
    Take
    | Bring
    | Redeploy
    | Together
    | Simulate
    | Withdraw
    | Launch
    | Tasks
    | Look
    | Settle
)


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """A step that is only done while a redeploy of the instance may be under way."""

    step: Plain

    def __str__(self) -> str:
        """Return the step in words."""
        return f"while it is under way: {self.step}"


Act: TypeAlias = Plain | Meanwhile
"""What a case on a real account is made of."""


@dataclass(frozen=True, slots=True)
class StagingCase:
    """One case on one instance: the clauses it is about, its steps, the status it begins in.

    ``status`` None takes the instance as it is found.
    """

    name: str
    clauses: tuple[str, ...]
    status: str | None
    steps: tuple[Act, ...]

    def on(self, key: str) -> "StagingCase":
        """Return the case on another instance."""
        return replace(self, steps=tuple(_on(one, key) for one in self.steps))


def cases(contract: Contract, *, launch: bool) -> tuple[StagingCase, ...]:
    """Return every case but those of instances as they are found."""
    made = [
        _unknown(),
        *_malformed(contract),
        *_forged(contract),
        *_lives(contract),
        _at_once(),
        *_simulated(contract),
    ]
    return (*made, *([_launched()] if launch else []))


def as_found(contract: Contract, key: str, instance: str) -> StagingCase:
    """Return the case of an instance as it is found: its locks and events are what they are."""
    preconditions = dict.fromkeys(row.clause for row in contract.preconditions)
    steps = (Take(key), Redeploy(key), Settle(), *_after(key))
    clauses = (*LIFE, "A15", *(one for one in preconditions if one != "A1"), "E1")
    return StagingCase(f"A15-as-found {instance}", clauses, None, steps)


def redeploys(contract: Contract, case: StagingCase) -> int:
    """Return how many calls of a case may be accepted, in some state the instance may be in."""
    return sum(_may_be_accepted(contract, one) for one in case.steps)


def at_stake(contract: Contract, case: StagingCase) -> int:
    """Return how many redeploys must be left before a case is begun.

    A call that must be refused takes effect where the target is broken: as long as that is in doubt,
    it counts like any other. Such calls are made one after the other.
    """
    doubt = any(_names_instance(contract, _bare(one)) for one in case.steps)
    return max(redeploys(contract, case), int(doubt))


def forces(contract: Contract, case: StagingCase) -> bool:
    """Whether a redeploy of a case may stop a running guest by force (L11)."""
    forcing = {
        row.name
        for row in contract.malformed
        if row.set.get("ForceStop") and not contract.by_id[row.clause].required
    }
    return any(
        isinstance(one, Redeploy) and (one.force or one.malformed in forcing)
        for one in map(_bare, case.steps)
    )


def in_question(contract: Contract, case: StagingCase) -> bool:
    """Whether the calls of a case may be accepted as well as refused, whatever its instance is like."""
    open_ = {
        row.name
        for row in contract.malformed
        if not contract.by_id[row.clause].required
    }
    return any(
        isinstance(one, Redeploy) and one.malformed in open_
        for one in map(_bare, case.steps)
    )


def leaves_events(case: StagingCase) -> bool:
    """Whether a case looks in the end at what became of its simulated events."""
    return any(isinstance(one, Simulate) for one in case.steps)


def calls(case: StagingCase) -> int:
    """Return how many RedeployInstance calls a case makes at most."""
    return sum(_calls(_bare(one)) for one in case.steps)


def _bare(one: Act) -> Plain:
    return one.step if isinstance(one, Meanwhile) else one


def _calls(one: Plain) -> int:
    if isinstance(one, Together):
        return one.calls * len(one.keys)
    return one.count if isinstance(one, Redeploy) else 0


def _may_be_accepted(contract: Contract, one: Act) -> int:
    bare = _bare(one)
    if isinstance(bare, Redeploy):
        refused = {
            row.name
            for row in contract.malformed
            if contract.by_id[row.clause].required
        }
        if bare.key == NOBODY or bare.forgery or bare.malformed in refused:
            return 0
    return _calls(bare)


def _names_instance(contract: Contract, one: Plain) -> bool:
    """Whether a step calls RedeployInstance on an instance that is there."""
    if not isinstance(one, Redeploy):
        return isinstance(one, Together)
    nameless = {
        row.name
        for row in contract.malformed
        if "InstanceId" in row.drop or row.set.get("InstanceId") == ""
    }
    return one.key != NOBODY and one.malformed not in nameless


def _on(one: Act, key: str) -> Act:
    if isinstance(one, Meanwhile):
        return Meanwhile(_moved(one.step, key))
    return _moved(one, key)


def _moved(one: Plain, key: str) -> Plain:
    if isinstance(one, Look | Together):
        return replace(one, keys=(key,))
    if isinstance(one, Settle) or one.key != PLACE:
        return one
    return replace(one, key=key)


def _after(key: str) -> tuple[Act, ...]:
    """A look at the task when all is over: what it then shows is told of it."""
    return (Tasks(key),)


def _unknown() -> StagingCase:
    steps = (Take(PLACE), Redeploy(NOBODY), Look((PLACE,)))
    return StagingCase("A1-unknown-id", ("A1", "A8", *ANSWERS), None, steps)


def _malformed(contract: Contract) -> Iterator[StagingCase]:
    for row in contract.malformed:
        if row.beyond:
            continue
        clause = contract.by_id[row.clause]
        call = Redeploy(PLACE, malformed=row.name)
        end: Act = Look((PLACE,)) if clause.required else Settle()
        name = f"{clause.slug} {row.name}"
        also = ("L10", "R4") if clause.required else LIFE
        yield StagingCase(name, (row.clause, *also), None, (Take(PLACE), call, end))


def _forged(contract: Contract) -> Iterator[StagingCase]:
    for row in contract.forgeries:
        call = Redeploy(PLACE, forgery=row.name)
        steps = (Take(PLACE), call, Look((PLACE,)))
        slug = contract.by_id["U4"].slug
        yield StagingCase(f"{slug} {row.name}", ("U4", "L10", "R4"), None, steps)


def _lives(contract: Contract) -> Iterator[StagingCase]:
    for row in contract.transitions:
        key, first = PLACE, row.first_clause
        begin = (Bring(key, row.origin), Take(key))
        # A look at once: a call on another instance may change things by the next.
        seen = Look((key,), light=True)
        again = (Meanwhile(Redeploy(key)), Meanwhile(seen), Meanwhile(Tasks(key)))
        steps = (*begin, Redeploy(key), *again, Settle(), *_after(key))
        slug = contract.by_id["L3"].slug
        clauses = (*LIFE, first, "A2", "L13", *ANSWERS)
        yield StagingCase(f"{slug} from {row.origin}", clauses, row.origin, steps)
        for force in (True, False) if row.guest_runs else ():
            steps = (*begin, Redeploy(key, force=force), Settle())
            name = f"{slug} from {row.origin} ForceStop {str(force).lower()}"
            yield StagingCase(name, (*LIFE, first), row.origin, steps)


def _at_once() -> StagingCase:
    key = PLACE
    steps = (Bring(key, "Running"), Take(key), Together((key,), 2), Settle())
    return StagingCase("L12-concurrent-calls", ("L12", *LIFE), "Running", steps)


def _simulated(contract: Contract) -> Iterator[StagingCase]:
    for kind in SIMULATABLE:
        key = PLACE
        steps = (
            Bring(key, SIMULATED_IN),
            Take(key),
            Simulate(key, kind),
            Redeploy(key),
            Settle(),
            Look((key,)),
            Withdraw(key),
        )
        slug = contract.by_id["E4"].slug
        yield StagingCase(f"{slug} {kind}", ("E4", "E5", *LIFE), SIMULATED_IN, steps)


def _launched() -> StagingCase:
    steps = (Launch(OWN), Bring(OWN, "Running"), Take(OWN), Redeploy(OWN), Settle())
    return StagingCase("A15-launched", ("A15", *LIFE), None, steps)

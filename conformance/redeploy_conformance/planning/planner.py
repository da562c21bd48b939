"""The plan: one case for every row of the contract, by name, and the combinations that matter.

The cases themselves are made in ``plans``; a new row makes new cases by itself.
"""

from dataclasses import replace
from functools import lru_cache

from redeploy_conformance.planning.plans import (
    admission,
    authority,
    concurrency,
    crossings,
    disks,
    events,
    lives,
    longer,
    opening,
    quota,
)
from redeploy_conformance.planning.plans.blocks import FAIL
from redeploy_conformance.planning.steps import (
    Advance,
    Break,
    Case,
    Create,
    Patch,
    Raise,
    Redeploy,
    Release,
    Script,
    Step,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part


@lru_cache(2)
def plan(contract: Contract) -> tuple[Case, ...]:
    """Return every case; each says which parts of the control plane it needs.

    Raises:
        ValueError: a case is about a clause that the contract does not have.
    """
    makers = (
        opening.all_at_once,
        opening.after_it,
        quota.burst,
        events.listed,
        admission.harmless,
        admission.shape,
        admission.preconditions,
        lives.first_hops,
        admission.two_reasons,
        lives.successes,
        admission.in_flight,
        lives.failures,
        lives.histories,
        events.unlisted,
        events.several,
        events.simulated,
        disks.local_disks,
        disks.beside_events,
        admission.malformed,
        authority.callers_and_signatures,
        admission.internal_errors,
        concurrency.calls_at_once,
        crossings.crossings,
        longer.longer,
        quota.limiters,
    )
    return tuple(
        replace(case, needs=_needs(contract, case))
        for make in makers
        for case in make(contract)
    )


def name(contract: Contract, case: Case) -> str:
    """Return a case's name, such as ``A3-security-lock lock_reasons=security``."""
    return f"{contract.by_id[case.clauses[0]].slug} {case.row}".strip()


def possible(case: Case, parts: frozenset[Part]) -> Case | None:
    """Return a case as it can be run with these parts, or None if it cannot.

    Deciding how a redeploy ends is left out where only its usual end, success, is asked for.
    """
    offered = _words(parts)
    if not case.needs <= offered or case.unless & offered:
        return None
    if Part.OUTCOMES in parts:
        return case
    kept = (step for step in case.steps if not isinstance(step, Script))
    return replace(case, steps=tuple(map(_left_open, kept)))


def why_not(case: Case, parts: frozenset[Part]) -> str:
    """Return why a case is not possible with these parts."""
    lacking = sorted(case.needs - _words(parts))
    if not lacking:
        return "another case does the same better"
    return f"needs {', '.join(lacking)} of the control protocol"


@lru_cache
def _words(parts: frozenset[Part]) -> frozenset[str]:
    return frozenset(part.value for part in parts)


def _left_open(step: Step) -> Step:
    return replace(step, ending="") if isinstance(step, Create) else step


def _needs(contract: Contract, case: Case) -> frozenset[str]:
    for clause in case.clauses:
        if clause not in contract.by_id:
            raise ValueError(
                f"the planned case {case.row!r} names {clause}, which is no clause of contract.toml"
            )
    needs = {Part.ACCOUNTS}
    if Part.CLOCK.value not in case.unless:
        needs |= {Part.CLOCK for one in case.clauses if _by_clock(contract, one)}
    for step in case.steps:
        match step:
            case Create(ending=ending):
                needs |= {Part.INSTANCES} | (
                    {Part.OUTCOMES} if ending == FAIL else set()
                )
            case Patch() | Release():
                needs.add(Part.INSTANCES)
            case Script(ending=ending) if ending == FAIL:
                needs.add(Part.OUTCOMES)
            case Raise():
                needs.add(Part.EVENTS)
            case Advance():
                needs.add(Part.CLOCK)
            case Break():
                needs.add(Part.INTERNAL_ERRORS)
            case Redeploy(policy=policy, statements=own) if policy or own is not None:
                needs.add(Part.PRINCIPALS)
            case _:
                pass
    for clause in case.clauses:
        needs |= contract.by_id[clause].needs - {Part.CLOCK}
    return frozenset(part.value for part in needs)


def _by_clock(contract: Contract, clause: str) -> bool:
    return Part.CLOCK in contract.by_id[clause].needs

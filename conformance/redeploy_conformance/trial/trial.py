"""One implementation on trial with the suite: what is blamed first, and what that cost."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import CaseReport, findings, perform_case
from redeploy_conformance.finding.touring import TOUR, looked_into, perform_tour
from redeploy_conformance.finding.walking import perform_walks
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.results.conclude import Gathered
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.running.session import Run
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.handler import HandlerTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load
from redeploy_schemas.records import Finding

TASKS = "L13"
"""The clause that binds only those who declare it: its faults declare it."""
CASE, WALK = "case", "walk"


@dataclass(frozen=True, slots=True)
class Trial:
    """What the suite made of one implementation.

    ``blamed`` is the clause of the first violation, ``requests`` and ``seconds`` what led to it,
    ``searching`` the further requests until a trace of ``length`` steps was found, ``confirming``
    those that then did it again; ``wavering`` open clauses on which the implementation did not
    always go the same way; ``idle`` required clauses that could not be exercised, so that the run
    would not be green; ``way`` the part of the suite that found it.
    """

    name: str
    breaks: tuple[str, ...]
    blamed: str | None
    case: str
    wavering: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    steps: int = 0
    searching: int = 0
    confirming: int = 0
    length: int = 0
    way: str = ""

    @property
    def caught(self) -> bool:
        """Whether a broken implementation was caught under a clause that it breaks."""
        if self.blamed is not None:
            return self.blamed in self.breaks
        return bool(set(self.breaks) & {*self.wavering, *self.idle})

    @property
    def alarmed(self) -> bool:
        """Whether anything was said against it."""
        return bool(self.blamed or self.wavering or self.idle)


@dataclass(frozen=True, slots=True)
class Plan:
    """What of the suite is run: the tour and the cases, some walks, within a budget.

    Of the cases every one, or with ``third`` (0, 1 or 2) every third from that one on. ``most``
    requests and ``seconds`` are looked at before each part; one that has begun is ended.
    """

    planned: bool = True
    third: int | None = None
    walks: int = 0
    seed: int = 0
    most: float = math.inf
    seconds: float = math.inf


def declared(fault_id: str) -> Statement:
    """Return what a fault declares, so that its clauses bind."""
    tasks = TASKS in FAULTS[fault_id].clauses
    return Statement(read_lag_seconds=0.0, choices={TASKS: "listed"} if tasks else {})


def try_fault(fault_id: str, parts: Plan | None = None) -> Trial:
    """Run the suite against one fault, until its first violation."""
    fault = FAULTS[fault_id]
    transport = HandlerTransport(fault.build().handle)
    target = Target(fault_id, "embedded", transport, declared(fault_id))
    return trial(target, fault.clauses, parts or Plan())


def try_variant(variant: str, parts: Plan | None = None) -> Trial:
    """Run the suite against one legal variant, which declares nothing."""
    transport = HandlerTransport(Emulator(variants()[variant]).handle)
    target = Target(variant, "embedded", transport, Statement())
    return trial(target, (), parts or Plan())


def trial(target: Target, breaks: tuple[str, ...], parts: Plan) -> Trial:
    """Run the tour, then case by case, then walks, until something is wrong."""
    begun = time.perf_counter()
    bench = set_up(target, load())
    gathered = Gathered(bench.contract, bench.offer, dict(target.statement.choices))
    cases = 0
    for way, report, run, look_into in _parts(bench, parts):
        cases += way == CASE
        if not run.violations:
            gathered.add(report)
            if not set(breaks).isdisjoint(gathered.wavering()):
                break  # caught, and no further case can unmake that
            continue
        spent = run.requests or bench.api.requests
        seconds = time.perf_counter() - begun
        found = look_into()
        return Trial(
            target.name,
            breaks,
            found[0].clause,
            found[0].case,
            requests=spent,
            seconds=seconds,
            steps=bench.steps,
            searching=bench.api.requests - spent - bench.confirming,
            confirming=bench.confirming,
            length=len(found[0].steps),
            way=way,
        )
    # Only a whole plan tells what could not be exercised.
    whole = cases and cases == len(_doable(bench, None))
    clauses = gathered.clauses() if whole else ()
    return Trial(
        target.name,
        breaks,
        None,
        "",
        wavering=gathered.wavering(),
        idle=tuple(
            one.id
            for one in clauses
            if bench.contract.by_id[one.id].required and one.verdict != "pass"
        ),
        requests=bench.api.requests,
        seconds=time.perf_counter() - begun,
        steps=bench.steps,
    )


LookInto = Callable[[], list[Finding]]


def _parts(
    bench: Bench, parts: Plan
) -> Iterator[tuple[str, CaseReport, Run, LookInto]]:
    """Yield what each part of the suite brought, and how to look into what it found."""
    contract, word = bench.contract, bench.target.name
    until = time.monotonic() + parts.seconds

    def spent() -> bool:
        return bench.api.requests >= parts.most or time.monotonic() > until

    if parts.planned:
        through, report, run = perform_tour(bench)
        yield TOUR, report, run, partial(looked_into, bench, through, run, word)
        for case in _doable(bench, parts.third):
            if spent():
                return
            report, run = perform_case(bench, name(contract, case), case)
            look = partial(findings, bench, report.name, run, "", drawn=case.rich)
            yield CASE, report, run, look
    for number in range(parts.walks):
        if spent():
            return
        report, run = perform_walks(bench, number, parts.seed)
        look = partial(findings, bench, report.name, run, "", drawn=True)
        yield WALK, report, run, look


def _doable(bench: Bench, third: int | None) -> list[Case]:
    """Return the planned cases that can be run, or a third of them."""
    parts = bench.offer.parts
    every = (possible(case, parts) for case in plan(bench.contract))
    cases = [case for case in every if case is not None]
    return cases if third is None else cases[third::3]

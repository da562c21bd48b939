"""What the tests of a run brought, and the result that it makes."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.finding.touring import NEEDS
from redeploy_conformance.finding.walks import WALKED
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.results.conclude import Gathered, left_out_of, moves_of
from redeploy_conformance.results.sentences import sentence, with_unchosen
from redeploy_conformance.results.sums import Sums
from redeploy_conformance.running.api import Offer
from redeploy_conformance.targets.base import Kind
from redeploy_conformance.targets.statement import Statement, fresh
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.records import Problem, Record, Result
from redeploy_schemas.records import Target as TargetRecord
from redeploy_schemas.vocabulary import Part, RunVerdict

SUITE = "redeploy-conformance"
LAST = 3
"""Cases at the end of which one that found nobody there says that the target was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Record):
    """What is known of a run before its first case; the target's offers are not yet."""

    suite_version: str
    contract_edition: str
    contract_sha256: str
    target: TargetRecord
    started: str
    seed: int
    workers: int


def started_on(
    contract: Contract,
    statement: Statement,
    kind: str,
    started: datetime,
    *,
    offers: Iterable[Part] = (),
    seed: int = 0,
    workers: int = 1,
) -> Start:
    """Return what is known of a run on the target that a statement is of; ``started`` in UTC."""
    return Start(
        suite_version=version(SUITE),
        contract_edition=contract.edition,
        contract_sha256=contract.sha256,
        target=TargetRecord(
            name=statement.name,
            version=statement.version,
            kind=kind,
            address=statement.url,
            offers=tuple(sorted(part.value for part in offers)),
            declares=declared(statement),
        ),
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seed=seed,
        workers=workers,
    )


@dataclass(slots=True)
class Taken:
    """What the tests of a run brought so far: reports, our own errors, what discovery found.

    ``lost`` says that a worker found nobody there; ``sums`` are the reports that were not kept, and
    came before the others.
    """

    reports: list[CaseReport] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    crashes: list[Problem] = field(default_factory=list)
    offer: dict[str, Any] = field(default_factory=dict)
    lost: bool = False


def _gathered(target: TargetRecord, taken: Taken) -> Gathered:
    """Return what the tests of a run brought, beside what its target offers and declares."""
    found, declared = taken.offer, target.declares
    offer = Offer(
        found.get("name", target.name),
        found.get("version", target.version or ""),
        found.get("region", ""),
        frozenset(Part(word) for word in found.get("parts", ())),
    )
    absent = frozenset(Part(word) for word in declared.get("absent", ()))
    choices = dict(declared.get("choices", {}))
    certain = fresh(declared.get("read_lag_seconds"), choices)
    gathered = Gathered(load(), offer, choices, absent, fresh=certain)
    gathered.add_sums(taken.sums)
    for report in taken.reports:
        gathered.add(report)
    gathered.problems += taken.crashes
    return gathered


def judge(
    start: Start,
    taken: Taken,
    seconds: float,
    *,
    complete: bool,
    doable: frozenset[str] = frozenset(),
) -> Result:
    """Return the result of a run from what its tests brought.

    ``doable`` are the clauses that it can decide whatever parts are absent, where no plan tells.
    """
    target, gathered = start.target, _gathered(start.target, taken)
    contract, offer = gathered.contract, gathered.offer
    lost = taken.lost or any(report.lost for report in taken.reports[-LAST:])
    planned, unchosen = {name(contract, one) for one in plan(contract)}, 0
    # Of a log or an account there is no plan to have done a part of.
    of_plan = target.kind in set(Kind)
    gathered.doable = doable
    if of_plan:
        can = (possible(one, offer.parts) for one in plan(contract))
        gathered.doable = frozenset(
            clause for case in can if case is not None for clause in case.clauses
        )
    if complete and not lost and of_plan:
        gathered.filtered = not planned <= gathered.names
        if offer.parts >= NEEDS:
            planned.update(WALKED)
        unchosen = len(planned - gathered.names)
    clauses, left_out = gathered.clauses(), left_out_of(gathered.left)
    verdict = gathered.verdict(clauses)
    if verdict is not RunVerdict.NOT_CONFORMING and lost:
        verdict = RunVerdict.UNREACHABLE
    if taken.crashes:
        verdict = RunVerdict.SUITE_FAILED
    elif not complete and verdict is RunVerdict.CONFORMING:
        verdict = RunVerdict.INCOMPLETE
    return Result(
        suite_name=SUITE,
        suite_version=start.suite_version,
        contract_edition=start.contract_edition,
        contract_sha256=start.contract_sha256,
        target=replace(
            target,
            name=offer.name,
            version=offer.version,
            offers=tuple(sorted(part.value for part in offer.parts)),
        ),
        started=start.started,
        seconds=seconds,
        seed=start.seed,
        workers=start.workers,
        cases=gathered.cases,
        requests=gathered.requests,
        steps=gathered.steps,
        complete=complete and not lost,
        verdict=verdict.words,
        exit_code=int(verdict),
        sentence=with_unchosen(
            sentence(verdict, clauses, gathered.problems, left_out),
            verdict,
            unchosen,
            len(planned),
        ),
        clauses=clauses,
        findings=tuple(gathered.findings),
        problems=tuple(gathered.problems),
        moves=moves_of(gathered.ledger.moves),
        bursts=tuple(gathered.bursts),
        left_out=left_out,
    )


def declared(statement: Statement) -> dict[str, Any]:
    declared: dict[str, Any] = {
        "redeploy_seconds": statement.redeploy_seconds,
        "answer_seconds": statement.answer_seconds,
    }
    if statement.read_lag_seconds is not None:
        declared["read_lag_seconds"] = statement.read_lag_seconds
    if statement.choices:
        declared["choices"] = dict(statement.choices)
    if statement.absent:
        declared["absent"] = list(statement.absent)
    return declared

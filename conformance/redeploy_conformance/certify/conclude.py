"""From checks to verdicts: one per clause and client, and one exit code."""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from redeploy_conformance.certify.hiding import hide, short
from redeploy_conformance.certify.judge import Judged, judge, judge_all, judge_ends
from redeploy_conformance.certify.playing import Key, Played
from redeploy_schemas.certification import (
    ClientClauseResult,
    ClientResult,
    Exchanged,
    Failure,
)
from redeploy_schemas.clients import ClientClause, client_clauses
from redeploy_schemas.vocabulary import RunVerdict, Verdict

STOPPED = "it was stopped before the end"
"""The problem of a client of which somebody did not wait for the rest."""

EXCHANGES = 6
"""How many exchanges of a case are kept as evidence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run was asked for, as far as a command must say it again."""

    client: str
    seed: int
    count: int | None = None

    def again(self, case: str) -> str:
        """Return the command that plays one case again."""
        words = ["redeploy-conformance", "certify", self.client, "--case", case]
        if self.seed:
            words += ["--seed", str(self.seed)]
        if self.count is not None:
            words += ["--examples", str(self.count)]
        return shlex.join(words)


@dataclass(slots=True)
class _Tally:
    held: int = 0
    failed: int = 0
    choices: Counter[str] = field(default_factory=Counter)


def conclude(
    played: Sequence[Played], key: Key, asked: Asked
) -> tuple[tuple[ClientClauseResult, ...], tuple[Failure, ...]]:
    """Return what the cases say of each clause, and every failure, the simplest case first."""
    judged = [one for case in played for one in judge(case, key)]
    judged += [*judge_all(played), *judge_ends(played, key)]
    tallies: dict[str, _Tally] = {}
    failures: dict[tuple[str, str], Failure] = {}
    for one in judged:
        tally = tallies.setdefault(one.check.clause, _Tally())
        if one.check.choice is not None:
            tally.choices[one.check.choice] += 1
        elif one.check.observed is None:
            tally.held += 1
        else:
            tally.failed += 1
            at = (one.check.clause, one.played.case.name)
            if at not in failures:
                failures[at] = _failure(one, key, asked)
    clauses = tuple(
        _clause(clause, tallies.get(clause.id, _Tally()), played, key)
        for clause in client_clauses()
    )
    own = {clause.id: number for number, clause in enumerate(client_clauses())}
    rank = {one.case.name: number for number, one in enumerate(played)}
    about = {one.case.name: one.case.about for one in played}
    ordered = sorted(
        failures.values(),
        key=lambda one: (
            own[one.clause],
            about[one.case] != one.clause,
            rank[one.case],
        ),
    )
    return clauses, tuple(ordered)


def _clause(
    clause: ClientClause, tally: _Tally, played: Iterable[Played], key: Key
) -> ClientClauseResult:
    own = [one for one in played if one.case.about == clause.id]
    missed = {
        one.case.name: one.trouble for one in own if one.case.needed and one.trouble
    }
    reason = None
    if tally.failed:
        verdict = Verdict.FAIL
    elif missed:
        verdict = Verdict.NOT_EXERCISED
        name, trouble = next(iter(missed.items()))
        more = f" (and {len(missed) - 1} more)" if len(missed) > 1 else ""
        # A signature that nobody received is known only by how it is told.
        reason = short(hide(f"{name}{more}: {trouble}", [key.secret]))
    elif clause.required and tally.held and own:
        verdict = Verdict.PASS
    elif not clause.required and tally.choices:
        verdict = Verdict.OPEN
    else:
        verdict = Verdict.NOT_EXERCISED
        reason = "no case was about it"
    return ClientClauseResult(
        id=clause.id,
        name=clause.name,
        statement=clause.statement,
        strength=clause.strength.value,
        verdict=verdict.value,
        held=tally.held,
        failed=tally.failed,
        reason=reason,
        choices=dict(sorted(tally.choices.items())),
    )


def _failure(one: Judged, key: Key, asked: Asked) -> Failure:
    played = one.played
    secrets = [key.secret, *sorted(played.signatures, key=len, reverse=True)]
    exchanges = tuple(
        Exchanged(
            server=arrival.server,
            request=short(hide(arrival.raw.decode("utf-8", "replace"), secrets)),
            answer=short(hide(arrival.answer, secrets)),
        )
        for arrival in played.all_arrivals[:EXCHANGES]
    )
    return Failure(
        clause=one.check.clause,
        case=played.case.name,
        expected=short(one.check.expected),
        observed=short(hide(one.check.observed or "", secrets)),
        exchanges=exchanges,
        reproduce=asked.again(played.case.name),
    )


def exit_code(clients: Iterable[ClientResult], whole: bool = True) -> RunVerdict:
    """Return the verdict of a run: the worst that was found, a failure before all else.

    ``whole`` is false where only some cases were asked for.
    """
    results = list(clients)
    verdicts = {one.verdict for client in results for one in client.clauses}
    required = {
        one.verdict
        for client in results
        for one in client.clauses
        if one.strength != "open"
    }
    if Verdict.FAIL.value in verdicts:
        return RunVerdict.NOT_CONFORMING
    problems = {client.problem for client in results} - {None}
    if problems - {STOPPED}:
        return RunVerdict.UNREACHABLE
    if problems or Verdict.NOT_EXERCISED.value in required or not whole:
        return RunVerdict.INCOMPLETE
    return RunVerdict.CONFORMING

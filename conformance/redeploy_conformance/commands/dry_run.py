"""What 'run' would do to a target, told after discovery alone: nothing is made, called or changed."""

from collections.abc import Callable, Iterator, Sequence

from redeploy_conformance.finding.touring import NEEDS
from redeploy_conformance.planning.planner import name, plan, possible, why_not
from redeploy_conformance.planning.steps import (
    Case,
    Create,
    Launch,
    Pause,
    Redeploy,
    Settle,
    Together,
)
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.offered import passed_over
from redeploy_conformance.running.session import rules_for
from redeploy_conformance.suite.run import NO_BURST
from redeploy_reports.phrases import count
from redeploy_schemas.vocabulary import Part


def lines(bench: Bench, wanted: Callable[[Case], bool], *, burst: bool) -> list[str]:
    """Return what a run comes to, first in sum, then step by step, then what it decides."""
    parts = bench.offer.parts
    done: list[tuple[str, Case]] = []
    left: dict[str, list[str]] = {}
    for case in filter(wanted, plan(bench.contract)):
        label, doable = name(bench.contract, case), possible(case, parts)
        if doable is not None and (not case.burst or bench.near or burst):
            done.append((label, doable))
            continue
        why = why_not(case, parts) if doable is None else NO_BURST
        left.setdefault(why, []).append(label)
    cases = [case for _, case in done]
    strange = passed_over(bench.offer.name, bench.offer.unknown)
    return [
        *([strange] if strange else []),
        f"{bench.offer.name} {bench.offer.version} offers "
        f"{', '.join(sorted(part.value for part in parts)) or 'no control plane'}",
        f"{count(len(done), 'planned case')}: {count(_sum(cases, _calls), 'call')} of "
        f"RedeployInstance on {count(_sum(cases, _made), 'instance')} that the run makes itself, "
        f"{_time(bench, cases)}",
        *_more(bench),
        "",
        *_steps(done),
        *(["left out:"] if left else []),
        *(f"  {why}: {'; '.join(labels)}" for why, labels in left.items()),
        *([""] if left else []),
        "what could be lost:",
        *(f"  {one}" for one in _lost(parts)),
        "",
        *_clauses(bench, cases),
        "",
        "nothing was changed: this is only the plan",
    ]


def _sum(cases: Sequence[Case], of: Callable[[Case], int]) -> int:
    return sum(map(of, cases))


def _calls(case: Case) -> int:
    several = (
        one.calls * len(one.keys) for one in case.steps if isinstance(one, Together)
    )
    return sum(several) + sum(
        one.count for one in case.steps if isinstance(one, Redeploy)
    )


def _made(case: Case) -> int:
    made = (one.count for one in case.steps if isinstance(one, Create))
    return sum(made) + sum(isinstance(one, Launch) for one in case.steps)


def _time(bench: Bench, cases: Sequence[Case]) -> str:
    if Part.CLOCK in bench.offer.parts:
        return "in no time of its own: its clock is turned on"
    bound = rules_for(bench.target.statement, bench.offer).bound
    seconds = sum(
        bound if isinstance(one, Settle) else one.seconds
        for case in cases
        for one in case.steps
        if isinstance(one, Settle | Pause)
    )
    minutes = count(round(seconds / 60), "minute")
    return f"at most {minutes}, where each redeploy takes {bound:g} s"


def _more(bench: Bench) -> Iterator[str]:
    if bench.offer.parts >= NEEDS:
        yield (
            "unless cases are chosen: before them a tour of many of them in one session, "
            "after them walks that are drawn"
        )


def _steps(done: Sequence[tuple[str, Case]]) -> Iterator[str]:
    for label, case in done:
        yield f"{label}:"
        yield from (f"  {one}" for one in case.steps)
    yield ""


def _lost(parts: frozenset[Part]) -> Iterator[str]:
    if Part.RESET in parts:
        yield "everything in the target: the run resets it between cases"
    elif parts:
        yield "nothing: the run makes accounts and instances of its own, and leaves them"
    else:
        yield "nothing: without a control plane nothing is made, and no call has anything to act on"


def _clauses(bench: Bench, cases: Sequence[Case]) -> Iterator[str]:
    aimed = {one for case in cases for one in case.clauses}
    required = [one.id for one in bench.contract.clauses if one.required]
    yield f"clauses that would be decided: {_named([one for one in required if one in aimed])}"
    yield f"required clauses that come along with others, or not at all: {_named([one for one in required if one not in aimed])}"


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "none"

"""The suite on trial: does it catch every fault, blame the right clause, and raise no alarm?"""

import statistics
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from redeploy_conformance.bench import Bench, set_up
from redeploy_conformance.conclude import Gathered
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.investigate import findings, perform_case
from redeploy_conformance.planner import name, plan, possible
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.touring import looked_into, perform_tour
from redeploy_schemas.contract import load

TASKS = "L13"
"""The clause that binds only those who declare it: its faults declare it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the suite made of one implementation.

    ``blamed`` is the clause of the first violation, ``requests`` what led to it, ``toured`` whether
    that was on the tour, ``reducing`` the further requests until a trace of ``length`` steps was
    confirmed; ``wavering`` open clauses on which the implementation did not always go the same way;
    ``idle`` required clauses that could not be exercised, so that the run would not be green.
    """

    name: str
    breaks: tuple[str, ...]
    blamed: str | None
    case: str
    wavering: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    requests: int = 0
    steps: int = 0
    reducing: int = 0
    length: int = 0
    toured: bool = False

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


def try_fault(fault_id: str) -> Trial:
    """Run the plan against one fault, until its first violation."""
    fault = FAULTS[fault_id]
    choices = {TASKS: "listed"} if TASKS in fault.clauses else {}
    statement = Statement(read_lag_seconds=0.0, choices=choices)
    return _trial(fault_id, fault.clauses, fault.build(), statement)


def try_variant(variant: str) -> Trial:
    """Run the plan against one legal variant, which declares nothing."""
    return _trial(variant, (), Emulator(variants()[variant]), Statement())


def _trial(
    label: str, breaks: tuple[str, ...], emulator: Emulator, statement: Statement
) -> Trial:
    """Run the tour, then case by case, until something is wrong."""
    contract = load()
    transport = DirectTransport(emulator.asgi)
    bench: Bench = set_up(Target(label, "embedded", transport, statement), contract)
    gathered = Gathered(contract, bench.offer, dict(statement.choices))
    through, report, run = perform_tour(bench)
    if run.violations:
        spent = bench.api.requests
        found = looked_into(bench, through, run, label)
        reducing = bench.api.requests - spent
        return Trial(
            label,
            breaks,
            found[0].clause,
            found[0].case,
            requests=spent,
            steps=bench.steps,
            reducing=reducing,
            length=len(found[0].steps),
            toured=True,
        )
    gathered.add(report)
    for case in plan(contract):
        doable = possible(case, bench.offer.parts)
        if doable is None:
            continue
        report, run = perform_case(bench, name(contract, case), doable)
        gathered.add(report)
        if run.violations:
            spent = bench.api.requests
            found = findings(bench, report.name, run, "")
            reducing = bench.api.requests - spent
            return Trial(
                label,
                breaks,
                found[0].clause,
                report.name,
                requests=spent,
                steps=bench.steps,
                reducing=reducing,
                length=len(found[0].steps),
            )
    clauses = gathered.clauses()
    return Trial(
        label,
        breaks,
        None,
        "",
        wavering=tuple(one.id for one in clauses if one.inconsistent),
        idle=tuple(
            one.id
            for one in clauses
            if contract.by_id[one.id].required and one.verdict != "pass"
        ),
        requests=bench.api.requests,
        steps=bench.steps,
    )


def trials(
    faults: Iterable[str], legal: Iterable[str], processes: int
) -> Iterator[tuple[bool, Trial]]:
    """Yield (broken?, trial) for each implementation, in order."""
    with ProcessPoolExecutor(processes) as pool:
        yield from ((True, one) for one in pool.map(try_fault, faults))
        yield from ((False, one) for one in pool.map(try_variant, legal))


def line(broken: bool, trial: Trial) -> str:
    """Return one trial as a line of the table."""
    if broken:
        word = "caught" if trial.caught else "MISSED"
        if trial.blamed and not trial.caught:
            word = "MISATTRIBUTED"
        how = trial.blamed or (
            f"choice wavers: {', '.join(trial.wavering)}"
            if trial.wavering
            else f"not green: {', '.join(trial.idle) or 'nothing seen'}"
        )
        breaks = ", ".join(trial.breaks)
        spent = f"({trial.requests} requests, then {trial.length} steps)"
        return f"{word:13} {trial.name:52} breaks {breaks:14} {how} {spent}"
    word = "FALSE ALARM" if trial.alarmed else "passes"
    said = f"{trial.blamed or ''} {trial.case}" if trial.alarmed else ""
    return f"{word:13} {trial.name:52} {said} {' '.join(trial.idle)}".rstrip()


def summary(done: list[tuple[bool, Trial]]) -> str:
    """Return the figures of all trials."""
    faults = [one for broken, one in done if broken]
    legal = [one for broken, one in done if not broken]
    caught = [one for one in faults if one.caught]
    seen = [one for one in caught if one.blamed]
    lines = [f"{len(caught)} of {len(faults)} faults caught under a clause they break"]
    if seen:
        lines += [
            f"{sum(one.toured for one in seen)} of them on the tour",
            f"requests to the first violation: median {_median(seen, 'requests')}",
            f"further requests to reduce and confirm it: median {_median(seen, 'reducing')}",
            f"steps of the trace: median {_median(seen, 'length')}, "
            f"longest {max(one.length for one in seen)}",
        ]
    if legal:
        alarms = sum(one.alarmed for one in legal)
        steps = sum(one.steps for one in legal)
        lines.append(
            f"{alarms} false alarms in {len(legal)} legal variants, {steps} steps"
        )
    return "\n".join(lines)


def _median(trials: list[Trial], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in trials))


def sound(done: list[tuple[bool, Trial]]) -> bool:
    """Whether every fault was caught and no legal variant alarmed."""
    return all(one.caught if broken else not one.alarmed for broken, one in done)

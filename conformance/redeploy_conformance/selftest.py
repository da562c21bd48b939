"""The suite on trial: does it catch every fault, blame the right clause, and raise no alarm?"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from redeploy_conformance.bench import Bench, set_up
from redeploy_conformance.conclude import Gathered
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.investigate import perform_case
from redeploy_conformance.planner import name, plan, possible
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load

TASKS = "L13"
"""The clause that binds only those who declare it: its faults declare it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the suite made of one implementation.

    ``blamed`` is the clause of the first violation; ``wavering`` open clauses on which the
    implementation did not always go the same way; ``idle`` required clauses that could not be
    exercised, so that the run would not be green.
    """

    name: str
    breaks: tuple[str, ...]
    blamed: str | None
    case: str
    wavering: tuple[str, ...]
    idle: tuple[str, ...]
    requests: int

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
    contract = load()
    transport = DirectTransport(emulator.asgi)
    bench: Bench = set_up(Target(label, "embedded", transport, statement), contract)
    gathered = Gathered(contract, bench.offer, dict(statement.choices))
    for case in plan(contract):
        doable = possible(case, bench.offer.parts)
        if doable is None:
            continue
        report, run = perform_case(bench, name(contract, case), doable)
        gathered.add(report)
        if run.violations:
            blamed = run.violations[0].clause
            return Trial(label, breaks, blamed, report.name, (), (), bench.api.requests)
    clauses = gathered.clauses()
    wavering = tuple(one.id for one in clauses if one.inconsistent)
    idle = tuple(
        one.id
        for one in clauses
        if contract.by_id[one.id].required and one.verdict != "pass"
    )
    return Trial(label, breaks, None, "", wavering, idle, bench.api.requests)


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
        return f"{word:13} {trial.name:52} breaks {breaks:14} {how} ({trial.requests} requests)"
    word = "FALSE ALARM" if trial.alarmed else "passes"
    said = f"{trial.blamed or ''} {trial.case}" if trial.alarmed else ""
    return f"{word:13} {trial.name:52} {said} {' '.join(trial.idle)}".rstrip()


def summary(done: list[tuple[bool, Trial]]) -> str:
    """Return the figures of all trials."""
    faults = [one for broken, one in done if broken]
    legal = [one for broken, one in done if not broken]
    caught = [one for one in faults if one.caught]
    requests = sorted(one.requests for one in caught if one.blamed)
    median = requests[len(requests) // 2] if requests else 0
    alarms = sum(one.alarmed for one in legal)
    return (
        f"{len(caught)} of {len(faults)} faults caught under a clause that they break, "
        f"median {median} requests to the first violation; "
        f"{alarms} false alarms in {len(legal)} legal variants"
    )


def sound(done: list[tuple[bool, Trial]]) -> bool:
    """Whether every fault was caught and no legal variant alarmed."""
    return all(one.caught if broken else not one.alarmed for broken, one in done)

"""The suite on trial: does it catch every fault, blame the right clause, and raise no alarm?"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from redeploy_conformance.finding.touring import TOUR
from redeploy_conformance.finding.walks import OF_A_RUN
from redeploy_conformance.trial.trial import Plan, Trial, try_fault, try_variant
from redeploy_reports.phrases import count


def trials(
    faults: Iterable[str],
    legal: Sequence[str],
    processes: int,
    *,
    walks: bool,
    thirds: bool = False,
) -> Iterator[tuple[bool, Trial]]:
    """Yield (broken?, trial) for each implementation, in order; with ``walks`` legal ones walk too.

    With ``thirds`` each legal one does a third of the plan, the next one another third.
    """
    walked = OF_A_RUN if walks else 0
    plans = [
        Plan(walks=walked, third=n % 3 if thirds else None) for n, _ in enumerate(legal)
    ]
    if processes == 1:
        yield from ((True, try_fault(one)) for one in faults)
        yield from (
            (False, try_variant(*one)) for one in zip(legal, plans, strict=True)
        )
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from ((True, one) for one in pool.map(try_fault, faults))
        yield from ((False, one) for one in pool.map(try_variant, legal, plans))


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
        spent = (
            f"({count(trial.requests, 'request')}, {trial.seconds:.2f} s, "
            f"then {count(trial.length, 'step')})"
        )
        return f"{word:13} {trial.name:52} breaks {breaks:14} {how} {spent}"
    word = "FALSE ALARM" if trial.alarmed else "passes"
    said = [trial.blamed or "", trial.case, *trial.wavering, *trial.idle]
    return f"{word:13} {trial.name:52} {' '.join(said)}".rstrip()


def summary(done: list[tuple[bool, Trial]]) -> str:
    """Return the figures of all trials."""
    faults = [one for broken, one in done if broken]
    legal = [one for broken, one in done if not broken]
    caught = [one for one in faults if one.caught]
    seen = [one for one in caught if one.blamed]
    lines = [
        f"{len(caught)} of {count(len(faults), 'fault')} caught under a clause they break"
    ]
    if seen:
        lines += [
            f"{sum(one.way == TOUR for one in seen)} of them on the tour",
            f"to the first violation: median {_median(seen, 'requests'):g} requests, "
            f"{_median(seen, 'seconds'):.2f} s",
            f"further requests to reduce it: median {_median(seen, 'searching'):g}, "
            f"and to confirm it: median {_median(seen, 'confirming'):g}",
            f"steps of the trace: median {_median(seen, 'length'):g}, "
            f"longest {max(one.length for one in seen)}",
        ]
    if legal:
        alarms = sum(one.alarmed for one in legal)
        steps = sum(one.steps for one in legal)
        lines.append(
            f"{count(alarms, 'false alarm')} in {count(len(legal), 'legal variant')}, "
            f"{count(steps, 'step')}"
        )
    return "\n".join(lines)


def _median(trials: list[Trial], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in trials))


def sound(done: list[tuple[bool, Trial]]) -> bool:
    """Whether every fault was caught and no legal variant alarmed."""
    return all(one.caught if broken else not one.alarmed for broken, one in done)

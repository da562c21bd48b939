"""The tour: many planned cases in one session, so that they share instances made, looks and waits.

Every case keeps its steps and their order; only time is common. Cases whose instances are different
cannot disturb each other, and whatever one does to another's instance is a violation of L9 or L10.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from redeploy_conformance.planning.minimise import focused
from redeploy_conformance.planning.planner import possible
from redeploy_conformance.planning.steps import (
    Advance,
    Break,
    Case,
    Create,
    Depth,
    Look,
    Pause,
    Redeploy,
    Settle,
    Step,
    Together,
)
from redeploy_schemas.vocabulary import Part


@dataclass(frozen=True, slots=True)
class Tour:
    """The steps of many cases, and of which case each instance is."""

    steps: tuple[Step, ...]
    owners: Mapping[str, Case]

    @property
    def calls(self) -> int:
        """How many RedeployInstance calls the steps make: one at least for each obligation."""
        return sum(_calls(one) for one in self.steps)

    def own(self, steps: Sequence[Step], key: str) -> tuple[str, tuple[Step, ...]]:
        """Return what an instance is called in its case, and what was done with it, so named."""
        case = self.owners[key]
        mine = [one for one, owner in self.owners.items() if owner is case]
        name = list(_keys(case.steps))[mine.index(key)]
        return name, tuple(_renamed(one, {key: name}) for one in focused(steps, key))


@dataclass(slots=True)
class _Thread:
    """One case on its way: the steps still to do, and the time from which it may go on."""

    rest: list[Step]
    wake: float = 0.0
    settles: bool = False
    looks: Look | None = None


@dataclass(slots=True)
class _Weaver:
    """Goes through threads in the order of their times, and writes the common steps down."""

    threads: list[_Thread]
    now: float = 0.0
    steps: list[Step] = field(default_factory=list)

    def weave(self) -> None:
        """Go on until every thread has ended."""
        self._create()
        while any(one.rest or one.looks or one.settles for one in self.threads):
            self._go()
            if any(one.looks for one in self.threads):
                self._look()
            elif any(one.rest and not one.settles for one in self.threads):
                self._wait()
            elif any(one.settles for one in self.threads):
                self._settle()

    def _create(self) -> None:
        """Make every instance that is made before anything else happens to its case."""
        for one in self.threads:
            while one.rest and isinstance(one.rest[0], Create):
                self.steps.append(one.rest.pop(0))

    def _go(self) -> None:
        """Let each thread whose time has come go on to where it must wait."""
        for one in self.threads:
            if one.wake > self.now or one.settles:
                continue
            while one.rest:
                step = one.rest.pop(0)
                if isinstance(step, Advance):
                    one.wake = self.now + step.seconds
                    break
                if isinstance(step, Settle):
                    one.settles = True
                    break
                if isinstance(step, Look):
                    one.looks = step
                    break
                self.steps.append(step)

    def _look(self) -> None:
        """Make one look of all that are wanted now; a light one only if no more is wanted."""
        wanted = [one.looks for one in self.threads if one.looks]
        keys = tuple(dict.fromkeys(key for look in wanted for key in look.keys))
        light = all(look.light and look.keys for look in wanted)
        self.steps.append(Look(keys, light=True) if light else Look())
        for one in self.threads:
            one.looks = None

    def _wait(self) -> None:
        wake = min(one.wake for one in self.threads if one.rest and not one.settles)
        self.steps.append(Advance(wake - self.now))
        self.now = wake

    def _settle(self) -> None:
        self.steps.append(Settle())
        for one in self.threads:
            one.settles, one.wake = False, self.now


def merged(cases: Iterable[Case], first: int = 1) -> Tour:
    """Return the tour through cases; instances are numbered from ``first`` on."""
    owners: dict[str, Case] = {}
    threads = []
    for case in cases:
        names = {
            key: f"{key[0]}{first + len(owners) + n}"
            for n, key in enumerate(_keys(case.steps))
        }
        owners |= dict.fromkeys(names.values(), case)
        threads.append(_Thread([_renamed(step, names) for step in case.steps]))
    weaver = _Weaver(threads)
    weaver.weave()
    return Tour(tuple(weaver.steps), owners)


def tour(plan: Iterable[Case], parts: frozenset[Part]) -> Tour:
    """Return the tour of a plan: its opening, then the rest, for what these parts allow.

    Cases that expect a rejection come last, so that the next look tells whether it was one (L10).
    """
    doable = [one for case in plan if (one := possible(case, parts)) is not None]
    waves = []
    count = 0
    for depth in (Depth.OPENING, Depth.TOUR):
        mine = [
            one
            for one in doable
            if one.depth is depth and not _limited(one) and not one.unless
        ]
        mine.sort(key=_turned_down)
        waves.append(merged(mine, count + 1))
        count += len(waves[-1].owners)
    return Tour(
        tuple(step for wave in waves for step in wave.steps),
        {key: case for wave in waves for key, case in wave.owners.items()},
    )


def _limited(case: Case) -> bool:
    """Whether a case is about the rate limit, whose many calls would stand in others' way."""
    return case.clauses[0].startswith("Q")


def _turned_down(case: Case) -> bool:
    return case.clauses[0][0] == "U" or "L10" in case.clauses


def _keys(steps: Sequence[Step]) -> Iterator[str]:
    seen: set[str] = set()
    for step in steps:
        several = getattr(step, "keys", ())
        for key in (getattr(step, "key", None), *several):
            if key is not None and key not in seen:
                seen.add(key)
                yield key


def _renamed(step: Step, names: Mapping[str, str]) -> Step:
    if isinstance(step, Look | Together):
        return replace(step, keys=tuple(names[key] for key in step.keys))
    if isinstance(step, Advance | Settle | Pause | Break):
        return step
    return replace(step, key=names[step.key])


def _calls(step: Step) -> int:
    if isinstance(step, Redeploy):
        return step.count
    return step.calls * len(step.keys) if isinstance(step, Together) else 0

"""Whether traces hold a whole run: every case of the plan, with the plan's own steps, once.

A clause is exercised soon, and a run of a few cases may exercise them all; what is certified is that
nothing of the suite was left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redeploy_conformance.evidence.lines import (
    CaseLine,
    HeaderLine,
    SessionLine,
    StepLine,
    lines_of,
)
from redeploy_conformance.finding.touring import NEEDS, TOUR
from redeploy_conformance.finding.walks import WALKED
from redeploy_conformance.planning.notation import to_json
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.planning.weave import tour
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

Steps = list[Mapping[str, Any]]


@dataclass(slots=True)
class Whole:
    """What traces hold of a whole run; ``wrong`` says in a sentence what speaks against it."""

    wanted: dict[str, Steps | None]
    skipped: frozenset[str]
    seen: set[str] = field(default_factory=set)
    wrong: str | None = None
    first: HeaderLine | None = None

    def read(self, path: Path) -> None:
        """Take the cases of a trace that was checked and found whole."""
        done: Steps = []
        counted = False
        for _, line in lines_of(path):
            match line:
                case HeaderLine():
                    self._same(line)
                case SessionLine():
                    counted = line.counted
                case StepLine() if counted:
                    done += line.steps
                case CaseLine():
                    self._case(line.name, done)
                    done = []

    def _same(self, line: HeaderLine) -> None:
        self.first = self.first or line
        for what in ("suite_version", "seed"):
            one, two = getattr(self.first, what), getattr(line, what)
            if one != two:
                self._say(f"its traces are of different runs: {what} {one} and {two}")

    def _case(self, label: str, done: Steps) -> None:
        if label in self.seen:
            self._say(f"the case {label!r} is in the traces twice")
        self.seen.add(label)
        planned = self.wanted.get(label)
        if label in self.skipped and planned is not None:
            planned = planned[: len(done)]  # it ended where it was found not to apply
        if planned is not None and done != planned:
            self._say(f"the case {label!r} did other steps than the plan's")

    def _say(self, text: str) -> None:
        self.wrong = self.wrong or text

    def verdict(self) -> str | None:
        """Return what keeps the traces from being a whole run, if anything does."""
        left = [one for one in self.wanted if one not in self.seen]
        if left:
            count = len(self.wanted)
            return (
                f"only a whole run: {len(left)} of its {count} cases are not in the "
                f"traces, such as {left[0]!r}"
            )
        return self.wrong


def wanted(contract: Contract, parts: frozenset[Part]) -> dict[str, Steps | None]:
    """Return the cases of a whole run by name, with their steps where these are planned."""
    cases: dict[str, Steps | None] = {}
    planned = plan(contract)
    for case in planned:
        doable = possible(case, parts)
        if doable is not None:
            cases[name(contract, case)] = _written(doable.steps)
    if parts >= NEEDS:
        cases[TOUR] = _written(tour(planned, parts).steps)
        cases |= dict.fromkeys(WALKED)
    return cases


def _written(steps: Iterable[Step]) -> Steps:
    return [to_json(one) for one in steps]


def against(
    paths: Iterable[Path],
    contract: Contract,
    parts: Iterable[str],
    skipped: Iterable[str],
) -> str | None:
    """Return what keeps traces from being a whole run of the suite; None where nothing does.

    ``parts`` are what the target offers, ``skipped`` the cases that were found not to apply.
    """
    offered = frozenset(Part(word) for word in parts)
    whole = Whole(wanted(contract, offered), frozenset(skipped))
    for path in paths:
        whole.read(path)
    return whole.verdict()

"""The generators that are compared: each is given a server and a budget, and says what came of it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import schemathesis_runs
from plain_machine import Budget, Plain
from served import served

from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.walks import OF_A_RUN
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.trial.trial import Plan, declared, trial
from redeploy_schemas.contract import load


@dataclass(frozen=True, slots=True)
class Subject:
    """What is served: a fault, or a legal variant by name."""

    fault: str = ""
    variant: str = ""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.fault or self.variant


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one run: what was ``said`` against the subject ("" for nothing), and its cost.

    ``requests`` until it was said, ``shrinking`` those after it; None where there is no such
    thing. ``told`` is whether what is said counts: for this suite a clause that the fault breaks.
    """

    said: str
    told: bool
    requests: int | None = None
    shrinking: int | None = None
    length: int | None = None


class Contender(Protocol):
    """One generator."""

    name: str

    def run(self, subject: Subject, url: str, budget: Budget, seed: int) -> Came:
        """Run against one server."""


@dataclass(slots=True)
class Suite:
    """This suite: tour, planned cases, walks. Only blame on a clause that is broken counts."""

    name: str = "this suite"

    def run(self, subject: Subject, url: str, budget: Budget, seed: int) -> Came:
        """Run against one server."""
        target = _target(subject, url)
        breaks = FAULTS[subject.fault].clauses if subject.fault else ()
        parts = Plan(
            walks=OF_A_RUN, seed=seed, most=budget.requests, seconds=budget.seconds
        )
        one = trial(target, breaks, parts)
        target.transport.close()
        if one.blamed is None:
            said = " ".join((*one.wavering, *one.idle))
            return Came(said, one.caught if breaks else one.alarmed)
        told = one.caught if breaks else one.alarmed
        return Came(one.blamed, told, one.requests, one.searching, one.length)


@dataclass(slots=True)
class Machine:
    """The plain machine with this suite's oracle; whatever clause it blames counts."""

    name: str = "plain rule-based machine"

    def run(self, subject: Subject, url: str, budget: Budget, seed: int) -> Came:
        """Run against one server."""
        target = _target(subject, url)
        plain = Plain(set_up(target, load()))
        plain.run(budget, seed)
        target.transport.close()
        if plain.clause is None:
            return Came("", False)
        return Came(plain.clause, True, plain.requests, plain.shrinking, plain.length)


@dataclass(slots=True)
class Schemathesis:
    """Schemathesis with the description made from the contract, through a proxy that signs.

    A failure counts when no run against the emulator without a fault shows its like.
    """

    command: Path
    folder: Path
    name: str = schemathesis_runs.REQUIREMENT.replace("==", " ").capitalize()
    usual: set[schemathesis_runs.Sign] = field(default_factory=set)

    def learn(self, budget: Budget, seeds: Iterable[int]) -> None:
        """Remember what it says of an emulator without a fault."""
        for seed in seeds:
            with served() as url:
                self.usual |= {
                    one.sign for one in self._run(url, budget, seed).failures
                }

    def run(self, subject: Subject, url: str, budget: Budget, seed: int) -> Came:
        """Run against one server."""
        report = self._run(url, budget, seed)
        new = [one for one in report.failures if one.sign not in self.usual]
        if not new:
            return Came("", False)
        return Came(": ".join(new[0].sign), True, new[0].requests, None, new[0].length)

    def _run(self, url: str, budget: Budget, seed: int) -> schemathesis_runs.Report:
        return schemathesis_runs.run(
            self.command,
            self.folder,
            url,
            requests=budget.requests,
            seconds=budget.seconds,
            seed=seed,
        )


def timed(
    contender: Contender, subject: Subject, budget: Budget, seed: int
) -> tuple[Came, float]:
    """Run one contender against a server of its own; return how long it took too."""
    with served(fault=subject.fault, variant=subject.variant) as url:
        begun = time.perf_counter()
        came = contender.run(subject, url, budget, seed)
        return came, time.perf_counter() - begun


def _target(subject: Subject, url: str) -> Target:
    statement = declared(subject.fault) if subject.fault else Statement()
    return Target(subject.name, "http", HttpTransport(url), statement)

"""What a journal tells of a run so far: a fold over its lines, the same while it runs and after."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.staging.journal import JournalError
from redeploy_conformance.staging.requests import (
    DELETE,
    LAUNCH,
    MOVING,
    POWER,
    REDEPLOY,
    SIMULATE,
    START,
    WITHDRAW,
)

NO_SEQUEL = (KeyError, IndexError, TypeError, ValueError)
"""What entering a line raises that does not follow from those before it."""


@dataclass(frozen=True, slots=True)
class Before:
    """What an instance looked like before anything was done to it."""

    status: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flying:
    """A redeploy that may be under way: when it was asked for, by which write, its task if known."""

    since: float
    number: int
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated event that may have been made, by what it was asked for with."""

    instance: str
    type: str
    not_before: str


@dataclass(slots=True)
class Past:
    """The run so far. Times are seconds since 1970.

    ``before`` is what its instances looked like before it began, or since all was put back.
    ``spent`` counts, by instance, the redeploys that were accepted, or that nobody knows of;
    ``flying`` are those not known to have ended; ``errands`` says when an instance was last asked to
    start or to stop, and ``wanted`` which status it was to get by that; ``doubted`` are those wanted
    statuses whose request was refused, where a look just before showed another one: a refusal does not
    prove that nothing was done. ``pardoned`` are the numbers of the calls on an instance that were
    refused, and whose redeploys were given back: they count after all where a look shows that it moved.
    ``launched`` are instances that the run made, ``launch_at`` says when one was last asked for, and
    ``release`` when it ends by itself. ``events`` are the simulated events made, by instance; ``unsure``
    those that may have been made, refused ones too, since only a look tells; ``events_at`` says when one
    was last asked for, or to be canceled; ``canceled`` are those of which that was answered,
    ``canceling`` those of which it was asked without an answer. ``deleting`` are instances of which that
    was asked for, ``deleted`` those of which it was answered.
    """

    before: dict[str, Before] = field(default_factory=dict)
    spent: Counter[str] = field(default_factory=Counter)
    flying: dict[str, Flying] = field(default_factory=dict)
    errands: dict[str, float] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    doubted: dict[str, set[str]] = field(default_factory=dict)
    pardoned: dict[str, list[int]] = field(default_factory=dict)
    launched: list[str] = field(default_factory=list)
    launch_at: float = 0.0
    release: str = ""
    events_at: dict[str, float] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    unsure: list[Simulated] = field(default_factory=list)
    canceled: set[str] = field(default_factory=set)
    canceling: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    reports: list[CaseReport] = field(default_factory=list)
    writes: int = 0
    restored: bool = False
    run: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    started: float = 0.0
    _touched: Counter[str] = field(default_factory=Counter)
    _launching: set[int] = field(default_factory=set)
    _open: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    _span: float = 0.0
    _spans: float = 0.0
    _last: float = 0.0

    @property
    def touched(self) -> set[str]:
        """The instances that a request may have started, stopped or redeployed."""
        return {one for one, count in self._touched.items() if count > 0}

    @property
    def launching(self) -> bool:
        """Whether an instance may have been made whose id is not known, also where that was refused."""
        return bool(self._launching)

    @property
    def redeploys(self) -> int:
        """How many redeploys the run has cost, at most."""
        return self.spent.total()

    def seconds(self, now: float) -> float:
        """Return how long the run has taken by now, without the time between its processes."""
        return self._spans + max(0.0, now - self._span)

    def take(self, line: Mapping[str, Any]) -> None:
        """Enter one line."""
        match line["line"]:
            case "begin":
                self.run, self.settings = line["run"], line["settings"]
                self.started = self._span = line["at"]
            case "resume":
                self._spans += max(0.0, self._last - self._span)
                self._span = line["at"]
                self._set_back(line["at"])
            case "before":
                seen = Before(line["status"], tuple(line["events"]))
                self.before.setdefault(line["instance"], seen)
            case "write":
                self._begun(line)
            case "answer":
                self._answered(self._open.pop(line["number"]), line)
            case "settled":
                self.flying.pop(line["instance"], None)
                self.pardoned.pop(line["instance"], None)
            case "restored":
                self._as_before()
            case "case":
                self.reports.append(CaseReport.from_json(line["report"]))
            case "moved":
                self._moved(line["instance"], line["after"], line["at"])
        self.restored = line["line"] == "restored"
        self._last = line["at"]

    def read(self, lines: Iterable[Mapping[str, Any]], path: Path) -> None:
        """Enter the lines of a journal.

        Raises:
            JournalError: one does not follow from those before it.
        """
        for number, line in enumerate(lines, 1):
            try:
                self.take(line)
            except NO_SEQUEL as error:
                raise JournalError(
                    f"{path}, line {number}: it does not follow from the lines before it"
                ) from error

    def _set_back(self, now: float) -> None:
        """Let nothing have been asked for later than now: an earlier process's clock may have been ahead.

        What was asked for is waited for from then on, and would be until that clock's time comes.
        """
        self.flying = {
            key: replace(one, since=min(one.since, now))
            for key, one in self.flying.items()
        }
        self.errands = {key: min(at, now) for key, at in self.errands.items()}
        self.events_at = {key: min(at, now) for key, at in self.events_at.items()}
        self.launch_at = min(self.launch_at, now)

    def _begun(self, line: Mapping[str, Any]) -> None:
        if line["number"] != self.writes + 1:
            raise ValueError("a write before it is missing, or it comes twice")
        ours = self.before.keys() | set(self.launched)
        if not (self._launching or ours.issuperset(_existing(line))):
            raise ValueError("what its instance looked like before is missing")
        self.writes = line["number"]
        self._open[line["number"]] = line
        if line["action"] in MOVING:
            self._touched.update(_existing(line))
        if line["action"] == REDEPLOY:
            for one in _existing(line):
                self.spent[one] += 1
                self.flying.setdefault(one, Flying(line["at"], line["number"]))
        elif line["action"] in POWER:
            self.errands |= dict.fromkeys(line["instances"], line["at"])
            self.wanted |= dict.fromkeys(line["instances"], _goal(line))
        elif line["action"] == LAUNCH:
            self._launching.add(line["number"])
            self.launch_at = line["at"]
            self.release = line["params"].get("AutoReleaseTime", "")
        elif line["action"] == DELETE:
            self.deleting |= set(line["instances"])
        elif line["action"] == SIMULATE:
            made = _simulated(line)
            self.unsure.append(made)
            self.events_at[made.instance] = line["at"]
        elif line["action"] == WITHDRAW:
            self.canceling |= set(line["events"])
            homes = {self.events.get(one) for one in line["events"]}
            homes |= {one.instance for one in self.unsure}
            self.events_at |= dict.fromkeys(filter(None, homes), line["at"])

    def _answered(self, begun: Mapping[str, Any], line: Mapping[str, Any]) -> None:
        status = line["status"]
        refused = status is not None and 400 <= status < 500 and line["code"]
        done = status is not None and status < 300
        if refused and begun["action"] in MOVING:
            self._touched.subtract(_existing(begun))
        if refused and begun["action"] in POWER:
            for one in _existing(begun):
                if begun["looked"][one] != _goal(begun):
                    self.doubted.setdefault(one, set()).add(_goal(begun))
        if begun["action"] == REDEPLOY:
            for one in _existing(begun):
                if refused:
                    self.spent[one] -= 1
                    self.pardoned.setdefault(one, []).append(begun["number"])
                    self._not_flying(one, begun["number"])
                elif line["task"]:
                    self._accepted(one, begun, line["task"])
        elif begun["action"] == LAUNCH:
            self.launched += line["made"]
            if line["made"]:
                self._launching.remove(begun["number"])
        elif begun["action"] == SIMULATE:
            made = _simulated(begun)
            self.events.update(dict.fromkeys(line["made"], made.instance))
            if line["made"] and made in self.unsure:
                self.unsure.remove(made)
        elif begun["action"] == WITHDRAW and (refused or done):
            self.canceling -= set(begun["events"])
            self.canceled |= set(begun["events"]) if done else set()
        elif begun["action"] == DELETE and done:
            self.deleted |= set(begun["instances"])

    def _as_before(self) -> None:
        """Forget what there was to put back: what becomes of it from now on is the owner's doing."""
        self.before.clear()
        self.wanted.clear()
        self.doubted.clear()
        self._touched.clear()
        self.events.clear()
        self.unsure.clear()

    def _moved(self, instance: str, after: int, at: float) -> None:
        """Count the calls that were refused and may have taken effect; one may be under way."""
        pardoned = [one for one in self.pardoned.pop(instance, []) if one > after]
        self._touched[instance] += len(pardoned)
        self.spent[instance] += len(pardoned)
        if pardoned:
            self.flying.setdefault(instance, Flying(at, pardoned[-1]))

    def _accepted(self, instance: str, begun: Mapping[str, Any], task: str) -> None:
        """Follow the task of the last call that was accepted, whichever answer came last."""
        known = self.flying.get(instance)
        if known is None or known.task is None or known.number <= begun["number"]:
            self.flying[instance] = Flying(begun["at"], begun["number"], task)
            self.wanted.pop(instance, None)

    def _not_flying(self, instance: str, number: int) -> None:
        """Forget a redeploy that was refused, unless another call may have begun one."""
        if instance in self.flying and self.flying[instance].number == number:
            del self.flying[instance]
            for other in self._open.values():
                if other["action"] == REDEPLOY and instance in _existing(other):
                    flying = Flying(other["at"], other["number"])
                    self.flying.setdefault(instance, flying)


def _existing(line: Mapping[str, Any]) -> list[str]:
    """Return the instances of a write that a look had shown to exist."""
    return [one for one in line["instances"] if line["looked"].get(one) is not None]


def _goal(line: Mapping[str, Any]) -> str:
    """Return the status that a start or a stop is to bring about."""
    return "Running" if line["action"] == START else "Stopped"


def _simulated(line: Mapping[str, Any]) -> Simulated:
    params = line["params"]
    return Simulated(
        line["instances"][0], params.get("EventType", ""), params.get("NotBefore", "")
    )

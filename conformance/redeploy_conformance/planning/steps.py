"""Abstract steps: what a case does, as data that can be written down and done again.

Instances are named by keys (``i1``, ``i2``, …) and bound to real ids when a step is carried out, so
that the same steps run against any fresh account of any target.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, TypeAlias, get_args

from redeploy_reports.phrases import count

SpecItems: TypeAlias = tuple[tuple[str, Any], ...]
WIRES = ("v1 query", "v1 form", "v3 query", "v3 form")
"""The forms of a request: how it is signed, and where its parameters stand."""


@dataclass(frozen=True, slots=True)
class Create:
    """Make an instance in a given state, through the control plane.

    ``spec`` holds attributes that differ from the default; ``events`` (type, status) pairs;
    ``ending`` how its next redeploy ends, empty where that is left open.
    """

    name: ClassVar[str] = "create"
    key: str
    spec: SpecItems = ()
    events: tuple[tuple[str, str], ...] = ()
    account: str = "a1"
    count: int = 1
    ending: str = ""

    def __str__(self) -> str:
        """Return the step in words."""
        spec = dict(self.spec)
        words = [str(spec.pop("status", "Running"))]
        words += [f"{name} {_words(value)}" for name, value in spec.items()]
        words += [f"event {kind} {status}" for kind, status in self.events]
        words += [f"next redeploy will {self.ending}"] if self.ending else []
        many = f" and {self.count - 1} more" if self.count > 1 else ""
        return f"create {self.key}{many}: {', '.join(words)}"


@dataclass(frozen=True, slots=True)
class Redeploy:
    """Call RedeployInstance; the names are those of rows of the contract.

    ``statements`` are those of a caller (effect, action, resource), where no row is meant: an empty
    row is somebody without any; ``by`` is another account that calls; ``wire`` another form of the
    request than the target's usual one, such as ``v1 form``; with ``count`` the following keys are
    called too.
    """

    name: ClassVar[str] = "redeploy"
    key: str
    force: bool | None = None
    policy: str | None = None
    malformed: str | None = None
    forgery: str | None = None
    by: str | None = None
    wire: str | None = None
    count: int = 1
    statements: tuple[tuple[str, str, str], ...] | None = None

    def __str__(self) -> str:
        """Return the step in words."""
        words = [f"redeploy {self.key}"]
        if self.count > 1:
            words.append(f"and the next {self.count - 1}")
        if self.force is not None:
            words.append(f"with ForceStop {str(self.force).lower()}")
        words += [
            f"with {text}"
            for text in (self.policy and f"the policy: {self.policy}", self.malformed)
            if text
        ]
        if self.statements is not None:
            rows = [
                f"{effect} {action} on {resource}"
                for effect, action, resource in self.statements
            ]
            words.append(f"by a caller with {' and '.join(rows) or 'no policy'}")
        if self.forgery:
            words.append(f"forged: {self.forgery}")
        if self.by:
            words.append(f"by account {self.by}")
        if self.wire:
            words.append(f"as {self.wire}")
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Together:
    """Call RedeployInstance several times on each instance, all at once, and look meanwhile."""

    name: ClassVar[str] = "together"
    keys: tuple[str, ...]
    calls: int = 2
    looks: int = 0

    def __str__(self) -> str:
        """Return the step in words."""
        each = " each" if len(self.keys) > 1 else ""
        words = f"redeploy {' and '.join(self.keys)} {count(self.calls, 'time')}{each} at once"
        return f"{words}, looking {count(self.looks, 'time')}" if self.looks else words


@dataclass(frozen=True, slots=True)
class Look:
    """Observe every instance and event; with ``keys`` only those.

    With ``light`` only what one DescribeInstances shows.
    """

    name: ClassVar[str] = "look"
    keys: tuple[str, ...] = ()
    light: bool = False

    def __str__(self) -> str:
        """Return the step in words."""
        what = " and ".join(self.keys) or "everything"
        return f"look at {what}{', statuses only' if self.light else ''}"


@dataclass(frozen=True, slots=True)
class Advance:
    """Turn the clock of the implementation on by some seconds."""

    name: ClassVar[str] = "advance"
    seconds: float

    def __str__(self) -> str:
        """Return the step in words."""
        return f"advance the clock by {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait in real time, where the clock cannot be turned."""

    name: ClassVar[str] = "pause"
    seconds: float

    def __str__(self) -> str:
        """Return the step in words."""
        return f"wait {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait until every redeploy must have ended, and look."""

    name: ClassVar[str] = "settle"

    def __str__(self) -> str:
        """Return the step in words."""
        return "wait until every redeploy must have ended, and look"


@dataclass(frozen=True, slots=True)
class Script:
    """Decide how the next redeploy of an instance ends: ``succeed`` or ``fail``."""

    name: ClassVar[str] = "script"
    key: str
    ending: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"the next redeploy of {self.key} will {self.ending}"


@dataclass(frozen=True, slots=True)
class Patch:
    """Change attributes of an instance through the control plane."""

    name: ClassVar[str] = "patch"
    key: str
    spec: SpecItems

    def __str__(self) -> str:
        """Return the step in words."""
        words = [f"{name} {_words(value)}" for name, value in self.spec]
        return f"change {self.key}: {', '.join(words)}"


@dataclass(frozen=True, slots=True)
class Release:
    """Release an instance through the control plane."""

    name: ClassVar[str] = "release"
    key: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"release {self.key}"


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise an event on an instance through the control plane."""

    name: ClassVar[str] = "raise"
    key: str
    type: str
    status: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"raise {self.type} {self.status} on {self.key}"


@dataclass(frozen=True, slots=True)
class Simulate:
    """Make a simulated event with CreateSimulatedSystemEvents."""

    name: ClassVar[str] = "simulate"
    key: str
    type: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"simulate {self.type} on {self.key}"


@dataclass(frozen=True, slots=True)
class Break:
    """Let the next call that would be accepted answer 500; ``effect`` none or accepted."""

    name: ClassVar[str] = "break"
    effect: str
    account: str = "a1"

    def __str__(self) -> str:
        """Return the step in words."""
        return f"the next call answers 500 InternalError, effect: {self.effect}"


@dataclass(frozen=True, slots=True)
class Launch:
    """Make an instance with the public RunInstances."""

    name: ClassVar[str] = "launch"
    key: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"run {self.key} with RunInstances"


@dataclass(frozen=True, slots=True)
class Tasks:
    """Look the last accepted call's TaskId up with DescribeTasks."""

    name: ClassVar[str] = "tasks"
    key: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"look up the task of {self.key}"


@dataclass(frozen=True, slots=True)
class Take:
    """Begin to watch an instance that is there already, as a look shows it now."""

    name: ClassVar[str] = "take"
    key: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"take {self.key} as it is"


@dataclass(frozen=True, slots=True)
class Bring:
    """Bring an instance to a status with the public StartInstance or StopInstance."""

    name: ClassVar[str] = "bring"
    key: str
    status: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"bring {self.key} to {self.status}"


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Cancel the simulated events that were made on an instance."""

    name: ClassVar[str] = "withdraw"
    key: str

    def __str__(self) -> str:
        """Return the step in words."""
        return f"cancel the simulated events of {self.key}"


Step: TypeAlias = (
    Create
    | Redeploy
    | Together
    | Look
    | Advance
    | Settle
    | Script
    | Patch
    | Release
    | Raise
    | Simulate
    | Break
    | Launch
    | Tasks
    | Pause
    | Take
    | Bring
    | Withdraw
)
KINDS: tuple[type[Step], ...] = get_args(Step)
Change: TypeAlias = Patch | Release | Raise
"""A step by which the control plane changes an instance that is there."""


class Depth(IntEnum):
    """How early a case is run: in the opening of the tour, in its rest, or by itself only."""

    OPENING = 0
    TOUR = 1
    PLAN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One planned test: the clauses it must exercise, its name, what it does.

    ``needs`` are parts of the control protocol, ``unless`` those with which another case does the
    same better; ``row`` names the row it was made from; ``burst`` marks a load that is only put
    on a target of this machine, or where it is allowed; ``depth`` says how early it is run;
    ``rich`` marks many special things at once, of which a counterexample needs few.
    """

    clauses: tuple[str, ...]
    row: str
    steps: tuple[Step, ...]
    needs: frozenset[str] = field(default_factory=frozenset)
    unless: frozenset[str] = field(default_factory=frozenset)
    burst: bool = False
    depth: Depth = Depth.TOUR
    rich: bool = False


def spec_items(spec: Mapping[str, Any]) -> SpecItems:
    """Return a spec as it stands in a step: sorted pairs, sets as sorted tuples."""
    return tuple(
        (name, tuple(value) if isinstance(value, list | tuple) else value)
        for name, value in sorted(spec.items())
    )


def keys_of(first: str, count: int) -> list[str]:
    """Return the keys of ``count`` instances: ``i1``, ``i2``, … from the first one on."""
    if count == 1:
        return [first]
    head, number = first[0], int(first[1:])
    return [f"{head}{number + n}" for n in range(count)]


def _words(value: object) -> str:
    return (
        ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)
    )

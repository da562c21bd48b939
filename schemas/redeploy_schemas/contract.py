"""The contract: the rows of ``contract.toml`` as immutable records.

Nothing here does I/O but ``load``, which reads the packaged file, and nothing judges: the
records say what is promised, the model says what follows.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, TypeAlias

from redeploy_schemas.cross_check import cross_check
from redeploy_schemas.rows import InvalidContractError, check
from redeploy_schemas.vocabulary import Forging, Part, Strength, Written

AttributeValue: TypeAlias = str | bool
"""One value of an attribute; a set attribute's values are subsets of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One obligation: what it says, how firmly, where it stands, what it takes to see it."""

    id: str
    name: str
    statement: str
    strength: Strength
    source: str
    needs: frozenset[Part]
    argument: str | None = None
    choices: tuple[str, ...] = ()
    rulings: tuple[str, ...] = ()
    mild: bool = False

    @property
    def required(self) -> bool:
        """Whether every implementation is bound by it."""
        return self.strength is not Strength.OPEN

    @property
    def slug(self) -> str:
        """The clause as one greppable word, such as ``A3-security-lock``."""
        return f"{self.id}-{self.name}"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One finite attribute of an instance; ``is_set`` marks a subset of ``values``."""

    name: str
    values: tuple[AttributeValue, ...]
    default: AttributeValue | frozenset[AttributeValue]
    is_set: bool


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must hold of one attribute for a call to be accepted, and the error otherwise.

    ``values`` are those that satisfy it (``forbids`` false), or those that violate it.
    ``code_is_open`` names the clause under which any 4xx code is admissible.
    """

    clause: str
    attribute: str
    values: frozenset[AttributeValue]
    forbids: bool
    code: str
    code_is_open: str | None

    def holds(self, value: AttributeValue | frozenset[AttributeValue]) -> bool:
        """Whether a value, or every member of a set, satisfies the precondition."""
        members = value if isinstance(value, frozenset) else frozenset((value,))
        if self.forbids:
            return members.isdisjoint(self.values)
        return members <= self.values


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One row of the error table; ``message`` is ``%s`` where the text is free."""

    code: str
    http_status: int
    message: str
    states_fact: bool
    preconditions: tuple[Precondition, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of the event table: a type, the statuses in which a redeploy responds to it."""

    type: str
    statuses: tuple[str, ...]
    only_with: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transition:
    """The life of an accepted redeploy that began in status ``origin``.

    ``guest_runs`` says whether there is a guest to be stopped (L11).
    """

    origin: str
    path: tuple[str, ...]
    through: frozenset[str]
    guest_runs: bool
    first_clause: str


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """A RAM policy by name; ``{region}``, ``{account}`` and ``{instance}`` stand for the call's.

    ``written`` says how its statements are put into policies; ``beyond`` marks one that is tried
    after the first tour only.
    """

    name: str
    clause: str
    statements: tuple[Mapping[str, str], ...]
    allowed: bool
    written: Written = Written.STATEMENTS
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class MalformedCase:
    """A request that is not well formed: parameters to drop and to set.

    ``means`` is the ForceStop that it spells, where it may be taken; ``beyond`` is as of a policy.
    """

    name: str
    clause: str
    drop: tuple[str, ...]
    set: Mapping[str, str]
    means: bool | None = None
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Forgery:
    """A request that is not properly signed; ``signature`` says how, ``beyond`` as of a policy."""

    name: str
    signature: Forging
    beyond: bool = False


@dataclass(frozen=True, repr=False, eq=False)
class Contract:
    """Every row, with the look-ups that the model and the planner need; equal to itself alone."""

    edition: str
    operation: str
    version: str
    sha256: str
    clauses: tuple[Clause, ...]
    attributes: tuple[Attribute, ...]
    errors: tuple[ErrorRow, ...]
    events: tuple[EventRow, ...]
    open_event_statuses: tuple[str, ...]
    final_event_statuses: tuple[str, ...]
    unlisted_event_types: tuple[str, ...]
    gap_ending_event_types: tuple[str, ...]
    transitions: tuple[Transition, ...]
    quota_calls: int
    quota_seconds: float
    action: str
    resource: str
    policy_cases: tuple[PolicyCase, ...]
    malformed: tuple[MalformedCase, ...]
    forgeries: tuple[Forgery, ...]

    def __repr__(self) -> str:
        """Return a short name: the whole would fill a page."""
        return f"<Contract {self.edition}, {len(self.clauses)} clauses>"

    @cached_property
    def by_id(self) -> Mapping[str, Clause]:
        """Clauses by their id."""
        return {clause.id: clause for clause in self.clauses}

    @cached_property
    def preconditions(self) -> tuple[Precondition, ...]:
        """Every precondition of the error table, in its order."""
        return tuple(row for error in self.errors for row in error.preconditions)

    @cached_property
    def error_by_code(self) -> Mapping[str, ErrorRow]:
        """Error rows by code."""
        return {row.code: row for row in self.errors}

    @cached_property
    def absence_codes(self) -> frozenset[str]:
        """Codes that say of an id that it names no instance."""
        rows = (row for row in self.preconditions if row.attribute == "exists")
        return frozenset(row.code for row in rows)

    @cached_property
    def attribute_by_name(self) -> Mapping[str, Attribute]:
        """Attributes by name."""
        return {row.name: row for row in self.attributes}

    @cached_property
    def event_by_type(self) -> Mapping[str, EventRow]:
        """Event rows by type."""
        return {row.type: row for row in self.events}

    @cached_property
    def transition_from(self) -> Mapping[str, Transition]:
        """Transitions by the status in which a redeploy may begin."""
        return {row.origin: row for row in self.transitions}


def parse(text: str) -> Contract:
    """Return the contract that a TOML text holds.

    Raises:
        InvalidContractError: a row has not the form of ``rows``, or names what there is not.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidContractError(f"contract.toml is no TOML: {error}") from error
    check(data)
    cross_check(data)
    return _build(data, hashlib.sha256(text.encode()).hexdigest())


@cache
def load() -> Contract:
    """Return the contract that this package carries, always the same one."""
    return parse(contract_text())


def contract_text() -> str:
    """Return the packaged ``contract.toml`` as it stands."""
    return files("redeploy_schemas").joinpath("contract.toml").read_text("utf-8")


def _build(data: Mapping[str, Any], digest: str) -> Contract:
    statuses = data["event_status"]
    return Contract(
        edition=data["edition"],
        operation=data["operation"],
        version=data["version"],
        sha256=digest,
        clauses=tuple(_clause(row) for row in data["clause"]),
        attributes=tuple(_attribute(row) for row in data["attribute"]),
        errors=tuple(_error(row) for row in data["error"]),
        events=tuple(
            EventRow(row["type"], tuple(row["statuses"]), row.get("only_with", {}))
            for row in data["event"]
        ),
        open_event_statuses=tuple(statuses["open"]),
        final_event_statuses=tuple(statuses["final"]),
        unlisted_event_types=tuple(data["event_unlisted"]["types"]),
        gap_ending_event_types=(
            data["event_unlisted"]["ends_isolation_gap"],
            data["event_unlisted"]["may_end_isolation_gap"],
        ),
        transitions=tuple(
            Transition(
                row["from"],
                tuple(row["path"]),
                frozenset(row["through"]),
                row["guest_runs"],
                row["first_clause"],
            )
            for row in data["transition"]
        ),
        quota_calls=data["limiter"]["calls"],
        quota_seconds=data["limiter"]["seconds"],
        action=data["authorization"]["action"],
        resource=data["authorization"]["resource"],
        policy_cases=tuple(
            PolicyCase(
                row["name"],
                row["clause"],
                tuple(row["statements"]),
                row["allowed"],
                Written(row.get("written", Written.STATEMENTS)),
                row.get("beyond", False),
            )
            for row in data["authorization"]["case"]
        ),
        malformed=tuple(
            MalformedCase(
                row["name"],
                row["clause"],
                tuple(row.get("drop", ())),
                row.get("set", {}),
                row.get("means"),
                row.get("beyond", False),
            )
            for row in data["malformed"]
        ),
        forgeries=tuple(
            Forgery(row["name"], Forging(row["signature"]), row.get("beyond", False))
            for row in data["forgery"]
        ),
    )


def _clause(row: Mapping[str, Any]) -> Clause:
    return Clause(
        id=row["id"],
        name=row["name"],
        statement=row["statement"],
        strength=Strength(row["strength"]),
        source=row["source"],
        needs=frozenset(Part(word) for word in row["needs"]),
        argument=row.get("argument"),
        choices=tuple(row.get("choices", ())),
        rulings=tuple(row.get("rulings", ())),
        mild=row.get("mild", False),
    )


def _attribute(row: Mapping[str, Any]) -> Attribute:
    is_set = row.get("set", False)
    default = frozenset(row["default"]) if is_set else row["default"]
    return Attribute(row["name"], tuple(row["values"]), default, is_set)


def _error(row: Mapping[str, Any]) -> ErrorRow:
    return ErrorRow(
        row["code"],
        row["http_status"],
        row["message"],
        row["states_fact"],
        tuple(
            Precondition(
                clause=when["clause"],
                attribute=when["attribute"],
                values=frozenset(when.get("forbidden", when.get("allowed"))),
                forbids="forbidden" in when,
                code=row["code"],
                code_is_open=when.get("code_is_open"),
            )
            for when in row["when"]
        ),
    )

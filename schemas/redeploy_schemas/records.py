"""What a run writes: one result, as frozen records and as one JSON document.

The records hold plain values only, so that a result can be read and rendered long after
the run, by a program that knows nothing of the model. Texts that came from a target are
kept as they came, apart from secrets and signatures, which whoever builds an ``Exchange``
leaves out; whoever prints them cleans them. The JSON Schema is ``run/result.json``.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

from redeploy_schemas.reading import read_json

RESULT_FORMAT = "redeploy-conformance/result/1"
"""The name and the version of the result document's layout."""


class InvalidRecordError(ValueError):
    """A document is not a record of this version; the message names the place."""


class Record:
    """The common part: a record becomes a JSON object and is made from one."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object, its keys in the order of the fields."""
        return {name: _plain(getattr(self, name)) for name in _names(type(self))}

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Return the record that a JSON object holds.

        Raises:
            InvalidRecordError: a field is missing, unknown or of another type.
        """
        record: Self = _read(cls, document, cls.__name__)
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Record):
    """One request and its answer, without secrets; ``status`` is None without an answer.

    ``problem`` says in a sentence why there is no answer, or why it cannot be read.
    """

    request_line: str
    request_body: str
    status: int | None
    response_body: str
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep(Record):
    """One numbered step of a counterexample, its ``text`` short: ``redeploy i1``.

    ``allowed`` lists the outcomes that the contract admits in ``worlds_before``.
    """

    n: int
    text: str
    detail: str
    allowed: tuple[str, ...]
    observed: str | None
    worlds_before: tuple[str, ...]
    worlds_after: tuple[str, ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Record):
    """A violation of ``clause``, and of the clauses in ``also``, with its counterexample.

    Those in ``instead`` would explain it as well, where not all is known of the instance.
    ``steps`` are the abstract steps for a replay, ``reproduce`` is one shell command;
    ``reproduced`` of ``attempts`` repetitions showed the violation again.
    """

    clause: str
    also: tuple[str, ...]
    case: str
    summary: str
    expected: str
    observed: str
    trace: tuple[TraceStep, ...]
    steps: tuple[Mapping[str, Any], ...]
    reproduce: str
    reproduced: int
    attempts: int
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Record):
    """A way that an implementation went where the contract is silent, and how often."""

    choice: str
    count: int
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseResult(Record):
    """What the run says of one clause.

    ``verdict`` is a value of ``vocabulary.Verdict`` and ``missing`` one of
    ``vocabulary.Missing``. ``held`` counts how often the clause's premise was true and the
    clause was judged; ``rows`` does so for its named rows. ``declared`` is the choice the
    target bound itself to; ``inconsistent`` says that an implementation went more than one
    way where it should always go the same. ``findings`` are indexes into the result's.
    """

    id: str
    name: str
    statement: str
    strength: str
    source: str
    mild: bool
    verdict: str
    held: int
    rows: Mapping[str, int]
    missing: str | None
    reason: str | None
    remedy: str | None
    choices: tuple[Choice, ...]
    declared: str | None
    inconsistent: bool
    findings: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Record):
    """A case that could not be run, and why; never a violation."""

    case: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(Record):
    """Cases that were left out since they do not apply to the target, and why; they judged nothing."""

    reason: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Record):
    """The implementation under test; ``offers`` are parts of the control protocol.

    ``declares`` holds the statement's clause choices, time bounds and such; never a secret.
    """

    name: str
    version: str | None
    kind: str
    address: str | None
    offers: tuple[str, ...]
    declares: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Record):
    """How often one edge of the state diagram was walked, as far as answers and looks showed it.

    ``origin`` is the status that the redeploy under way began in, empty outside of one. ``what``
    is ``accepted`` or ``rejected`` for an answer; ``seen`` where a look showed ``after`` and the
    one before it ``before``; ``succeeds`` or ``fails`` where the redeploy had ended so by then.
    """

    origin: str
    before: str
    after: str
    what: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPoint(Record):
    """The calls of one second: accepted, rejected for another reason, and throttled ones.

    ``at`` counts seconds from the first call of the burst.
    """

    at: float
    accepted: int
    rejected: int
    throttled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst(Record):
    """The calls of one account that came near the rate limit, in a case, in order of time.

    ``limiters`` are the usual limiters that would have answered so; all of them until the first
    refusal, none where the answers fit no usual one.
    """

    case: str
    points: tuple[BurstPoint, ...]
    limiters: tuple[str, ...]


_NESTED = {
    "suite_name": ("suite", "name"),
    "suite_version": ("suite", "version"),
    "contract_edition": ("contract", "edition"),
    "contract_sha256": ("contract", "sha256"),
    "started": ("run", "started"),
    "seconds": ("run", "seconds"),
    "seed": ("run", "seed"),
    "workers": ("run", "workers"),
    "cases": ("run", "cases"),
    "requests": ("run", "requests"),
    "steps": ("run", "steps"),
    "complete": ("run", "complete"),
    "moves": ("run", "moves"),
    "bursts": ("run", "bursts"),
    "left_out": ("run", "left_out"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Record):
    """A whole run. ``started`` is ISO 8601 in UTC, ``seconds`` the wall clock it took.

    ``complete`` is false where the run was cut short; ``verdict`` is the ``words`` of a
    ``vocabulary.RunVerdict``, ``exit_code`` its number. JSON groups the fields; ``moves``,
    ``bursts`` and ``left_out`` may be missing from it. ``cases`` counts those left out, too.
    """

    format: ClassVar[str] = RESULT_FORMAT

    suite_name: str
    suite_version: str
    contract_edition: str
    contract_sha256: str
    target: Target
    started: str
    seconds: float
    seed: int
    workers: int
    cases: int
    requests: int
    steps: int
    complete: bool
    verdict: str
    exit_code: int
    sentence: str
    clauses: tuple[ClauseResult, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    moves: tuple[Move, ...] = ()
    bursts: tuple[Burst, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the result document."""
        document: dict[str, Any] = {"format": RESULT_FORMAT}
        for name in _names(type(self)):
            value = _plain(getattr(self, name))
            if name in _NESTED:
                group, key = _NESTED[name]
                document.setdefault(group, {})[key] = value
            else:
                document[name] = value
        return document

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Return the result that a document holds.

        Raises:
            InvalidRecordError: the document is of another format, or of a wrong shape.
        """
        if not isinstance(document, Mapping) or document.get("format") != RESULT_FORMAT:
            raise InvalidRecordError(f"the document is not in format {RESULT_FORMAT}")
        flat = {key: value for key, value in document.items() if key != "format"}
        names = {place: name for name, place in _NESTED.items()}
        for group in dict.fromkeys(group for group, _ in names):
            part = flat.pop(group, None)
            if not isinstance(part, Mapping):
                raise InvalidRecordError(f"Result.{group} is not an object")
            for key, value in part.items():
                flat[names.get((group, key), f"{group}.{key}")] = value
        result: Self = _read(cls, flat, "Result")
        return result

    def to_text(self) -> str:
        """Return the result document as JSON text, pure ASCII, one final newline."""
        return json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the result that a JSON text holds.

        Raises:
            InvalidRecordError: the text is no JSON, or not a result of this version.
        """
        try:
            document = read_json(text)
        except ValueError as error:
            raise InvalidRecordError(f"the text is not JSON: {error}") from error
        return cls.from_json(document)


def _names(record: type[Record]) -> tuple[str, ...]:
    assert is_dataclass(record)
    return tuple(item.name for item in fields(record))


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _read(kind: Any, value: Any, where: str) -> Any:
    """Return ``value`` as ``kind``, a type used in the records above."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin is UnionType:
        if value is None and NoneType in arguments:
            return None
        return _read(arguments[0], value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(
            _read(arguments[0], item, f"{where}[{index}]")
            for index, item in enumerate(value)
        )
    if origin is Mapping and isinstance(value, Mapping):
        return {key: _read(arguments[1], item, where) for key, item in value.items()}
    if origin is None and issubclass(kind, Record) and isinstance(value, Mapping):
        return _record(kind, value, where)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return _float(value, where)
    if kind in (str, int, float, bool) and type(value) is kind:
        if kind is int:
            _float(value, where)
        return value
    name = getattr(kind, "__name__", str(kind))
    raise InvalidRecordError(f"{where} is {type(value).__name__}, not {name}")


def _float(value: int, where: str) -> float:
    """Return a whole number as one that can be counted with and shown."""
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidRecordError(f"{where} is too large a number") from error


def _record(kind: Any, value: Mapping[str, Any], where: str) -> Record:
    hints, optional = _shape(kind)
    if wrong := (hints.keys() ^ value.keys()) - (optional - value.keys()):
        raise InvalidRecordError(f"{where} misses, or does not know, {sorted(wrong)}")
    record: Record = kind(
        **{
            name: _read(hints[name], one, f"{where}.{name}")
            for name, one in value.items()
        }
    )
    return record


@cache
def _shape(kind: Any) -> tuple[Mapping[str, Any], frozenset[str]]:
    """Return the types of a record's fields, and the fields that may be missing."""
    hints = get_type_hints(kind)
    optional = {one.name for one in fields(kind) if one.default is not MISSING}
    return {name: hints[name] for name in _names(kind)}, frozenset(optional)

"""Steps that come from a file somebody may have edited: checked before anything is done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.notation import InvalidStepError, from_json
from redeploy_conformance.planning.steps import Step, keys_of
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending

ACCOUNT_ONLY = (step.Take, step.Bring, step.Withdraw)
"""Steps of a staging run: they are about instances that are there already."""


def steps_of(rows: Iterable[Mapping[str, Any]], contract: Contract) -> list[Step]:
    """Return the steps of a finding or of a pinned trace.

    Raises:
        InvalidStepError: one is none, means nothing, or comes before what it needs.
    """
    reader, found = StepReader(contract), []
    for number, row in enumerate(rows, 1):
        try:
            found.append(reader.read(row))
        except InvalidStepError as error:
            raise InvalidStepError(f"step {number}: {error}") from error
    return found


class StepReader:
    """Reads the steps of one session in their order."""

    def __init__(self, contract: Contract) -> None:
        """Begin with no instance made."""
        self.contract = contract
        self.made: set[str] = set()

    def read(self, row: Mapping[str, Any]) -> Step:
        """Return the next step.

        Raises:
            InvalidStepError: it is none, means nothing, or comes before what it needs.
        """
        one = from_json(row)
        wrong = _wrong(one, self.made, self.contract)
        if wrong is not None:
            raise InvalidStepError(f"{one}: {wrong}")
        self.made |= _made(one)
        return one


def _made(one: Step) -> set[str]:
    """Return the keys that stand for an instance after a step; a call binds its key to none."""
    match one:
        case step.Create() | step.Redeploy():
            return set(keys_of(one.key, one.count))
        case step.Launch():
            return {one.key}
        case step.Together():
            return set(one.keys)
    return set()


def _wrong(one: Step, made: set[str], contract: Contract) -> str | None:
    if isinstance(one, ACCOUNT_ONLY):
        return "it is only done on a real account, by 'stage'"
    if getattr(one, "count", 1) > 1 and not _counts(getattr(one, "key", "")):
        return "with a count, the key is a letter and a number"
    if isinstance(one, step.Together) and not one.keys:
        return "it names no instance"
    needed = _needed(one) - made
    if needed:
        return f"{', '.join(sorted(needed))} was not made before"
    if isinstance(one, step.Create | step.Patch):
        return _spec(one.spec, contract)
    if isinstance(one, step.Script) and one.ending not in [way.value for way in Ending]:
        return f"there is no ending {one.ending!r}"
    if isinstance(one, step.Redeploy):
        return _call(one, contract)
    return None


def _counts(key: str) -> bool:
    return key[:1].isalpha() and key[1:].isdigit()


def _needed(one: Step) -> set[str]:
    match one:
        case step.Look():
            return set(one.keys)
        case (
            step.Script()
            | step.Patch()
            | step.Release()
            | step.Raise()
            | step.Simulate()
            | step.Tasks()
        ):
            return {one.key}
    return set()


def _spec(spec: step.SpecItems, contract: Contract) -> str | None:
    for name, value in spec:
        row = contract.attribute_by_name.get(name)
        if row is None:
            return f"an instance has no attribute {name!r}"
        values: Sequence[Any] = value if isinstance(value, tuple) else (value,)
        known = all(one in row.values for one in values)
        if row.is_set != isinstance(value, tuple) or not known:
            return f"{name} cannot be {value!r}"
    return None


def _call(one: step.Redeploy, contract: Contract) -> str | None:
    for word, value, rows in (
        ("policy", one.policy, contract.policy_cases),
        ("malformed call", one.malformed, contract.malformed),
        ("forgery", one.forgery, contract.forgeries),
    ):
        if value is not None and value not in {row.name for row in rows}:
            return f"there is no {word} {value!r}"
    return None

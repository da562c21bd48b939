"""What a fault is, and how one is entered in the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, TypeVar

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.settings import Settings

PartClass = TypeVar("PartClass", bound=type)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be wrong. `clauses` are the ids of the clauses it breaks; `parts` are
    those of a correct emulator but for one class. A `late` one shows only after a long
    history, or where rare circumstances meet."""

    id: str
    sentence: str
    clauses: tuple[str, ...]
    parts: Parts
    late: bool = False

    def build(self, settings: Settings | None = None, **options: Any) -> Emulator:
        """An emulator with this fault. The options are those of Emulator."""
        return Emulator(settings, parts=self.parts, **options)


REGISTERED: dict[str, Fault] = {}


def fault(
    fault_id: str, *clauses: str, sentence: str | None = None, late: bool = False
) -> Callable[[PartClass], PartClass]:
    """Enter a subclass of one part. Its docstring is the sentence, unless given.

    Raises ValueError when the id is taken, or the class is a subclass of no part.
    """

    def enter(part: PartClass) -> PartClass:
        if fault_id in REGISTERED:
            raise ValueError(f"two faults are called {fault_id}")
        said = sentence or " ".join((part.__doc__ or "").split())
        if not said or not clauses:
            raise ValueError(f"the fault {fault_id} lacks its sentence or its clauses")
        parts = _parts_with(part)
        REGISTERED[fault_id] = Fault(fault_id, said, clauses, parts, late)
        return part

    return enter


late = partial(fault, late=True)
"""Enter a late fault."""


def _parts_with(part: type) -> Parts:
    correct = Parts()
    for one in fields(Parts):
        if issubclass(part, getattr(correct, one.name)):
            changed: dict[str, Any] = {one.name: part}
            return replace(correct, **changed)
    raise ValueError(f"{part.__name__} is a subclass of no part of the emulator")

"""The fewest and plainest steps that still break a clause, found with few requests.

Whole abstract steps are dropped and their values made plain, and what is left is done again on
fresh instances. What is likeliest to work is tried first: the steps of the instance concerned.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.steps import Step

R = TypeVar("R")
T = TypeVar("T")
Steps = tuple[Step, ...]


@dataclass(slots=True)
class Search(Generic[R]):
    """A search for fewer steps: ``breaks`` does steps and returns what came if they still break.

    ``may_go_on`` says whether the budget of requests and time allows one more trial.
    """

    breaks: Callable[[Steps], R | None]
    may_go_on: Callable[[], bool]
    best: R | None = None
    tried: set[Steps] = field(default_factory=set)

    def attempt(self, steps: Steps) -> bool:
        """Whether these steps make sense, were not tried before, and still break the clause."""
        if steps in self.tried or not sound(steps) or not self.may_go_on():
            return False
        self.tried.add(steps)
        came = self.breaks(steps)
        if came is not None:
            self.best = came
        return came is not None


def minimise(
    steps: Sequence[Step], key: str, search: Search[R], *, drawn: bool
) -> Steps:
    """Return the fewest steps found that break the clause; ``key`` is the instance concerned.

    The last step, which showed the violation, and the making of that instance are never dropped.
    Values are made plain only where they were ``drawn``: in a planned case each is there for its row.
    """
    kept = tuple(steps)
    search.tried.add(kept)  # they are what broke the clause
    alone = tuple(focused(kept, key)) if key else kept
    if alone != kept and search.attempt(alone):
        kept = alone
    kept = _fewer(kept, key, search)
    return _plainer(kept, search) if drawn else kept


def focused(steps: Sequence[Step], key: str) -> Iterator[Step]:
    """Yield the steps that speak of an instance, or of none."""
    for one in steps:
        if isinstance(one, step.Look | step.Together) and one.keys:
            if key in one.keys:
                yield replace(one, keys=(key,))
        elif getattr(one, "key", key) == key:
            yield one


def _fewer(steps: Steps, key: str, search: Search[R]) -> Steps:
    """Drop runs of steps from the end, long ones first, until no single one can go."""
    size = max(1, (len(steps) - 1) // 2)
    while True:
        place, shrunk = len(steps) - 1, False
        while place > 0:
            start = max(0, place - size)
            fewer = (
                *steps[:start],
                *(one for one in steps[start:place] if _makes(one, key)),
                *steps[place:],
            )
            if search.attempt(fewer):
                steps, shrunk = fewer, True
            place = start
        if size == 1 and not shrunk:
            return steps
        if not shrunk:
            size = max(1, size // 2)


def _makes(one: Step, key: str) -> bool:
    return isinstance(one, step.Create | step.Launch) and one.key == key


def _plainer(steps: Steps, search: Search[R]) -> Steps:
    """Put every value that does not matter at its default."""
    for place in range(len(steps)):
        shrinking = True
        while shrinking:
            shrinking = False
            for plain in plainer(steps[place]):
                simpler = (*steps[:place], plain, *steps[place + 1 :])
                if search.attempt(simpler):
                    steps, shrinking = simpler, True
                    break
    return steps


def plainer(one: Step) -> Iterator[Step]:
    """Yield a step with one thing less that is special about it."""
    if isinstance(one, step.Create):
        for n, (name, value) in enumerate(one.spec):
            before, after = one.spec[:n], one.spec[n + 1 :]
            if name != "storage" or "local_disk" not in dict(one.spec):
                yield replace(one, spec=(*before, *after))  # else there is no such disk
            if isinstance(value, tuple) and len(value) > 1:
                for fewer in _fewer_of(value):
                    yield replace(one, spec=(*before, (name, fewer), *after))
        for events in _fewer_of(one.events):
            yield replace(one, events=events)
        if one.ending:
            yield replace(one, ending="")
    if isinstance(one, step.Redeploy):
        if one.force is not None:
            yield replace(one, force=None)
        for row in ("policy", "malformed", "forgery", "wire", "statements"):
            if getattr(one, row) is not None:
                plain: dict[str, Any] = {row: None}
                yield replace(one, **plain)
        for statements in _fewer_of(one.statements or ()):
            yield replace(one, statements=statements)


def _fewer_of(several: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield a row without one half, the other, a quarter, and so on down to single ones."""
    size = len(several)
    while size > 1:
        size = (size + 1) // 2
        for start in range(0, len(several), size):
            yield (*several[:start], *several[start + size :])
    if len(several) == 1:
        yield ()


def sound(steps: Sequence[Step]) -> bool:
    """Whether every step but a call finds the instance that it names."""
    made: set[str] = set()
    for one in steps:
        if isinstance(one, step.Create | step.Launch):
            made.add(one.key)
        elif isinstance(
            one,
            step.Script
            | step.Patch
            | step.Release
            | step.Raise
            | step.Simulate
            | step.Tasks,
        ):
            if one.key not in made:
                return False
        elif isinstance(one, step.Look | step.Together) and not set(one.keys) <= made:
            return False
    return bool(steps)

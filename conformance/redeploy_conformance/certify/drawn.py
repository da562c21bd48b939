"""Values drawn by Hypothesis, so that a case has the same ones whenever it is planned again."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

Value = TypeVar("Value")


def drawn(strategy: SearchStrategy[Value], count: int, number: int) -> Sequence[Value]:
    """Return so many different values, or fewer where there are no more; ``number`` is the seed."""
    if not count:
        return []
    found: list[Value] = []

    @seed(number)
    @settings(
        max_examples=4 * count,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Value) -> None:
        if value not in found:
            found.append(value)

    collect()
    return found[-count:]

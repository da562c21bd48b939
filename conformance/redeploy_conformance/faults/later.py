"""What a fault does when a redeploy is over."""

from collections.abc import Callable
from functools import partial

from redeploy_conformance.emulator.state import (
    Instance,
)


def when_over(instance: Instance, action: Callable[[], None], number: int = 0) -> None:
    """Let `action` follow the end of the redeploy of the instance that has just begun."""
    flight = instance.flight
    if flight is not None and number < len(flight.phases):
        seconds = flight.phases[number][1]
        follow = partial(when_over, instance, action, number + 1)
        instance.clock.later(seconds, follow)
    else:
        action()

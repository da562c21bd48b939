"""The walks of a run: how many there are, and their names."""

OF_A_RUN = 4
"""Calls of one run of the suite that walk, each numbered."""


def walk_name(number: int) -> str:
    """Return the name under which what a call of walks came to is told."""
    return f"walk {number}"


WALKED = tuple(walk_name(number) for number in range(OF_A_RUN))
"""The names of a run's walks."""

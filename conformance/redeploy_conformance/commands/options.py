"""What options must look like, beyond what click checks by itself."""

import math

import click

MOST_WORKERS = 64


def workers(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> str | None:
    """Return the number of processes, in the words of pytest-xdist.

    Raises:
        click.BadParameter: it is neither a sensible number nor ``auto``.
    """
    number = value is not None and value.isdecimal() and 0 < int(value) <= MOST_WORKERS
    if value in (None, "auto") or number:
        return value
    raise click.BadParameter(f"{value!r} is neither 1 to {MOST_WORKERS} nor 'auto'")


def finite(
    ctx: click.Context, param: click.Parameter, value: float | None
) -> float | None:
    """Return a number with which times can be compared, or None: click lets nan pass any range.

    Raises:
        click.BadParameter: it is nan or infinite.
    """
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no number of seconds or minutes")
    return value

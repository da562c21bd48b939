"""What a staging command says while it works: on stderr, and nobody has to listen."""

from contextlib import suppress

import click

from redeploy_reports.clean import clean

WHOLE = 20_000
"""Characters after which a line of a plan is cut; what it says must not be lost."""


def say(text: str) -> None:
    """Say one line."""
    # Where nobody reads any more the run still has to be ended in order, and put back.
    with suppress(OSError):
        click.echo(clean(text, limit=WHOLE), err=True)

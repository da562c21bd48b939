"""How a command ends early: one sentence on stderr, and the exit code of the verdict."""

import sys
from typing import NoReturn

import click

from redeploy_schemas.vocabulary import RunVerdict


def leave(verdict: RunVerdict, text: str) -> NoReturn:
    """Say one sentence on stderr and end with the verdict's exit code."""
    click.echo(f"redeploy-conformance: {text}", err=True)
    sys.exit(int(verdict))

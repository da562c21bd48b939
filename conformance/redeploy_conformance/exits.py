"""How a command ends early: one sentence on stderr, and the exit code of the verdict."""

import os
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from redeploy_conformance.files import unwritable
from redeploy_reports.clean import clean
from redeploy_schemas.vocabulary import RunVerdict


def told(text: str) -> str:
    """Return a sentence of the command's as it stands on stderr."""
    return f"redeploy-conformance: {text}"


def warn(text: str) -> None:
    """Say one sentence on stderr, and go on."""
    click.echo(told(text), err=True)


def leave(verdict: RunVerdict, text: str) -> NoReturn:
    """Say one sentence on stderr and end with the verdict's exit code."""
    warn(text)
    sys.exit(int(verdict))


def failure(error: BaseException) -> str:
    """Return the sentence for a bug of the suite: what was raised, and where.

    Where the standard library raised it, the line that is told is the one that called it.
    """
    from redeploy_conformance.redact import redacted

    frame, line = [
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _package(frame) not in sys.stdlib_module_names
    ][-1]
    return (
        f"the suite itself failed with {type(error).__name__}: "
        f"{clean(redacted(str(error)))} ({Path(frame.f_code.co_filename).name}, line {line})"
    )


def _package(frame: FrameType) -> str:
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0]


class InOrder(click.Group):
    """Commands that end in order also when they are stopped, or meet a bug of the suite.

    Both would otherwise end with 1, which says that an implementation does not conform.
    """

    def main(self, *args: Any, **more: Any) -> Any:
        """Read the words of the command line, and carry the command out.

        What they ask for themselves, such as help, is written before any command begins.
        """
        try:
            return super().main(*args, **more)
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            why = error.strerror or error
            leave(RunVerdict.SUITE_FAILED, f"what was asked for cannot be told: {why}")

    def invoke(self, ctx: click.Context) -> Any:
        """Carry the command out."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise  # click has the right words and codes for these
        except BrokenPipeError:  # as in `| head -1`: nobody reads on
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(int(RunVerdict.INCOMPLETE))
        except (KeyboardInterrupt, click.Abort):
            leave(RunVerdict.INCOMPLETE, "stopped before the end")
        except Exception as error:
            leave(RunVerdict.SUITE_FAILED, failure(error))


def check_output(path: str, *, whole: bool) -> None:
    """Say that a file cannot be written, before anything runs."""
    why = unwritable(path, whole=whole)
    if why is not None:
        leave(RunVerdict.WRONG_USAGE, why)

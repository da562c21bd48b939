"""How a run that was begun comes to its end: with a verdict, in order, or at once with what is left."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from redeploy_conformance.alive import Alive
from redeploy_conformance.exits import leave
from redeploy_conformance.files import write_whole
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.credentials import NoCredentialsError
from redeploy_conformance.staging.driver import OutOfReachError
from redeploy_conformance.staging.finding import NothingInsideError
from redeploy_conformance.staging.holding import HeldError, Holding
from redeploy_conformance.staging.journal import JournalError
from redeploy_conformance.staging.leaving import left_behind
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.saying import say
from redeploy_conformance.staging.tracing import (
    StagingWriter,
    TraceError,
    cut_written,
)
from redeploy_reports.clean import clean
from redeploy_reports.phrases import count
from redeploy_schemas.vocabulary import RunVerdict

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a run to end: Ctrl-C, whoever stops processes in order, a terminal that is closed."""


def carry_out(
    run: Staging,
    alive: Alive,
    held: Holding,
    path: Path,
    writer: StagingWriter | None,
) -> None:
    """Carry a run out, put back, write its result to ``path``, and end with the verdict's exit code."""
    alive.how_far, run.hold = run.how_far, held.take
    with cut_written(run.past, writer), left_told(run), interrupts(run):
        run.carry_out(run.plan())
        complete = not run.stopping
        left = run.restore()
        made = run.result(left, complete=complete)
        if writer is not None:
            verdict = RunVerdict(made.exit_code)
            writer.end(verdict, made.seconds, complete=complete)
    unwritten: OSError | None = None
    try:
        write_whole(path, made.to_text())
    except OSError as error:
        unwritten = error
    from redeploy_reports.text import render

    click.echo(render(made, width=100, color=False))
    if unwritten is not None:
        leave(
            RunVerdict(made.exit_code or RunVerdict.INCOMPLETE),
            f"the result {path} cannot be written ({unwritten.strerror or unwritten}); elsewhere "
            f"with: redeploy-conformance resume {run.journal.path} --result FILE",
        )
    click.echo(f"\nthe whole result: {clean(str(path))}")
    if run.api.repeated + run.reader.repeated:
        looks = count(run.api.repeated + run.reader.repeated, "look")
        say(f"{looks} had to be repeated: the service was busy or answered an error")
    sys.exit(made.exit_code)


@contextmanager
def interrupts(run: Staging) -> Iterator[None]:
    """Let the first Ctrl-C end the run in order, and the second one end it now; SIGTERM likewise."""

    def handle(number: int, frame: FrameType | None) -> None:
        if run.stopping and number == signal.SIGHUP:
            return  # a closed terminal and its shell both say so
        if run.stopping:
            run.fence.shut = True
            raise KeyboardInterrupt
        run.stop()
        say(
            "ending in order: what is under way is seen to its end and put back; "
            "Ctrl-C again ends at once"
        )

    with _handling(handle):
        yield


@contextmanager
def ended_at_once(run: Staging) -> Iterator[None]:
    """Let SIGTERM and a closed terminal end a run at once, as Ctrl-C does, so that it says what is left."""

    def handle(number: int, frame: FrameType | None) -> None:
        if not run.fence.shut:  # one is enough: what is left is being told
            run.fence.shut = True
            raise KeyboardInterrupt

    with _handling(handle):
        yield


@contextmanager
def _handling(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let what asks a process to end be handled, but for a closed terminal that nobody minds."""
    deaf = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup
    ending = [one for one in ENDING if one is not signal.SIGHUP or not deaf]
    before = {one: signal.signal(one, handle) for one in ending}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def left_told(run: Staging) -> Iterator[None]:
    """Say what a run leaves behind when it cannot be ended in order."""
    try:
        yield
    except KeyboardInterrupt:
        _leave_behind(run, RunVerdict.INCOMPLETE, "ended at once")
    except (HeldError, NothingInsideError) as error:
        _leave_behind(run, RunVerdict.WRONG_USAGE, str(error))
    except (OutOfReachError, SetUpError, NoCredentialsError) as error:
        _leave_behind(run, RunVerdict.UNREACHABLE, str(error))
    except (JournalError, TraceError) as error:
        _leave_behind(run, RunVerdict.INCOMPLETE, str(error))
    except Exception:
        _say_left(run)
        say(f"put back with: redeploy-conformance restore {run.journal.path}")
        raise  # the sentence and the exit code of a bug are the command's


def _leave_behind(run: Staging, verdict: RunVerdict, why: str) -> None:
    _say_left(run)
    path = run.journal.path
    leave(
        verdict,
        f"{clean(why)}; put back with: redeploy-conformance restore {path}, "
        f"or go on with: redeploy-conformance resume {path}",
    )


def _say_left(run: Staging) -> None:
    for line in left_behind(run.past, run.fence.seen).lines():
        say(line)

"""What the staging commands do; each error is one sentence and an exit code."""

import math
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from redeploy_conformance.alive import Alive, watching
from redeploy_conformance.api import SetUpError
from redeploy_conformance.exits import leave
from redeploy_conformance.files import write_whole
from redeploy_conformance.run_checks import check_output
from redeploy_conformance.staging.access import Wallet
from redeploy_conformance.staging.beginning import begin, go_on, reader_of
from redeploy_conformance.staging.clock import RealClock
from redeploy_conformance.staging.credentials import NoCredentialsError, default_chain
from redeploy_conformance.staging.decide import listed
from redeploy_conformance.staging.doctoring import Sign, examine
from redeploy_conformance.staging.driver import OutOfReachError
from redeploy_conformance.staging.finding import Found, NothingInsideError, inside
from redeploy_conformance.staging.journal import JournalError, read_lines
from redeploy_conformance.staging.leaving import left_behind
from redeploy_conformance.staging.meant import no_limits, settings_of, statement_of
from redeploy_conformance.staging.outputs import RESULT, Outputs, remembered, traces
from redeploy_conformance.staging.planning import Plan, make_plan
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.telling import plan_lines
from redeploy_conformance.staging.tracing import (
    StagingWriter,
    TraceError,
    cut_written,
    opened,
)
from redeploy_conformance.targets.base import (
    TargetUsageError,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.targets.statement import Statement, StatementError
from redeploy_conformance.targets.watched import Watched
from redeploy_reports.clean import clean
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.vocabulary import RunVerdict

ENDS = {Sign.FAIL: RunVerdict.INCOMPLETE, Sign.SILENT: RunVerdict.UNREACHABLE}
"""How an examination ends where a point stands badly."""
WHOLE = 20_000
"""Characters after which a line of a plan is cut; what it says must not be lost."""
ENDING = (signal.SIGINT, signal.SIGTERM)
"""What asks a run to end: Ctrl-C, and whoever stops processes in order."""
MISUSES = (
    JournalError,
    NoCredentialsError,
    NothingInsideError,
    StatementError,
    TargetUsageError,
    TraceError,
)


def show_plan(options: Mapping[str, Any]) -> None:
    """Print a plan."""
    with _sentences():
        contract = load()
        settings = settings_of(contract, options)
        _, found, plan = _planned(contract, settings, default_chain(), _alive())
        for line in plan_lines(plan, found):
            click.echo(clean(line, limit=WHOLE))


def stage(
    options: Mapping[str, Any], journal: str, result: str, trace: str | None
) -> None:
    """Run, put back, and end with the verdict's exit code."""
    alive = _alive()
    with _sentences():
        contract = load()
        settings = settings_of(contract, options)
        _check_outputs(result, journal, *filter(None, [trace]))
        wallet = default_chain()
        transport, found, plan = _planned(contract, settings, wallet, alive)
        _tell_reach(plan)
        for key, why in plan.unfit:
            _say(f"left alone: {key}: {why}")
        _say(plan_lines(plan, found)[0])
        path = Path(journal)
        with opened(trace) as writer:
            run = begin(
                contract,
                settings,
                transport,
                wallet,
                path,
                alive.tell,
                writer=writer,
                outputs=Outputs.of(result, trace),
            )
    _carry_out(run, alive, Path(result), writer)


def resume(journal: str, result: str | None, trace: str | None) -> None:
    """Go on with a run, put back, and end with the verdict's exit code.

    What is written goes where the run was told to before, unless it is told otherwise.
    """
    alive = _alive()
    with _sentences():
        _check_journal(journal)
        path = Path(journal)
        before = remembered(read_lines(path))
        outputs = Outputs.of(
            result or (before.result if before else RESULT),
            trace or (before.trace if before else None),
        )
        earlier, place = list[str](), trace
        if trace is None and outputs.trace is not None:
            earlier, place = traces(outputs.trace)
        _check_outputs(result or outputs.result, *filter(None, [place]))
        wallet = default_chain()
        with opened(place) as writer:
            run = go_on(
                load(),
                lambda settings: _connect(settings.statement, alive),
                wallet,
                path,
                alive.tell,
                writer=writer,
                outputs=outputs,
            )
    if place is not None and trace is None:
        _say(f"the trace goes on: check-trace takes {' '.join([*earlier, place])}")
    _carry_out(run, alive, Path(outputs.result), writer)


def restore(journal: str) -> None:
    """Put back what a run changed."""
    alive = _alive()
    with _sentences():
        _check_journal(journal)
        run = go_on(
            load(),
            lambda settings: _connect(settings.statement, alive),
            default_chain(),
            Path(journal),
            alive.tell,
            judging=False,
        )
    alive.how_far = run.how_far
    with _left_told(run):
        run.restore()
    told = run.leftovers.lines()
    if told:
        leave(RunVerdict.INCOMPLETE, clean("; ".join(told), limit=WHOLE))
    click.echo("everything is as it was")


def doctor(options: Mapping[str, Any]) -> None:
    """Examine an account, and end with 0 where nothing is wrong."""
    with _sentences():
        statement = statement_of(load(), options)
        wallet = default_chain()
        transport = _connect(statement, _alive())
    settings = no_limits(statement)
    verdict = RunVerdict.CONFORMING
    for sign, text in examine(
        reader_of(settings, transport, RealClock(), _say), transport, wallet
    ):
        verdict = max(verdict, ENDS.get(sign, verdict))
        word = "FAIL" if sign in ENDS else sign.value
        click.echo(f"{word:4}  {clean(text, limit=WHOLE)}")
    sys.exit(int(verdict))


def serve_account(folder: str, port: int, options: Mapping[str, Any]) -> None:
    """Serve a double until Ctrl-C, then say what it looks like."""
    from redeploy_conformance.emulator.serve import ServeError
    from redeploy_conformance.staging import serving
    from redeploy_conformance.staging.double import Weather

    given = dict(options)
    weather = {name: given.pop(name) for name in Weather.__slots__}
    accepting = not given.pop("refusing")
    setting = serving.Setting(accepting=accepting, weather=Weather(**weather), **given)
    double = serving.made(setting)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as with Ctrl-C, below
    try:
        serving.serve_double(double, setting, Path(folder), port, click.echo)
    except serving.FolderError as error:
        leave(RunVerdict.WRONG_USAGE, clean(str(error)))
    except ServeError as error:
        leave(RunVerdict.UNREACHABLE, str(error))
    except KeyboardInterrupt:  # how a server is meant to be ended
        click.echo("the account looks like this:")
        for line in serving.state(double):
            click.echo(f"  {line}")
        sys.exit(0)


# ---------------------------------------------------------------------- one run


def _carry_out(
    run: Staging, alive: Alive, path: Path, writer: StagingWriter | None
) -> None:
    alive.how_far = run.how_far
    with cut_written(run.past, writer), _left_told(run), _interrupts(run):
        run.carry_out(run.plan())
        complete = not run.stopping
        left = run.restore()
        made = run.result(left, complete=complete)
        if writer is not None:
            verdict = RunVerdict(made.exit_code)
            writer.end(verdict, made.seconds, complete=complete)
    write_whole(path, made.to_text())
    from redeploy_reports.text import render

    click.echo(render(made, width=100, color=False))
    if run.api.repeated + run.reader.repeated:
        count = run.api.repeated + run.reader.repeated
        _say(f"{count} looks were repeated: the service was busy or answered an error")
    sys.exit(made.exit_code)


@contextmanager
def _interrupts(run: Staging) -> Iterator[None]:
    """Let the first Ctrl-C end the run in order, and the second one end it now; SIGTERM likewise."""

    def handle(number: int, frame: FrameType | None) -> None:
        if run.stopping:
            raise KeyboardInterrupt
        run.stop()
        _say(
            "ending in order: what is under way is seen to its end and put back; "
            "Ctrl-C again ends at once"
        )

    before = {one: signal.signal(one, handle) for one in ENDING}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _left_told(run: Staging) -> Iterator[None]:
    """Say what a run leaves behind when it cannot be ended in order."""
    try:
        yield
    except KeyboardInterrupt:
        _leave_behind(run, RunVerdict.INCOMPLETE, "ended at once")
    except NothingInsideError as error:
        _leave_behind(run, RunVerdict.WRONG_USAGE, str(error))
    except (OutOfReachError, SetUpError, NoCredentialsError) as error:
        _leave_behind(run, RunVerdict.UNREACHABLE, str(error))
    except (JournalError, TraceError) as error:
        _leave_behind(run, RunVerdict.INCOMPLETE, str(error))
    except Exception:
        _say_left(run)
        _say(f"put back with: redeploy-conformance restore {run.journal.path}")
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
        _say(line)


# ---------------------------------------------------------------------- beginning


def _planned(
    contract: Contract, settings: Settings, wallet: Wallet, alive: Alive
) -> tuple[Watched, dict[str, Found], Plan]:
    transport, clock = _connect(settings.statement, alive), RealClock()
    reader = reader_of(settings, transport, clock, _say)
    found = inside(reader, wallet, settings, contract, "")
    return transport, found, make_plan(contract, settings, found, clock.wall())


def _alive() -> Alive:
    """Give signs of life until the command is over."""
    alive = Alive(_say, often=sys.stderr.isatty())
    return click.get_current_context().with_resource(watching(alive))


def _connect(statement: Statement, alive: Alive) -> Watched:
    """Return a watched way to an account; a service that is ill for long is still waited for."""
    assert statement.url is not None
    far = HttpTransport(statement.url, statement.ca_file)
    alive.transport = Watched(far, "", tries=math.inf)
    return alive.transport


def _check_outputs(result: str, *others: str) -> None:
    """Say what cannot be written before anything is done; the result is written last."""
    check_output(result, whole=True)
    for path in others:
        check_output(path, whole=False)


def _check_journal(path: str) -> None:
    if not Path(path).is_file():
        raise JournalError(f"{path}: there is no such journal")


@contextmanager
def _sentences() -> Iterator[None]:
    """End with a sentence where a run cannot even begin."""
    try:
        yield
    except MISUSES as error:
        leave(RunVerdict.WRONG_USAGE, clean(str(error), limit=WHOLE))
    except (UnreachableError, UnansweredError, SetUpError) as error:
        leave(
            RunVerdict.UNREACHABLE,
            f"the account cannot be looked at: {clean(str(error))}",
        )


def _tell_reach(plan: Plan) -> None:
    """Say before the run which clauses it can decide, and why no others."""
    click.echo("Of the clauses, a real account lets these be", err=True)
    for line in listed(plan.reach):
        click.echo(f"  {line}", err=True)


def _say(text: str) -> None:
    # Where nobody reads any more the run still has to be ended in order, and put back.
    with suppress(OSError):
        click.echo(clean(text, limit=WHOLE), err=True)

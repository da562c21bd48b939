"""What the staging commands do; each error is one sentence and an exit code."""

import math
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from redeploy_conformance.alive import Alive, watching
from redeploy_conformance.exits import check_output, leave
from redeploy_conformance.files import written_twice
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.access import Wallet
from redeploy_conformance.staging.beginning import begin, go_on, reader_of
from redeploy_conformance.staging.clock import RealClock
from redeploy_conformance.staging.credentials import NoCredentialsError, default_chain
from redeploy_conformance.staging.decide import listed
from redeploy_conformance.staging.doctoring import Sign, examine
from redeploy_conformance.staging.ending import carry_out, ended_at_once, left_told
from redeploy_conformance.staging.finding import Found, NothingInsideError, inside
from redeploy_conformance.staging.holding import HeldError, Holding, holders
from redeploy_conformance.staging.journal import JournalError, read_lines
from redeploy_conformance.staging.meant import no_limits, settings_of, statement_of
from redeploy_conformance.staging.outputs import RESULT, Outputs, remembered, traces
from redeploy_conformance.staging.plan_lines import plan_lines
from redeploy_conformance.staging.planning import Plan, make_plan
from redeploy_conformance.staging.saying import WHOLE, say
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.tracing import (
    TraceError,
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
MISUSES = (
    HeldError,
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

        def note(instances: Collection[str]) -> None:
            for one in holders(settings.statement):
                if one.instance in instances:
                    say(f"note: {one}")

        _, found, plan = _planned(contract, settings, default_chain(), _alive(), note)
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
        path = Path(journal)
        held = _held(Holding(settings.statement, path))
        transport, found, plan = _planned(contract, settings, wallet, alive, held.take)
        _tell_reach(plan)
        for key, why in plan.unfit:
            say(f"left alone: {key}: {why}")
        say(plan_lines(plan, found)[0])
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
    carry_out(run, alive, held, Path(result), writer)


def resume(journal: str, result: str | None, trace: str | None) -> None:
    """Go on with a run, put back, and end with the verdict's exit code.

    What is written goes where the run was told to before, unless it is told otherwise.
    """
    alive, path = _alive(), Path(journal)
    with _sentences():
        lines = _earlier(path)
        before = remembered(lines)
        outputs = Outputs.of(
            result or (before.result if before else RESULT),
            trace or (before.trace if before else None),
        )
        earlier, place = list[str](), trace
        if trace is None and outputs.trace is not None:
            earlier, place = traces(outputs.trace)
        _check_outputs(result or outputs.result, journal, *filter(None, [place]))
        wallet, held = default_chain(), _held(Holding.of_earlier(lines, path))
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
        say(f"the trace goes on: check-trace takes {' '.join([*earlier, place])}")
    carry_out(run, alive, held, Path(outputs.result), writer)


def restore(journal: str) -> None:
    """Put back what a run changed."""
    alive, path = _alive(), Path(journal)
    with _sentences():
        _held(Holding.of_earlier(_earlier(path), path))
        run = go_on(
            load(),
            lambda settings: _connect(settings.statement, alive),
            default_chain(),
            path,
            alive.tell,
            judging=False,
        )
    alive.how_far = run.how_far
    with ended_at_once(run), left_told(run):
        run.restore()
    told = run.leftovers.lines()
    if told:
        leave(RunVerdict.INCOMPLETE, clean("; ".join(told), limit=WHOLE))
    what = "what the run changed" if run.leftovers.alone else "everything"
    click.echo(f"{what} is as it was")


def doctor(options: Mapping[str, Any]) -> None:
    """Examine an account, and end with 0 where nothing is wrong."""
    with _sentences():
        statement = statement_of(load(), options)
        wallet = default_chain()
        transport = _connect(statement, _alive())
    settings = no_limits(statement)
    verdict = RunVerdict.CONFORMING
    for sign, text in examine(
        reader_of(settings, transport, RealClock(), say), transport, wallet
    ):
        verdict = max(verdict, ENDS.get(sign, verdict))
        word = "FAIL" if sign in ENDS else sign.value
        click.echo(f"{word:4}  {clean(text, limit=WHOLE)}")
    with _sentences():
        for one in holders(statement):
            click.echo(f"note  {clean(str(one), limit=WHOLE)}")
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


def _planned(
    contract: Contract,
    settings: Settings,
    wallet: Wallet,
    alive: Alive,
    hold: Callable[[Collection[str]], None],
) -> tuple[Watched, dict[str, Found], Plan]:
    """Look, let what is inside be held, and return the way there, what was found, and the plan."""
    transport, clock = _connect(settings.statement, alive), RealClock()
    reader = reader_of(settings, transport, clock, say)
    found = inside(reader, wallet, settings, contract, "")
    hold(found)
    return transport, found, make_plan(contract, settings, found, clock.wall())


def _alive() -> Alive:
    """Give signs of life until the command is over."""
    alive = Alive(say, often=sys.stderr.isatty())
    return click.get_current_context().with_resource(watching(alive))


def _held(holding: Holding) -> Holding:
    """Hold what a run uses until the command is over."""
    return click.get_current_context().with_resource(closing(holding))


def _connect(statement: Statement, alive: Alive) -> Watched:
    """Return a watched way to an account; a service that is ill for long is still waited for."""
    assert statement.url is not None
    far = HttpTransport(statement.url, statement.ca_file)
    alive.transport = Watched(far, "", tries=math.inf)
    return alive.transport


def _check_outputs(result: str, *others: str) -> None:
    """Say what cannot be written before anything is done; the result is written last.

    A journal is among the outputs: what goes to its file, too, would destroy it.
    """
    if twice := written_twice([result, *others]):
        leave(RunVerdict.WRONG_USAGE, twice)
    check_output(result, whole=True)
    for path in others:
        check_output(path, whole=False)


def _earlier(path: Path) -> list[dict[str, Any]]:
    """Return the lines of the journal of a run that is to be gone on with.

    Raises:
        JournalError: there is none, or it cannot be read.
    """
    if not path.is_file():
        raise JournalError(f"{path}: there is no such journal")
    return read_lines(path)


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

"""The commands about evidence: ``check-trace``, ``certificate``, ``baseline``."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from redeploy_conformance.commands.options import finite
from redeploy_conformance.evidence.settled import FRESH
from redeploy_conformance.exits import leave
from redeploy_conformance.files import (
    endless,
    seems,
    unwritable,
    write_whole,
    written_over,
)
from redeploy_schemas.vocabulary import RunVerdict

if TYPE_CHECKING:
    from datetime import datetime

    from redeploy_schemas.records import Result

FILES = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(dir_okay=False)
)
TRACES = click.argument(
    "traces",
    nargs=-1,
    required=True,
    metavar="TRACE...",
    type=click.Path(dir_okay=False),
)


@click.command("check-trace")
@FILES
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "trace", "har", "actiontrail"]),
    default="auto",
    show_default=True,
    help="What the files are; auto looks at how they begin.",
)
@click.option(
    "--fresh",
    type=click.FloatRange(min=0),
    callback=finite,
    default=FRESH,
    show_default=True,
    metavar="SECONDS",
    help="How long a log's look at an instance says something of a later call.",
)
@click.option(
    "--redeploy-seconds",
    type=click.FloatRange(min=0),
    callback=finite,
    metavar="SECONDS",
    help="By when a redeploy in a log has ended (L7); without it none takes too long.",
)
@click.option(
    "--result", type=click.Path(dir_okay=False), help="Also write the result, as JSON."
)
def check_trace(
    files: Sequence[str],
    form: str,
    fresh: float,
    redeploy_seconds: float | None,
    result: str | None,
) -> None:
    """Draw the verdict from traces or logs alone, without a network.

    FILE is a trace that 'run --trace' or 'stage --trace' wrote (of a staging run that was resumed:
    those of all its processes, in their order), a HAR file of a browser or proxy, or a list of
    ActionTrail events (a JSON array, or one event per line), each of them plain or packed by gzip.
    What a log cannot show is not exercised, so a log without a violation ends as incomplete.

    Exit codes: 0 conforming, 1 not conforming, 2 wrong usage, 3 incomplete.
    """
    from redeploy_reports.text import render

    if result is not None and (
        why := written_over(result, files) or unwritable(result, whole=True)
    ):
        leave(RunVerdict.WRONG_USAGE, why)
    drawn = _drawn([Path(one) for one in files], form, fresh, redeploy_seconds)
    if result is not None:
        try:
            write_whole(Path(result), drawn.to_text())
        except OSError as error:
            leave(RunVerdict.WRONG_USAGE, f"{result}: {error.strerror or error}")
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    click.echo(render(drawn, width=width).rstrip("\n"))
    sys.exit(drawn.exit_code)


def _drawn(
    paths: Sequence[Path], form: str, fresh: float, redeploy_seconds: float | None
) -> "Result":
    from redeploy_conformance.evidence.check import ForeignTraceError, check
    from redeploy_conformance.evidence.logs import LogError, watch
    from redeploy_conformance.evidence.twice import distinct, read_twice
    from redeploy_conformance.staging.again import check_staging, is_staging
    from redeploy_schemas.contract import load

    _regular(paths)
    for path in paths:
        if other := seems(path, "trace"):
            leave(RunVerdict.WRONG_USAGE, f"{path} is no trace and no log: {other}")
    try:
        kind = _kind(paths) if form == "auto" else form
        if kind != "trace":
            return watch(distinct(paths), kind, load(), fresh, redeploy_seconds)
        if again := read_twice(paths):
            leave(RunVerdict.WRONG_USAGE, again)
        if is_staging(paths[0]):
            return check_staging(paths, load())
        return check(paths, load()).result()
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{error.filename}: {error.strerror or error}")
    except (ForeignTraceError, LogError) as error:
        leave(RunVerdict.WRONG_USAGE, _plain(error))


def _regular(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists() and not path.is_file():
            why = "it would have to be read more than once: save it as a file"
            leave(RunVerdict.WRONG_USAGE, f"{path} is no regular file: {why}")


def _kind(paths: Sequence[Path]) -> str:
    """Return of which kind files are; leave where they are of several, or of none that is known.

    A file of no kind among traces is one that is damaged from its beginning on.
    """
    from redeploy_conformance.evidence.logs import LogError, kind_of, strange

    kinds: set[str] = set()
    unknown = None
    for path in paths:
        try:
            kind = kind_of(path)
            unknown = unknown or (strange(path) if kind is None else None)
        except LogError as error:
            leave(RunVerdict.WRONG_USAGE, f"{path}: {_plain(error)}")
        if kind is not None:
            kinds.add(kind)
    if unknown and kinds != {"trace"}:
        leave(RunVerdict.WRONG_USAGE, unknown)
    if len(kinds) > 1:
        leave(
            RunVerdict.WRONG_USAGE,
            f"files of different kinds ({', '.join(sorted(kinds))}) are checked apart",
        )
    return kinds.pop()


@click.group()
def certificate() -> None:
    """Make and verify certificates."""


@certificate.command("make")
@click.argument("result", type=click.Path(dir_okay=False))
@TRACES
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    required=True,
    help="Where the certificate goes.",
)
def make_certificate(result: str, traces: Sequence[str], output: str) -> None:
    """Certify a RESULT by its traces: only a complete run without violation.

    Exit codes: 0 made, 1 the run or its traces are not conforming, 2 wrong usage, 3 incomplete.
    """
    from redeploy_conformance.evidence import certificate as certificates
    from redeploy_conformance.results.reading import read_result
    from redeploy_reports.phrases import count
    from redeploy_schemas.contract import load
    from redeploy_schemas.records import InvalidRecordError

    why = written_over(output, (result, *traces)) or unwritable(output, whole=True)
    if why is not None:
        leave(RunVerdict.WRONG_USAGE, why)
    _regular([Path(one) for one in traces])
    try:
        read = read_result(Path(result))
        made = certificates.make(read, [Path(one) for one in traces], load())
        write_whole(Path(output), certificates.to_text(made))
    except OSError as error:
        place = error.filename or output
        leave(RunVerdict.WRONG_USAGE, f"{place}: {error.strerror or error}")
    except InvalidRecordError as error:
        told = seems(result, "result") or error
        leave(RunVerdict.WRONG_USAGE, f"{result} is no result file: {told}")
    except certificates.CertificateError as error:
        leave(error.verdict, f"no certificate: {_plain(error)}")
    click.echo(f"{output}: {count(len(made['required']), 'required clause')} certified")


@certificate.command("verify")
@click.argument("certificate", type=click.Path(dir_okay=False))
@TRACES
def verify_certificate(certificate: str, traces: Sequence[str]) -> None:
    """Draw the verdict again from the traces of a CERTIFICATE, and say whether it holds.

    Exit codes: 0 it holds, 1 it does not, 2 wrong usage, 3 it cannot be told.
    """
    from redeploy_conformance.evidence import certificate as certificates
    from redeploy_reports.phrases import count
    from redeploy_schemas.contract import load
    from redeploy_schemas.reading import read_json

    if why := endless(certificate):
        leave(RunVerdict.WRONG_USAGE, f"{certificate} is no certificate: {why}")
    _regular([Path(one) for one in traces])
    try:
        document = read_json(Path(certificate).read_text("utf-8"))
        held = certificates.verify(document, [Path(one) for one in traces], load())
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{error.filename}: {error.strerror or error}")
    except ValueError as error:
        if other := seems(certificate, "certificate"):
            leave(RunVerdict.WRONG_USAGE, f"{certificate} is no certificate: {other}")
        if isinstance(error, certificates.CertificateError):
            leave(error.verdict, f"{certificate} does not hold: {_plain(error)}")
        leave(RunVerdict.WRONG_USAGE, f"{certificate} is no certificate: {error}")
    name = held["target"]["name"]
    click.echo(
        f"{certificate} holds: {_plain(name)} conforms in all "
        f"{count(len(held['required']), 'required clause')} of "
        f"{_plain(held['contract']['edition'])}"
    )


def _plain(text: object) -> str:
    """Return a text that a terminal shows and does not act on."""
    from redeploy_reports.clean import clean

    return clean(str(text))


@click.group()
def baseline() -> None:
    """Keep the file of known deviations ('run --baseline')."""


@baseline.command("check")
@click.argument("file", type=click.Path(dir_okay=False))
@click.argument("target", default="embedded")
def check_baseline(file: str, target: str) -> None:
    """Do the pinned traces of FILE on TARGET, and say how each entry stands.

    Exit codes: 0 every entry is known, 1 one is stale, expired, changed or ambiguous, 2 wrong
    usage, 4 unreachable.
    """
    from redeploy_conformance.results.baseline import BaselineError, Standing, try_file
    from redeploy_conformance.targets.base import TargetUsageError, UnreachableError

    try:
        pinned = try_file(Path(file), target)
    except (BaselineError, TargetUsageError) as error:
        leave(RunVerdict.WRONG_USAGE, _plain(error))
    except UnreachableError as error:
        leave(RunVerdict.UNREACHABLE, _plain(error))
    for one in pinned:
        click.echo(f"{one.standing.value}: {_plain(one.text)}")
    sound = all(one.standing is Standing.KNOWN for one in pinned)
    sys.exit(int(RunVerdict.CONFORMING if sound else RunVerdict.NOT_CONFORMING))


@baseline.command("update")
@click.argument("result", type=click.Path(dir_okay=False))
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--issue", metavar="URL", help="The issue of new entries.")
@click.option(
    "--why",
    metavar="TEXT",
    help="Why new entries are put up with, for whoever reads the file; a comment asks for it "
    "unless given.",
)
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Until when new entries are known; 90 days from now unless given.",
)
def update_baseline(
    result: str,
    file: str,
    issue: str | None,
    why: str | None,
    expires: "datetime | None",
) -> None:
    """Rewrite FILE by a RESULT, keeping comments and order; make it where there is none."""
    from datetime import date, timedelta

    from redeploy_conformance.results.baseline import BaselineError
    from redeploy_conformance.results.baseline_update import update
    from redeploy_conformance.results.reading import read_result
    from redeploy_schemas.records import InvalidRecordError

    until = expires.date() if expires else date.today() + timedelta(days=90)
    try:
        read = read_result(Path(result))
        changes = update(Path(file), read, issue=issue, expires=until, why=why)
    except OSError as error:
        place = error.filename or file
        leave(RunVerdict.WRONG_USAGE, f"{place}: {error.strerror or error}")
    except InvalidRecordError as error:
        told = seems(result, "result") or error
        leave(RunVerdict.WRONG_USAGE, f"{result} is no result file: {told}")
    except BaselineError as error:
        leave(RunVerdict.WRONG_USAGE, _plain(error))
    for line in changes.lines:
        click.echo(_plain(line))
    if not changes.written:
        click.echo(f"{file} was not made: the result shows no deviation to know of")
        return
    many = len(changes.lines)
    click.echo(f"{file}: {many} {'entry' if many == 1 else 'entries'} changed")
    if why is None and any(line.startswith("added ") for line in changes.lines):
        click.echo(f"say in {file} why each new entry is put up with")

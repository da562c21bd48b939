"""The command for client libraries: certify them, or check the adapter of one."""

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from redeploy_conformance.exits import check_output, leave
from redeploy_conformance.files import endless, seems
from redeploy_conformance.misspelt import near
from redeploy_schemas.vocabulary import RunVerdict

if TYPE_CHECKING:
    from redeploy_conformance.certify.case import Case

RESULT = "redeploy-conformance-certification.json"


@click.command()
@click.argument("clients", nargs=-1, required=True, metavar="CLIENT...")
@click.option("--case", metavar="NAME", help="Only the case of this name.")
@click.option(
    "--clause", "clauses", multiple=True, metavar="ID", help="Only this clause's cases."
)
@click.option(
    "--check-adapter",
    is_flag=True,
    help="Only say what is wrong with the adapter, nothing about its library.",
)
@click.option(
    "-n",
    "processes",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="How many adapter processes of one client run at a time.",
)
@click.option(
    "--examples",
    type=click.IntRange(0, 1000),
    help="How many values are drawn for each family of cases.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the drawn values."
)
@click.option(
    "--result",
    type=click.Path(dir_okay=False),
    default=RESULT,
    show_default=True,
    help="Where the result goes, as JSON.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
)
def certify(
    clients: Sequence[str],
    case: str | None,
    clauses: Sequence[str],
    check_adapter: bool,
    processes: int,
    examples: int | None,
    seed: int,
    result: str,
    form: str,
) -> None:
    """Judge client libraries by the clauses of clients, with the raw exchange as evidence.

    CLIENT is 'reference' (the suite's own client), the name of an adapter in
    conformance/clients, or any command line that speaks the adapter protocol.

    Exit codes: 0 conforming, 1 not conforming, 2 wrong usage, 3 incomplete, 4 an adapter cannot
    be started, 5 the suite itself failed. With --check-adapter 1 says that an adapter is wrong.
    """
    from redeploy_conformance.certify import words

    commands = []
    for client in clients:
        try:
            commands.append((client, words.command(client)))
        except words.NoSuchClientError as error:
            leave(RunVerdict.WRONG_USAGE, str(error))
    with _stopped_by_sigterm():
        if check_adapter:
            _check(commands)
        check_output(result, whole=True)
        _certify(commands, case, clauses, processes, examples, seed, result, form)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C: an adapter that hangs must not stay behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check(commands: Sequence[tuple[str, Sequence[str]]]) -> None:
    from redeploy_conformance.certify.checking import AdapterError, wrong_with
    from redeploy_reports.clean import clean

    code = RunVerdict.CONFORMING
    for client, command in commands:
        try:
            found = list(wrong_with(command, _saying(client)))
        except AdapterError as error:
            click.echo(f"{client}: {clean(str(error), limit=600)}")
            code = RunVerdict.UNREACHABLE
            continue
        for text in found:
            click.echo(f"{client}: {clean(text, limit=600)}")
        if found and code is RunVerdict.CONFORMING:
            code = RunVerdict.NOT_CONFORMING
        if not found:
            click.echo(f"{client}: nothing is wrong with the adapter")
    sys.exit(int(code))


def _saying(client: str) -> Callable[[str], None]:
    return lambda text: click.echo(f"{client}: {text}", err=True)


def _certify(
    commands: Sequence[tuple[str, Sequence[str]]],
    name: str | None,
    clauses: Sequence[str],
    processes: int,
    examples: int | None,
    seed: int,
    result: str,
    form: str,
) -> None:
    import tempfile

    from redeploy_conformance.certify import tls
    from redeploy_conformance.certify.plan import DRAWN, plan
    from redeploy_schemas.clients import client_clauses
    from redeploy_schemas.contract import load

    known = [one.id for one in client_clauses()]
    for clause in clauses:
        if clause not in known:
            there = ", ".join(known)
            leave(
                RunVerdict.WRONG_USAGE,
                f"there is no clause {clause!r} of clients; there are {there}",
            )
    with tempfile.TemporaryDirectory(prefix="redeploy-certify-") as folder:
        made: tls.Certificates | str
        try:
            made = tls.make(Path(folder))
        except tls.NoCertificateError as error:
            made = str(error)
        count = DRAWN if examples is None else examples
        cases = plan(load(), made, seed, count)
        wanted = [one for one in cases if name in (None, one.name)]
        if not wanted:
            like = near(str(name), (one.name for one in cases))
            text = f"there is no case {name!r}{like} with seed {seed}"
            leave(RunVerdict.WRONG_USAGE, text)
        if clauses:
            wanted = [one for one in wanted if one.about in clauses]
        _run(commands, wanted, len(cases), processes, examples, seed, result, form)


def _run(
    commands: Sequence[tuple[str, Sequence[str]]],
    cases: Sequence["Case"],
    all_of_them: int,
    processes: int,
    examples: int | None,
    seed: int,
    result: str,
    form: str,
) -> None:
    import shutil
    import time
    from datetime import UTC, datetime
    from importlib.metadata import version

    from redeploy_conformance.certify.conclude import STOPPED, Asked, exit_code
    from redeploy_conformance.certify.running import certify as certify_one
    from redeploy_conformance.files import write_whole
    from redeploy_reports import certification as reports
    from redeploy_schemas.certification import Certification, document
    from redeploy_schemas.contract import load

    started, begun = datetime.now(UTC), time.monotonic()
    done = []
    for client, command in commands:
        asked = Asked(client, seed, examples)
        done.append(
            certify_one(
                command, cases, asked, processes, _progress(client), _saying(client)
            )
        )
        if done[-1].problem == STOPPED:
            break
    whole = len(cases) == all_of_them
    found = Certification(
        suite_version=version("redeploy-conformance"),
        contract_edition=load().edition,
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - begun, 1),
        exit_code=int(exit_code(done, whole)),
        clients=tuple(done),
    )
    text = json.dumps(document(found), indent=1, ensure_ascii=False) + "\n"
    unwritten = ""
    try:
        write_whole(Path(result), text)
    except OSError as error:
        unwritten = f"{result}: {error.strerror or error}"
    if form == "markdown":
        text = reports.markdown(found)
    elif form == "text":
        width = shutil.get_terminal_size((100, 24)).columns
        text = reports.text(found, width, whole=len(cases) == 1)
    click.echo(text, nl=False)
    if unwritten:
        leave(RunVerdict.WRONG_USAGE, unwritten)
    sys.exit(found.exit_code)


def _progress(client: str) -> Callable[[int, int], None]:
    """Return what shows how far a client is, where somebody looks."""

    def show(done: int, all_of_them: int) -> None:
        if sys.stderr.isatty():
            from redeploy_reports.phrases import count

            end = "\r" if done < all_of_them else "\r\x1b[K"
            click.echo(
                f"{client}: {done} of {count(all_of_them, 'case')}", nl=False, err=True
            )
            click.echo(end, nl=False, err=True)

    return show


@click.command("clients")
@click.argument("path", type=click.Path(dir_okay=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
)
def report_clients(path: str, form: str) -> None:
    """Show the certification of clients that a result file holds."""
    import shutil

    from redeploy_reports import certification as reports
    from redeploy_schemas.certification import InvalidCertificationError, from_document
    from redeploy_schemas.reading import read_json

    if why := endless(path):
        leave(RunVerdict.WRONG_USAGE, f"{path} is no certification: {why}")
    try:
        found = from_document(read_json(Path(path).read_text("utf-8")))
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{path}: {error.strerror or error}")
    except InvalidCertificationError as error:
        told = seems(path, "certification") or error
        leave(RunVerdict.WRONG_USAGE, f"{path} is no certification: {told}")
    except ValueError:
        why = seems(path, "certification") or "it is not JSON"
        leave(RunVerdict.WRONG_USAGE, f"{path} is no certification: {why}")
    width = shutil.get_terminal_size((100, 24)).columns
    text = reports.markdown(found) if form == "markdown" else reports.text(found, width)
    click.echo(text, nl=False)

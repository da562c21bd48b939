"""The command ``report``: everything that is rendered from result files and streams."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from redeploy_conformance.exits import leave
from redeploy_conformance.files import endless, seems, write_whole, written_over
from redeploy_schemas.vocabulary import RunVerdict

if TYPE_CHECKING:
    from redeploy_reports.matrix import Matrix
    from redeploy_schemas.records import Result

RESULTS = click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="RESULT...",
    type=click.Path(dir_okay=False),
)
OUTPUT = click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    help="Where it goes; standard output if left out.",
)


@click.group()
def report() -> None:
    """Render result files, and streams of runs that were cut short.

    Several results of one target are merged first; 'matrix' and 'diff' keep them apart. All but
    'diff' end with 0 when they could be rendered, whatever the verdict is.
    """


def _one(name: str, help: str, render: Callable[["Result"], str]) -> None:
    """Add a command that renders one result."""

    @report.command(name, help=help)
    @RESULTS
    @OUTPUT
    def command(paths: tuple[str, ...], output: str) -> None:
        _write(output, render(_merged(paths)), paths)


def _by_module(name: str, help: str) -> None:
    """Add a command that renders one result with the module of its name."""

    def render(result: "Result") -> str:
        # Only what is asked for is imported: the page's templates take a while.
        module = import_module(f"redeploy_reports.{name}")
        text: str = module.render(result)
        return text

    _one(name, help, render)


def _text(result: "Result") -> str:
    from shutil import get_terminal_size

    from redeploy_reports.text import render

    width = min(get_terminal_size((88, 24)).columns, 100)
    return render(result, width=width, color=False)


_one("text", "As the run itself prints it.", _text)
_by_module("html", "One self-contained page that needs no network.")
_by_module("markdown", "For the summary of a CI job.")
_by_module(
    "ledger", "A Markdown table of every clause: times its premise held, verdict."
)
_by_module("junit", "JUnit XML: a test case per clause.")
_by_module("badge", "An SVG badge with the verdict.")
_one(
    "merge",
    "One result file from several of one target, or from a stream.",
    lambda result: result.to_text(),
)


@report.command()
@RESULTS
@OUTPUT
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html"]),
    default="text",
    show_default=True,
)
def matrix(paths: tuple[str, ...], output: str, form: str) -> None:
    """Put several results side by side: clauses by targets, fewest violations first.

    RESULT may also be the certification of clients; then all of them are.
    """
    import shutil

    from redeploy_reports import matrix as matrices
    from redeploy_reports.html import render_matrix

    found = _side_by_side(paths)
    if form == "html":
        text = render_matrix(found)
    elif form == "markdown":
        text = matrices.markdown(found)
    else:
        text = matrices.text(found, shutil.get_terminal_size((100, 24)).columns)
    _write(output, text, paths)


def _side_by_side(paths: Sequence[str]) -> "Matrix":
    """Return the matrix of result files, or of certifications."""
    from redeploy_reports import certified
    from redeploy_reports import matrix as matrices

    if endless(paths[0]) or not _is_certification(paths[0]):
        return matrices.compare((Path(path).stem, _read(path)) for path in paths)
    many = len(paths) > 1
    entries = (
        entry
        for path in paths
        for entry in certified.entries(
            Path(path).stem if many else "", _certification(path)
        )
    )
    return matrices.side_by_side(entries, "client")


def _is_certification(path: str) -> bool:
    """Whether a file begins as a certification of clients does."""
    from redeploy_schemas.clients import CERTIFICATION_FORMAT

    try:
        with Path(path).open(encoding="utf-8") as file:
            return CERTIFICATION_FORMAT in file.read(200)
    except (OSError, UnicodeDecodeError):
        return False  # reading it as a result says what is wrong


def _certification(path: str) -> Any:
    """Return the certification that a file holds."""
    from redeploy_schemas.reading import read_json
    from redeploy_schemas.validation import problems

    if why := endless(path):
        leave(RunVerdict.WRONG_USAGE, f"{path} is no certification: {why}")
    try:
        document = read_json(Path(path).read_text("utf-8"))
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{path}: {error.strerror or error}")
    except ValueError as error:
        leave(RunVerdict.WRONG_USAGE, f"{path} is no certification: {error}")
    if wrong := problems("client/result", document):
        why = seems(path, "certification") or wrong[0]
        leave(RunVerdict.WRONG_USAGE, f"{path} is no certification: {why}")
    return document


@report.command()
@click.argument("old", type=click.Path(dir_okay=False))
@click.argument("new", type=click.Path(dir_okay=False))
@OUTPUT
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
)
def diff(old: str, new: str, output: str, form: str) -> None:
    """Say which clauses and choices changed from OLD to NEW.

    Exit codes: 0 nothing got worse, 1 a clause or the run as a whole got worse, 2 wrong usage.
    """
    from redeploy_reports import diff as diffs

    found = diffs.compare(_read(old), _read(new))
    text = diffs.markdown(found) if form == "markdown" else diffs.text(found)
    _write(output, text, (old, new))
    sys.exit(int(found.worse))


def _merged(paths: Iterable[str]) -> "Result":
    from redeploy_conformance.results.shards import MergeError, merge

    first, *rest = paths
    if not rest:
        return _read(first)

    def all_of_them() -> Iterator["Result"]:
        seen: dict[bytes, str] = {}
        for path in (first, *rest):
            result = _read(path)
            mark = sha256(result.to_text().encode("utf-8", "replace")).digest()
            if mark in seen:
                twice = (
                    f"{path} is the same result as {seen[mark]}: it would count twice"
                )
                leave(RunVerdict.WRONG_USAGE, twice)
            seen[mark] = path
            yield result

    try:
        return merge(all_of_them())
    except MergeError as error:
        leave(RunVerdict.WRONG_USAGE, str(error))


def _read(path: str) -> "Result":
    """Return the result that a file holds, or that its stream amounts to."""
    from redeploy_conformance.results.reading import BOM, result_of
    from redeploy_conformance.results.unstream import StreamError, fold, is_stream
    from redeploy_schemas.records import InvalidRecordError

    if why := endless(path):
        leave(RunVerdict.WRONG_USAGE, f"{path} is no result: {why}")
    try:
        with Path(path).open("rb") as file:
            first = file.readline()
            if is_stream(first.decode(BOM, "replace")):
                lines = chain([first], file)
                return fold(one.decode(BOM, "surrogateescape") for one in lines)
            return result_of(first + file.read())
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{path}: {error.strerror or error}")
    except StreamError as error:
        leave(RunVerdict.WRONG_USAGE, f"{path} is no result: {error}")
    except InvalidRecordError as error:
        told = seems(path, "result") or error
        leave(RunVerdict.WRONG_USAGE, f"{path} is no result: {told}")


def _write(output: str, text: str, paths: Sequence[str]) -> None:
    """Write a text to standard output, or to a file that is none of those read: whole or not at all."""
    if output == "-":
        click.echo(text, nl=False)
        return
    if wrong := written_over(output, paths):
        leave(RunVerdict.WRONG_USAGE, wrong)
    try:
        write_whole(Path(output), text)
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{output}: {error.strerror or error}")

"""The command that runs the suite: its options, and what they are in the words of pytest."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from redeploy_conformance.commands import checks as run_checks
from redeploy_conformance.commands import options
from redeploy_conformance.exits import leave
from redeploy_schemas.vocabulary import RunVerdict

RESULT = "redeploy-conformance-result.json"
INTERRUPTED_IN_VAIN = (
    "ignore:(?s).*KeyboardInterrupt:pytest.PytestUnraisableExceptionWarning"
)
"""What Python says when Ctrl-C meets the garbage collector; the run ends all the same."""


@click.command()
@click.argument("target", default="embedded")
@click.option(
    "--clause", "clauses", multiple=True, metavar="ID", help="Only this clause."
)
@click.option("--case", metavar="NAME", help="Only the planned case of this name.")
@click.option(
    "--quick",
    is_flag=True,
    help="Only the tour and the rate limit: each required clause once.",
)
@click.option(
    "--burst",
    is_flag=True,
    help="Send the rate limit's burst of calls to another machine too.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only look what TARGET offers, and print what the run would do.",
)
@click.option(
    "-k", "expression", metavar="EXPR", help="Only tests that match (pytest -k)."
)
@click.option(
    "-n",
    "workers",
    callback=options.workers,
    metavar="N",
    help="Run on N processes, or 'auto' (pytest-xdist).",
)
@click.option(
    "--tx",
    "places",
    multiple=True,
    metavar="SPEC",
    help="Run on processes at this place, in the words of pytest-xdist: "
    "2*ssh=user@host//python=PATH, or 2*popen for this machine. Again for more places.",
)
@click.option(
    "--examples",
    metavar="PLACE",
    envvar="REDEPLOY_EXAMPLES",
    help="Keep walks that broke a clause, and try them first: in a folder, or at a redis:// URL, "
    "which hosts can share; one with a password better in $REDEPLOY_EXAMPLES.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the exploration."
)
@click.option(
    "--result",
    type=click.Path(dir_okay=False),
    default=RESULT,
    show_default=True,
    help="Where the result goes, as JSON.",
)
@click.option(
    "--junit",
    type=click.Path(dir_okay=False),
    help="Also write JUnit XML: a test case per clause.",
)
@click.option(
    "--stream",
    type=click.Path(dir_okay=False),
    help="Also write a JSON line per case while running; without its last line the run was cut.",
)
@click.option(
    "--trace",
    type=click.Path(dir_okay=False),
    help="Also write everything that the verdict rests on, for check-trace.",
)
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    help="Known deviations (TOML): their pinned traces are done first.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Name each test, show each failure."
)
def run(
    target: str,
    clauses: Sequence[str],
    case: str | None,
    quick: bool,
    burst: bool,
    dry_run: bool,
    expression: str | None,
    workers: str | None,
    places: Sequence[str],
    examples: str | None,
    seed: int,
    result: str,
    junit: str | None,
    stream: str | None,
    trace: str | None,
    baseline: str | None,
    verbose: bool,
) -> None:
    """Run the suite against TARGET and print a verdict.

    TARGET is 'embedded' (the reference emulator, default), a base URL, module:callable, or the
    path of a conformance statement (TOML).

    Exit codes: 0 conforming, 1 not conforming, 2 wrong usage, 3 incomplete, 4 unreachable,
    5 the suite itself failed.
    """
    outputs = [path for path in (result, junit, stream, trace) if path]
    if workers and places:
        leave(RunVerdict.WRONG_USAGE, "-n and --tx both say where to run; give one")
    run_checks.check_places(places)
    run_checks.check_run(target, clauses, case, outputs, [result, junit or result])
    run_checks.check_baseline(baseline)
    if dry_run:
        run_checks.print_plan(target, set(clauses), case, quick=quick, burst=burst)
        return
    if examples:
        run_checks.check_examples(examples)

    words = ["--pyargs", "redeploy_conformance.suite", "-p", "no:cacheprovider"]
    # An option and its value are one word each: pytest-xdist takes a word that is a path here for
    # one that must be copied to other hosts.
    words += [f"--config-file={os.devnull}"]
    words += ["--import-mode=importlib", "--no-header", "--strict-markers"]
    # Else pytest reads the source of Hypothesis anew, for seconds.
    words += ["--assert=plain"]
    words += ["-pno:anyio"]  # which takes long to begin, and has no test here
    words += ["-o", f"filterwarnings={INTERRUPTED_IN_VAIN}"]
    words += ["-v"] if verbose else ["-q", "--tb=no", "-rN"]
    words += [f"--redeploy-target={target}"]
    words += [f"--redeploy-result={Path(result).absolute()}"]
    words += [f"--redeploy-seed={seed}"]
    words += ["--redeploy-quick"] if quick else []
    words += ["--redeploy-burst"] if burst else []
    for clause in clauses:
        words += [f"--redeploy-clause={clause}"]
    words += [f"--tx={place}" for place in places]
    words += ["--dist=load"] if places else []
    for option, value in (
        ("--redeploy-case", case),
        ("--numprocesses", workers),
        ("--redeploy-examples", examples),
        ("--redeploy-junit", junit and str(Path(junit).absolute())),
        ("--redeploy-stream", stream and str(Path(stream).absolute())),
        ("--redeploy-baseline", baseline and str(Path(baseline).absolute())),
        ("--redeploy-trace", trace and str(Path(trace).absolute())),
    ):
        if value:
            words.append(f"{option}={value}")
    words += [f"-k{expression}"] if expression else []
    _judged(words)


def _judged(words: list[str]) -> NoReturn:
    """Run pytest, and end with the verdict's exit code, or say why there is no verdict."""
    import pytest  # only now: wrong usage is told at once

    from redeploy_conformance.plugin import run as plugin_run

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, plugin_run.interrupt)
    os.environ[plugin_run.ROOT] = str(Path(__file__).parents[1])
    words.append(f"--rootdir=${plugin_run.ROOT}")  # on another host, it is another
    try:
        code = int(pytest.main(words))
    except Exception:
        if not plugin_run.interrupted:
            raise
        code = pytest.ExitCode.INTERRUPTED  # Ctrl-C tore an import apart
    if plugin_run.exit_code is not None:
        sys.exit(plugin_run.exit_code)
    match code:
        case pytest.ExitCode.NO_TESTS_COLLECTED:
            leave(RunVerdict.WRONG_USAGE, "no test matches what was asked for")
        case pytest.ExitCode.USAGE_ERROR:
            leave(RunVerdict.WRONG_USAGE, "pytest did not understand an option")
        case pytest.ExitCode.INTERRUPTED if plugin_run.interrupted:
            leave(RunVerdict.INCOMPLETE, "ended before anything was judged")
        case _:
            leave(
                RunVerdict.SUITE_FAILED, f"pytest ended with {code}, without a verdict"
            )

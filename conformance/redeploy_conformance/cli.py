"""The command. Each error is one sentence and an exit code."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from redeploy_conformance import options
from redeploy_conformance.certify_commands import certify, report_clients
from redeploy_conformance.evidence_commands import baseline as baseline_group
from redeploy_conformance.evidence_commands import certificate, check_trace
from redeploy_conformance.exits import InOrder, leave
from redeploy_conformance.report_commands import report
from redeploy_conformance.staging_commands import COMMANDS as STAGING
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.vocabulary import RunVerdict

RESULT = "redeploy-conformance-result.json"
INTERRUPTED_IN_VAIN = (
    "ignore:(?s).*KeyboardInterrupt:pytest.PytestUnraisableExceptionWarning"
)
"""What Python says when Ctrl-C meets the garbage collector; the run ends all the same."""


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="redeploy-conformance")
def main() -> None:
    """Judge implementations of RedeployInstance by their contract."""


@main.command()
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
    _check_run(target, clauses, case, outputs)
    _check_baseline(baseline)
    if dry_run:
        _print_plan(target, set(clauses), case, quick=quick, burst=burst)
        return
    if examples:
        _check_examples(examples)

    import pytest  # only now: wrong usage is told at once

    from redeploy_conformance import plugin

    words = ["--pyargs", "redeploy_conformance.suite", "-p", "no:cacheprovider"]
    # An option and its value are one word each: pytest-xdist takes a word that is a path here for
    # one that must be copied to other hosts. There, the root is another.
    os.environ[options.ROOT] = str(Path(__file__).parent)
    words += [f"--config-file={os.devnull}", f"--rootdir=${options.ROOT}"]
    words += ["--import-mode=importlib", "--no-header", "--strict-markers"]
    words += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
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
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, plugin.interrupt)
    try:
        code = int(pytest.main(words))
    except Exception:
        if not plugin.interrupted:
            raise
        code = pytest.ExitCode.INTERRUPTED  # Ctrl-C tore an import apart
    if plugin.exit_code is not None:
        sys.exit(plugin.exit_code)
    match code:
        case pytest.ExitCode.NO_TESTS_COLLECTED:
            leave(RunVerdict.WRONG_USAGE, "no test matches what was asked for")
        case pytest.ExitCode.USAGE_ERROR:
            leave(RunVerdict.WRONG_USAGE, "pytest did not understand an option")
        case pytest.ExitCode.INTERRUPTED if plugin.interrupted:
            leave(RunVerdict.INCOMPLETE, "ended before anything was judged")
        case _:
            leave(
                RunVerdict.SUITE_FAILED, f"pytest ended with {code}, without a verdict"
            )


def _check_examples(place: str) -> None:
    """Say that examples cannot be kept, before anything runs."""
    from redeploy_conformance.examples import database
    from redeploy_conformance.targets.base import TargetUsageError

    try:
        database(place, load().sha256, "")
    except TargetUsageError as error:
        leave(RunVerdict.WRONG_USAGE, str(error))


def _check_run(
    target: str, clauses: Sequence[str], case: str | None, outputs: Sequence[str]
) -> None:
    """Say what is wrong with the usage, or that the target is not there, before anything runs."""
    from redeploy_conformance.targets.base import TargetUsageError, UnreachableError
    from redeploy_conformance.targets.find import find

    contract = load()
    for clause in clauses:
        if clause not in contract.by_id:
            known = ", ".join(contract.by_id)
            leave(
                RunVerdict.WRONG_USAGE,
                f"there is no clause {clause!r}; there are {known}",
            )
    if case is not None and case not in _cases(contract):
        leave(RunVerdict.WRONG_USAGE, f"there is no planned case {case!r}")
    for path in outputs:
        folder = Path(path).absolute().parent
        if not folder.is_dir():
            leave(RunVerdict.WRONG_USAGE, f"{path}: there is no such folder")
        if not os.access(path if Path(path).exists() else folder, os.W_OK):
            leave(RunVerdict.WRONG_USAGE, f"{path}: it must not be written")
    try:
        found = find(target, contract)
    except TargetUsageError as error:
        leave(RunVerdict.WRONG_USAGE, str(error))

    from redeploy_conformance.bench import set_up

    try:
        set_up(found, contract)
    except UnreachableError as error:
        leave(RunVerdict.UNREACHABLE, str(error))
    finally:
        found.transport.close()


def _print_plan(
    target: str, clauses: set[str], case: str | None, *, quick: bool, burst: bool
) -> None:
    """Print what a run would do; nothing but discovery is asked of the target."""
    from redeploy_conformance.bench import set_up
    from redeploy_conformance.dry_run import lines
    from redeploy_conformance.planner import name
    from redeploy_conformance.steps import Case
    from redeploy_conformance.targets.find import find
    from redeploy_reports.clean import clean

    contract = load()
    found = find(target, contract)
    everything = case is None and not clauses and not quick

    def wanted(one: Case) -> bool:
        chosen = bool(clauses & set(one.clauses)) or name(contract, one) == case
        return everything or chosen or (quick and "Q2" in one.clauses)

    try:
        told = lines(set_up(found, contract), wanted, burst=burst)
    finally:
        found.transport.close()
    for line in told:
        click.echo(clean(line, limit=20_000))  # a plan is told whole


def _check_baseline(path: str | None) -> None:
    """Say what is wrong with a file of known deviations, before anything runs."""
    from redeploy_conformance.baseline import BaselineError, read

    if path is None:
        return
    try:
        read(Path(path), load())
    except BaselineError as error:
        from redeploy_reports.clean import clean

        leave(RunVerdict.WRONG_USAGE, clean(str(error)))


def _cases(contract: Contract) -> set[str]:
    from redeploy_conformance.planner import name, plan

    return {"tour", *(name(contract, one) for one in plan(contract))}


@main.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "mermaid"]),
    default="table",
    show_default=True,
)
def contract(form: str) -> None:
    """Print the contract: every clause, the tables, the state diagram."""
    import json
    import shutil

    from redeploy_conformance import contract_command as command

    rows = load()
    if form == "json":
        text = json.dumps(command.document(rows), indent=1, ensure_ascii=False)
    elif form == "mermaid":
        text = command.mermaid(rows)
    else:
        text = command.table(rows, shutil.get_terminal_size((100, 24)).columns)
    click.echo(text.rstrip("\n"))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option(
    "--clock",
    type=click.Choice(["virtual", "real"]),
    default="virtual",
    show_default=True,
    help="Virtual: redeploys move when the control protocol advances the clock.",
)
@click.option(
    "--time-scale", type=click.FloatRange(min=0.001), default=1.0, show_default=True
)
@click.option("--fault", metavar="ID", help="Serve a deliberately broken emulator.")
@click.option("--variant", metavar="NAME", help="Serve a legal variant by name.")
@click.option(
    "--token-env",
    metavar="NAME",
    help="Ask callers of the control protocol for the token that this environment variable holds; "
    "needed to serve other machines.",
)
def serve(
    host: str,
    port: int,
    clock: str,
    time_scale: float,
    fault: str | None,
    variant: str | None,
    token_env: str | None,
) -> None:
    """Serve the reference emulator and its control plane over HTTP."""
    from redeploy_conformance.emulator.app import Emulator
    from redeploy_conformance.emulator.serve import ServeError
    from redeploy_conformance.emulator.serve import serve as serve_emulator
    from redeploy_conformance.emulator.settings import Settings
    from redeploy_conformance.emulator.variants import variants
    from redeploy_conformance.faults.catalogue import FAULTS

    named = variants()
    if variant is not None and variant not in named:
        leave(
            RunVerdict.WRONG_USAGE,
            f"there is no variant {variant!r}; there are {', '.join(named)}",
        )
    if fault is not None and fault not in FAULTS:
        leave(RunVerdict.WRONG_USAGE, f"there is no fault {fault!r}")
    settings = named[variant] if variant else Settings()
    if token_env is not None:
        token = os.environ.get(token_env)
        if not token:
            text = f"the environment variable {token_env} is not set"
            leave(RunVerdict.WRONG_USAGE, text)
        settings = replace(settings, control_token=token)
    options = {"clock": clock, "time_scale": time_scale}
    emulator = (
        FAULTS[fault].build(settings, **options)
        if fault
        else Emulator(settings, **options)  # type: ignore[arg-type]
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as with Ctrl-C, below
    try:
        serve_emulator(
            emulator, host, port, ready=lambda url: click.echo(f"serving on {url}")
        )
    except ServeError as error:
        leave(RunVerdict.UNREACHABLE, str(error))
    except KeyboardInterrupt:  # how a server is meant to be ended
        sys.exit(0)


@main.command()
@click.argument("names", nargs=-1, metavar="[FAULT|VARIANT]...")
@click.option(
    "-n", "processes", type=click.IntRange(1, 64), default=2, show_default=True
)
def selftest(names: Sequence[str], processes: int) -> None:
    """Run the suite against broken emulators and legal variants: all, or some by name.

    Exits with 1 when one is missed, blamed wrongly, or falsely accused.
    """
    from redeploy_conformance.emulator.variants import variants
    from redeploy_conformance.faults.catalogue import FAULTS
    from redeploy_conformance.selftest import line, sound, summary, trials

    known = variants()
    for name in names:
        if name not in FAULTS and name not in known:
            leave(RunVerdict.WRONG_USAGE, f"there is no fault and no variant {name!r}")
    done = []
    faults = [one for one in names or FAULTS if one in FAULTS]
    legal = [one for one in names or known if one in known]
    for broken, trial in trials(faults, legal, processes):
        click.echo(line(broken, trial))
        done.append((broken, trial))
    click.echo(summary(done))
    sys.exit(0 if sound(done) else 1)


@main.command()
@click.argument("result", type=click.Path(dir_okay=False))
@click.argument("target", default="embedded")
@click.option("--finding", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--times", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option(
    "--as",
    "form",
    type=click.Choice(["curl", "pytest"]),
    help="Write it as a script for curl, or as a pytest test, instead of running it.",
)
@click.option(
    "-o", "--output", default="-", metavar="FILE", help="Where that goes (--as)."
)
def replay(
    result: str, target: str, finding: int, times: int, form: str | None, output: str
) -> None:
    """Run a finding of a RESULT file again on a fresh instance of TARGET."""
    from redeploy_conformance.replay import export_finding, replay_finding

    if form is not None:
        export_finding(result, finding, form, output)
        return
    replay_finding(result, target, finding, times)


report.add_command(report_clients)
main.add_command(report)
main.add_command(check_trace)
main.add_command(certificate)
main.add_command(baseline_group)
main.add_command(certify)
for command in STAGING:
    main.add_command(command)

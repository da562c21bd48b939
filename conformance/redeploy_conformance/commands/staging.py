"""The commands for a real account: what a run would do, the run, going on with it, undoing it."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from redeploy_conformance.commands.options import finite
from redeploy_conformance.exits import leave
from redeploy_conformance.files import seems
from redeploy_conformance.staging.options import pair, share
from redeploy_conformance.staging.outputs import RESULT
from redeploy_schemas.vocabulary import RunVerdict

JOURNAL = "redeploy-conformance-journal.jsonl"
Command = Callable[..., None]


def _account(command: Command) -> Command:
    """Add what says which account is meant."""
    for option in (
        click.option(
            "--ca",
            "ca_file",
            type=click.Path(dir_okay=False),
            help="The authorities that vouch for the endpoint, where they are not the usual ones.",
        ),
        click.option(
            "--endpoint",
            metavar="URL",
            help="Another endpoint than the region's (https).",
        ),
        click.argument("target"),
    ):
        command = option(command)
    return command


def _limits(command: Command) -> Command:
    """Add what a run is allowed."""
    for option in (
        click.option(
            "--clause",
            "clauses",
            multiple=True,
            metavar="ID",
            help="Only cases that are about this clause.",
        ),
        click.option(
            "--launch",
            multiple=True,
            callback=pair,
            metavar="NAME=VALUE",
            help="A parameter of RunInstances: makes one instance, and deletes it in the end.",
        ),
        click.option(
            "--poll",
            "poll_seconds",
            type=click.FloatRange(min=0.01),
            default=5.0,
            show_default=True,
            help="The least seconds between two looks at the account.",
        ),
        click.option(
            "--events-are-real",
            is_flag=True,
            help="The open events of the instances are no simulated ones: judge what becomes of them.",
        ),
        click.option(
            "--lose-local-disks",
            "local_disks",
            is_flag=True,
            help="Also redeploy instances with local disks: all data on those is lost.",
        ),
        click.option(
            "--share",
            type=float,
            callback=share,
            default=0.1,
            show_default=True,
            help="The part of the documented rate limit that the run may use.",
        ),
        click.option(
            "--minutes",
            type=click.FloatRange(min=0, min_open=True),
            callback=finite,
            required=True,
            help="No case is begun that may end later.",
        ),
        click.option(
            "--redeploys",
            type=click.IntRange(min=0),
            required=True,
            help="The most redeploys that may come about.",
        ),
        click.option(
            "--tag",
            multiple=True,
            callback=pair,
            metavar="KEY=VALUE",
            help="Instances that carry this tag may be redeployed.",
        ),
        click.option(
            "--instance",
            "instances",
            multiple=True,
            metavar="ID",
            help="This instance may be redeployed.",
        ),
    ):
        command = option(command)
    return command


_result = click.option(
    "--result",
    type=click.Path(dir_okay=False),
    default=RESULT,
    show_default=True,
    help="Where the result goes, as JSON.",
)


_trace = click.option(
    "--trace",
    type=click.Path(dir_okay=False),
    help="Also write everything that the verdict rests on, for check-trace.",
)


@click.command()
@_account
@_limits
def plan(**options: Any) -> None:
    """Print what 'stage' would do to the account of TARGET, and what it may cost; only look.

    TARGET is a region such as cn-hangzhou, or a conformance statement (TOML) with url and region.
    """
    from redeploy_conformance.staging.command import show_plan

    show_plan(options)


@click.command()
@_account
@_limits
@click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    default=JOURNAL,
    show_default=True,
    help="Where everything is written before it is done; must not be there yet.",
)
@_result
@_trace
@click.option("--dry-run", is_flag=True, help="Only look, and print the plan.")
def stage(
    journal: str, result: str, trace: str | None, dry_run: bool, **options: Any
) -> None:
    """Run the suite against instances of a real account, and put everything back.

    TARGET is a region such as cn-hangzhou, or a conformance statement (TOML) with url and region.
    The key is found by the default chain: environment, profile file, role of the machine. Ctrl-C
    ends in order and puts everything back; a second one ends at once and says what is left.

    Exit codes: 0 conforming, 1 not conforming, 2 wrong usage, 3 incomplete, 4 unreachable,
    5 the suite itself failed.
    """
    from redeploy_conformance.staging.command import show_plan
    from redeploy_conformance.staging.command import stage as run

    if dry_run:
        show_plan(options)
    else:
        run(options, journal, result, trace)


def _check_kind(journal: str) -> None:
    """Say that a file is another one than a journal, before a key is looked for."""
    if other := seems(journal, "journal"):
        leave(RunVerdict.WRONG_USAGE, f"{journal} is no journal: {other}")


@click.command()
@click.argument("journal", type=click.Path(dir_okay=False))
@click.option(
    "--result",
    type=click.Path(dir_okay=False),
    help="Where the result goes, as JSON; if not told, where 'stage' was told to write it.",
)
@click.option(
    "--trace",
    type=click.Path(dir_okay=False),
    help="Where the trace of this process goes; if not told, beside that of 'stage', if any.",
)
def resume(journal: str, result: str | None, trace: str | None) -> None:
    """Go on with a run that was cut short, from its JOURNAL.

    Each process of a run writes a trace of its own (run.trace, run.trace.2, ...): 'check-trace' takes
    them all, in their order.
    """
    from redeploy_conformance.staging.command import resume as run

    _check_kind(journal)
    run(journal, result, trace)


@click.command()
@click.argument("journal", type=click.Path(dir_okay=False))
def restore(journal: str) -> None:
    """Put back what the run of JOURNAL changed: statuses, simulated events, its own instance."""
    from redeploy_conformance.staging.command import restore as run

    _check_kind(journal)
    run(journal)


@click.command()
@_account
def doctor(**options: Any) -> None:
    """Find out whether the account of TARGET can be used: key, endpoint, clock, region, permissions."""
    from redeploy_conformance.staging.command import doctor as run

    run(options)


SHARE = click.FloatRange(0, 0.9)


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False),
    default="staging-double",
    show_default=True,
    help="Where its authority, its key and a statement go.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8443, show_default=True)
@click.option(
    "--instances", type=click.IntRange(1, 50), default=2, show_default=True, metavar="N"
)
@click.option(
    "--speed",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="How many times as fast as real time: a redeploy takes 150 s of it.",
)
@click.option(
    "--latency",
    type=click.FloatRange(0, 10),
    default=0.02,
    show_default=True,
    help="Seconds that each answer takes.",
)
@click.option(
    "--errors", type=SHARE, default=0.01, show_default=True, help="Share of 500s."
)
@click.option(
    "--throttled",
    "refusals",
    type=SHARE,
    default=0.01,
    show_default=True,
    help="Share of calls that a rate limit refuses.",
)
@click.option(
    "--lost",
    type=SHARE,
    default=0.0,
    show_default=True,
    help="Share of answers that never come.",
)
@click.option(
    "--slow",
    type=SHARE,
    default=0.1,
    show_default=True,
    help="Share of redeploys that take four times as long.",
)
@click.option(
    "--refusing",
    is_flag=True,
    help="Calls on an instance without an event are refused (A10).",
)
@click.option("--events", is_flag=True, help="Each instance has a real system event.")
@click.option("--local-disks", is_flag=True, help="The last instance has local disks.")
@click.option("--seed", type=int, default=0, show_default=True)
def double(folder: str, port: int, **options: Any) -> None:
    """Serve a double of a real account over TLS, to try the staging commands on.

    It is the reference emulator without its control plane. It prints what to type, then each call
    that changes something; Ctrl-C ends it and prints what the account looks like.
    """
    from redeploy_conformance.staging.command import serve_account

    serve_account(folder, port, options)


COMMANDS: Sequence[click.Command] = (plan, stage, resume, restore, doctor, double)

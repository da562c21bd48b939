"""The command. Each error is one sentence and an exit code."""

import click

from redeploy_conformance.commands.certify import certify, report_clients
from redeploy_conformance.commands.emulator import selftest, serve
from redeploy_conformance.commands.evidence import baseline as baseline_group
from redeploy_conformance.commands.evidence import certificate, check_trace
from redeploy_conformance.commands.report import report
from redeploy_conformance.commands.run import run
from redeploy_conformance.commands.staging import COMMANDS as STAGING
from redeploy_conformance.exits import InOrder
from redeploy_schemas.contract import load


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="redeploy-conformance")
def main() -> None:
    """Judge implementations of RedeployInstance by their contract."""


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

    from redeploy_conformance.commands import contract as command

    rows = load()
    if form == "json":
        text = json.dumps(command.document(rows), indent=1, ensure_ascii=False)
    elif form == "mermaid":
        text = command.mermaid(rows)
    else:
        text = command.table(rows, shutil.get_terminal_size((100, 24)).columns)
    click.echo(text.rstrip("\n"))


@main.command()
@click.argument("result", type=click.Path(dir_okay=False))
@click.argument("target", required=False)
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
    result: str,
    target: str | None,
    finding: int,
    times: int,
    form: str | None,
    output: str,
) -> None:
    """Run a finding of a RESULT file again on a fresh instance of TARGET.

    TARGET may be left out where the result is of an embedded emulator. A script or a test that is
    written asks TARGET unless ENDPOINT, or REDEPLOY_TARGET, names another.
    """
    from redeploy_conformance.replay import export_finding, replay_finding

    if form is not None:
        export_finding(result, target, finding, form, output)
        return
    replay_finding(result, target, finding, times)


main.add_command(run)
main.add_command(serve)
main.add_command(selftest)
report.add_command(report_clients)
main.add_command(report)
main.add_command(check_trace)
main.add_command(certificate)
main.add_command(baseline_group)
main.add_command(certify)
for command in STAGING:
    main.add_command(command)

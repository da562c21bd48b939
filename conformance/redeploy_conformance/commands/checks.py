"""What is looked at before a run: whether it can be done as asked, and what it would do."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from redeploy_conformance.exits import check_output, leave, warn
from redeploy_conformance.files import written_twice
from redeploy_conformance.misspelt import near
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.vocabulary import RunVerdict


def check_examples(place: str) -> None:
    """Say that examples cannot be kept, before anything runs."""
    from redeploy_conformance.finding.examples import database
    from redeploy_conformance.targets.base import TargetUsageError

    try:
        database(place, load().sha256, "")
    except TargetUsageError as error:
        leave(RunVerdict.WRONG_USAGE, str(error))


def check_places(places: Sequence[str]) -> None:
    """Say that processes cannot be started at a place, before anything runs."""
    if not places:
        return
    from redeploy_conformance.commands.places import PlaceError, check
    from redeploy_reports.clean import clean

    try:
        check(places)
    except PlaceError as error:
        leave(RunVerdict.WRONG_USAGE, clean(str(error)))


def check_run(
    target: str,
    clauses: Sequence[str],
    case: str | None,
    outputs: Sequence[str],
    whole: Sequence[str],
) -> None:
    """Say what is wrong with the usage, or that the target is not there, before anything runs.

    Those of the outputs that are in ``whole`` are written at the end, by ``write_whole``.
    """
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
        like = near(case, _cases(contract))
        text = f"there is no planned case {case!r}{like}; 'run --dry-run' prints all"
        leave(RunVerdict.WRONG_USAGE, text)
    if twice := written_twice(outputs):
        leave(RunVerdict.WRONG_USAGE, twice)
    for path in outputs:
        check_output(path, whole=path in whole)
    try:
        found = find(target, contract)
    except TargetUsageError as error:
        leave(RunVerdict.WRONG_USAGE, str(error))

    from redeploy_conformance.alive import Alive, watching
    from redeploy_conformance.running.bench import set_up
    from redeploy_conformance.targets.watched import Watched

    transport = Watched(found.transport, found.statement.control or "")
    try:
        with watching(Alive(warn, transport=transport)):
            set_up(replace(found, transport=transport), contract)
    except UnreachableError as error:
        leave(RunVerdict.UNREACHABLE, str(error))
    finally:
        transport.close()


def print_plan(
    target: str, clauses: set[str], case: str | None, *, quick: bool, burst: bool
) -> None:
    """Print what a run would do; nothing but discovery is asked of the target."""
    from redeploy_conformance.commands.dry_run import lines
    from redeploy_conformance.planning.planner import name
    from redeploy_conformance.planning.steps import Case
    from redeploy_conformance.running.bench import set_up
    from redeploy_conformance.targets.find import find
    from redeploy_reports.clean import clean

    contract = load()
    found = find(target, contract)
    everything = case is None and not clauses and not quick

    def wanted(one: Case) -> bool:
        chosen = bool(clauses & set(one.clauses)) or name(contract, one) == case
        return everything or chosen or (quick and "Q1" in one.clauses)

    try:
        told = lines(set_up(found, contract), wanted, burst=burst)
    finally:
        found.transport.close()
    for line in told:
        click.echo(clean(line, limit=20_000))  # a plan is told whole


def check_baseline(path: str | None) -> None:
    """Say what is wrong with a file of known deviations, before anything runs."""
    from redeploy_conformance.results.baseline import BaselineError, read

    if path is None:
        return
    try:
        read(Path(path), load())
    except BaselineError as error:
        from redeploy_reports.clean import clean

        leave(RunVerdict.WRONG_USAGE, clean(str(error)))


def _cases(contract: Contract) -> set[str]:
    from redeploy_conformance.planning.planner import name, plan

    return {"tour", *(name(contract, one) for one in plan(contract))}

"""Doing a finding again: the same steps on fresh instances of any target."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from redeploy_conformance.exits import leave
from redeploy_conformance.files import seems, write_whole, written_over
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.notation import InvalidStepError
from redeploy_conformance.planning.pinned import steps_of
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.results.reading import read_result
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.running.bench import Bench, visiting
from redeploy_conformance.targets.base import (
    Kind,
    TargetUsageError,
    UnreachableError,
)
from redeploy_conformance.targets.find import find
from redeploy_reports.clean import clean
from redeploy_reports.phrases import count
from redeploy_schemas.contract import load
from redeploy_schemas.records import Finding, InvalidRecordError, Result
from redeploy_schemas.vocabulary import RunVerdict


def broken_clauses(steps: Sequence[str], word: str) -> dict[str, str]:
    """Return the clauses that steps break on a target, each with what was expected and observed.

    ``steps`` are JSON texts, as in a result file; ``word`` names the target as for the command.

    Raises:
        InvalidStepError: a text is no step.
        TargetUsageError: the word names no target.
        UnreachableError: nothing there answers.
        SetUpError: the steps could not be done.
    """
    contract = load()
    with visiting(find(word, contract), contract) as bench:
        rows = [json.loads(one) for one in steps]
        run = perform(bench, steps_of(rows, contract), Ledger())
    if run.problem is not None:
        raise SetUpError(run.problem)
    return {
        one.clause: f"expected {one.expected}, observed {one.observed}"
        for one in run.violations
    }


def read_finding(path: str, number: int) -> tuple[Result, Finding, list[Step]]:
    """Return a result file, a finding of it and the steps, or leave with one sentence."""
    try:
        result = read_result(Path(path))
        found = result.findings[number - 1]
        steps = steps_of(found.steps, load())
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{path} cannot be read: {error}")
    except InvalidRecordError as error:
        why = seems(path, "result") or error
        leave(RunVerdict.WRONG_USAGE, f"{path} is no result file: {why}")
    except InvalidStepError as error:
        text = f"finding {number} of {path} cannot be done again: {clean(str(error))}"
        leave(RunVerdict.WRONG_USAGE, text)
    except IndexError:
        many = count(len(result.findings), "finding")
        leave(RunVerdict.WRONG_USAGE, f"{path} has {many}, not {number}")
    if not steps:
        leave(RunVerdict.WRONG_USAGE, f"finding {number} of {path} has no steps to do")
    return result, found, steps


def target_of(result: Result, found: Finding) -> str | None:
    """Return the word for the embedded emulator that a result is of; None where it is of another.

    No other word is taken from a file: it might name code to import, or a host to call.
    """
    if result.target.kind != Kind.EMBEDDED:
        return None
    words = found.reproduce.split()
    broken = (one for one in words if one.startswith(f"{Kind.EMBEDDED}:"))
    return next(broken, Kind.EMBEDDED)


def export_finding(
    path: str, word: str | None, number: int, form: str, output: str
) -> None:
    """Write a finding as a script for curl or as a pytest test."""
    from redeploy_conformance.finding.export import ExportError, pytest_file, script

    if why := written_over(output, [path]):
        leave(RunVerdict.WRONG_USAGE, why)
    result, found, steps = read_finding(path, number)
    contract = load()
    if found.clause not in contract.by_id:
        leave(RunVerdict.WRONG_USAGE, f"{path} is of another contract")
    make = script if form == "curl" else pytest_file
    try:
        text = make(found, steps, contract, word or target_of(result, found))
        if output == "-":
            click.echo(text, nl=False)
        else:
            write_whole(Path(output), text)
    except ExportError as error:
        leave(RunVerdict.WRONG_USAGE, str(error))
    except OSError as error:
        leave(RunVerdict.WRONG_USAGE, f"{output}: {error.strerror or error}")


def replay_finding(path: str, word: str | None, number: int, times: int) -> None:
    """Run the steps of one finding some times, and say how often it was seen again.

    Exits with 1 when it was, 0 when it was not, 3 when it could not be tried.
    """
    result, found, steps = read_finding(path, number)
    contract = load()
    word = word or target_of(result, found)
    if word is None:
        where = result.target.address or result.target.name
        text = (
            f"{path} is of {clean(where)}: name the target to do it on after the file"
        )
        leave(RunVerdict.WRONG_USAGE, text)
    try:
        with visiting(find(word, contract), contract) as bench:
            seen = _tried(bench, found, steps, times)
    except TargetUsageError as error:
        leave(RunVerdict.WRONG_USAGE, str(error))
    except UnreachableError as error:
        leave(RunVerdict.UNREACHABLE, str(error))
    click.echo(f"{found.clause}: reproduced {seen} of {times} on {clean(word)}")
    sys.exit(int(RunVerdict.NOT_CONFORMING if seen else RunVerdict.CONFORMING))


def _tried(bench: Bench, found: Finding, steps: Sequence[Step], times: int) -> int:
    """Do the steps some times over, and say what came the first time; return how often they broke the clause."""
    seen = 0
    for attempt in range(times):
        run = perform(bench, steps, Ledger())
        if run.problem is not None:
            how = f"{found.clause}: reproduced {seen} of {attempt}, and then it could "
            verdict = RunVerdict.NOT_CONFORMING if seen else RunVerdict.INCOMPLETE
            leave(verdict, f"{how}not be tried: {clean(run.problem)}")
        hit = next((one for one in run.violations if one.clause == found.clause), None)
        seen += hit is not None
        if attempt == 0:
            for n, one in enumerate(run.done, 1):
                click.echo(f"  {n}. {clean(str(one.step))} -> {clean(one.observed)}")
            if hit is not None:
                click.echo(f"  expected  {clean(hit.expected)}")
                click.echo(f"  observed  {clean(hit.observed)}")
    return seen

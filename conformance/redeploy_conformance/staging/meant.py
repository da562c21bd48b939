"""What the options of a staging command mean: the settings of a run, and whom it is about."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.targets.base import TargetUsageError
from redeploy_conformance.targets.statement import Statement, read
from redeploy_schemas.contract import Contract


def settings_of(contract: Contract, options: Mapping[str, Any]) -> Settings:
    """Return the settings of a run.

    Raises:
        TargetUsageError: no run can be made so.
        StatementError: the statement cannot be read.
    """
    for clause in options["clauses"]:
        if clause not in contract.by_id:
            raise TargetUsageError(f"there is no clause {clause!r}")
    tag = next(iter(options["tag"].items()), None)
    if tag is None and not options["instances"]:
        raise TargetUsageError(
            "name the instances that may be redeployed: --instance or --tag"
        )
    return Settings(
        statement=statement_of(contract, options),
        instances=tuple(dict.fromkeys(options["instances"])),
        tag=tag,
        redeploys=options["redeploys"],
        minutes=options["minutes"],
        share=options["share"],
        local_disks=options["local_disks"],
        events_are_real=options["events_are_real"],
        poll_seconds=options["poll_seconds"],
        launch=options["launch"],
        clauses=tuple(options["clauses"]),
        typed=typed(options),
    )


def typed(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words that named the target."""
    words = [options["target"]]
    for option, given in (
        ("--endpoint", options["endpoint"]),
        ("--ca", options["ca_file"]),
    ):
        words += [option, given] if given else []
    return tuple(words)


def statement_of(contract: Contract, options: Mapping[str, Any]) -> Statement:
    """Return the statement of the account that is named by a region or a file.

    Raises:
        TargetUsageError: it is neither, or keys would be sent in the clear.
        StatementError: the file cannot be read.
    """
    word: str = options["target"]
    if word.endswith(".toml"):
        statement = read(Path(word), contract)
        if statement.region is None:
            raise TargetUsageError(
                f"{word}: [endpoint] needs the region of the account"
            )
    elif word.replace("-", "").isalnum():
        statement = Statement(
            name=f"ECS in {word}",
            version="unknown",
            region=word,
            assumed=True,
        )
    else:
        raise TargetUsageError(
            f"{word!r} is neither a region such as cn-hangzhou nor a statement (TOML)"
        )
    url = options["endpoint"] or statement.url
    url = url or f"https://ecs.{statement.region}.aliyuncs.com"
    if not url.startswith("https://"):
        raise TargetUsageError(f"{url}: keys are only sent over https")
    ca_file = options["ca_file"] or statement.ca_file
    return replace(
        statement,
        url=url.rstrip("/"),
        control=None,
        ca_file=str(Path(ca_file).absolute()) if ca_file else None,
    )


def no_limits(statement: Statement) -> Settings:
    """Return settings to look with: nothing may be changed under them."""
    return Settings(
        statement=statement, instances=(), tag=None, redeploys=0, minutes=1.0
    )

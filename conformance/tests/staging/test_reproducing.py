"""The command that a finding names does its case again, as it was done."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from redeploy_conformance.commands.staging import stage
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.cases import cases
from redeploy_conformance.staging.meant import settings_of
from redeploy_conformance.staging.settings import Settings
from redeploy_schemas.contract import Contract

from .conftest import ACCEPTS, MakeAccount, run_on


def meant(contract: Contract, *words: str) -> Settings:
    """Return what a command line of ``stage`` means, which nobody carries out."""
    with stage.make_context("stage", list(words)) as context:
        return settings_of(contract, context.params)


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--endpoint", "https://ecs.test", "--ca", "an authority.pem"),
        ("--events-are-real", "--lose-local-disks", "--share", "0.5", "--poll", "0.5"),
        ("--launch", "InstanceType=ecs.g6.large", "--launch", "ImageId=img"),
        ("--instance", "i-1", "--instance", "i-2", "--clause", "L13"),
    ],
)
def test_the_words_of_a_run_mean_what_it_was_told(
    contract: Contract, more: tuple[str, ...]
) -> None:
    limits = ("--tag", "purpose=redeploy tests", "--redeploys", "3", "--minutes", "1.5")
    told = meant(contract, "cn-hangzhou", *limits, *more)
    word, *again = told.words("L3")
    assert word == "stage"
    assert meant(contract, *again) == replace(told, clauses=("L3",))
    assert Settings.from_json(told.to_json()) == told


def test_a_statement_is_named_as_it_was_typed(
    contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "account.toml"
    path.write_text('[endpoint]\nurl = "https://ecs.test"\nregion = "cn-hangzhou"\n')
    limits = ("--instance", "i-1", "--redeploys", "3", "--minutes", "10")
    told = meant(contract, str(path), *limits)
    assert told.words("L3")[:2] == ["stage", str(path)]
    assert meant(contract, *told.words("L3")[1:]) == replace(told, clauses=("L3",))


def test_a_finding_names_the_command_with_the_region(account_of: MakeAccount) -> None:
    parts = FAULTS["success-ends-stopped"].parts
    account = account_of(settings=ACCEPTS, parts=parts)
    result = run_on(account)
    assert result.findings
    for one in result.findings:
        words = shlex.split(one.reproduce)
        assert words[:3] == ["redeploy-conformance", "stage", "cn-hangzhou"]
        assert {"again.jsonl", "again.json"} <= set(words)


def test_the_clause_of_the_command_is_one_that_chooses_the_case(
    account_of: MakeAccount,
) -> None:
    account = account_of()
    run = account.begin()
    run.journal.close()
    for case in cases(account.contract, launch=True):
        for clause in account.contract.by_id:
            words = shlex.split(run.reproduce(case, clause))
            chosen = words[words.index("--clause") + 1]
            assert chosen in case.clauses
            if clause in case.clauses:
                assert chosen == clause
            else:
                assert case.name.startswith(f"{chosen}-")

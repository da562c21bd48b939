"""Where a ForceStop is taken that is spelled with capitals, it is the boolean that it spells (A14b, L11)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.finding.investigate import perform_case
from redeploy_conformance.planning.planner import plan
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract


class NoneButTrue(RedeployCalls):
    """Takes every spelling, and all but one for false."""

    def force_stop(self, call: Call) -> bool | None:
        taken = super().force_stop(call)
        return None if taken is None else call.params["ForceStop"] == "true"


class AnyText(RedeployCalls):
    """Takes every spelling, and all but one for true, as a program does that asks whether there is text."""

    def force_stop(self, call: Call) -> bool | None:
        taken = super().force_stop(call)
        return None if taken is None else call.params["ForceStop"] != "false"


def broken(contract: Contract, bench: Bench) -> dict[str, set[str]]:
    cases = [one for one in plan(contract) if one.clauses == ("A14b",)]
    ran = {one.row: perform_case(bench, one.row, one)[1] for one in cases}
    assert {run.problem for run in ran.values()} == {None}
    return {
        row: {one.clause for one in run.violations}
        for row, run in ran.items()
        if run.violations
    }


@pytest.mark.parametrize(("calls", "word"), [(NoneButTrue, "True"), (AnyText, "False")])
def test_another_one_is_a_violation(
    bench_of: Callable[..., Bench],
    contract: Contract,
    calls: type[RedeployCalls],
    word: str,
) -> None:
    parts = replace(Parts(), calls=calls)
    assert broken(contract, bench_of(Emulator(parts=parts))) == {
        f"ForceStop is {word}, to the end, as {wire}": {"L11"}
        for wire in ("v1 query", "v1 form", "v3 query", "v3 form")
    }


@pytest.mark.parametrize("case", ["accepted", "rejected"])
def test_taken_or_not_is_open(
    bench_of: Callable[..., Bench],
    contract: Contract,
    case: Literal["accepted", "rejected"],
) -> None:
    settings = Settings(boolean_case=case)
    assert broken(contract, bench_of(Emulator(settings))) == {}

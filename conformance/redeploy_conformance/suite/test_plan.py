"""One test per row of the contract, by name: the planned cases."""

import pytest

from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.plugin.run import Reporter
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.suite.run import run_case
from redeploy_schemas.contract import load

CONTRACT = load()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=name(CONTRACT, case)) for case in plan(CONTRACT)]
)
def test_clause(case: Case, bench: Bench, reporter: Reporter) -> None:
    """The implementation does what the clause says, in this case."""
    run_case(bench, case, reporter)

"""Many planned cases at once, sharing what they can: the first verdict after few requests."""

from redeploy_conformance.plugin.run import Reporter
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.suite.run import run_tour


def test_tour(bench: Bench, reporter: Reporter) -> None:
    """No clause is broken on the way through the obligations of the contract."""
    run_tour(bench, reporter)

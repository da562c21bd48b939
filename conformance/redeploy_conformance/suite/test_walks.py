"""Walks drawn by Hypothesis, several instances at once."""

import pytest

from redeploy_conformance.finding.walks import OF_A_RUN
from redeploy_conformance.plugin.run import Reporter
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.suite.run import explore


@pytest.mark.parametrize("walk", range(OF_A_RUN))
def test_walks(walk: int, bench: Bench, reporter: Reporter) -> None:
    """No history that is tried breaks a clause."""
    explore(bench, walk, reporter)

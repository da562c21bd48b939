"""Events raised while a redeploy is under way: every way that is open passes."""

from collections.abc import Callable

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Raise, Redeploy, Settle
from redeploy_conformance.running.bench import Bench

RAISED = (
    Raise("i1", "SystemMaintenance.Redeploy", "Inquiring"),
    Raise("i1", "SystemMaintenance.RebootAndIsolateErrorDisk", "Inquiring"),
)


@pytest.mark.parametrize("several", ["all", "one"])
@pytest.mark.parametrize("raised", ["kept", "closed"])
def test_two_raised_on_the_way_may_be_closed_or_kept_or_one_of_them(
    bench_of: Callable[..., Bench], several: str, raised: str
) -> None:
    settings = Settings(
        no_event="accept",
        several_events=several,  # type: ignore[arg-type]
        raised_in_flight=raised,  # type: ignore[arg-type]
    )
    steps = (Create("i1"), Redeploy("i1"), *RAISED, Settle())
    run = perform(bench_of(Emulator(settings)), steps, Ledger())
    assert (run.violations, run.problem) == ([], None)

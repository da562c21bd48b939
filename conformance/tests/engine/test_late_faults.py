"""Faults that show late: each is caught by the planned case that was made for its kind.

CI leaves them out of ``selftest``, where each would take as long as the plan until that case does.
"""

from collections.abc import Callable

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract

Make = Callable[..., Bench]

SHOWN_BY = {
    "accepted-behind-an-error-keeps-local-data": "A12-internal-error Running, effect accepted, will succeed, forced, and another call",
    "accepted-behind-an-error-not-forced": "A12-internal-error Running, effect accepted, will succeed, forced, and another call",
    "busy-after-a-month": "A9-accepted on an implementation that has run for more than a month",
    "change-of-everything-loses-one": "L3-success-running lock_reasons changed on the way to none",
    "eighth-redeploy-finds-it-busy": "L3-success-running 9 successes, each time Running",
    "forced-calls-are-free": "Q2-over-the-limit a burst, and another long after it",
    "forced-without-an-id-switches-all-off": "A14-malformed no InstanceId, forced",
    "foreign-call-costs-the-owner": "Q6r-rejected-calls-count calls of another account on an instance, and its owner's",
    "foreign-call-makes-it-fail": "A1-unknown-id another account's instances, with all that speaks against a redeploy",
    "forgotten-when-idle-for-a-day": "A9-accepted made a day ago, and given an event now",
    "in-order-for-a-failed-host": "E1-responds every row of the table, Running",
    "locked-after-a-redeploy-locked-for-good": "L10-rejected-is-silent failed, then refused for every reason, then mended",
    "malformed-call-makes-it-fail": "A14-malformed refused during a redeploy, which goes on",
    "no-boolean-ignored-when-stopped": "A14-malformed ForceStop is a word, whatever the instance is",
    "only-a-hundred-events-closed": "E7-several-events 101 events",
    "only-instance-meant-by-default": "A14-malformed no InstanceId, in an account of one instance",
    "only-ten-statements-read": "U2-policy-matching allowed by one wildcard, and behind many statements",
    "raised-on-the-way-downgraded-by-a-failure": "L6-failure-state each listed event raised on the way, Running, will fail",
    "release-takes-the-lock-off-others": "A3-security-lock beside one that was redeployed, and released",
    "second-failure-closes-scheduled-events": "L6-failure-state 4 failures and a success, Running",
    "third-success-from-stopped-ends-stopped": "L3-success-running 9 successes, each time Stopped",
    "stopped-again-six-hours-later": "L3-success-running Stopped, did succeed a day ago",
    "stopped-for-an-hour-refused": "A9-accepted Stopped for two hours",
    "stopping-and-in-arrears-accepted": "A11-precedence every two values",
    "switched-off-for-a-disk": "E1-responds every row of the table, Running",
    "taken-off-a-dedicated-host-at-the-end": "L3-success-running lock_reasons changed on the way to none",
    "third-redeploy-fails-and-stops-it": "L6-failure-state 4 failures and a success, Running",
    "throttled-call-makes-it-fail": "Q2-over-the-limit a burst, and another long after it",
    "throttled-call-switches-off": "Q2-over-the-limit a burst, and another long after it",
    "two-harmless-locks-are-one-too-many": "A9-accepted every two locks that are no reason to reject, forced or not",
}


@pytest.fixture(scope="module")
def cases(contract: Contract) -> dict[str, Case]:
    return {name(contract, case): case for case in plan(contract)}


@pytest.mark.parametrize(("fault", "case"), SHOWN_BY.items(), ids=list(SHOWN_BY))
def test_its_case_shows_it(
    fault: str, case: str, cases: dict[str, Case], bench_of: Make
) -> None:
    bench = bench_of(FAULTS[fault].build())
    doable = possible(cases[case], bench.offer.parts)
    assert doable is not None
    run = perform(bench, doable.steps, Ledger())
    assert run.violations, f"{case} does not show {fault} any more"
    assert run.violations[0].clause in FAULTS[fault].clauses


@pytest.mark.parametrize("case", sorted(set(SHOWN_BY.values())))
def test_and_accuses_nobody_else(
    case: str, cases: dict[str, Case], bench_of: Make
) -> None:
    bench = bench_of(Emulator())
    doable = possible(cases[case], bench.offer.parts)
    assert doable is not None
    run = perform(bench, doable.steps, Ledger())
    assert (run.violations, run.problem) == ([], None)


def test_each_late_fault_has_its_case() -> None:
    late = {one.id for one in FAULTS.values() if one.late}
    assert late == set(SHOWN_BY), "name in SHOWN_BY the planned case that shows it"

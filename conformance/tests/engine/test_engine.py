"""The engine as a whole: what it must not blame, what it must, and what it cannot know."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings, choices, clauses
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import findings, perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.notation import from_json, to_json
from redeploy_conformance.planning.planner import plan, possible
from redeploy_conformance.planning.steps import Create, Look, Redeploy, Settle
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Transport, UnansweredError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract

Make = Callable[..., Bench]
EVENT = ("SystemMaintenance.Reboot", "Inquiring")
READY = Create("i1", (), (EVENT,))
TWENTY_FIVE = (
    "any-status-accepted",
    "security-lock-ignored",
    "dedicated-host-accepted",
    "incorrect-disk-accepted",
    "expired-accepted",
    "incorrect-status-for-running",
    "two-events-refused",
    "second-call-in-flight-accepted",
    "accepted-with-http-400",
    "stays-running-until-done",
    "stopped-goes-stopping-first",
    "same-host-after-success",
    "never-ends",
    "success-ends-stopped",
    "failure-never-ends",
    "unlisted-event-closed",
    "rejected-call-drops-locks",
    "neighbour-moved",
    "policies-ignored",
    "wildcard-matches-too-much",
    "nonce-forgotten-soon",
    "success-drops-locks",
    "foreign-id-accepted",
    "stopped-not-found",
    "not-found-for-refunded",
)


@pytest.mark.parametrize("fault", TWENTY_FIVE)
def test_a_broken_emulator_is_caught_under_the_right_clause_in_five_steps(
    contract: Contract, bench_of: Make, fault: str
) -> None:
    bench = bench_of(FAULTS[fault].build())
    for case in plan(contract):
        doable = possible(case, bench.offer.parts)
        if doable is None:
            continue
        run = perform(bench, doable.steps, Ledger())
        if run.violations:
            break
    else:
        pytest.fail(f"{fault} was not caught")
    found = findings(bench, "case", run, "again", drawn=case.rich)[0]
    assert found.clause in FAULTS[fault].clauses
    assert len(found.trace) <= 5
    assert found.reproduced == found.attempts == 3


def test_every_open_clause_is_a_setting_with_the_same_words(contract: Contract) -> None:
    """The emulator is written without the contract; only here are the two laid side by side."""
    words = choices()
    settings = {clause: name for name, clause in clauses().items()}
    opens = {one.id for one in contract.clauses if not one.required}
    for clause in opens - set(settings):
        pytest.fail(f"emulator/settings.py has no field for the open clause {clause}")
    for clause in set(settings) - opens:
        pytest.fail(
            f"emulator/settings.py, {settings[clause]}: contract.toml has no open clause {clause}"
        )
    for clause, name in settings.items():
        if clause != "A11":  # an order, not a word
            assert set(words[name]) == set(contract.by_id[clause].choices), (
                f"{clause}: emulator/settings.py, {name}, and contract.toml differ in their words"
            )


def test_a_declared_choice_binds_and_an_undeclared_one_never_does(
    bench_of: Make,
) -> None:
    steps = (Create("i1"), Redeploy("i1"))
    accepting = Emulator(Settings(no_event="accept"))
    assert perform(bench_of(accepting), steps, Ledger()).violations == []
    bound = bench_of(accepting, choices={"A10": "refuse"})
    assert [one.clause for one in perform(bound, steps, Ledger()).violations] == ["A10"]


@dataclass
class Cut:
    """A transport that loses the answer to each redeploy, before or after it took effect."""

    inner: Transport
    after: bool

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        redeploy = ("x-acs-action", "RedeployInstance") in request.headers
        if redeploy and not self.after:
            raise UnansweredError("the connection broke")
        answer = self.inner.send(request, timeout)
        if redeploy:
            raise UnansweredError("the connection broke")
        return answer

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_leaves_both_possibilities_open(
    bench_of: Make, after: bool
) -> None:
    emulator = Emulator()
    bench = bench_of(emulator)
    cut = Cut(DirectTransport(emulator.asgi), after)
    object.__setattr__(bench.target, "transport", cut)
    steps = (READY, Redeploy("i1"), Look(), Settle())
    run = perform(bench, steps, Ledger())
    assert (run.violations, run.problem) == ([], None)
    both = {world.in_flight for world in run.done[1].after["i1"]}
    assert both == {True, False}
    if after:
        assert {world.status for world in run.done[-1].after["i1"]} == {"Running"}


def test_steps_survive_json(contract: Contract) -> None:
    for case in plan(contract):
        for step in case.steps:
            assert from_json(to_json(step)) == step


def test_a_run_in_real_time_raises_no_alarm(contract: Contract, bench_of: Make) -> None:
    settings = Settings()
    emulator = Emulator(settings, clock="real", time_scale=200)
    back = 2 * settings.stopping_seconds  # a failing one stops twice
    longest = back + settings.stopped_seconds + settings.starting_seconds
    bound = longest / 200 + 0.2
    bench = bench_of(emulator, redeploy_seconds=bound)
    ledger = Ledger()
    for case in plan(contract)[::4]:
        doable = possible(case, bench.offer.parts)
        if doable is not None and not case.burst:
            run = perform(bench, doable.steps, ledger)
            assert (run.violations, run.problem) == ([], None), case.row
    for clause in ("L3", "L6", "E1", "A9"):
        assert ledger.times(clause), clause


def test_time_never_goes_back_in_a_trace(bench_of: Make) -> None:
    run = perform(bench_of(Emulator()), (READY, Redeploy("i1"), Settle()), Ledger())
    flights = [any(w.in_flight for w in one.after["i1"]) for one in run.done]
    assert list(pairwise(flights)) == [(False, True), (True, False)]

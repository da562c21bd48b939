"""The tour: nothing of a case is lost in it, and it costs what it promises."""

from collections.abc import Callable
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.finding.touring import TOUR, looked_into, perform_tour
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import plan
from redeploy_conformance.planning.steps import (
    Advance,
    Case,
    Create,
    Depth,
    Look,
    Redeploy,
    Settle,
    Step,
)
from redeploy_conformance.planning.weave import merged, tour
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.paging import PAGE
from redeploy_conformance.trial.trial import try_fault
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

Make = Callable[..., Bench]
READY = Create("i1", (), (("SystemMaintenance.Reboot", "Inquiring"),))


def case(*steps: Step) -> Case:
    return Case(clauses=("L3",), row="", steps=steps)


def test_cases_share_time_looks_and_waits() -> None:
    one = case(READY, Redeploy("i1"), Advance(2.0), Look(), Settle())
    two = case(READY, Redeploy("i1"), Look(), Advance(5.0), Redeploy("i1"), Settle())
    woven = merged([one, two])
    assert [str(step).split(":")[0] for step in woven.steps] == [
        "create i1",
        "create i2",
        "redeploy i1",
        "redeploy i2",
        "look at everything",
        "advance the clock by 2 s",
        "look at everything",
        "advance the clock by 3 s",
        "redeploy i2",
        "wait until every redeploy must have ended, and look",
    ]
    assert woven.owners == {"i1": one, "i2": two}
    assert woven.calls == 3


def test_light_looks_stay_light_and_name_their_instances() -> None:
    light = case(READY, Redeploy("i1"), Advance(2.0), Look(("i1",), light=True))
    woven = merged([light, case(READY, Redeploy("i1"), Look()), light])
    assert woven.steps[-1] == Look(("i1", "i3"), light=True)


def test_no_call_of_a_case_is_lost_on_the_tour(contract: Contract) -> None:
    woven = tour(plan(contract), frozenset(Part))
    calls = sum(isinstance(step, Redeploy) for step in woven.steps)
    cases = {id(owner): owner for owner in woven.owners.values()}
    wanted = sum(
        isinstance(step, Redeploy) for one in cases.values() for step in one.steps
    )
    assert calls == wanted
    keys = [step.key for step in woven.steps if isinstance(step, Create)]
    assert len(keys) == len(set(keys))


def test_the_tour_meets_every_clause_but_the_quotas_in_250_requests(
    contract: Contract, bench_of: Make
) -> None:
    bench = bench_of(Emulator())
    _, report, run = perform_tour(bench)
    assert (run.violations, run.problem) == ([], None)
    required = [one.id for one in contract.clauses if one.required]
    idle = {one for one in required if not report.ledger.times(one)}
    assert idle == {"Q1", "Q2", "Q4", "Q5", "Q6"}
    assert bench.api.requests <= 250


@pytest.mark.parametrize(
    ("fault", "request_number"),
    [
        ("disk-error-in-isolation-gap", 7),
        ("security-lock-seen-only-alone", 11),
        ("policies-ignored", 14),
        ("region-ignored", 14),
        ("action-compared-by-its-beginning", 14),
        ("over-before-the-answer", 15),
        ("forced-second-call-accepted", 16),
        ("success-drops-locks", 20),
        # Two more see whether the control plane told truly what inspection shows.
        ("isolated-disk-stays-isolated", 20),
        ("failed-host-of-a-stopped-instance-not-responded-to", 20),
        ("only-ten-events-closed", 20),
    ],
)
def test_the_opening_shows_most_of_what_can_go_wrong_in_20_requests(
    bench_of: Make, fault: str, request_number: int
) -> None:
    bench = bench_of(FAULTS[fault].build())
    _, _, run = perform_tour(bench)
    assert (run.requests or bench.api.requests) == request_number


def test_requests_are_counted_until_a_violation_is_seen() -> None:
    """Those that clear the control plane of it come after that."""
    assert try_fault("isolated-disk-stays-isolated").requests == 20


def test_one_page_holds_the_events_of_the_opening_and_one_instance_has_more_than_ten(
    contract: Contract,
) -> None:
    made = [
        one
        for case in plan(contract)
        if case.depth is Depth.OPENING
        for one in case.steps
        if isinstance(one, Create)
    ]
    assert sum(len(one.events) for one in made) <= PAGE
    plain = {
        (row.type, status)
        for row in contract.events
        if not row.only_with
        for status in row.statuses
    }
    assert max(sum(pair in plain for pair in one.events) for one in made) > 10


class TellsNothing(ControlParts):
    """Leaves out of its answers what it may leave out."""

    def add_instances(self, asked: Any) -> Reply:
        status, fields = super().add_instances(asked)
        rows: Any = fields["instances"]
        for row in rows:
            del row["inspect"]
        return status, fields


def test_who_tells_no_more_than_must_be_told_passes_the_tour_just_so(
    contract: Contract, bench_of: Make
) -> None:
    ledgers = []
    for control in (ControlParts, TellsNothing):
        bench = bench_of(Emulator(parts=Parts(control=control)))
        _, report, run = perform_tour(bench)
        assert (run.violations, run.problem) == ([], None)
        ledgers.append(
            {one.id: report.ledger.times(one.id) for one in contract.clauses}
        )
    told, untold = ledgers
    assert {one for one in told if told[one]} == {one for one in untold if untold[one]}


def test_an_ended_redeploy_is_blamed_rather_than_the_rejected_call_after_it(
    bench_of: Make,
) -> None:
    """Either could have dropped the locks; the redeploy has the more to answer for."""
    bench = bench_of(FAULTS["success-drops-locks"].build())
    through, _, run = perform_tour(bench)
    assert {one.clause for one in looked_into(bench, through, run, "it")} == {"L9"}


@pytest.mark.parametrize(
    ("fault", "most"),
    [("never-ends", 20), ("executing-events-responded-to", 60)],
)
def test_of_many_things_the_one_that_matters_is_found_with_few_requests(
    bench_of: Make, fault: str, most: int
) -> None:
    bench = bench_of(FAULTS[fault].build())
    through, _, run = perform_tour(bench)
    before = bench.api.requests
    found = looked_into(bench, through, run, "it")[0]
    assert bench.api.requests - before - bench.confirming <= most
    assert [one["step"] for one in found.steps] == ["create", "redeploy", "settle"]
    assert len(found.steps[0].get("events", ())) <= 2


def test_what_is_wrong_with_an_event_names_its_type(bench_of: Make) -> None:
    bench = bench_of(FAULTS["unlisted-event-closed"].build())
    _, _, run = perform_tour(bench)
    wrong = run.violations[0]
    kind, _ = wrong.event
    assert kind
    assert wrong.observed.startswith(f"i1's {wrong.field}, {kind}: ")


def test_the_fewest_steps_tell_whose_change_it_was(bench_of: Make) -> None:
    """On the tour it is an instance with a rejected call that another one's redeploy changes."""
    bench = bench_of(FAULTS["neighbour-event-changes-type"].build())
    through, _, run = perform_tour(bench)
    assert "L10" in {one.clause for one in run.violations}
    assert [one.clause for one in looked_into(bench, through, run, "it")] == ["L9"]


@pytest.mark.parametrize("fault", ["neighbour-stopped", "same-host-after-success"])
def test_a_violation_on_the_tour_is_shown_by_one_case(
    bench_of: Make, fault: str
) -> None:
    bench = bench_of(FAULTS[fault].build())
    through, _, run = perform_tour(bench)
    found = looked_into(bench, through, run, "it")[0]
    assert found.clause in FAULTS[fault].clauses
    assert found.case != TOUR
    assert len(found.steps) <= 5


def test_what_is_seen_once_is_not_lost(bench_of: Make) -> None:
    """It repeats an id every forty answers, so that few trials of a short trace show it again."""
    bench = bench_of(FAULTS["request-id-repeated"].build())
    through, _, run = perform_tour(bench)
    found = looked_into(bench, through, run, "it")[0]
    assert (found.clause, found.case) == ("R4", TOUR)
    assert found.attempts == 3
    assert found.reproduced < 3
    assert "a second time" in found.observed


def test_a_tour_without_outcomes_leaves_endings_open(
    contract: Contract, bench_of: Make
) -> None:
    parts = frozenset(Part) - {Part.OUTCOMES}
    woven = tour(plan(contract), parts)
    assert not any(isinstance(one, Create) and one.ending for one in woven.steps)
    run = perform(bench_of(Emulator()), woven.steps, Ledger())
    assert (run.violations, run.problem) == ([], None)

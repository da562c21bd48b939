"""The order of codes is told as one order where there is one (A11)."""

from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import ATTRIBUTES, Settings
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.guards import NO_EVENT_CODE
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, Flight, World
from redeploy_conformance.planning.planner import plan, possible
from redeploy_conformance.results.conclude import Gathered
from redeploy_conformance.running.api import Offer
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending

OFFER = Offer("emulator", "1", "cn-hangzhou", frozenset())


def told(contract: Contract, *pairs: tuple[str, str]) -> list[tuple[str, int]]:
    gathered = Gathered(contract, OFFER)
    gathered.ledger.precedence = Counter(pairs)
    (clause,) = (one for one in gathered.clauses() if one.id == "A11")
    return [(one.choice, one.count) for one in clause.choices]


def test_pairs_that_agree_are_one_order(contract: Contract) -> None:
    pairs = [("A2", "A7"), ("A7", "A3"), ("A2", "A3"), ("A2", "A3")]
    assert told(contract, *pairs) == [("A2 before A7 before A3", 4)]


def test_a_gap_leaves_the_pairs(contract: Contract) -> None:
    pairs = [("A2", "A7"), ("A3", "A7")]
    assert told(contract, *pairs) == [("A2 before A7", 1), ("A3 before A7", 1)]


def test_a_contradiction_leaves_the_pairs_and_is_inconsistent(
    contract: Contract,
) -> None:
    pairs = [("A2", "A7"), ("A7", "A2")]
    assert told(contract, *pairs) == [("A2 before A7", 1), ("A7 before A2", 1)]
    gathered = Gathered(contract, OFFER)
    gathered.ledger.precedence = Counter(pairs)
    assert [one.id for one in gathered.clauses() if one.inconsistent] == ["A11"]


def test_nothing_seen_is_nothing_told(contract: Contract) -> None:
    assert told(contract) == []


FLIGHT = Flight("Running", Ending.SUCCEED, None, frozenset(), 600.0, moved=True)
MOVING = World(status="Stopping", billing="expired", flight=FLIGHT)
LANDED = World(status="Running", billing="expired")


@pytest.mark.parametrize(
    ("worlds", "call", "pairs"),
    [
        ({MOVING}, Call(), {("A7", "A2"): 1}),
        ({LANDED}, Call(), {}),  # only one is violated
        ({MOVING, LANDED}, Call(), {}),  # nobody knows whether two are
        ({MOVING}, Call(barred="U1", silence="U1"), {}),  # no word on the instance
    ],
)
def test_an_order_is_told_only_where_it_is_certain_what_was_violated(
    contract: Contract,
    worlds: set[World],
    call: Call,
    pairs: dict[tuple[str, str], int],
) -> None:
    oracle = Oracle(contract, Rules(bound=600.0, lags=False, stepped=True))
    oracle.add("i1", "a1", LANDED)
    oracle.worlds["i1"] = frozenset(worlds)
    text = contract.error_by_code["InstanceExpiredOrInArrears"].message
    reply = Reply(Kind.REJECTED, 403, "InstanceExpiredOrInArrears", text, "R-1")
    assert oracle.answered("i1", call, reply, 1.0) == []
    assert oracle.ledger.precedence == pairs


OPENED = Event("e1", "SystemMaintenance.Reboot", "Inquiring")
DAMAGED = {"storage": "local", "local_disk": "damaged"}


@pytest.mark.parametrize(
    ("world", "code", "pairs"),
    [
        # The event is missing, too, and the code is the same: it need not be the host's.
        (World(tenancy="dedicated-host", billing="expired"), "no-event", {}),
        (
            World(tenancy="dedicated-host", billing="expired", events=(OPENED,)),
            "no-event",
            {("A4", "A7"): 1},
        ),
        # A code that no page lists may be the host's, or that of a missing event.
        (World(tenancy="dedicated-host", billing="expired"), "other", {}),
        # A damaged disk may be a reason as well as one in a wrong status.
        (
            World(
                disk_status="incorrect", billing="expired", events=(OPENED,), **DAMAGED
            ),
            "disk",
            {},
        ),
        (
            World(status="Pending", billing="expired"),
            "no-event",
            {("no-event", "A2"): 1, ("no-event", "A7"): 1},
        ),
    ],
)
def test_an_order_is_told_only_where_one_reason_has_the_code(
    contract: Contract, world: World, code: str, pairs: dict[tuple[str, str], int]
) -> None:
    codes = {
        "no-event": "InvalidOperation.RedeployInstance",
        "disk": "DiskError",
        "other": "OperationDenied.DedicatedHost",
    }
    oracle = Oracle(contract, Rules(bound=600.0, lags=False, stepped=True))
    oracle.add("i1", "a1", world)
    listed = contract.error_by_code.get(codes[code])
    text = "no" if listed is None or listed.message == "%s" else listed.message
    reply = Reply(Kind.REJECTED, 403, codes[code], text, "R-1")
    assert oracle.answered("i1", Call(), reply, 1.0) == []
    assert oracle.ledger.precedence == pairs


def test_where_the_isolation_gap_may_last_nothing_is_told_of_an_acceptance(
    contract: Contract,
) -> None:
    """A closed event of the kind that ends it leaves that open (ruling on A13)."""
    ends = contract.gap_ending_event_types[0]
    isolated = {"storage": "local", "local_disk": "isolated"}
    closed = World(events=(Event("e1", ends, "Canceled"),), **isolated)
    plain = World()
    oracle = Oracle(contract, Rules(bound=600.0, lags=False, stepped=True))
    for number, world in enumerate((closed, plain), 1):
        oracle.add(f"i{number}", "a1", world)
        reply = Reply(
            Kind.ACCEPTED, 200, request_id=f"R-{number}", task_id=f"t-{number}"
        )
        assert oracle.answered(f"i{number}", Call(), reply, 1.0) == []
    assert oracle.ledger.told["A10", "accept"] == 1


@pytest.mark.parametrize("status", ["Inquiring", "Scheduled"])
def test_where_the_gap_is_over_it_is_told_that_the_disk_is_a_reason(
    contract: Contract, status: str
) -> None:
    """It is while the event that ends it is open, whether or not the call responds to that."""
    ends = contract.gap_ending_event_types[0]
    isolated = {"storage": "local", "local_disk": "isolated"}
    oracle = Oracle(contract, Rules(bound=600.0, lags=False, stepped=True))
    oracle.add("i1", "a1", World(events=(Event("e1", ends, status),), **isolated))
    message = contract.error_by_code["DiskError"].message
    reply = Reply(Kind.REJECTED, 403, "DiskError", message, "R-1")
    assert oracle.answered("i1", Call(), reply, 1.0) == []
    assert oracle.ledger.told["A13e", "DiskError"] == 1


ANSWERED = Event("e-1", "SystemMaintenance.Reboot", "Inquiring")
BOTH = (ANSWERED, replace(ANSWERED, id="e-2"))
ANSWERING = Flight("Running", Ending.SUCCEED, None, frozenset({"e-1"}), 600.0)


@pytest.mark.parametrize(
    ("events", "declared", "codes"),
    [
        ((ANSWERED,), {}, {"IncorrectInstanceStatus", NO_EVENT_CODE}),
        ((ANSWERED,), {"E1x": "unchanged"}, {"IncorrectInstanceStatus"}),
        (BOTH, {}, {"IncorrectInstanceStatus", NO_EVENT_CODE}),
        (BOTH, {"E1r": "kept"}, {"IncorrectInstanceStatus"}),
    ],
    ids=[
        "it may show as Executing",
        "declared otherwise",
        "one raised on the way may, too",
        "that is declared otherwise",
    ],
)
def test_an_event_under_way_that_shows_as_executing_is_no_event_any_more(
    contract: Contract,
    events: tuple[Event, ...],
    declared: dict[str, str],
    codes: set[str],
) -> None:
    """A second call then violates two conditions at once, and either code is right (E1x, A11)."""
    world = World(status="Stopping", flight=ANSWERING, events=events)
    right = set()
    for code in ("IncorrectInstanceStatus", NO_EVENT_CODE, "DiskError"):
        rules = Rules(bound=600.0, lags=False, stepped=True, declared=declared)
        oracle = Oracle(contract, rules)
        oracle.add("i1", "a1", LANDED)
        oracle.worlds["i1"] = frozenset({world})
        row = contract.error_by_code[code]
        reply = Reply(
            Kind.REJECTED, 403, code, row.message.replace("%s", "None."), "R-1"
        )
        if oracle.answered("i1", Call(), reply, 1.0) == []:
            right.add(code)
    assert right == codes


def test_a_legal_variant_that_looks_for_events_first_raises_no_alarm(
    contract: Contract, bench_of: Callable[..., Bench]
) -> None:
    first = ("no-event", *ATTRIBUTES[:-1])
    settings = Settings(event_in_flight="Executing", precedence=first)
    bench = bench_of(Emulator(settings), read_lag_seconds=None)
    for case in plan(contract):
        doable = possible(case, bench.offer.parts)
        if doable is not None and case.clauses[0] in ("A2", "L12"):
            assert perform(bench, doable.steps, Ledger()).violations == [], case.row

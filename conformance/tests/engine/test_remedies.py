"""What would help where cases ran, and what they are for did not come about."""

from collections import Counter
from collections.abc import Callable

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import ATTRIBUTES, Settings
from redeploy_conformance.finding.investigate import CaseReport, perform
from redeploy_conformance.finding.touring import TOUR
from redeploy_conformance.judging.ledger import UNANSWERED, Ledger
from redeploy_conformance.planning.planner import plan
from redeploy_conformance.planning.steps import Break, Create, Redeploy, Together
from redeploy_conformance.results.conclude import Gathered
from redeploy_conformance.running.api import Offer
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.suite.run import NO_CLOCK
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Burst, BurstPoint, Finding
from redeploy_schemas.vocabulary import NOT_CHOSEN, Part

OUTCOMES = (
    "offer outcomes of the control protocol, so that redeploys succeed where they must"
)
TRACE = "run --clause {} --trace FILE, and see what was answered"
FRESH = (
    "declare read_lag_seconds = 0 if no read is late: as it is, a late one may explain "
    "what was seen"
)
OF_SUCCESS = ("L3", "L4", "L11", "D1", "D2", "D3", "E1", "E2", "E3", "E4")
PROBLEMS = "see what could not be run"


@pytest.fixture
def finding() -> Finding:
    return Finding(
        clause="A3",
        also=(),
        case="A3-security-lock",
        summary="",
        expected="rejected",
        observed="200",
        trace=(),
        steps=(),
        reproduce="",
        reproduced=3,
        attempts=3,
    )


@pytest.mark.parametrize(
    ("clause", "lacking", "problem", "remedy"),
    [
        ("L3", set(), None, TRACE),
        ("L3", {Part.OUTCOMES}, "it was not made as asked", PROBLEMS),
        *((one, {Part.OUTCOMES}, None, OUTCOMES) for one in OF_SUCCESS),
        *((one, {Part.OUTCOMES}, None, TRACE) for one in ("U2", "A3")),
    ],
)
@pytest.mark.parametrize("idle", [True, False])
def test_the_remedy_is_what_was_lacking(
    contract: Contract,
    clause: str,
    lacking: set[Part],
    problem: str | None,
    remedy: str,
    idle: bool,
) -> None:
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part) - lacking)
    gathered = Gathered(contract, offer)
    gathered.add(CaseReport("a case", (clause,), idle=(clause,) if idle else ()))
    if problem is not None:
        gathered.add(CaseReport("another", (), problem=problem))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id[clause].remedy == remedy.format(clause)


@pytest.mark.parametrize("clause", ["L1", "L2", "L8r"])
@pytest.mark.parametrize(("fresh", "remedy"), [(False, FRESH), (True, TRACE)])
def test_what_a_late_read_may_explain_is_told_by_declaring_that_none_is(
    contract: Contract, clause: str, fresh: bool, remedy: str
) -> None:
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part))
    gathered = Gathered(contract, offer, fresh=fresh)
    gathered.add(CaseReport("a case", (clause,), idle=(clause,)))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id[clause].remedy == remedy.format(clause)


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        (0, "mend what lets calls fail: 3 calls were answered 500 or 503, "),
        (2, "mend what lets calls fail: 1 call was answered 500 or 503, "),
        (3, TRACE.format("A3")),
    ],
)
def test_calls_that_fail_though_nobody_asked_for_it_are_what_is_to_be_mended(
    contract: Contract, asked: int, remedy: str
) -> None:
    ledger = Ledger(failed=Counter({500: 2, 503: 1}))
    ledger.confirm([("S1", Part.INTERNAL_ERRORS.value)] * asked)
    report = CaseReport("a case", ("A3", "Q2"), Ledger.from_json(ledger.to_json()))
    gathered = Gathered(contract, Offer("mine", "1", "cn-hangzhou", frozenset(Part)))
    gathered.add(report)
    told = {one.id: one.remedy or "" for one in gathered.clauses()}
    assert told["A3"].startswith(remedy)
    assert ("begins with Throttling" in told["Q2"]) == (asked < 3)


def test_calls_that_were_answered_an_error_of_the_service_are_counted(
    contract: Contract, bench_of: Callable[..., Bench]
) -> None:
    ledger = Ledger()
    calls = (Break("none"), Redeploy("i1"), Break("accepted"), Together(("i1",)))
    event = (contract.events[0].type, contract.events[0].statuses[0])
    run = perform(bench_of(Emulator()), (Create("i1", (), (event,)), *calls), ledger)
    assert (run.violations, run.problem) == ([], None)
    assert ledger.failed == {500: 2}


def test_what_a_tour_did_not_come_to_was_not_left_out_by_choice(
    contract: Contract,
) -> None:
    """A quick run is the tour; where that ends early, no filter is to blame."""
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part))
    gathered = Gathered(contract, offer, filtered=True)
    gathered.add(CaseReport(TOUR, (), problem="RunInstances answered 404"))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id["A7"].reason == "the tour ended before: RunInstances answered 404"
    assert by_id["A7"].remedy == PROBLEMS
    assert by_id["L13"].reason == NOT_CHOSEN


def test_a_tour_that_ends_at_a_violation_says_at_which(
    contract: Contract, finding: Finding
) -> None:
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part))
    gathered = Gathered(contract, offer, filtered=True)
    gathered.add(CaseReport(TOUR, (), findings=[finding]))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id["A7"].reason == "the tour ended before, at a violation of A3"
    assert by_id["A7"].remedy == "mend A3 first"


def test_a_quick_run_without_a_clock_says_why_there_was_no_tour(
    contract: Contract,
) -> None:
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part) - {Part.CLOCK})
    gathered = Gathered(contract, offer, filtered=True)
    gathered.add(CaseReport(TOUR, (), declined=f"the tour {NO_CLOCK}"))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id["A7"].reason == (
        f"{NOT_CHOSEN}, and the tour needs accounts, clock, instances of the control protocol"
    )


def test_what_real_time_exercises_is_not_excused_by_an_absent_clock(
    contract: Contract,
) -> None:
    """The rate limit has a case without a clock; whoever leaves it out has not exercised it."""
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part) - {Part.CLOCK})
    gathered = Gathered(
        contract,
        offer,
        absent=frozenset({Part.CLOCK}),
        filtered=True,
        doable=frozenset({"Q1"}),
    )
    by_id = {one.id: one for one in gathered.clauses()}
    assert (by_id["Q1"].missing, by_id["Q1"].reason) == ("could not run", NOT_CHOSEN)
    assert by_id["L12"].missing == "not applicable"


def test_one_part_declared_absent_is_enough(contract: Contract) -> None:
    offer = Offer("mine", "1", "cn-hangzhou", frozenset({Part.ACCOUNTS}))
    gathered = Gathered(contract, offer, absent=frozenset({Part.CLOCK}))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id["L4f"].missing == "not applicable"
    assert by_id["L4f"].reason == "declared absent: clock"
    assert by_id["L4"].missing == "could not run"


@pytest.mark.parametrize(("seconds", "slow"), [(150.0, True), (20.0, False)])
def test_who_is_too_slow_for_the_rate_limit_is_told_so(
    contract: Contract, seconds: float, slow: bool
) -> None:
    points = tuple(
        BurstPoint(at=at * seconds / 10, accepted=100, rejected=0, throttled=0)
        for at in range(11)
    )
    report = CaseReport("Q1", ("Q1",), idle=("Q1",))
    report.ledger.bursts.append(Burst(case="Q1", points=points, limiters=()))
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part) - {Part.CLOCK})
    gathered = Gathered(
        contract, offer, absent=frozenset({Part.CLOCK}), doable=frozenset({"Q1"})
    )
    gathered.add(report)
    [found] = [one for one in gathered.clauses() if one.id == "Q1"]
    told = "1,100 calls in real time took 150 s, too slow to come to the limit of 500 in 60 s"
    assert (found.reason == told) is slow, found.reason
    assert found.missing == "could not run"


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        ({UNANSWERED: 1}, "1 call got no whole answer"),
        (
            {502: 2, UNANSWERED: 3},
            "2 calls were answered 502, which nobody had asked for, and 3 calls got no whole answer",
        ),
    ],
)
def test_calls_that_got_no_answer_are_told(
    contract: Contract, failed: dict[int, int], told: str
) -> None:
    gathered = Gathered(contract, Offer("mine", "1", "x", frozenset(Part)))
    ledger = Ledger(failed=Counter(failed))
    gathered.add(CaseReport("A4", ("A4",), ledger=ledger, idle=("A4",)))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id["A4"].remedy == f"mend what lets calls fail: {told}"


@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("met", [True, False])
def test_a_redeploy_may_be_over_before_it_is_called_again(
    contract: Contract, clock: bool, met: bool
) -> None:
    """It is enough that some call met one under way, and too little that none did."""
    parts = frozenset(Part) - (set() if clock else {Part.CLOCK})
    gathered = Gathered(contract, Offer("mine", "1", "x", parts))
    gathered.ledger.confirm([("A2", "status")] * 3)
    gathered.ledger.confirm([("A2", "in_flight")] * met)
    gathered.add(CaseReport("a second call", ("A2",), idle=("A2",)))
    [found] = [one for one in gathered.clauses() if one.id == "A2"]
    assert (found.verdict == "pass") is met
    if not met and not clock:
        assert found.remedy == "let a redeploy take longer than a call does"


def test_an_event_taken_up_may_be_answered_before_the_status(
    contract: Contract, bench_of: Callable[..., Bench]
) -> None:
    """Only where no event is needed is a second call refused for the status there."""
    settings = Settings(
        event_in_flight="Executing",
        precedence=("no-event", *(one for one in ATTRIBUTES if one != "no-event")),
    )
    row = "called again in the gap"
    [steps] = [one.steps for one in plan(contract) if one.row == row]
    ledger = Ledger()
    run = perform(bench_of(Emulator(settings)), steps, ledger)
    assert (run.violations, run.problem) == ([], None)
    assert ledger.held["A2", "in_flight"] == 1

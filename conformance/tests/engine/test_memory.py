"""What is remembered is what would be judged afresh."""

import gc
import random
from collections.abc import Callable
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.walking import perform_walks
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.memory import Memory
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World
from redeploy_conformance.planning.steps import Create, Patch, Redeploy, Settle
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Session
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending

TYPES = ("SystemMaintenance.Reboot", "SystemMaintenance.Redeploy", "Unlisted.Type")
STATUSES = ("Running", "Running", "Stopped", "Starting", "Stopping")


def forgetful(contract: Contract, rules: Rules) -> Memory:
    """Return a memory that keeps nothing, as on a real clock."""
    memory = Memory(contract, rules)
    memory.in_time = memory._in_time
    memory.narrow = memory._narrow
    memory.decide = memory._decide
    return memory


def drawn_reply(contract: Contract, draw: random.Random, number: str) -> Reply:
    kind = draw.choice([Kind.ACCEPTED, Kind.ACCEPTED, Kind.REJECTED, Kind.INTERNAL])
    if kind is Kind.ACCEPTED:
        return Reply(kind, 200, request_id=f"R-{number}", task_id=f"t-{number}")
    code = (
        "InternalError" if kind is Kind.INTERNAL else draw.choice(contract.errors).code
    )
    row = contract.error_by_code[code]
    return Reply(kind, row.http_status, code, row.message, f"R-{number}")


def drawn_view(draw: random.Random, events: tuple[Event, ...]) -> dict[str, Any]:
    return {
        "exists": True,
        "status": draw.choice(STATUSES),
        "host": draw.choice(["h-1", "h-2"]),
        "orderly_stops": draw.choice([0, 1]),
        "events": {
            one.id: (one.type, draw.choice([one.status, "Executed", "Executing"]))
            for one in events
        },
    }


@pytest.mark.parametrize("seed", range(150))
def test_remembering_changes_no_verdict(contract: Contract, seed: int) -> None:
    draw = random.Random(seed)
    declared = draw.choice([{}, {"E7": "all"}, {"A10": "refuse"}])
    rules = Rules(bound=60.0, lags=draw.random() < 0.3, stepped=True, declared=declared)
    remembers, forgets = Oracle(contract, rules), Oracle(contract, rules)
    forgets.memory = forgetful(contract, rules)
    events = tuple(
        Event(
            f"e-{seed}-{n}", draw.choice(TYPES), draw.choice(["Inquiring", "Scheduled"])
        )
        for n in range(draw.randrange(3))
    )
    ending = draw.choice([None, *Ending])
    world = World(
        events=events, storage=draw.choice(["cloud", "local"]), next_ending=ending
    )
    both = (remembers, forgets)
    for oracle in both:
        oracle.add("i1", "a1", world)
    now = 0.0
    for number in range(8):
        match draw.choice(["call", "look", "turn"]):
            case "call":
                reply = drawn_reply(contract, draw, f"{seed}-{number}")
                call = Call(force=draw.choice([None, True, False]))
                said = [oracle.answered("i1", call, reply, now) for oracle in both]
            case "look":
                view = drawn_view(draw, events)
                said = [oracle.looked({"i1": view}, now) for oracle in both]
            case _:
                now += draw.choice([1.0, 60.0])
                said = [oracle.time_passes(now) or [] for oracle in both]
        assert said[0] == said[1]
        assert remembers.worlds == forgets.worlds
        assert remembers.ledger == forgets.ledger


@pytest.mark.parametrize("begun", [0.0, 6.1, 17.1, 1000.0])
@pytest.mark.parametrize("bound", [60.0, 60.1, 61.3])
def test_a_redeploy_is_late_wherever_the_clock_stood(
    bench_of: Callable[..., Bench], begun: float, bound: float
) -> None:
    bench = bench_of(FAULTS["never-ends"].build(), redeploy_seconds=bound)
    session = bench.session(Ledger())
    session.plane.turn(begun)
    made = Create("i1", (), ((TYPES[0], "Inquiring"),), ending="succeed")
    run = session.perform((made, Redeploy("i1"), Settle()))
    assert (run.problem, [one.clause for one in run.violations]) == (None, ["L7"])
    told = (
        f"the redeploy, accepted more than {bound:g} s ago, has ended: in success or in"
    )
    assert told in run.violations[0].expected


def test_a_status_that_fits_is_not_all_that_tells_of_an_end(
    bench_of: Callable[..., Bench],
) -> None:
    """The redeploy failed, though its success was asked for, and left no trace."""
    fault = FAULTS["rejection-makes-the-next-redeploy-fail"].build()
    session = bench_of(fault).session(Ledger())
    event = ((TYPES[0], "Inquiring"),)
    run = session.perform(
        (
            Create("i1", (("status", "Pending"),), event, ending="succeed"),
            Redeploy("i1"),
            Patch("i1", (("status", "Running"),)),
            Redeploy("i1"),
            Settle(),
        )
    )
    assert [one.clause for one in run.violations] == ["L7"]
    assert run.violations[0].expected == "i1's end: in success, as was asked for"
    assert run.violations[0].observed == "i1's end: in failure"


def test_walks_leave_nothing_of_their_sessions(bench_of: Callable[..., Bench]) -> None:
    """Hypothesis keeps the class of each machine: what that reaches would pile up, run after run."""

    def alive() -> int:
        gc.collect()
        return sum(isinstance(one, Session) for one in gc.get_objects())

    before = alive()
    _, run = perform_walks(bench_of(Emulator()), 0, 1)
    assert run.done
    assert alive() == before

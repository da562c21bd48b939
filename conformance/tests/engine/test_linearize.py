"""Hand-made histories: which have an order, what is left of those that have none."""

import pytest

from redeploy_conformance.judging.linearize import Operation, drawn, linearize, smallest
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import Event, World
from redeploy_schemas.contract import Contract

EVENT = ("SystemMaintenance.Reboot", "Inquiring")
RULES = Rules(bound=600.0, lags=False, stepped=True)
START = frozenset({World(events=(Event("e1", *EVENT),))})
ACCEPTED = Reply(Kind.ACCEPTED, 200, request_id="r", task_id="t")
BUSY = Reply(Kind.REJECTED, 403, "IncorrectInstanceStatus")
LOST = Reply(Kind.UNKNOWN)


def history(*replies: tuple[int, int, Reply]) -> list[Operation]:
    return [
        Operation(n, begun, ended, Call(), reply)
        for n, (begun, ended, reply) in enumerate(replies)
    ]


@pytest.mark.parametrize(
    ("operations", "fits"),
    [
        (history((0, 2, ACCEPTED), (1, 3, BUSY)), True),
        (history((0, 2, BUSY), (1, 3, ACCEPTED)), True),
        (history((0, 2, ACCEPTED), (1, 3, ACCEPTED)), False),
        (history((0, 2, BUSY), (1, 3, BUSY)), False),
        (history((0, 1, BUSY), (2, 3, ACCEPTED)), False),
        (history((0, 1, ACCEPTED), (2, 3, BUSY)), True),
        (history((0, 9, LOST), (1, 3, BUSY)), True),
        (history((0, 9, LOST), (1, 3, ACCEPTED)), True),
        (history((0, 9, LOST), (1, 3, ACCEPTED), (4, 5, ACCEPTED)), False),
    ],
)
def test_linearizability_of_hand_made_histories(
    contract: Contract, operations: list[Operation], fits: bool
) -> None:
    assert bool(linearize(contract, START, operations, 0.0, RULES)) is fits


def look(number: int, begun: int, ended: int, status: str) -> Operation:
    return Operation(number, begun, ended, None, {"exists": True, "status": status})


@pytest.mark.parametrize(
    ("looks", "fits"),
    [
        ([look(8, 1, 2, "Running"), look(9, 3, 4, "Stopping")], True),
        ([look(8, 1, 2, "Stopping"), look(9, 3, 4, "Running")], False),
        ([look(8, 1, 4, "Stopping"), look(9, 2, 3, "Running")], True),
        ([look(8, 1, 2, "Pending")], False),
        ([look(8, 11, 12, "Running")], False),
        ([look(8, 11, 12, "Stopping")], True),
    ],
)
def test_looks_have_their_place_among_the_calls(
    contract: Contract, looks: list[Operation], fits: bool
) -> None:
    operations = [*history((0, 10, ACCEPTED)), *looks]
    assert bool(linearize(contract, START, operations, 0.0, RULES)) is fits


@pytest.mark.parametrize(
    ("reply", "looks", "fits"),
    [
        (LOST, [look(8, 2, 3, "Running"), look(9, 4, 5, "Stopping")], True),
        (LOST, [look(8, 2, 3, "Running")], True),
        (ACCEPTED, [look(8, 2, 3, "Running"), look(9, 4, 5, "Stopping")], False),
    ],
)
def test_a_call_without_an_answer_may_take_effect_after_its_caller_has_left(
    contract: Contract, reply: Reply, looks: list[Operation], fits: bool
) -> None:
    operations = [*history((0, 1, reply)), *looks]
    busy = Operation(7, 6, 7, Call(), BUSY)
    assert bool(linearize(contract, START, [*operations, busy], 0.0, RULES)) is fits
    assert (">" in drawn(operations)) is (reply is LOST)


def test_a_refuted_history_is_reduced_to_what_refutes_it(contract: Contract) -> None:
    calls = history((0, 10, ACCEPTED), (2, 9, BUSY), (3, 8, BUSY))
    looks = [
        look(6, 1, 4, "Running"),
        look(7, 5, 6, "Stopping"),
        look(8, 7, 11, "Running"),
    ]
    left = smallest(contract, START, [*calls, *looks], 0.0, RULES)
    assert [one.id for one in left] == [0, 7, 8]
    assert drawn(left).splitlines() == [
        "call 0  |-----------------------|        200, TaskId t",
        "look 7        |-----|                    Stopping",
        "look 8                    |-----------|  Running",
    ]


def test_an_accepted_call_is_never_left_out(contract: Contract) -> None:
    both = history((0, 2, ACCEPTED), (1, 3, ACCEPTED))
    assert smallest(contract, START, both, 0.0, RULES) == both

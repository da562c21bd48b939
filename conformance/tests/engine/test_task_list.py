"""What a list of tasks shows binds those who declare it: status, and whose task it is (L13)."""

from functools import partial

import pytest

from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.world import World
from redeploy_conformance.running.task_list import NO_END, OVER, Shown, expected
from redeploy_conformance.running.task_list import judged as judged_when
from redeploy_schemas.vocabulary import Ending

MINE = "RedeployInstance"
PROCESSING = Shown("Processing", MINE)
OTHER = Shown("Processing", "RebootInstance")
BARE = Shown("Processing", None)

judged = partial(judged_when, due=True)


@pytest.mark.parametrize("one", [PROCESSING, OTHER, BARE])
def test_a_list_that_nobody_declared_binds_nobody(one: Shown) -> None:
    assert judged(None, [one], MINE, ("Finished",)) == []


def test_a_task_as_declared_is_right() -> None:
    assert judged("listed", [PROCESSING], MINE, ("Processing",)) == []
    assert judged("listed", [PROCESSING], MINE, ()) == []
    assert judged("absent", [], MINE, ("Processing",)) == []


@pytest.mark.parametrize("may", [("Processing",), ()])
def test_a_task_of_another_operation_or_of_none_is_wrong(may: tuple[str, ...]) -> None:
    wanted = "a task of RedeployInstance, as declared"
    assert judged("listed", [OTHER], MINE, may) == [
        Violation("L13", wanted, "RebootInstance Processing")
    ]
    assert judged("listed", [BARE], MINE, may) == [
        Violation("L13", wanted, "None Processing")
    ]


def test_another_status_or_none_at_all_is_wrong() -> None:
    wanted = "Finished, as declared"
    assert judged("listed", [PROCESSING], MINE, ("Finished",)) == [
        Violation("L13", wanted, "RedeployInstance Processing", instead=NO_END)
    ]
    assert judged("listed", [], MINE, ("Finished",)) == [
        Violation("L13", wanted, "not listed")
    ]
    assert judged("absent", [PROCESSING], MINE, ()) == [
        Violation("L13", "not listed, as declared", "RedeployInstance Processing")
    ]


def test_when_a_redeploy_is_over_its_task_is_too_however_that_ended() -> None:
    over = frozenset({World()})
    assert expected(over, None) == OVER == ("Finished", "Failed")
    assert expected(over, Ending.FAIL) == ("Failed",)
    assert judged("listed", [Shown("Failed", MINE)], MINE, OVER) == []
    wanted, seen = "Finished or Failed, as declared", "RedeployInstance Processing"
    assert judged("listed", [PROCESSING], MINE, OVER) == [
        Violation("L13", wanted, seen, instead=NO_END)
    ]


def test_one_that_is_declared_to_be_listed_is_once_it_must_be() -> None:
    assert judged("listed", [], MINE, ()) == [
        Violation("L13", "listed, as declared", "not listed")
    ]
    assert judged_when("listed", [], MINE, (), due=False) == []
    assert judged(None, [], MINE, ()) == []

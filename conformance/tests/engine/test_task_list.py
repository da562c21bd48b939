"""What a list of tasks shows binds those who declare it: status, and whose task it is (L13)."""

from functools import partial

import pytest

from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.running.task_list import Shown
from redeploy_conformance.running.task_list import judged as judged_when

MINE = "RedeployInstance"
PROCESSING = Shown("Processing", MINE)
OTHER = Shown("Processing", "RebootInstance")
BARE = Shown("Processing", None)

judged = partial(judged_when, due=True)


@pytest.mark.parametrize("one", [PROCESSING, OTHER, BARE])
def test_a_list_that_nobody_declared_binds_nobody(one: Shown) -> None:
    assert judged(None, [one], MINE, "Finished") == []


def test_a_task_as_declared_is_right() -> None:
    assert judged("listed", [PROCESSING], MINE, "Processing") == []
    assert judged("listed", [PROCESSING], MINE, None) == []
    assert judged("absent", [], MINE, "Processing") == []


@pytest.mark.parametrize("expected", ["Processing", None])
def test_a_task_of_another_operation_or_of_none_is_wrong(expected: str | None) -> None:
    wanted = "a task of RedeployInstance, as declared"
    assert judged("listed", [OTHER], MINE, expected) == [
        Violation("L13", wanted, "RebootInstance Processing")
    ]
    assert judged("listed", [BARE], MINE, expected) == [
        Violation("L13", wanted, "None Processing")
    ]


def test_another_status_or_none_at_all_is_wrong() -> None:
    wanted = "Finished, as declared"
    assert judged("listed", [PROCESSING], MINE, "Finished") == [
        Violation("L13", wanted, "RedeployInstance Processing")
    ]
    assert judged("listed", [], MINE, "Finished") == [
        Violation("L13", wanted, "not listed")
    ]
    assert judged("absent", [PROCESSING], MINE, None) == [
        Violation("L13", "not listed, as declared", "RedeployInstance Processing")
    ]


def test_one_that_is_declared_to_be_listed_is_once_it_must_be() -> None:
    assert judged("listed", [], MINE, None) == [
        Violation("L13", "listed, as declared", "not listed")
    ]
    assert judged_when("listed", [], MINE, None, due=False) == []
    assert judged(None, [], MINE, None) == []

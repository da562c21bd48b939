"""Reducing steps: what is left is needed, and the search keeps to its budget."""

from redeploy_conformance.planning.minimise import (
    Search,
    focused,
    minimise,
    plainer,
    sound,
)
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Raise,
    Redeploy,
    Settle,
    Step,
    Together,
)

EVENT = ("SystemMaintenance.Reboot", "Inquiring")
LONG: tuple[Step, ...] = (
    Create("i1", (("billing", "expired"),), (EVENT,), ending="fail"),
    Create("i2"),
    Advance(3.0),
    Redeploy("i2"),
    Look(("i1", "i2")),
    Redeploy("i1", force=True),
    Raise("i2", *EVENT),
    Advance(1.0),
    Redeploy("i1"),
    Look(),
)


def calls(steps: tuple[Step, ...], key: str) -> int:
    return sum(isinstance(one, Redeploy) and one.key == key for one in steps)


def search(needed: int, key: str, trials: int = 10**6) -> Search[int]:
    """A fault that shows at the last look when an instance was called often enough."""
    made = iter(range(trials))

    def breaks(steps: tuple[Step, ...]) -> int | None:
        return len(steps) if calls(steps, key) >= needed else None

    return Search(breaks, lambda: next(made, None) is not None)


def test_only_what_is_needed_is_left() -> None:
    left = minimise(LONG, "i1", search(2, "i1"), drawn=True)
    assert left == (Create("i1"), Redeploy("i1"), Redeploy("i1"), Look())


def test_values_of_planned_steps_are_kept() -> None:
    left = minimise(LONG, "i1", search(1, "i1"), drawn=False)
    assert (left[0], left[-1], len(left)) == (LONG[0], LONG[-1], 3)
    assert left[1] in LONG


def test_another_instance_stays_where_it_is_the_cause() -> None:
    left = minimise(LONG, "i1", search(1, "i2"), drawn=True)
    assert calls(left, "i2") == 1
    assert calls(left, "i1") == 0


def test_without_a_budget_nothing_is_tried() -> None:
    none = search(1, "i1", trials=0)
    assert minimise(LONG, "i1", none, drawn=True) == LONG
    assert none.best is None


def test_the_same_steps_are_tried_once() -> None:
    """Also where they are come to twice: a short run of steps is dropped at every size."""
    tried: list[tuple[Step, ...]] = []

    def breaks(steps: tuple[Step, ...]) -> int | None:
        tried.append(steps)
        return len(steps) if calls(steps, "i1") >= 2 else None

    minimise(LONG, "i1", Search(breaks, lambda: len(tried) < 1000), drawn=True)
    assert len(tried) == len(set(tried)) > 10


def test_what_broke_the_clause_is_not_done_again_to_find_less() -> None:
    plain: tuple[Step, ...] = (Create("i1"), Redeploy("i1"), Look())
    one = search(1, "i1")
    assert minimise(plain, "i1", one, drawn=True) == plain
    assert one.best is None


def test_focus_keeps_time_and_looks() -> None:
    steps = (*LONG, Settle(), Together(("i1", "i2"), 3))
    left = list(focused(steps, "i1"))
    assert left[-2:] == [Settle(), Together(("i1",), 3)]
    assert Look(("i1",)) in left
    assert Advance(3.0) in left
    assert calls(tuple(left), "i2") == 0


def test_a_step_about_an_instance_that_was_never_made_is_unsound() -> None:
    assert not sound((Raise("i1", *EVENT),))
    assert not sound((Look(("i1",)),))
    assert not sound(())
    assert sound((Redeploy("i1"),))  # an id that names no instance


def test_plain_steps_have_nothing_plainer() -> None:
    assert list(plainer(Create("i1"))) == []
    assert list(plainer(Look())) == []


def test_a_caller_is_made_plain_statement_by_statement() -> None:
    one, two = ("Allow", "ecs:Describe*", "*"), ("Allow", "rds:*", "*")
    assert list(plainer(Redeploy("i1", statements=(one, two)))) == [
        Redeploy("i1"),
        Redeploy("i1", statements=(two,)),
        Redeploy("i1", statements=(one,)),
    ]
    nobody = Redeploy("i1", statements=())
    assert list(plainer(Redeploy("i1", statements=(one,))))[1:] == [nobody]
    assert list(plainer(nobody)) == [Redeploy("i1")]
    assert str(nobody) == "redeploy i1, by a caller with no policy"
    assert str(Redeploy("i1", statements=(one, two))) == (
        "redeploy i1, by a caller with Allow ecs:Describe* on * and Allow rds:* on *"
    )


def test_a_set_is_made_plain_value_by_value() -> None:
    made = Create("i1", (("billing", "expired"), ("lock_reasons", ("a", "b"))))
    assert set(plainer(made)) == {
        Create("i1", (("lock_reasons", ("a", "b")),)),
        Create("i1", (("billing", "expired"),)),
        Create("i1", (("billing", "expired"), ("lock_reasons", ("a",)))),
        Create("i1", (("billing", "expired"), ("lock_reasons", ("b",)))),
    }


def test_a_local_disk_goes_before_its_storage() -> None:
    made = Create("i1", (("local_disk", "isolated"), ("storage", "local")))
    assert list(plainer(made)) == [Create("i1", (("storage", "local"),))]

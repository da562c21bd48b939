"""Guesses at the fewest steps: the plainest first, tried together, each on its own instance."""

from dataclasses import replace

from redeploy_conformance.finding.guesses import Pair, guesses, special, together
from redeploy_conformance.planning.minimise import Steps
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Settle,
    Step,
)

EVENT = ("SystemMaintenance.Reboot", "Inquiring")
OTHER = ("SystemFailure.Reboot", "Executing")
BUSY = "Stopping"
PLAIN = Create("i2", (), (EVENT,))
WALK: tuple[Step, ...] = (
    Create("i1"),
    Create("i2", (("billing", "expired"),), (OTHER,)),
    Redeploy("i1"),
    Patch("i2", (("lock_reasons", ("financial",)),)),
    Redeploy("i2", force=True),
    Advance(10.0),
    Raise("i1", *EVENT),
    Look(),
)
TAIL = (Advance(10.0), Look())


def every(
    steps: Steps, key: str, about: Pair = ("", ""), *, ended: bool = False
) -> list[Steps]:
    """Return all guesses, as they come."""
    each = guesses(steps, key, EVENT, about, busy=BUSY, ended=ended)
    return [one for some in each for one in some]


def test_the_first_guess_has_nothing_special_about_it() -> None:
    first, *rest = guesses(WALK, "i2", EVENT, busy=BUSY)
    assert first == ((PLAIN, Redeploy("i2"), *TAIL),)
    for some in rest:
        assert [special(one) for one in some] == sorted(special(one) for one in some)


def test_where_it_matters_how_the_redeploy_ends_that_is_kept() -> None:
    steps = (Create("i1", (), (OTHER,), ending="fail"), Redeploy("i1"), Settle())
    plain = Create("i1", (), (EVENT,))
    for ended, made in ((False, plain), (True, replace(plain, ending="fail"))):
        assert every(steps, "i1", ended=ended)[0][0] == made


def test_then_two_special_things_are_tried_at_once() -> None:
    spec = (("billing", "expired"), ("status", "Stopped"))
    made = Create("i1", (*spec, ("tenancy", "dedicated-host")), (EVENT,))
    steps = (made, Redeploy("i1", force=True), Look())
    *_, pairs = guesses(steps, "i1", EVENT, busy=BUSY)
    forced = Redeploy("i1", force=True)
    for one in (
        (Create("i1", spec, (EVENT,)), Redeploy("i1"), Look()),
        (Create("i1", spec[:1], (EVENT,)), forced, Look()),
    ):
        assert one in pairs


def test_each_special_thing_is_tried_alone_and_all_as_they_were() -> None:
    shown = every(WALK, "i2")
    billing = (("billing", "expired"),)
    locked = (("lock_reasons", ("financial",)),)
    for made, call in (
        (PLAIN, Redeploy("i2", force=True)),
        (Create("i2", billing, (EVENT,)), Redeploy("i2")),
        (Create("i2", locked, (EVENT,)), Redeploy("i2")),
        (Create("i2", (), (OTHER,)), Redeploy("i2")),
        (Create("i2", (*billing, *locked), (OTHER,)), Redeploy("i2", force=True)),
    ):
        assert (made, call, *TAIL) in shown


def test_all_guesses_are_tried_on_instances_of_their_own() -> None:
    tried = every(WALK, "i2")
    steps, owners = together(tried)
    made = [one.key for one in steps if isinstance(one, Create)]
    assert len(made) == len(set(made)) == len(tried)
    assert [owners[key] for key in made] == tried
    assert sum(isinstance(one, Look | Settle) for one in steps) < len(tried) / 2


def test_there_is_no_guess_without_an_instance_that_was_made() -> None:
    assert every((Redeploy("i1"),), "i1") == []


def test_of_a_set_each_value_is_tried_alone() -> None:
    locks = ("security", "financial")
    steps = (Create("i1", (("lock_reasons", locks),), (EVENT,)), Redeploy("i1"), Look())
    made = [one[0] for one in every(steps, "i1")]
    for kept in (("security",), ("financial",), locks):
        assert Create("i1", (("lock_reasons", kept),), (EVENT,)) in made


def test_each_statement_of_a_caller_is_tried_alone_and_none_at_all() -> None:
    one, two = ("Allow", "ecs:Describe*", "*"), ("Allow", "rds:*", "*")
    steps = (PLAIN, Redeploy("i2", statements=(one, two)))
    once = every(steps, "i2")[:5]
    assert [shown[1] for shown in once] == [
        Redeploy("i2"),
        Redeploy("i2", statements=()),
        Redeploy("i2", statements=(one,)),
        Redeploy("i2", statements=(two,)),
        Redeploy("i2", statements=(one, two)),
    ]
    assert [special(one) for one in once] == [1, 2, 3, 3, 4]


def test_of_many_events_the_one_that_something_is_wrong_with_is_tried() -> None:
    many = tuple((f"Some.{n}", "Inquiring") for n in range(6))
    steps = (Create("i1", (), (OTHER, *many), ending="succeed"), Redeploy("i1"), Look())
    made = [one[0] for one in every(steps, "i1", OTHER)]
    for events in ((OTHER,), (EVENT, OTHER)):
        assert Create("i1", (), events, ending="succeed") in made
    plain = [one[0] for one in every(steps, "i1")]
    assert Create("i1", (), (EVENT, OTHER), ending="succeed") not in plain


def test_a_call_before_the_last_one_is_tried_only_where_there_was_one() -> None:
    once: tuple[Step, ...] = (PLAIN, Redeploy("i2"), Look())
    twice: tuple[Step, ...] = (PLAIN, Redeploy("i2"), Redeploy("i2"), Look())
    for steps, most in ((once, 1), (twice, 2)):
        calls = [
            sum(isinstance(one, Redeploy) for one in guess)
            for guess in every(steps, "i2")
        ]
        assert max(calls) == most


def test_where_a_call_came_before_an_instance_on_its_way_is_tried_without_it() -> None:
    found = Create("i2", (("status", BUSY),), (EVENT,))
    last = Redeploy("i2", force=True)
    twice: tuple[Step, ...] = (PLAIN, Redeploy("i2"), last, Look())
    assert {(found, call, Look()) for call in (Redeploy("i2"), last)} <= {
        *every(twice, "i2")
    }

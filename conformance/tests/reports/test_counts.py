"""What a run counts for the pictures: edges of the diagram, calls near the rate limit."""

from redeploy_conformance.finding.bursts import bursts
from redeploy_conformance.judging.limiter import Quota
from redeploy_conformance.judging.moves import Walk
from redeploy_conformance.judging.world import Flight, World
from redeploy_conformance.planning.steps import Together
from redeploy_schemas.contract import load
from redeploy_schemas.records import Burst, BurstPoint
from redeploy_schemas.vocabulary import Ending

CONTRACT = load()
RUNNING = frozenset({World()})
BUSY = frozenset(
    {
        World(
            status="Stopping",
            flight=Flight("Running", Ending.SUCCEED, None, frozenset(), 600.0),
        )
    }
)


def test_a_life_is_counted_from_look_to_look() -> None:
    walk = Walk()
    assert walk.answered("i1", RUNNING, accepted=True) == [
        ("Running", "Running", "Running", "accepted")
    ]
    looks = [
        ("Running", BUSY, ()),
        ("Stopping", BUSY, ()),
        ("Stopping", BUSY, ()),
        ("Running", RUNNING, (("L3", ""),)),
        ("Running", RUNNING, ()),
    ]
    assert [
        walk.looked("i1", {"status": status}, after, held)
        for status, after, held in looks
    ] == [
        [],
        [("Running", "Running", "Stopping", "seen")],
        [],
        [("Running", "Stopping", "Running", "succeeds")],
        [],
    ]


def test_a_failure_is_told_by_the_clause_that_it_confirms() -> None:
    walk = Walk()
    walk.answered("i1", RUNNING, accepted=True)
    shown = walk.looked("i1", {"status": "Running"}, RUNNING, (("L6", ""),))
    assert shown == [("Running", "Running", "Running", "fails")]


def test_a_rejection_says_whether_a_redeploy_is_under_way() -> None:
    walk = Walk()
    assert walk.answered("i1", RUNNING, accepted=False) == [
        ("", "Running", "Running", "rejected")
    ]
    walk.answered("i1", RUNNING, accepted=True)
    walk.looked("i1", {"status": "Stopping"}, BUSY, ())
    assert walk.answered("i1", BUSY, accepted=False) == [
        ("Running", "Stopping", "Stopping", "rejected")
    ]


def test_what_is_not_certain_is_not_counted() -> None:
    walk = Walk()
    either = frozenset({World(), World(status="Stopped")})
    assert walk.answered("i1", either, accepted=True) == []
    assert walk.answered("i2", frozenset({World(exists=False)}), accepted=False) == []
    assert walk.looked("i1", {"status": "Stopping"}, BUSY, ()) == []
    walk.answered("i3", RUNNING, accepted=True)
    assert walk.looked("i3", {}, BUSY, ()) == []


def noted(*calls: tuple[float, bool, bool]) -> Quota:
    quota = Quota(CONTRACT)
    for at, throttled, accepted in calls:
        quota.note(at, throttled=throttled, accepted=accepted)
    return quota


def test_an_account_far_from_the_limit_is_no_burst() -> None:
    assert list(bursts({"a1": noted((0.0, False, True)), "a2": noted()})) == []


def test_calls_are_counted_by_second_from_the_first_one() -> None:
    calls = [(100.0, False, True)] * CONTRACT.quota_calls
    calls += [(100.4, True, False), (101.2, False, False)]
    assert list(bursts({"a1": noted(*calls)})) == [
        Burst(
            case="",
            points=(
                BurstPoint(at=0.0, accepted=500, rejected=0, throttled=1),
                BurstPoint(at=1.0, accepted=0, rejected=1, throttled=0),
            ),
            # After 0.4 s a bucket would have had a token again.
            limiters=("sliding-window", "fixed-window"),
        )
    ]


def test_without_a_refusal_every_limiter_is_left() -> None:
    (burst,) = bursts({"a1": noted(*[(0.0, False, True)] * CONTRACT.quota_calls)})
    assert burst.limiters == ("sliding-window", "token-bucket", "fixed-window")


def test_one_of_a_thing_is_told_as_one() -> None:
    one = Together(("i1",), calls=1, looks=1)
    assert str(one) == "redeploy i1 1 time at once, looking 1 time"
    two = Together(("i1",), calls=2, looks=3)
    assert str(two) == "redeploy i1 2 times at once, looking 3 times"

"""The rate limit in real time, call by call: where each bound begins, and what counts as shown."""

import pytest

from redeploy_conformance.judging.limiter import Limiter, Quota, all_limiters, judge
from redeploy_schemas.contract import load

CONTRACT = load()
PASSED, THROTTLED = "passed", "throttled"
Calls = list[tuple[float, int, str]]
"""When, how many at once, and how each was answered."""


def said(*calls: tuple[float, int, str], others: bool = False) -> list[str]:
    """Return what the last of some calls breaks, with a minus, and what it confirms."""
    quotas = {"a": Quota(CONTRACT)}
    if others:
        quotas["b"] = Quota(CONTRACT, throttled=True)
    wrong, held = [], []
    for now, times, answer in calls:
        for _ in range(times):
            wrong, held = judge(
                quotas,
                "a",
                now,
                throttled=answer == THROTTLED,
                accepted=answer == PASSED,
                stepped=False,
            )
    return [f"-{one.clause}" for one in wrong] + held


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        # The 500th call within 60 s is in the rate; a second around the edge is nobody's.
        ([(0.0, 499, PASSED), (59.0, 1, THROTTLED)], ["-Q1"]),
        ([(0.0, 500, PASSED), (59.0, 1, THROTTLED)], []),
        ([(0.0, 500, PASSED), (60.5, 1, THROTTLED)], []),
        ([(0.0, 500, PASSED), (61.5, 1, THROTTLED)], ["-Q1"]),
        ([(0.0, 499, PASSED), (58.9, 1, PASSED)], ["Q1"]),
        ([(0.0, 498, PASSED), (58.9, 1, PASSED)], []),
        # The 500th call of an account tells nothing of a rate that was not reached.
        ([(0.0, 1, PASSED), (61.5, 498, PASSED), (62.0, 1, PASSED)], []),
        ([(0.0, 1, PASSED), (61.5, 499, PASSED), (62.0, 1, PASSED)], ["Q1"]),
        ([(0.0, 1, PASSED), (59.5, 498, PASSED), (60.0, 1, PASSED)], []),
    ],
)
def test_under_the_rate(calls: Calls, expected: list[str]) -> None:
    assert said(*calls) == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        # Twice the rate within 60 s is more than any limiter lets through, were it throttled or not.
        ([(0.0, 500, PASSED), (58.5, 500, PASSED), (58.6, 1, THROTTLED)], ["Q2"]),
        ([(0.0, 500, PASSED), (58.5, 499, PASSED), (58.6, 1, THROTTLED)], []),
        ([(0.0, 500, PASSED), (59.5, 500, PASSED), (59.6, 1, THROTTLED)], []),
        ([(0.0, 500, PASSED), (58.5, 500, PASSED), (58.6, 1, PASSED)], ["-Q2"]),
        ([(0.0, 500, PASSED), (58.5, 499, PASSED), (58.6, 1, PASSED)], []),
        ([(0.0, 500, PASSED), (59.5, 500, PASSED), (59.6, 1, PASSED)], []),
        # Calls that were throttled count as made, not as let through.
        ([(0.0, 500, PASSED), (1.0, 500, THROTTLED), (2.0, 1, THROTTLED)], ["Q2"]),
        ([(0.0, 500, PASSED), (1.0, 499, THROTTLED), (2.0, 1, THROTTLED)], []),
        ([(0.0, 500, PASSED), (1.0, 500, THROTTLED), (59.5, 1, THROTTLED)], []),
    ],
)
def test_over_the_rate(calls: Calls, expected: list[str]) -> None:
    assert said(*calls) == expected


BURST = (100.0, 526, PASSED)
"""More than the rate at once, and clocks that differ: a fixed window must have begun in it."""


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ([(100.1, 1, PASSED)], []),  # it is the same one still
        ([(190.0, 525, PASSED), (190.0, 1, PASSED)], ["-Q2"]),  # none begins in both
        ([(190.0, 524, PASSED), (190.0, 1, PASSED)], []),
        ([(190.0, 525, PASSED), (193.0, 1, PASSED)], []),  # 25 more in 3 s, by the rate
        ([(190.0, 551, PASSED), (193.0, 1, PASSED)], ["-Q2"]),
        ([(190.0, 525, PASSED), (201.0, 1, PASSED)], []),  # no burst any more
        ([(220.0, 525, PASSED), (220.0, 1, PASSED)], ["-Q2"]),
    ],
)
def test_two_bursts_over_the_rate(second: Calls, expected: list[str]) -> None:
    assert said(BURST, *second) == expected


def test_a_window_that_may_begin_in_both_bursts_excuses_both() -> None:
    long = [(float(n), 60, PASSED) for n in range(10)]
    again = [(60.0 + n, 60, PASSED) for n in range(10)]
    assert said(*long, *again) == []


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        # Service comes back after a minute of silence (Q5), and not before that is certain.
        ([(0.0, 500, PASSED), (1.0, 1, THROTTLED), (62.5, 1, PASSED)], ["Q5"]),
        ([(0.0, 500, PASSED), (1.0, 1, THROTTLED), (61.5, 1, PASSED)], []),
        ([(0.0, 500, PASSED), (1.0, 1, THROTTLED), (62.5, 1, THROTTLED)], ["-Q5"]),
        ([(0.0, 500, PASSED), (62.5, 1, PASSED)], []),
    ],
)
def test_after_a_minute_of_silence(calls: Calls, expected: list[str]) -> None:
    assert said(*calls) == expected


def test_who_is_throttled_for_another_account_is_told_so() -> None:
    assert said((0.0, 1, THROTTLED), others=True) == ["-Q6"]
    assert said((0.0, 1, PASSED), others=True) == ["Q6"]
    assert said((0.0, 1, THROTTLED)) == ["-Q1"]


@pytest.mark.parametrize(
    ("kind", "through"),
    [
        # Of 501 at 0 s, of 300 at 31 s, at 59 s and at 61 s, of 501 after a long silence.
        ("sliding-window", [500, 0, 0, 300, 500]),
        ("token-bucket", [500, 258, 233, 17, 500]),
        ("fixed-window", [500, 0, 0, 300, 500]),
    ],
)
def test_what_each_limiter_lets_through(kind: str, through: list[int]) -> None:
    limiter = next(
        one for one in all_limiters(CONTRACT) if one.kind == kind and not one.phase
    )
    seen = []
    for now, calls in ((0.0, 501), (31.0, 300), (59.0, 300), (61.0, 300), (900.0, 501)):
        passed = 0
        for _ in range(calls):
            passes, limiter = limiter.call(now)
            passed += passes
        seen.append(passed)
    assert seen == through


def test_a_fixed_window_begins_where_its_phase_says() -> None:
    limiter = Limiter("fixed-window", 1, 60.0, phase=10.0)
    answers = []
    for now in (0.0, 9.0, 10.0, 69.0, 70.0):
        passes, limiter = limiter.call(now)
        answers.append(passes)
    assert answers == [True, False, True, False, True]

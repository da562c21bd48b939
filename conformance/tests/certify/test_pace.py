"""The pace at which a client sends throttled calls again (C6)."""

from collections.abc import Sequence

import pytest

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import MAIN, Case
from redeploy_conformance.certify.cases_answered import throttling
from redeploy_conformance.certify.judge import judge_all
from redeploy_conformance.certify.playing import Played
from redeploy_conformance.certify.told import Kind, Told

ERROR = Told(Kind.ERROR, {"code": "Throttling.User", "message": "", "class": "E"})
RAW = b"POST / HTTP/1.1\r\n\r\n"


def resent(case: Case, gaps: Sequence[float]) -> Played:
    """A case whose one call was sent again after each of these delays."""
    times = [sum(gaps[:n]) for n in range(len(gaps) + 1)]
    return Played(case, [ERROR], [[Arrival(at, MAIN, RAW) for at in times]])


def broken(several: Sequence[Played]) -> list[bool]:
    """Whether each case that was judged by its pace breaks C6."""
    checks = [one.check for one in judge_all(several) if one.check.clause == "C6"]
    return [one.observed is not None for one in checks]


def of(hinted: bool) -> list[Case]:
    """The cases in which a call is throttled, with a hint of when to come again or without."""
    return [one for one in throttling() if one.name.endswith("hinted") is hinted]


@pytest.mark.parametrize(
    ("gaps", "hinted", "verdict"),
    [
        ((), False, set()),
        ((0.0,), False, {True}),
        ((0.0, 0.0, 0.0), False, {True}),
        ((0.5,), False, {False}),
        ((1.0, 1.0, 1.0), False, {True}),
        ((1.0, 0.5, 0.2), False, {True}),
        ((0.1, 0.2, 0.4), False, {False}),
        ((0.1, 0.0, 0.0, 0.2), False, {True}),  # three at once, though ever later
        ((0.1, 0.0, 0.3), True, {False}),  # of three cases it may be by chance
        ((0.9, 1.1), False, {False}),  # 0.2 and 0.4, and 0.7 to make each request
        ((1.0, 1.1, 1.05), False, {True}),
        ((0.3, 0.3, 0.3), True, {False}),  # as the server said
        ((0.1, 0.1, 0.1), True, {True}),
        ((0.0, 0.0), True, {True}),
        ((0.1, 0.2, 0.4), True, {False}),
    ],
)
def test_a_throttled_call_is_sent_again_later_each_time(
    gaps: Sequence[float], hinted: bool, verdict: set[bool]
) -> None:
    assert set(broken([resent(one, gaps) for one in of(hinted)])) == verdict


@pytest.mark.parametrize(
    "several",
    [
        [(0.19, 0.05), (0.18, 0.2), (0.1, 0.4), (0.15, 0.12)],
        [(0.01, 0.3), (0.04, 0.2), (0.03, 0.25), (0.19, 0.4)],
        [(0.04, 0.01), (0.18, 0.2), (0.1, 0.1), (0.15, 0.4)],
    ],
)
def test_delays_may_be_drawn_by_chance_from_a_range_that_grows(
    several: Sequence[Sequence[float]],
) -> None:
    assert broken(list(map(resent, of(hinted=False), several))) == [False] * 4


def test_a_busy_machine_hides_no_steady_pace() -> None:
    several = [(0.3, 0.3, 0.31), (0.3, 0.35, 0.3), (0.3, 0.3, 0.5), (0.31, 0.3, 0.3)]
    assert broken(list(map(resent, of(hinted=False), several))) == [True] * 4


def test_each_code_may_have_a_pace_of_its_own() -> None:
    growing, hammered = (0.1, 0.2, 0.4), (0.001, 0.002, 0.001, 0.002)

    def judged(*paces: Sequence[float]) -> list[bool]:
        return broken(list(map(resent, of(hinted=False), paces)))

    assert judged(growing, growing, (5.0,), (5.0,)) == [False] * 4
    assert judged(growing, growing, growing, hammered) == [*[False] * 3, True]

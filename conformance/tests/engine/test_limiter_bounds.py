"""The rate limit as a set: every admissible limiter passes, in whatever phase, and others do not."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redeploy_conformance.judging.limiter import Limiter, Quota, judge
from redeploy_schemas.contract import load

CONTRACT = load()
KINDS = ("sliding-window", "fixed-window", "token-bucket")
MANY = settings(max_examples=60, derandomize=True)


def clauses(limiter: Limiter, times: list[float], *, stepped: bool) -> list[str]:
    """Return what is said against a limiter that is called at these times."""
    quotas = {"a": Quota(CONTRACT)}
    said = []
    for now in times:
        passes, limiter = limiter.call(now)
        wrong, _ = judge(
            quotas, "a", now, throttled=not passes, accepted=passes, stepped=stepped
        )
        said += [one.clause for one in wrong]
    return said


def bursts(starts: list[float], calls: int, seconds: float) -> list[float]:
    return [start + n * seconds / calls for start in starts for n in range(calls)]


@MANY
@given(
    kind=st.sampled_from(KINDS),
    phase=st.floats(0, 60),
    start=st.floats(0, 120),
    wait=st.floats(61, 200),
    seconds=st.floats(0.1, 9),
    calls=st.integers(400, 1100),
)
def test_no_admissible_limiter_is_accused_in_real_time(
    kind: str, phase: float, start: float, wait: float, seconds: float, calls: int
) -> None:
    limiter = Limiter(kind, 500, 60.0, phase=phase)
    times = bursts([start, start + seconds + wait], calls, seconds)
    assert all(one <= two for one, two in pairwise(times))
    assert clauses(limiter, times, stepped=False) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phase", [0.0, 1.5, 30.0])
def test_a_limiter_of_600_is_accused_in_real_time(kind: str, phase: float) -> None:
    limiter = Limiter(kind, 600, 60.0, phase=phase)
    times = bursts([1.0, 80.0], 700, 3.0)
    assert "Q2" in clauses(limiter, times, stepped=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_limiter_of_499_is_accused(kind: str) -> None:
    limiter = Limiter(kind, 499, 60.0)
    times = bursts([1.0], 500, 3.0)
    said = clauses(limiter, times, stepped=False)
    assert said == ([] if kind == "token-bucket" else ["Q1"])


@MANY
@given(kind=st.sampled_from(KINDS), calls=st.integers(400, 1100))
def test_no_admissible_limiter_is_accused_by_a_stepped_clock(
    kind: str, calls: int
) -> None:
    limiter = Limiter(kind, 500, 60.0)
    times = [100.0] * calls + [200.0] * calls + [230.0] * calls
    assert clauses(limiter, times, stepped=True) == []

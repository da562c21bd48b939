"""The three limiters and what they count."""

import json
from typing import Any

import pytest

from redeploy_conformance.emulator.limiter import BUCKETS


def passing(kind: str, moments: list[float], quota: int = 5) -> list[float]:
    bucket = BUCKETS[kind]()
    passed = []
    for moment in moments:
        if bucket.admits(moment, quota, 60.0):
            bucket.count(moment, quota, 60.0)
            passed.append(moment)
    return passed


@pytest.mark.parametrize("kind", BUCKETS)
def test_a_burst_is_cut_and_recovers(kind: str) -> None:
    assert len(passing(kind, [1.0] * 20)) == 5
    assert len(passing(kind, [1.0] * 20 + [61.5] * 20)) == 10


@pytest.mark.parametrize(
    ("kind", "after"),
    [("sliding-window", []), ("fixed-window", [61.0] * 5), ("token-bucket", [61.0])],
)
def test_where_the_three_differ(kind: str, after: list[float]) -> None:
    assert passing(kind, [48.0] * 5 + [61.0] * 5)[5:] == after


def test_the_quota_is_per_account(make_bench: Any) -> None:
    bench = make_bench(quota=3)
    account_id, other = bench.account()
    instances = [bench.instance() for _ in range(4)]
    answers = [bench.redeploy(instance) for instance in instances]
    assert answers == ["accepted"] * 3 + ["Throttling.User"]
    assert bench.redeploy(bench.instance(account_id), by=other) == "accepted"
    assert bench.call("DescribeInstances")["TotalCount"] == 4
    assert bench.status(instances[3]) == "Running"
    bench.advance(60)
    assert bench.redeploy(instances[3]) == "accepted"


def test_the_quota_of_the_page(bench: Any) -> None:
    answers = [bench.redeploy("i-none") for _ in range(501)]
    assert answers.index("Throttling.User") == 500


@pytest.mark.parametrize(("rejected", "expected"), [("counted", 1), ("free", 3)])
def test_rejected_calls_count_or_not(
    make_bench: Any, rejected: str, expected: int
) -> None:
    bench = make_bench(quota=3, rejected_calls=rejected)
    assert [bench.redeploy("i-none") for _ in range(2)]
    answers = [bench.redeploy(bench.instance()) for _ in range(5)]
    assert answers.count("accepted") == expected
    assert set(answers[expected:]) == {"Throttling.User"}


@pytest.mark.parametrize(
    "answer",
    ["400 Throttling.User", "400 Throttling", "429 Throttling.Api", "503 Throttling"],
)
def test_the_answer_to_a_throttled_call(make_bench: Any, answer: str) -> None:
    bench = make_bench(quota=1, throttle_answer=answer)
    bench.redeploy("i-none")
    refused = bench.send("RedeployInstance", ("InstanceId", "i-none"))
    fields = json.loads(refused.body)
    assert f"{refused.status} {fields['Code']}" == answer
    assert dict(refused.headers)["x-acs-retry-after"] == "60000"

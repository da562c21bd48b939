"""Hundreds of calls go to this machine by themselves, and to another one only when allowed."""

from collections.abc import Iterator

import pytest

from redeploy_conformance.planning.planner import plan
from redeploy_conformance.planning.weave import merged
from redeploy_conformance.running.api import Api, Offer
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import load

from .conftest import Command, served


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.9.9.9", True),
        ("http://localhost:8080", True),
        ("https://LOCALHOST", True),
        ("http://[::1]:8080", True),
        ("http://0.0.0.0:8080", False),
        ("http://10.0.0.1", False),
        ("http://192.168.0.1:8080", False),
        ("http://[fe80::1]", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://ecs.cn-hangzhou.aliyuncs.com", False),
    ],
)
def test_which_hosts_are_near(url: str, near: bool) -> None:
    transport = HttpTransport(url)
    target = Target("x", "http", transport, Statement(url=url))
    offer = Offer("x", "1", "cn-hangzhou", frozenset())
    bench = Bench(load(), target, Api(target), offer)
    transport.close()
    assert bench.near is near


@pytest.mark.parametrize("kind", ["embedded", "factory"])
def test_what_runs_in_this_process_is_near(kind: str) -> None:
    class Nothing:
        def close(self) -> None: ...

    target = Target("x", kind, Nothing(), Statement())  # type: ignore[arg-type]
    offer = Offer("x", "1", "cn-hangzhou", frozenset())
    assert Bench(load(), target, Api(target), offer).near


def test_the_cases_that_send_hundreds_of_calls_are_marked() -> None:
    """Counted from their calls, so that a new one cannot be forgotten."""
    many = [case for case in plan(load()) if merged((case,)).calls >= 100]
    assert many
    assert [case.row for case in many if not case.burst] == []


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A server whose address does not say that it is this machine."""
    with served() as (url, _):
        yield url.replace("127.0.0.1", "0.0.0.0")


def test_another_machine_is_spared(redeploy: Command, elsewhere: str) -> None:
    ran = redeploy("run", elsewhere, "--clause", "Q2", "--clause", "A3")
    assert ran.code == 3
    assert ran.result is not None
    assert ran.result["run"]["requests"] < 200
    by_id = {one["id"]: one for one in ran.result["clauses"]}
    assert by_id["A3"]["verdict"] == "pass"
    for clause in ("Q1", "Q2", "Q4", "Q5"):
        assert by_id[clause]["verdict"] == "not exercised"
        assert by_id[clause]["missing"] == "could not run"
        assert "only sent to this machine" in by_id[clause]["reason"]
        assert by_id[clause]["remedy"] == "allow it with --burst"


def test_another_machine_is_asked_when_allowed(
    redeploy: Command, elsewhere: str
) -> None:
    ran = redeploy("run", elsewhere, "--clause", "Q2", "--burst")
    assert ran.result is not None
    assert ran.result["run"]["requests"] > 500
    by_id = {one["id"]: one for one in ran.result["clauses"]}
    assert by_id["Q2"]["verdict"] == "pass"


def test_this_machine_is_asked_by_itself(redeploy: Command, elsewhere: str) -> None:
    url = elsewhere.replace("0.0.0.0", "127.0.0.1")
    ran = redeploy("run", url, "--clause", "Q2")
    assert ran.result is not None
    by_id = {one["id"]: one for one in ran.result["clauses"]}
    assert by_id["Q2"]["verdict"] == "pass"

"""Generated policies: two readings of their language agree, and a wrong one is caught."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import sampled_from

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.authority import Authority, read_policy
from redeploy_conformance.emulator.state import Principal
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.finding.touring import looked_into, perform_tour
from redeploy_conformance.judging.authority import allows
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.plans.authority import too_little
from redeploy_conformance.planning.steps import Create, Look, Redeploy
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.plane import policies_of
from redeploy_schemas.contract import load
from redeploy_schemas.vocabulary import Written
from redeploy_strategies.policies import Statement, statements

Make = Callable[..., Bench]
CONTRACT = load()
CALL = {"region": "cn-hangzhou", "account": "1", "instance": "i-1"}
READY = Create("i1", (), (("SystemMaintenance.Reboot", "Inquiring"),))
MANY = settings(
    max_examples=300,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@MANY
@given(drawn=statements(CONTRACT), written=sampled_from(Written))
def test_the_emulators_reading_of_a_policy_is_ours(
    drawn: tuple[Statement, ...], written: Written
) -> None:
    names = ("Effect", "Action", "Resource")
    rows = [
        {name: text.format(**CALL) for name, text in zip(names, one, strict=True)}
        for one in drawn
    ]
    emulator = Emulator()
    account = emulator.world.add_account()
    read = [s for one in policies_of(rows, written) for s in read_policy(one)]
    caller = Principal("k", "s", account, tuple(read))
    resource = CONTRACT.resource.format(**CALL)
    theirs = Authority(emulator.world).allows(caller, CONTRACT.action, resource)
    assert allows(rows, CONTRACT.action, resource) is theirs


def test_statements_are_written_as_one_policy_each_or_with_lists() -> None:
    rows = [
        dict(zip(("Effect", "Action", "Resource"), one, strict=True))
        for one in (
            ("Allow", "a:1", "r1"),
            ("Allow", "a:2", "r1"),
            ("Deny", "a:2", "r1"),
            ("Deny", "a:2", "r2"),
        )
    ]
    lists = [
        {"Effect": "Allow", "Action": ["a:1", "a:2"], "Resource": "r1"},
        {"Effect": "Deny", "Action": "a:2", "Resource": ["r1", "r2"]},
    ]
    one = {"Version": "1"}
    assert policies_of(rows, Written.STATEMENTS) == [{**one, "Statement": rows}]
    assert policies_of(rows, Written.POLICIES) == [
        {**one, "Statement": [row]} for row in rows
    ]
    assert policies_of(rows, Written.LISTS) == [{**one, "Statement": lists}]
    assert all(policies_of([], written) == [] for written in Written)


def test_what_is_too_little_is_too_little_with_all_else_that_is() -> None:
    """So the opening gives it all to one caller; a single misreading lets that one in."""
    names = ("Effect", "Action", "Resource")
    rows = [
        {name: text.format(**CALL) for name, text in zip(names, one, strict=True)}
        for one in too_little(CONTRACT)
    ]
    assert len(rows) > 10
    assert {one["Effect"] for one in rows} == {"Allow"}
    resource = CONTRACT.resource.format(**CALL)
    assert not allows(rows, CONTRACT.action, resource)


@pytest.mark.parametrize(
    ("fault", "clause", "granted"),
    [
        ("policies-ignored", "U1", []),
        ("allowed-unless-denied", "U1", []),
        ("action-ignored", "U2", [["Allow", "ecs:RebootInstance", "*"]]),
        ("action-compared-by-its-beginning", "U2", [["Allow", "ecs:Redeploy", "*"]]),
    ],
)
def test_the_fewest_statements_tell_whether_policies_are_misread_or_not_heeded(
    bench_of: Make, fault: str, clause: str, granted: list[list[str]]
) -> None:
    bench = bench_of(FAULTS[fault].build())
    through, _, run = perform_tour(bench)
    [found] = looked_into(bench, through, run, "it")
    assert (found.clause, found.steps[-1]["statements"]) == (clause, granted)


@settings(MANY, max_examples=60)
@given(drawn=statements(CONTRACT))
def test_a_correct_implementation_passes_every_policy(
    bench_of: Make, drawn: tuple[Statement, ...]
) -> None:
    run = perform(
        bench_of(Emulator()),
        (READY, Redeploy("i1", statements=drawn), Look()),
        Ledger(),
    )
    assert (run.violations, run.problem) == ([], None)


@pytest.mark.parametrize(
    "fault", ["policies-ignored", "wildcard-matches-too-much", "deny-ignored"]
)
def test_a_wrong_reading_is_caught_by_generated_policies(
    bench_of: Make, fault: str
) -> None:
    bench = bench_of(FAULTS[fault].build())

    @settings(MANY, max_examples=200)
    @given(drawn=statements(CONTRACT))
    def walk(drawn: tuple[Statement, ...]) -> None:
        run = perform(bench, (READY, Redeploy("i1", statements=drawn)), Ledger())
        assert not run.violations, run.violations[0].clause

    with pytest.raises(AssertionError, match=r"U[12]"):
        walk()

"""Several results of one target as one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.results.shards import MergeError, merge
from redeploy_schemas.records import (
    Burst,
    BurstPoint,
    Choice,
    ClauseResult,
    Finding,
    LeftOut,
    Move,
    Problem,
    Result,
)

Maker = Callable[..., ClauseResult]
GAP: dict[str, Any] = {
    "verdict": "not exercised",
    "held": 0,
    "missing": "could not run",
    "reason": "no case of this run came to it",
    "remedy": "run all cases",
}
OPEN: dict[str, Any] = {"strength": "open", "verdict": "open", "held": 0}


def choice(word: str, count: int) -> tuple[Choice, ...]:
    return (Choice(choice=word, count=count, evidence=f"saw {word}"),)


def shard(base: Result, *clauses: ClauseResult, **given: Any) -> Result:
    return replace(base, clauses=clauses, **given)


def verdicts(result: Result) -> dict[str, str]:
    return {one.id: one.verdict for one in result.clauses}


def test_one_result_is_itself(conforming: Result) -> None:
    merged = merge([conforming])
    assert merged.clauses == conforming.clauses
    assert (merged.verdict, merged.requests) == ("conforming", conforming.requests)


def test_shards_complete_each_other(conforming: Result, clause: Maker) -> None:
    one = shard(
        conforming,
        clause("A1", "unknown-id", held=3, rows={"exists": 3}),
        clause("A3", "security-lock", **GAP),
        verdict="incomplete",
        exit_code=3,
    )
    two = shard(
        conforming,
        clause("A1", "unknown-id", held=4, rows={"exists": 4}),
        clause("A3", "security-lock", held=5),
        verdict="incomplete",
        exit_code=3,
        started="2025-12-31T00:00:00Z",
    )
    merged = merge([one, two])
    assert [(row.id, row.verdict, row.held) for row in merged.clauses] == [
        ("A1", "pass", 7),
        ("A3", "pass", 5),
    ]
    assert merged.clauses[0].rows == {"exists": 7}
    assert merged.clauses[1].reason is None
    assert (merged.verdict, merged.exit_code) == ("conforming", 0)
    assert merged.sentence == (
        "Conforming: all 2 required clauses were exercised and hold."
    )
    assert (merged.cases, merged.requests) == (
        2 * conforming.cases,
        2 * conforming.requests,
    )
    assert merged.started == "2025-12-31T00:00:00Z"


def test_what_nobody_exercised_keeps_its_reason(
    conforming: Result, clause: Maker
) -> None:
    gap = clause("A3", "security-lock", **GAP)
    hold = clause("A1", "unknown-id")
    merged = merge([shard(conforming, hold, gap), shard(conforming, hold, gap)])
    assert merged.clauses[1] == gap
    assert (merged.verdict, merged.exit_code) == ("incomplete", 3)


def test_a_violation_in_one_is_a_violation_of_the_whole(
    conforming: Result, violated: Result, clause: Maker, finding: Finding
) -> None:
    good = shard(conforming, clause("A3", "security-lock"))
    bad = shard(
        violated,
        clause("A3", "security-lock", verdict="fail", findings=(0,)),
        findings=(finding,),
        problems=(),
    )
    merged = merge([good, bad])
    assert verdicts(merged) == {"A3": "fail"}
    assert merged.clauses[0].findings == (0,)
    assert (merged.verdict, merged.exit_code) == ("not conforming", 1)
    assert merged.sentence == ("Not conforming: 1 clause is violated, 0 of 1 hold.")


def test_the_same_counterexample_is_kept_once_and_its_repetitions_added(
    violated: Result, clause: Maker, finding: Finding
) -> None:
    broken = clause("A3", "security-lock", verdict="fail", findings=(0,))
    other = replace(finding, case="another case")
    one = shard(violated, broken, findings=(finding,))
    two = shard(violated, replace(broken, findings=(0, 1)), findings=(finding, other))
    merged = merge([one, two])
    assert [
        (item.case, item.reproduced, item.attempts) for item in merged.findings
    ] == [
        (finding.case, 6, 6),
        ("another case", 3, 3),
    ]
    assert merged.clauses[0].findings == (0, 1)


def test_choices_are_added_and_two_ways_are_inconsistent(
    conforming: Result, clause: Maker
) -> None:
    refuse = shard(
        conforming, clause("A10", "no-event", choices=choice("refuse", 2), **OPEN)
    )
    accept = shard(
        conforming, clause("A10", "no-event", choices=choice("accept", 1), **OPEN)
    )
    (same,) = merge([refuse, refuse]).clauses
    assert same.choices == choice("refuse", 4)
    assert not same.inconsistent
    (both,) = merge([refuse, accept]).clauses
    assert [(one.choice, one.count) for one in both.choices] == [
        ("accept", 1),
        ("refuse", 2),
    ]
    assert both.inconsistent


def test_a_precedence_that_turns_round_between_shards_is_inconsistent(
    conforming: Result, clause: Maker
) -> None:
    first, second, third = (
        shard(conforming, clause("A11", "precedence", choices=choice(word, 1), **OPEN))
        for word in ("A2 before A9 before A3", "A3 before A2", "A3 before A4")
    )
    assert merge([first, second]).clauses[0].inconsistent
    assert not merge([first, third]).clauses[0].inconsistent


def test_an_open_clause_that_may_go_either_way_stays_consistent(
    conforming: Result, clause: Maker
) -> None:
    one, two = (
        shard(conforming, clause("L8r", "path", choices=choice(word, 1), **OPEN))
        for word in ("yes", "no")
    )
    assert not merge([one, two]).clauses[0].inconsistent


def test_problems_moves_and_bursts_are_kept(conforming: Result) -> None:
    move = Move(origin="", before="Pending", after="Pending", what="rejected", count=2)
    point = BurstPoint(at=0.0, accepted=1, rejected=0, throttled=0)
    burst = Burst(case="c", points=(point,), limiters=())
    one = replace(
        conforming,
        moves=(move,),
        bursts=(burst,),
        problems=(Problem(case="c", text="t"),),
    )
    merged = merge([one, one])
    assert merged.moves == (replace(move, count=4),)
    assert merged.bursts == (burst, burst)
    assert merged.problems == (Problem(case="c", text="t"),)
    assert merged.verdict == "incomplete"


def test_what_was_left_out_of_any_is_left_out_of_the_whole(conforming: Result) -> None:
    why, cases = "requests as v1 form are not understood", ("two", "one", "three")
    shards = [
        replace(conforming, left_out=(LeftOut(reason=why, cases=some),))
        for some in (cases[:2], cases[1:])
    ]
    merged = merge([*shards, conforming])
    assert merged.left_out == (LeftOut(reason=why, cases=("one", "three", "two")),)
    assert merged.sentence.endswith(f"; 3 cases were left out: {why}.")


@pytest.mark.parametrize(("words", "code"), [("suite failed", 5), ("unreachable", 4)])
def test_a_shard_that_broke_off_is_not_hidden_by_the_others(
    conforming: Result, words: str, code: int
) -> None:
    broken = replace(conforming, verdict=words, exit_code=code)
    merged = merge([conforming, broken])
    assert (merged.verdict, merged.exit_code) == (words, code)


def test_a_cut_shard_makes_the_whole_incomplete(conforming: Result) -> None:
    merged = merge([conforming, replace(conforming, complete=False)])
    assert (merged.complete, merged.verdict) == (False, "incomplete")


def test_different_editions_cannot_be_merged(conforming: Result) -> None:
    other = replace(conforming, contract_edition="later", contract_sha256="f" * 64)
    with pytest.raises(MergeError) as caught:
        merge([conforming, other])
    assert str(caught.value) == (
        "results of different contract editions cannot be merged: "
        "RedeployInstance, page of mid-2026 (0123456789ab) and later (ffffffffffff)"
    )


@pytest.mark.parametrize(
    "change",
    [{"name": "x"}, {"version": "2"}, {"offers": ()}, {"declares": {"bound": 1}}],
)
def test_different_targets_cannot_be_merged(
    conforming: Result, change: dict[str, Any]
) -> None:
    other = replace(conforming, target=replace(conforming.target, **change))
    with pytest.raises(MergeError, match="different targets cannot be merged"):
        merge([conforming, other])


def test_another_address_is_no_other_target(conforming: Result) -> None:
    other = replace(
        conforming, target=replace(conforming.target, address="http://127.0.0.1:9")
    )
    assert merge([conforming, other]).cases == 2 * conforming.cases


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(MergeError, match="there is no result"):
        merge([])

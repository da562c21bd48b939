"""The JUnit report, as a standard parser reads it."""

from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from redeploy_reports.junit import IN_FULL, render
from redeploy_schemas.records import Result


def read(result: Result) -> JUnitXml:
    return JUnitXml.fromstring(render(result).encode())


def test_each_clause_is_a_case_and_each_verdict_its_own_outcome(
    violated: Result,
) -> None:
    (suite,) = read(violated)
    outcomes = {case.name: [type(one) for one in case.result] for case in suite}
    assert outcomes == {
        "A1-unknown-id": [],
        "A3-security-lock": [Failure],
        "R3-message-of-code": [Failure],
        "L4-success-migrates": [Skipped],
        "L5-failure-host": [Skipped],
        "Q1-under-the-limit": [Skipped],
        "A5-dedicated-host-code": [],
        "A10-no-event": [],
    }
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (8, 2, 0, 3)


def test_cases_that_were_left_out_are_told(left_out: Result) -> None:
    (suite,) = read(left_out)
    told = {one.name: one.value for one in suite.properties()}
    assert told["left out"] == "2 cases: requests as v1 form are not understood"


def test_a_failure_tells_what_was_right_and_how_to_see_it_again(
    violated: Result,
) -> None:
    (suite,) = read(violated)
    (failure,) = next(case for case in suite if case.name == "A3-security-lock").result
    assert failure.type == "A3-security-lock"
    assert failure.message == "expected 403 InstanceLockedForSecurity, got " + (
        "200 with TaskId t-1"
    )
    assert "2. redeploy i1 -> 200 accepted, t-1" in failure.text
    assert "reproduced 3 of 3: redeploy-conformance replay" in failure.text


def test_a_skip_gives_its_reason_and_its_remedy(violated: Result) -> None:
    (suite,) = read(violated)
    (skip,) = next(case for case in suite if case.name == "L4-success-migrates").result
    assert skip.message == (
        "could not run: the target offers no inspect; "
        "remedy: offer inspect in the control protocol"
    )


@pytest.mark.parametrize("words", ["incomplete", "unreachable", "suite failed"])
def test_a_run_that_proved_nothing_is_not_green(conforming: Result, words: str) -> None:
    codes = {"incomplete": 3, "unreachable": 4, "suite failed": 5}
    (suite,) = read(replace(conforming, verdict=words, exit_code=codes[words]))
    (error,) = next(case for case in suite if case.name == "run").result
    assert isinstance(error, Error)
    assert (error.type, suite.errors) == (words, 1)


def test_a_conforming_run_is_green_and_has_no_case_of_its_own(
    conforming: Result,
) -> None:
    (suite,) = read(conforming)
    assert [case.name for case in suite] == ["A1-unknown-id", "A10-no-event"]
    assert all(not case.result for case in suite)


def test_who_was_judged_by_what_is_in_the_properties(conforming: Result) -> None:
    (suite,) = read(conforming)
    assert {one.name: one.value for one in suite.properties()} == {
        "verdict": "conforming",
        "exit code": "0",
        "suite version": "0.1.0",
        "contract edition": "RedeployInstance, page of mid-2026",
        "contract sha256": "0123456789abcdef" * 4,
        "seed": "42",
        "complete": "true",
    }


def test_counterexamples_beyond_the_first_ones_are_counted(violated: Result) -> None:
    rows = [
        replace(row, findings=(0,) * (IN_FULL + 2)) if row.id == "A3" else row
        for row in violated.clauses
    ]
    text = render(replace(violated, clauses=tuple(rows)))
    assert "and 2 more counterexamples in the result" in text

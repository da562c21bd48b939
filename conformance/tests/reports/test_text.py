"""The report for people, as whole strings."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redeploy_reports.text import IN_FULL, SCREEN, render
from redeploy_schemas.records import Choice, ClauseResult, Finding, Problem, Result

CONFORMING = """\
redeploy-conformance 0.1.0 · contract: RedeployInstance, page of mid-2026 (0123456789ab)
target: toy 1.0 (http) at http://127.0.0.1:8080

CONFORMING: Every required clause was exercised and holds.
  of 2 clauses: 0 violated · 1 hold · 0 not exercised · 1 open
  321 cases, 2,345 steps, 4,567 requests in 12.3 s, 4 workers, seed 42, exit code 0

CHOICES WHERE THE CONTRACT IS SILENT
  A10 no-event: refuse ×7
"""

VIOLATED = r"""redeploy-conformance 0.1.0 · contract: RedeployInstance, page of mid-2026 (0123456789ab)
target: toy 1.0 (http) at http://127.0.0.1:8080

NOT CONFORMING: 2 clauses are violated: A3, R3.
  of 8 clauses: 2 violated · 1 hold · 3 not exercised (1 not applicable, 2 could not
  run) · 2 open
  321 cases, 2,345 steps, 4,567 requests in 12.3 s, 4 workers, seed 42, exit code 1

VIOLATED A3 security-lock (documented; error table), with L10
  What security-lock says.
  expected  403 InstanceLockedForSecurity
  observed  200 with TaskId t-1
    1. make i1: Running, locked for security
    2. redeploy i1 → 200 accepted, t-1 (allowed: 403 InstanceLockedForSecurity)
       ForceStop is not set
  reproduced 3 of 3 (1 more counterexample in the result file):
    redeploy-conformance replay redeploy-conformance-result.json A3

VIOLATED R3 message-of-code (documented, mild; error table)
  What message-of-code says.
  expected  the message of DiskError
  observed  \x1b[31mno\u202esuch\x0amessage
  reproduced 1 of 3:
    redeploy-conformance replay redeploy-conformance-result.json A3

NOT EXERCISED
  could not run: L4, L5: the target offers no inspect. Remedy: offer inspect in the
    control protocol.
  not applicable: Q1: the target declares that it has no rate limit.

CHOICES WHERE THE CONTRACT IS SILENT
  A10 no-event: inconsistent: refuse ×7, accept ×1 (declared: refuse)
  A5 dedicated-host-code: InvalidOperation.RedeployInstance ×4

COULD NOT BE RUN
  test_quota: the control protocol answered 501
"""


def test_a_conforming_run(conforming: Result) -> None:
    assert render(conforming) == CONFORMING


def test_a_run_with_everything(violated: Result) -> None:
    assert render(violated) == VIOLATED


def test_colour_changes_nothing_but_the_verdict(violated: Result) -> None:
    coloured = render(violated, color=True)
    assert coloured.count("\x1b") == 2
    assert coloured.replace("\x1b[1;31m", "").replace("\x1b[0m", "") == VIOLATED


def test_three_violations_fit_one_screen(
    violated: Result, finding: Finding, clause: Callable[..., ClauseResult]
) -> None:
    long = replace(
        finding,
        expected="word " * 100,
        observed="x" * 5000,
        trace=finding.trace * 30,
    )
    gaps = tuple(
        clause(f"G{number}", "gap", verdict="not exercised", reason=f"r{number}")
        for number in range(20)
    )
    choices = tuple(
        clause(
            f"C{number}",
            "choice",
            verdict="open",
            choices=(Choice(choice="y" * 300, count=1, evidence=""),),
        )
        for number in range(30)
    )
    failed = tuple(
        clause(f"F{number}", "failed", verdict="fail", findings=(0,))
        for number in range(3)
    )
    result = replace(
        violated,
        clauses=failed + gaps + choices,
        findings=(long,),
        problems=tuple(Problem(case="c", text=f"{n}" * 3000) for n in range(9)),
    )
    lines = render(result).splitlines()
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= 88
    assert sum(line.startswith("VIOLATED") for line in lines) == 3
    assert "steps left out" in render(result)
    assert "more problems in the result file" in render(result)


def test_however_short_the_text_is_what_was_expected_differs_from_what_was_seen(
    violated: Result, finding: Finding, clause: Callable[..., ClauseResult]
) -> None:
    event = "i1's event e-bp1gx8cmniy8p8nvl8t, SystemMaintenance.RebootAndIsolateErrorDisk: "
    told = replace(finding, expected=event + "Inquiring", observed=event + "Executed")
    failed = tuple(
        clause(f"F{number}", "failed", verdict="fail", findings=(0,))
        for number in range(IN_FULL)
    )
    result = replace(violated, clauses=failed, findings=(told,))
    lines = render(result, width=80).splitlines()
    assert len(lines) > SCREEN
    assert sum(line.endswith("Inquiring") for line in lines) == IN_FULL
    assert sum(line.endswith("Executed") for line in lines) == IN_FULL
    assert max(map(len, lines)) <= 80


def test_the_sixth_violation_is_named_and_not_shown(
    violated: Result, clause: Callable[..., ClauseResult]
) -> None:
    failed = tuple(
        clause(f"F{number}", "failed", verdict="fail", findings=(0,))
        for number in range(IN_FULL + 2)
    )
    text = render(replace(violated, clauses=failed))
    assert text.count("VIOLATED F") == IN_FULL
    assert "and 2 more violated: F5, F6" in text


def test_cases_that_were_left_out_are_named_with_the_reason(left_out: Result) -> None:
    text = render(left_out)
    assert "\n  321 cases (2 left out), 2,345 steps" in text
    assert (
        "\nLEFT OUT, AND NOTHING JUDGED BY IT\n"
        "  2 cases: requests as v1 form are not understood: U4-signature no signature, as v1\n"
        "    form, U1-authorized x, as v1 form\n"
    ) in text


def test_a_cut_run_says_so(conforming: Result) -> None:
    assert "the run was cut short" in render(replace(conforming, complete=False))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=()), min_size=1))
def test_no_text_of_a_target_drives_the_terminal(violated: Result, text: str) -> None:
    target = replace(violated.target, name=text, version=text, address=text)
    step = replace(violated.findings[0].trace[1], text=text, observed=text)
    finding = replace(violated.findings[0], observed=text, trace=(step,))
    result = replace(violated, target=target, findings=(finding, finding))
    shown = set(render(result)) - {"\n"}
    unsafe = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not {unicodedata.category(character) for character in shown} & unsafe


def test_the_same_trouble_of_many_cases_is_told_once(violated: Result) -> None:
    many = tuple(Problem(case=f"case {n}", text="no answer") for n in range(9))
    text = render(replace(violated, problems=(*many, Problem(case="x", text="y"))))
    assert "  case 0, and 8 more cases: no answer\n  x: y\n" in text


def test_of_many_clauses_the_reason_is_not_cut(
    violated: Result, clause: Callable[..., ClauseResult]
) -> None:
    gap = {"verdict": "not exercised", "held": 0, "missing": "could not run"}
    names = [
        clause(f"X{n}", "x", **gap, reason="why", remedy="what") for n in range(70)
    ]
    text = render(replace(violated, clauses=tuple(names)))
    assert "X0, X1, X2, 67 more: why. Remedy: what." in text


def test_a_gap_where_the_contract_is_silent_is_no_gap_of_the_verdict(
    conforming: Result, clause: Callable[..., ClauseResult]
) -> None:
    gap: dict[str, Any] = {"verdict": "not exercised", "missing": "could not run"}
    gap["held"] = 0
    silent = clause("L8r", "path", strength="open", reason="so", remedy="that", **gap)
    shown = render(replace(conforming, clauses=(*conforming.clauses, silent)))
    heading = (
        "NOT EXERCISED, where the contract is silent: the verdict does not need it\n"
    )
    assert heading in shown
    declared = replace(silent, declared="no")
    assert "\nNOT EXERCISED\n" in render(replace(conforming, clauses=(declared,)))
    asked = clause("L4", "host", reason="so", remedy="that", **gap)
    both = render(replace(conforming, clauses=(asked, silent)))
    assert "\nNOT EXERCISED\n" in both

"""What changed between two results."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_reports.diff import BETTER, CHANGED, WORSE, compare, markdown, text
from redeploy_schemas.records import Choice, ClauseResult, Result
from redeploy_schemas.vocabulary import NOT_CHOSEN

Maker = Callable[..., ClauseResult]

TEXT = """\
old: toy 1.0: conforming
new: toy 1.0: not conforming
Clauses: 1 worse, 0 better, 1 changed. The run as a whole got worse.
  worse    A3 security-lock: holds → violated
  changed  A10 no-event: open: refuse → open: accept
"""

OPEN: dict[str, Any] = {"strength": "open", "verdict": "open", "held": 0}


def choice(*words: str) -> tuple[Choice, ...]:
    return tuple(Choice(choice=word, count=3, evidence="") for word in words)


def both(base: Result, old: ClauseResult, new: ClauseResult) -> tuple[Result, Result]:
    return replace(base, clauses=(old,)), replace(base, clauses=(new,))


def test_a_clause_that_broke_and_a_choice_that_changed(
    conforming: Result, clause: Maker
) -> None:
    old = replace(
        conforming,
        clauses=(
            clause("A10", "no-event", choices=choice("refuse"), **OPEN),
            clause("A3", "security-lock"),
        ),
    )
    new = replace(
        conforming,
        verdict="not conforming",
        exit_code=1,
        clauses=(
            clause("A10", "no-event", choices=choice("accept"), **OPEN),
            clause("A3", "security-lock", verdict="fail", findings=(0,)),
        ),
    )
    found = compare(old, new)
    assert found.worse
    assert text(found) == TEXT
    assert markdown(found).splitlines()[-2:] == [
        "| worse | A3 security-lock | holds | violated |",
        "| changed | A10 no-event | open: refuse | open: accept |",
    ]


def test_equal_results_have_no_change(violated: Result) -> None:
    found = compare(violated, violated)
    assert not found.worse
    assert found.changes == ()
    assert text(found).endswith("No clause and no choice changed.\n")


def test_how_often_something_was_seen_is_no_change(
    conforming: Result, clause: Maker
) -> None:
    old = clause("A10", "no-event", choices=choice("refuse"), **OPEN)
    more = (Choice(choice="refuse", count=99, evidence="another"),)
    assert (
        compare(*both(conforming, old, replace(old, choices=more, held=5))).changes
        == ()
    )


GAP: dict[str, Any] = {"verdict": "not exercised", "held": 0}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ({}, {"verdict": "fail", "findings": (0,)}, WORSE),
        ({}, {**GAP, "missing": "could not run"}, WORSE),
        ({}, {**GAP, "missing": "not applicable"}, WORSE),
        (
            {**GAP, "missing": "could not run"},
            {"verdict": "fail", "findings": (0,)},
            WORSE,
        ),
        ({"verdict": "fail", "findings": (0,)}, {}, BETTER),
        ({**GAP, "missing": "could not run"}, {}, BETTER),
        (
            {**OPEN, "choices": choice("a")},
            {**OPEN, "choices": choice("a", "b"), "inconsistent": True},
            WORSE,
        ),
        ({**OPEN, "choices": choice("a")}, {**OPEN, "choices": choice("b")}, CHANGED),
        (
            {**OPEN, "choices": choice("a")},
            {**OPEN, "choices": choice("a"), "declared": "a"},
            CHANGED,
        ),
    ],
)
def test_what_counts_as_worse(
    conforming: Result,
    clause: Maker,
    old: dict[str, Any],
    new: dict[str, Any],
    kind: str,
) -> None:
    before, after = (clause("X1", "some", **given) for given in (old, new))
    found = compare(*both(conforming, before, after))
    assert [one.kind for one in found.changes] == [kind]
    assert found.worse is (kind == WORSE)


def test_a_clause_that_only_one_contract_has_is_named(
    conforming: Result, clause: Maker
) -> None:
    old = replace(conforming, clauses=(clause("A1", "unknown-id"),))
    new = replace(
        conforming,
        contract_edition="another",
        contract_sha256="f" * 64,
        clauses=(clause("Z1", "new"),),
    )
    shown = text(compare(old, new))
    assert "Z1 new: not in the contract → holds" in shown
    assert "A1 unknown-id: holds → not in the contract" in shown
    assert "the contracts differ: " in shown


def test_a_run_that_was_cut_got_worse(conforming: Result) -> None:
    cut = replace(conforming, complete=False)
    assert compare(conforming, cut).worse
    assert not compare(cut, conforming).worse


NOT_ASKED: dict[str, Any] = {
    "verdict": "not exercised",
    "held": 0,
    "missing": "could not run",
    "reason": NOT_CHOSEN,
    "remedy": "run all cases, without a filter",
}


def test_what_was_not_chosen_is_never_worse(conforming: Result, clause: Maker) -> None:
    old, new = both(conforming, clause("A3", "lock"), clause("A3", "lock", **NOT_ASKED))
    new = replace(new, exit_code=3, verdict="incomplete")
    found = compare(old, new)
    assert not found.worse
    assert text(found).splitlines()[2:] == [
        "Clauses: 0 worse, 0 better, 0 changed, 1 not chosen in one of the runs.",
        "  not chosen in the new run: A3",
    ]
    assert markdown(found).endswith("\n\nnot chosen in the new run: A3\n")
    back = compare(new, old)
    assert not back.worse
    assert text(back).endswith("  not chosen in the old run: A3\n")


def test_a_violation_that_the_old_run_did_not_look_for_is_shown(
    conforming: Result, clause: Maker
) -> None:
    bad = clause("A3", "lock", verdict="fail", findings=(0,))
    old, new = both(conforming, clause("A3", "lock", **NOT_ASKED), bad)
    shown = text(compare(replace(old, exit_code=3), replace(new, exit_code=1)))
    assert "  not chosen  A3 lock: not chosen → violated\n" in shown


def test_a_gap_that_was_asked_for_makes_a_run_worse(
    conforming: Result, clause: Maker
) -> None:
    gap = {**NOT_ASKED, "reason": "there is no control plane"}
    old, new = both(conforming, clause("A3", "lock"), clause("A3", "lock", **gap))
    assert compare(old, replace(new, exit_code=3)).worse

"""What would help where cases ran, and what they are for did not come about."""

import pytest

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.results.conclude import Gathered
from redeploy_conformance.running.api import Offer
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

OUTCOMES = (
    "offer outcomes of the control protocol, so that redeploys succeed where they must"
)
TRACE = "run --clause {} --trace FILE, and see what was answered"
PROBLEMS = "see the problems of this run"


@pytest.mark.parametrize(
    ("clause", "lacking", "problem", "remedy"),
    [
        ("L3", set(), None, TRACE),
        ("L3", {Part.OUTCOMES}, None, OUTCOMES),
        ("L3", {Part.OUTCOMES}, "it was not made as asked", PROBLEMS),
        ("U2", {Part.OUTCOMES}, None, TRACE),
    ],
)
@pytest.mark.parametrize("idle", [True, False])
def test_the_remedy_is_what_was_lacking(
    contract: Contract,
    clause: str,
    lacking: set[Part],
    problem: str | None,
    remedy: str,
    idle: bool,
) -> None:
    offer = Offer("mine", "1", "cn-hangzhou", frozenset(Part) - lacking)
    gathered = Gathered(contract, offer)
    gathered.add(CaseReport("a case", (clause,), idle=(clause,) if idle else ()))
    if problem is not None:
        gathered.add(CaseReport("another", (), problem=problem))
    by_id = {one.id: one for one in gathered.clauses()}
    assert by_id[clause].remedy == remedy.format(clause)

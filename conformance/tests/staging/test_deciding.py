"""Which clauses a real account decides is computed from what each needs, not listed."""

import pytest

from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.staging.decide import Reach, decidable, listed
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

from .conftest import ACCEPTS, LONG, MakeAccount


def test_every_clause_is_placed_and_every_shortfall_has_a_reason(
    contract: Contract,
) -> None:
    rows = decidable(contract, trusted=False)
    assert [row.clause.id for row in rows] == [one.id for one in contract.clauses]
    for row in rows:
        assert (row.reason == "") is (row.reach is Reach.WHOLLY), row.clause.id


def test_what_needs_a_control_plane_is_not_decided(contract: Contract) -> None:
    hidden = {Part.INSPECT, Part.OUTCOMES, Part.PRINCIPALS, Part.INTERNAL_ERRORS}
    for row in decidable(contract, trusted=False):
        if row.clause.needs & hidden:
            assert row.reach is Reach.NOT, row.clause.id


def test_the_reach_of_the_clauses_that_matter_most(contract: Contract) -> None:
    reach = {row.clause.id: row.reach for row in decidable(contract, trusted=False)}
    expected = {
        "A1": Reach.WHOLLY,
        "R4": Reach.WHOLLY,
        "A2": Reach.PARTLY,
        "L1": Reach.PARTLY,
        "A3": Reach.AS_FOUND,
        "A4": Reach.AS_FOUND,
        "A6": Reach.NOT,
        "A7": Reach.NOT,
        "L4": Reach.NOT,
        "Q2": Reach.NOT,
        "U1": Reach.NOT,
    }
    assert {one: reach[one] for one in expected} == expected


def test_what_no_case_of_the_run_is_about_must_be_found(contract: Contract) -> None:
    reach = {
        row.clause.id: row.reach
        for row in decidable(contract, {"A1", "L3"}, trusted=False)
    }
    assert reach["L3"] is Reach.PARTLY
    assert reach["E7"] is Reach.AS_FOUND


def test_the_lines_name_each_clause_once(contract: Contract) -> None:
    text = "\n".join(listed(decidable(contract, trusted=False)))
    words = [word.strip(",") for line in text.split("\n") for word in line.split()]
    for clause in contract.clauses:
        assert words.count(clause.id) == 1, clause.id


def test_the_advice_to_say_that_events_are_real_is_not_given_to_who_said_so(
    contract: Contract,
) -> None:
    untold, told = (
        {row.clause.id: row.reason for row in decidable(contract, trusted=trusted)}
        for trusted in (False, True)
    )
    assert untold["A9"].endswith("that it is real: --events-are-real")
    assert told["A9"] == told["E1"] == "no operation raises a real event"
    assert {one for one in told if told[one] != untold[one]} == {"A9", "E1"}


@pytest.mark.parametrize(
    ("settings", "clauses", "verdict"),
    [
        (ACCEPTS, (), "conforming"),
        (ACCEPTS, ("A1",), "incomplete"),
        (LONG, (), "incomplete"),  # no call is accepted
    ],
)
def test_to_declare_parts_absent_makes_no_run_green_that_left_out_what_needs_none(
    account_of: MakeAccount,
    settings: EmulatorSettings,
    clauses: tuple[str, ...],
    verdict: str,
) -> None:
    account = account_of(settings=settings)
    absent = {"absent": tuple(one.value for one in Part)}
    run = account.begin(account.settings(clauses=clauses, statement=absent))
    with run.journal:
        run.carry_out(run.plan())
        assert run.result(run.restore(), complete=True).verdict == verdict

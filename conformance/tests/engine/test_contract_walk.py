"""The contract checks itself: a walk over every abstract state and every kind of call."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from redeploy_conformance.judging.authority import allows
from redeploy_conformance.judging.model import Call, Rules, admissible
from redeploy_conformance.judging.passing import finish, passed
from redeploy_conformance.judging.world import Event, Flight, World, exactly
from redeploy_conformance.planning import planner, plans
from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.planning.plans import opening
from redeploy_conformance.planning.steps import Case
from redeploy_schemas.contract import Contract, PolicyCase, contract_text, load, parse
from redeploy_schemas.vocabulary import Ending

RULES = Rules(bound=600.0, lags=False, stepped=True)
TRIPLES = 198_342
"""Reachable (world, call, outcome) triples: a change of the contract changes this number."""


def calls(contract: Contract) -> list[Call]:
    """Return one call of each kind that judgement tells apart."""
    taken, refused = ("A14b", "accepted"), ("A14b", "rejected")
    return [
        Call(),
        Call(force=True),
        Call(force=False),
        Call(barred="A14", silence="A14"),
        Call(barred="U1", silence="U1"),
        Call(barred="U4", silence="U4"),
        Call(silence="A14", maybe=(taken, refused), unclear=True),
        Call(foreign=True),
    ]


def worlds(contract: Contract) -> Iterator[World]:
    """Yield every abstract state: attributes, one event or none, in flight or not."""
    attributes = contract.attribute_by_name
    locks = [
        frozenset(),
        *(frozenset({x}) for x in attributes["lock_reasons"].values[:2]),
    ]
    pairs = [(row.type, status) for row in contract.events for status in row.statuses]
    pairs += [(contract.unlisted_event_types[0], "Scheduled")]
    events = [(), *(((Event("e1", *pair),)) for pair in pairs)]
    events += [(Event("e1", "SystemMaintenance.Reboot", "Scheduled", simulated=True),)]
    for status, lock, tenancy, billing, disk, (storage, local), open_events in product(
        attributes["status"].values,
        locks,
        attributes["tenancy"].values,
        attributes["billing"].values,
        attributes["disk_status"].values,
        [
            ("cloud", "healthy"),
            ("local", "healthy"),
            ("local", "damaged"),
            ("local", "isolated"),
        ],
        events,
    ):
        yield World(
            status=str(status),
            lock_reasons=lock,
            tenancy=str(tenancy),
            billing=str(billing),
            disk_status=str(disk),
            storage=storage,
            local_disk=local,
            events=open_events,
            host=exactly("h1"),
            local_data=exactly("d1"),
        )
    for origin, ending in product(contract.transition_from, Ending):
        flight = Flight(origin, ending, None, frozenset(), 600.0)
        yield World(status=contract.transition_from[origin].path[0], flight=flight)
    yield World(exists=False)


def test_every_state_and_call_has_an_outcome_and_their_number_is_pinned(
    contract: Contract,
) -> None:
    triples = 0
    every = calls(contract)
    for world in worlds(contract):
        for call in every:
            outcomes = admissible(contract, world, call, 0.0, RULES)
            assert outcomes, (world, call)
            assert all(outcome.worlds for outcome in outcomes)
            triples += len(outcomes)
    assert triples == TRIPLES, (
        f"there are {triples} triples now: if the contract is meant to change, set TRIPLES"
    )


def test_no_two_clauses_demand_opposite_things(contract: Contract) -> None:
    """Where a binding clause rejects, none accepts; where one accepts, a rejection is a choice.

    Whether the online event ends the isolation gap is open without a name (ruling on A13).
    """
    for world in worlds(contract):
        outcomes = admissible(contract, world, Call(), 0.0, RULES)
        must_reject = any(
            one.held and not one.accepted for one in outcomes if not one.told
        )
        may_accept = any(one.accepted for one in outcomes)
        assert must_reject != may_accept or any(one.told for one in outcomes), world
        binding = {clause for one in outcomes if one.accepted for clause, _ in one.held}
        online = contract.gap_ending_event_types[-1]
        unclear = any(event.type == online for event in world.events)
        if binding & {"A9", "A13"} and not (unclear and world.local_disk == "isolated"):
            assert all(one.accepted or one.told for one in outcomes), world


def test_every_world_goes_on_for_ever_and_every_redeploy_ends(
    contract: Contract,
) -> None:
    for world in worlds(contract):
        later = list(passed(contract, world, 10.0, RULES))
        assert later
        if world.flight is not None:
            ended = list(finish(contract, world, world.flight))
            assert ended
            assert all(one.flight is None for one in ended)
            assert {one.status for one in ended} <= set(contract.transition_from)


def test_every_clause_is_exercised_by_a_planned_case(contract: Contract) -> None:
    planned = {clause for case in plan(contract) for clause in case.clauses}
    silent = {"A8", "L8l", "L4f", "E1c", "E1x", "R6", "A5", "Q4c", "U1c"}
    silent |= {"S1"}  # every set-up exercises it
    every = {clause.id for clause in contract.clauses}
    assert not every - planned - silent, (
        f"no planned case is about {', '.join(sorted(every - planned - silent))}: add one in "
        "plans/, or the clause to `silent` if other cases show it"
    )
    assert planned <= every


def test_every_maker_of_cases_is_used() -> None:
    """A function that nobody calls would leave its cases out of every run."""
    folder = Path(plans.__file__).parent
    files = [*sorted(folder.glob("*.py")), Path(planner.__file__)]
    text = "\n".join(path.read_text("utf-8") for path in files)
    makers = re.findall(r"^def (\w+)\([^)]*\) -> Iterator\[Case\]:", text, re.MULTILINE)
    assert len(makers) > 20
    for maker in makers:
        used = rf"(\.|^ +|yield from ){maker}(,$|\()"
        assert re.search(used, text, re.MULTILINE), (
            f"{maker} makes cases and is called nowhere: add it to `makers` in planner.py"
        )


def test_case_names_are_unique_and_begin_with_their_clause(contract: Contract) -> None:
    names = [name(contract, case) for case in plan(contract)]
    twice = sorted({one for one in names if names.count(one) > 1})
    assert not twice, (
        f"two planned cases have the name {twice[0]!r}: give each its own row"
    )


@pytest.mark.parametrize("case", load().policy_cases, ids=lambda case: case.name)
def test_the_contract_and_the_policy_language_agree(
    contract: Contract, case: PolicyCase
) -> None:
    call = {"region": "cn-hangzhou", "account": "1", "instance": "i-1"}
    statements = [
        {key: text.format(**call) for key, text in one.items()}
        for one in case.statements
    ]
    resource = contract.resource.format(**call)
    assert allows(statements, contract.action, resource) is case.allowed, (
        f"[[authorization.case]] {case.name}: RAM policies say otherwise"
    )


def test_a_new_event_row_makes_new_cases_with_no_other_edit(contract: Contract) -> None:
    row = '\n[[event]]\ntype = "SystemFailure.New"\nstatuses = ["Inquiring"]\n'
    richer = parse(contract_text() + row)
    before = {name(contract, case) for case in plan(contract)}
    new = {name(richer, case) for case in plan(richer)} - before
    assert "E1-responds SystemFailure.New Inquiring" in new
    event = Event("e1", "SystemFailure.New", "Inquiring")
    outcomes = admissible(richer, World(events=(event,)), Call(), 0.0, RULES)
    assert [one.accepted for one in outcomes] == [True]


NEW_ERROR = """
[[error]]
code = "InstanceRefunded"
http_status = 403
message = "%s"
states_fact = true
when = [{ attribute = "lock_reasons", forbidden = ["refunded"], clause = "X1" }]

[[clause]]
id = "X1"
name = "refunded"
statement = "An instance that was refunded is rejected."
strength = "documented"
source = "error table"
needs = ["accounts", "instances"]
"""


def test_a_new_error_row_makes_new_cases_with_no_other_edit(contract: Contract) -> None:
    richer = parse(contract_text() + NEW_ERROR)
    world = World(lock_reasons=frozenset({"refunded"}))
    outcomes = admissible(richer, world, Call(), 0.0, RULES)
    assert {code for one in outcomes for code in one.codes or ()} >= {
        "InstanceRefunded"
    }
    new = {name(richer, case) for case in plan(richer)}
    assert "X1-refunded lock_reasons=refunded" in new


def test_what_a_new_error_row_refuses_is_nowhere_taken_for_harmless() -> None:
    """Two rows may speak of one attribute: each case is about the rows that refuse it."""
    richer = parse(contract_text() + NEW_ERROR)
    about = {
        case.clauses[0]
        for case in plan(richer)
        for step in case.steps
        if "refunded" in str(step)
    }
    assert about == {"X1", "A11", "A1", "L10"}


def test_a_planned_case_about_no_clause_is_named(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Case(clauses=("E11",), row="lost", steps=())
    monkeypatch.setattr(opening, "all_at_once", lambda _: [lost])
    with pytest.raises(ValueError, match=r"case 'lost' names E11, which is no clause"):
        plan(contract)

"""The contract and the emulator are two readings of one page: what one has, the other has, too."""

import json
from collections.abc import Callable
from importlib.resources import files

import pytest

from redeploy_conformance.emulator.admission import LOCAL_DISKS_ONLY, RESPONDABLE
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.world import World
from redeploy_conformance.planning.plans.blocks import (
    LOCAL,
    make,
    settable,
    values,
    words,
)
from redeploy_conformance.planning.steps import Redeploy
from redeploy_conformance.running.bench import Bench
from redeploy_schemas.contract import Attribute, Contract, Precondition, load
from redeploy_strategies.instances import DERIVED

SET = [one for one in load().attributes if one.name not in DERIVED]
"""What an instance can be made with."""


def test_an_attribute_is_a_field_of_the_world(contract: Contract) -> None:
    for one in contract.attributes:
        field = getattr(World(), one.name, None)
        assert field == one.default, (
            f"[[attribute]] {one.name}: World in conformance/redeploy_conformance/judging/world.py needs "
            f"a field {one.name} = {one.default!r}, and has {field!r}"
        )


@pytest.mark.parametrize("one", SET, ids=lambda one: one.name)
@pytest.mark.parametrize("name", ["instance-spec", "patch-request"])
def test_an_attribute_is_in_the_schemas_of_the_control_protocol(
    one: Attribute, name: str
) -> None:
    text = files("redeploy_schemas").joinpath(f"control/{name}.json").read_text("utf-8")
    known = json.loads(text)["properties"].get(one.name, {})
    listed = known.get("items", known).get("enum", [])
    assert set(listed) - {None} == set(one.values), (
        f"[[attribute]] {one.name}: control/{name}.json has {listed} and not its values"
    )


@pytest.mark.parametrize("one", SET, ids=lambda one: one.name)
def test_an_attribute_is_in_the_words_of_the_control_protocol(one: Attribute) -> None:
    page = files("redeploy_schemas").joinpath("control/PROTOCOL.md").read_text("utf-8")
    spec = page[page.index("A spec:") :]
    assert f'"{one.name}"' in spec, f"PROTOCOL.md: a spec lacks {one.name}"
    rows = [row for row in spec.splitlines() if row.startswith(f"| `{one.name}` |")]
    for value in one.values:
        assert any(f"`{value}`" in row for row in rows), (
            f"PROTOCOL.md: the table of attributes lacks {one.name} = {value}"
        )


@pytest.mark.parametrize("one", SET, ids=lambda one: one.name)
def test_the_emulator_takes_every_value_of_an_attribute(
    bench_of: Callable[..., Bench], contract: Contract, one: Attribute
) -> None:
    local = LOCAL if one.name == "local_disk" else {}
    for value in one.values:
        spec = {**local, one.name: (value,) if one.is_set else value}
        run = perform(bench_of(Emulator()), (make(contract, spec=spec),), Ledger())
        assert (run.violations, run.problem) == ([], None), (
            f"{one.name} = {value}: emulator/spec.py and emulator/state.py do not know it"
        )


REFUSED = [row for row in load().preconditions if settable(row)]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: f"{row.code} {row.attribute}")
def test_the_emulator_refuses_what_an_error_row_refuses(
    bench_of: Callable[..., Bench], contract: Contract, row: Precondition
) -> None:
    """With its code, its status and its text."""
    for value in values(row, contract):
        steps = (make(contract, spec={row.attribute: value}), Redeploy("i1"))
        run = perform(bench_of(Emulator()), steps, Ledger())
        told = [
            f"expected {one.expected}, observed {one.observed}"
            for one in run.violations
        ]
        assert (told, run.problem) == ([], None), (
            f"[[error]] {row.code}, {row.attribute}={words(value)}: {'; '.join(told)}; "
            "emulator/spec.py sets it, admission.py checks it, errors.py has the answer"
        )


def test_both_list_the_same_events(contract: Contract) -> None:
    theirs = {kind: sorted(statuses) for kind, statuses in RESPONDABLE.items()}
    ours = {row.type: sorted(row.statuses) for row in contract.events}
    for kind in theirs | ours:
        assert theirs.get(kind) == ours.get(kind), (
            f"{kind}: contract.toml has {ours.get(kind)}, "
            f"RESPONDABLE in emulator/admission.py has {theirs.get(kind)}"
        )
    limited = {row.type for row in contract.events if row.only_with}
    assert limited == LOCAL_DISKS_ONLY, (
        "only_with in contract.toml and LOCAL_DISKS_ONLY in emulator/admission.py differ"
    )

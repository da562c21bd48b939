"""The contract and the emulator are two readings of one page: what one has, the other has, too."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from msgspec.structs import replace

from redeploy_conformance.emulator.admission import LOCAL_DISKS_ONLY, RESPONDABLE
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.control_parts import PARTS
from redeploy_conformance.emulator.state import EVENT_STATUSES
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.model import Rules
from redeploy_conformance.judging.sight import picture
from redeploy_conformance.judging.views import INSPECTED
from redeploy_conformance.judging.world import World
from redeploy_conformance.planning.plans.blocks import (
    LOCAL,
    make,
    settable,
    values,
    words,
)
from redeploy_conformance.planning.steps import Redeploy
from redeploy_conformance.running.api import ALL_STATUSES
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.staging.decide import SETTABLE, SHOWN
from redeploy_schemas.contract import Attribute, Contract, Precondition, load
from redeploy_schemas.vocabulary import Part, Storage
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


RULES = Rules(bound=600.0, lags=False, stepped=True)
UNASKED = SETTABLE | SHOWN | {"storage"}
"""What a look shows without inspection; of ``storage``, whether there is a local disk."""


def test_a_look_is_held_against_every_attribute(contract: Contract) -> None:
    world = World(storage=Storage.LOCAL)
    held = {one.field for one in picture(contract, world, RULES)} | {"in_flight"}
    lacking = {one.name for one in contract.attributes} - held
    assert not lacking, f"PLAIN in judging/sight.py lacks {sorted(lacking)} (L9)"


def test_inspection_shows_every_attribute_that_no_public_operation_shows(
    contract: Contract,
) -> None:
    text = files("redeploy_schemas").joinpath("control/inspection.json").read_text()
    shown = set(json.loads(text)["properties"]) & {*INSPECTED, "local_disk"}
    lacking = {one.name for one in contract.attributes} - UNASKED - shown
    assert not lacking, (
        f"inspection does not show {sorted(lacking)} (L9): control/inspection.json and PROTOCOL.md, "
        "INSPECTED in judging/views.py, `look` in emulator/control_parts.py"
    )


def test_a_trace_names_every_attribute_that_is_not_as_usual(
    contract: Contract,
) -> None:
    for one in SET:
        for value in one.values:
            held: Any = frozenset({value}) if one.is_set else value
            assert held == one.default or str(value) in str(
                replace(World(), **{one.name: held})
            ), f"_SHOWN in judging/world.py lacks {one.name}"


def test_the_parts_of_the_control_protocol_are_the_same_everywhere() -> None:
    schemas = files("redeploy_schemas")
    page = schemas.joinpath("control/PROTOCOL.md").read_text("utf-8")
    result = json.loads(schemas.joinpath("run/result.json").read_text("utf-8"))
    offers = result["properties"]["target"]["properties"]["offers"]
    rows = json.loads(schemas.joinpath("run/contract.json").read_text("utf-8"))
    clause = rows["$defs"]["clause"]["properties"]
    for place, parts in {
        "control/PROTOCOL.md": re.findall(r"^\| `([a-z-]+)` \| `[A-Z]+ ", page, re.M),
        "run/result.json": offers["items"]["enum"],
        "run/contract.json": clause["needs"]["items"]["enum"],
        "emulator/control_parts.py": PARTS,
    }.items():
        known = {part.value for part in Part}
        assert set(parts) == known, (
            f"{place} and Part in vocabulary.py differ: {sorted(known ^ set(parts))}"
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
    statuses = {*contract.open_event_statuses, *contract.final_event_statuses}
    assert statuses == set(ALL_STATUSES) == set(EVENT_STATUSES), (
        "[event_status], ALL_STATUSES in running/api.py and EVENT_STATUSES in emulator/state.py differ"
    )
    limited = {row.type for row in contract.events if row.only_with}
    assert limited == LOCAL_DISKS_ONLY, (
        "only_with in contract.toml and LOCAL_DISKS_ONLY in emulator/admission.py differ"
    )

"""The catalogue of faults: well formed, and every fault can be driven."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.faults import catalogue
from redeploy_conformance.faults.catalogue import FAULTS, build, fault
from redeploy_conformance.faults.registry import Fault
from redeploy_conformance.faults.registry import fault as enter
from redeploy_schemas.contract import load

CLAUSES = load().by_id
ALL = pytest.mark.parametrize("broken", FAULTS.values(), ids=list(FAULTS))


def changed_part(broken: Fault) -> tuple[type, type]:
    correct = Parts()
    (name,) = [
        one.name
        for one in fields(Parts)
        if getattr(broken.parts, one.name) is not getattr(correct, one.name)
    ]
    return getattr(correct, name), getattr(broken.parts, name)


@ALL
def test_a_fault_is_small_and_well_described(broken: Fault) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", broken.id)
    assert re.fullmatch(r"[^.].*\.", broken.sentence), (
        "a sentence ends with a full stop"
    )
    assert broken.clauses
    unknown = set(broken.clauses) - set(CLAUSES)
    assert not unknown, f"contract.toml has no [[clause]] {', '.join(sorted(unknown))}"
    correct, wrong = changed_part(broken)
    overridden = [
        name for name, _ in inspect.getmembers(wrong) if name in vars(correct)
    ]
    own = [n for n in overridden if getattr(wrong, n) is not getattr(correct, n)]
    methods = [name for name in own if not name.startswith("__")]
    assert len(methods) == 1, (
        f"a fault overrides one method of the emulator, and this one {methods or 'none'}"
    )


def test_every_file_of_faults_is_in_the_catalogue() -> None:
    there = {path.stem for path in Path(catalogue.__file__).parent.glob("of_*.py")}
    entered = {
        changed_part(one)[1].__module__.rpartition(".")[2] for one in FAULTS.values()
    }
    assert not there - entered, (
        f"faults/catalogue.py does not import {', '.join(sorted(there - entered))}"
    )


@pytest.mark.parametrize(
    "broken", [one for one in FAULTS.values() if "S1" not in one.clauses]
)
def test_a_broken_emulator_can_be_driven(broken: Fault, bench_around: Any) -> None:
    bench = bench_around(build(broken.id, Settings(quota=30)))
    allowed = {"Effect": "Allow", "Action": "ecs:*", "Resource": "acs:ecs:*:*:*"}
    users = [bench.user({"Version": "1", "Statement": [allowed]}), bench.user()]
    event = {"type": "SystemFailure.Redeploy", "status": "Inquiring"}
    specs: list[dict[str, Any]] = [
        {},
        {"status": "Stopped", "storage": "local", "local_disk": "damaged"},
        {"events": [event, event, event]},
        {"lock_reasons": ["security", "financial"]},
        {"status": "Pending", "tenancy": "dedicated-host"},
        {"events": [], "billing": "expired"},
    ]
    instances = [bench.instance(**spec) for spec in specs]
    for turn in range(3):
        for by in (None, *users):
            for instance in [*instances, "i-none"]:
                params = [("InstanceId", instance), ("ForceStop", "true")]
                answer = bench.send("RedeployInstance", *params, by=by)
                assert answer.status in range(200, 504)
        bench.next_fails(instances[turn])
        bench.advance(61)
        bench.call("DescribeInstances")
        bench.call("DescribeTasks")


def test_looking_a_fault_up() -> None:
    assert fault("deny-ignored").clauses == ("U2",)
    with pytest.raises(KeyError):
        build("no-such-fault")


def test_entering_nonsense_is_refused() -> None:
    class Nothing:
        """Nothing."""

    with pytest.raises(ValueError, match="part"):
        enter("no-part", "A1")(Nothing)
    with pytest.raises(ValueError, match="two faults"):
        enter("deny-ignored", "A1")(Nothing)
    with pytest.raises(ValueError, match="lacks"):
        enter("no-clause")(Nothing)

"""Every open choice changes what it says, and nothing is chosen by accident."""

import json
from dataclasses import fields
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import (
    ATTRIBUTES,
    Settings,
    choices,
    clauses,
)
from redeploy_conformance.emulator.variants import variants

REINIT = {"type": "SystemMaintenance.RebootAndReInitErrorDisk", "status": "Inquiring"}
TWO = [
    {"type": "SystemMaintenance.Reboot", "status": "Scheduled"},
    {"type": "SystemFailure.Redeploy", "status": "Inquiring"},
]


def test_every_choice_has_a_clause_and_defaults_to_its_first_word() -> None:
    for name, words in choices().items():
        assert clauses()[name]
        if name != "precedence":
            assert getattr(Settings(), name) == words[0], (
                f"emulator/settings.py, {name}: the default is the first word of its Literal"
            )
    assert len(set(clauses().values())) == len(clauses())
    assert Settings().precedence == ATTRIBUTES


def test_unknown_words_are_refused() -> None:
    wrong: dict[str, Any] = {"no_event": "perhaps"}
    with pytest.raises(ValueError, match="no_event"):
        Settings(**wrong)
    with pytest.raises(ValueError, match="precedence"):
        Settings(precedence=ATTRIBUTES[1:])


@pytest.mark.parametrize(
    ("choice", "spec", "answers"),
    [
        (
            "dedicated_host_code",
            {"tenancy": "dedicated-host"},
            ["InvalidOperation.RedeployInstance", "OperationDenied.DedicatedHost"],
        ),
        (
            "damaged_disk",
            {"storage": "local", "local_disk": "damaged"},
            ["accepted", "DiskError"],
        ),
        ("no_event", {"events": []}, ["InvalidOperation.RedeployInstance", "accepted"]),
        (
            "isolated_disk_outside_gap",
            {"storage": "local", "local_disk": "isolated", "events": [REINIT]},
            ["accepted", "DiskError"],
        ),
    ],
)
def test_choices_of_admission(
    make_bench: Any, choice: str, spec: Any, answers: list[str]
) -> None:
    for word, expected in zip(choices()[choice], answers, strict=True):
        bench = make_bench(**{choice: word})
        assert bench.redeploy(bench.instance(**spec)) == expected


def test_precedence(make_bench: Any) -> None:
    broken = {
        "status": "Pending",
        "lock_reasons": ["security"],
        "billing": "expired",
        "tenancy": "dedicated-host",
        "disk_status": "incorrect",
        "events": [],
    }
    free = "InvalidOperation.RedeployInstance"
    codes = {
        "status": "IncorrectInstanceStatus",
        "lock_reasons": "InstanceLockedForSecurity",
        "billing": "InstanceExpiredOrInArrears",
        "tenancy": free,
        "disk_status": "DiskError",
        "no-event": free,
    }
    assert set(broken) - {"events"} == set(ATTRIBUTES) - {"no-event"}, (
        "`broken` and `codes` need what Attribute in emulator/settings.py has"
    )
    for turn in range(len(ATTRIBUTES)):
        order = ATTRIBUTES[turn:] + ATTRIBUTES[:turn]
        bench = make_bench(precedence=order)
        assert bench.redeploy(bench.instance(**broken)) == codes[order[0]]
        assert bench.redeploy("i-none") == "InvalidInstanceId.NotFound"


@pytest.mark.parametrize("word", choices()["boolean_case"])
def test_boolean_case(make_bench: Any, word: str) -> None:
    bench = make_bench(boolean_case=word)
    expected = "accepted" if word == "accepted" else "InvalidParameter"
    for value in ("True", "FALSE"):
        assert bench.redeploy(bench.instance(), value) == expected
    for value in ("true", "false"):
        assert bench.redeploy(bench.instance(), value) == "accepted"


def test_lenient_values(make_bench: Any) -> None:
    bench = make_bench(lenient_values="accepted")
    for value in ("", "0", "1"):
        assert bench.redeploy(bench.instance(), value) == "accepted"
    assert bench.redeploy(f" {bench.instance()} ") == "accepted"
    one = ("InstanceId", bench.instance())
    assert bench.send("RedeployInstance", one, one).status == 200
    assert bench.redeploy(bench.instance(), "maybe") == "InvalidParameter"
    assert bench.redeploy("  ") == "MissingInstanceId"


def test_id_shape(make_bench: Any) -> None:
    def ids(shape: str) -> Any:
        bench = make_bench(id_shape=shape)
        one = ("InstanceId", bench.instance())
        return json.loads(bench.send("RedeployInstance", one).body)

    usual, other = ids("as-in-examples"), ids("other")
    assert usual["TaskId"].startswith("t-")
    assert len(usual["RequestId"]) == 36
    assert usual["RequestId"] == usual["RequestId"].upper()
    assert not other["TaskId"].startswith("t-")
    assert len(other["RequestId"]) == 32


@pytest.mark.parametrize("word", choices()["host_in_flight"])
def test_host_in_flight(make_bench: Any, word: str) -> None:
    bench = make_bench(host_in_flight=word)
    for fails in (True, False):
        instance = bench.instance()
        if fails:
            bench.next_fails(instance)
        old = bench.look(instance)["host"]
        bench.redeploy(instance)
        assert (bench.look(instance)["host"] == old) == (word == "old")
        bench.advance(60)
        assert (bench.look(instance)["host"] == old) == fails


def test_reads_that_lag(make_bench: Any) -> None:
    bench = make_bench(reads="lags", read_lag_seconds=3.0)
    instance = bench.instance()
    bench.redeploy(instance)
    assert bench.status(instance) == "Running"
    bench.advance(2.5)
    assert bench.status(instance) == "Running"
    assert bench.redeploy(instance) == "IncorrectInstanceStatus"
    expected = ["Running", "Stopping", "Stopped", "Starting", "Running"]
    assert bench.walk(instance) == expected
    changed = {"status": "Stopped"}
    assert bench.control("PATCH", f"instances/{instance}", changed)[0] == 200
    assert bench.status(instance) == "Stopped"


@pytest.mark.parametrize("word", choices()["failed_path_shows_running"])
def test_failed_path(make_bench: Any, word: str) -> None:
    bench = make_bench(failed_path_shows_running=word)
    instance = bench.instance(status="Stopped")
    bench.next_fails(instance)
    bench.redeploy(instance)
    between = ["Running"] if word == "yes" else []
    assert bench.walk(instance) == ["Starting", *between, "Stopping", "Stopped"]


def test_absent_force_stop(make_bench: Any) -> None:
    bench = make_bench(absent_force_stop="power-off")
    instance = bench.instance()
    bench.redeploy(instance)
    assert bench.look(instance)["power_offs"] == 1
    instance = bench.instance()
    bench.redeploy(instance, "false")
    assert bench.look(instance)["orderly_stops"] == 1


def test_absent_tasks(make_bench: Any) -> None:
    bench = make_bench(tasks="absent")
    bench.redeploy(bench.instance())
    assert bench.call("DescribeTasks")["TaskSet"]["Task"] == []


@pytest.mark.parametrize("word", choices()["closing_status"])
def test_closing_status(make_bench: Any, word: str) -> None:
    bench = make_bench(closing_status=word)
    instance = bench.instance()
    bench.redeploy(instance)
    bench.advance(60)
    assert bench.events(instance) == [word]


@pytest.mark.parametrize("word", choices()["raised_in_flight"])
def test_raised_in_flight(make_bench: Any, word: str) -> None:
    bench = make_bench(raised_in_flight=word)
    instance = bench.instance()
    bench.redeploy(instance)
    bench.advance(1)
    bench.control("POST", f"instances/{instance}/events", TWO[1])
    bench.advance(60)
    last = "Inquiring" if word == "kept" else "Executed"
    assert bench.events(instance) == ["Executed", last]


@pytest.mark.parametrize("word", choices()["event_in_flight"])
@pytest.mark.parametrize("fails", [True, False])
def test_event_in_flight(make_bench: Any, word: str, fails: bool) -> None:
    bench = make_bench(event_in_flight=word)
    instance = bench.instance(events=[TWO[1]])
    if fails:
        bench.next_fails(instance)
    bench.redeploy(instance)
    shown = {"unchanged": "Inquiring", "closed": "Executed"}
    assert bench.events(instance) == [shown.get(word, word)]
    bench.advance(60)
    assert bench.events(instance) == ["Inquiring" if fails else "Executed"]


@pytest.mark.parametrize("word", choices()["simulated_only"])
def test_simulated_only(make_bench: Any, word: str) -> None:
    bench = make_bench(simulated_only=word)
    instance = bench.instance(events=[])
    bench.call(
        "CreateSimulatedSystemEvents",
        ("EventType", "SystemMaintenance.Reboot"),
        ("NotBefore", "2099-01-01T00:00:00Z"),
        ("InstanceId.1", instance),
    )
    refused = "InvalidOperation.RedeployInstance"
    assert bench.redeploy(instance) == ("accepted" if word == "accept" else refused)
    assert bench.redeploy(bench.instance(events=[])) == refused
    bench.advance(60)
    assert bench.events(instance) == ["Scheduled"]


@pytest.mark.parametrize("word", choices()["several_events"])
def test_several_events(make_bench: Any, word: str) -> None:
    bench = make_bench(several_events=word)
    instance = bench.instance(events=TWO)
    bench.redeploy(instance)
    bench.advance(60)
    last = "Executed" if word == "all" else "Inquiring"
    assert bench.events(instance) == ["Executed", last]


def test_refusal(make_bench: Any) -> None:
    bench = make_bench(refusal="403 NoPermission")
    assert bench.redeploy("i-none", by=bench.user()) == "NoPermission"


def test_variants_are_many_different_and_alive(bench_around: Any) -> None:
    found = variants()
    alone = sum(
        len(words) - 1 for name, words in choices().items() if name != "precedence"
    )
    assert len(found) == len(set(found.values())) > alone + 5
    for settings in found.values():
        bench = bench_around(Emulator(settings))
        instance = bench.instance()
        assert bench.redeploy(instance) == "accepted"
        assert bench.walk(instance)[-1] == "Running"


def test_variants_keep_what_is_no_choice() -> None:
    base = Settings(region="cn-beijing", seed=7)
    assert {(one.region, one.seed) for one in variants(base).values()} == {
        ("cn-beijing", 7)
    }
    names = {one.name for one in fields(Settings)}
    assert set(choices()) < names

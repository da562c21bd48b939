"""From acceptance to the end."""

import threading
from typing import Any

import pytest

FORWARD = ["Stopping", "Stopped", "Starting", "Running"]


def test_a_running_instance(bench: Any) -> None:
    instance = bench.instance()
    assert bench.redeploy(instance) == "accepted"
    assert bench.walk(instance) == FORWARD


def test_a_stopped_instance(bench: Any) -> None:
    instance = bench.instance(status="Stopped")
    assert bench.redeploy(instance) == "accepted"
    assert bench.walk(instance) == ["Starting", "Running"]


@pytest.mark.parametrize("status", ["Running", "Stopped"])
def test_a_failure_leaves_everything_as_it_was(bench: Any, status: str) -> None:
    instance = bench.instance(
        status=status, storage="local", local_disk="damaged", lock_reasons=["refunded"]
    )
    before = bench.look(instance)
    bench.next_fails(instance)
    assert bench.redeploy(instance) == "accepted"
    assert bench.walk(instance)[-1] == status
    after = bench.look(instance)
    ignored = {"orderly_stops": 0, "power_offs": 0}
    assert {**after, **ignored} == {**before, **ignored}
    assert bench.events(instance) == ["Scheduled"]
    assert bench.redeploy(instance) == "accepted"
    assert bench.walk(instance)[-1] == "Running"
    assert bench.events(instance) == ["Executed"]


def test_success_changes_host_and_local_disks_only(bench: Any) -> None:
    instance = bench.instance(storage="local", local_disk="isolated")
    neighbour = bench.instance(storage="local", local_disk="damaged")
    before, beside = bench.look(instance), bench.look(neighbour)
    bench.redeploy(instance)
    bench.advance(60)
    after = bench.look(instance)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"host", "local_data", "local_disk", "orderly_stops"}
    assert after["local_disk"] == "healthy"
    assert bench.look(neighbour) == beside
    assert bench.events(neighbour) == ["Scheduled"]


@pytest.mark.parametrize(
    ("force", "status", "counted"),
    [
        ("true", "Running", (0, 1)),
        ("True", "Running", (0, 1)),
        ("false", "Running", (1, 0)),
        (None, "Running", (1, 0)),
        ("true", "Stopped", (0, 0)),
    ],
)
def test_how_the_guest_is_stopped(
    bench: Any, force: str | None, status: str, counted: tuple[int, int]
) -> None:
    instance = bench.instance(status=status)
    assert bench.redeploy(instance, force) == "accepted"
    bench.advance(60)
    shown = bench.look(instance)
    assert (shown["orderly_stops"], shown["power_offs"]) == counted


@pytest.mark.parametrize(("fails", "end"), [(False, "Finished"), (True, "Failed")])
def test_the_task(bench: Any, fails: bool, end: str) -> None:
    instance = bench.instance()
    if fails:
        bench.next_fails(instance)
    task_id = bench.call("RedeployInstance", ("InstanceId", instance))["TaskId"]

    def task() -> Any:
        shown = bench.call("DescribeTasks", ("TaskIds", f"t-x,{task_id}"))
        (found,) = shown["TaskSet"]["Task"]
        return found

    assert task()["TaskStatus"] == "Processing"
    assert task()["TaskAction"] == "RedeployInstance"
    assert task()["ResourceId"] == instance
    bench.advance(60)
    assert task()["TaskStatus"] == end


def test_several_events_are_closed_and_unlisted_ones_stay(bench: Any) -> None:
    events = [
        {"type": "SystemMaintenance.Reboot", "status": "Inquiring"},
        {"type": "SystemMaintenance.Stop", "status": "Scheduled"},
        {"type": "SystemFailure.Redeploy", "status": "Inquiring"},
    ]
    instance = bench.instance(events=events)
    bench.redeploy(instance)
    assert bench.events(instance) == ["Inquiring", "Scheduled", "Inquiring"]
    bench.advance(60)
    assert bench.events(instance) == ["Executed", "Scheduled", "Executed"]


def test_an_instance_released_in_flight_stays_released(bench: Any) -> None:
    instance = bench.instance()
    bench.redeploy(instance)
    bench.control("DELETE", f"instances/{instance}")
    bench.advance(60)
    assert bench.call("DescribeInstances")["TotalCount"] == 0
    shown = bench.call("DescribeTasks")["TaskSet"]["Task"]
    assert [task["TaskStatus"] for task in shown] == ["Failed"]


def test_of_concurrent_calls_one_is_accepted(bench: Any) -> None:
    for _ in range(20):
        instance = bench.instance()
        answers: list[str] = []

        def call(instance: str = instance, answers: list[str] = answers) -> None:
            answers.append(bench.redeploy(instance))

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == ["IncorrectInstanceStatus"] * 3 + ["accepted"]

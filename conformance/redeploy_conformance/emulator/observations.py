"""The operations that show: DescribeInstances, -HistoryEvents, -Tasks."""

import json
from collections.abc import Callable

from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.errors import ApiError, invalid, missing
from redeploy_conformance.emulator.paging import cut, page
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import (
    FINAL_STATUSES,
    Account,
    Event,
    Instance,
    Principal,
    Task,
    World,
)


class Observations:
    """Shows instances, events and tasks of the caller's account."""

    def __init__(self, world: World, authority: Authority) -> None:
        self.world = world
        self.authority = authority

    def check_region(self, call: Call) -> None:
        """Raise unless the call names the region of this endpoint."""
        region = call.params.get("RegionId")
        if not region:
            raise missing("RegionId")
        if region != self.world.settings.region:
            raise ApiError(
                404,
                "InvalidRegionId.NotFound",
                "The specified RegionId does not exist.",
            )

    def instances(self, call: Call, principal: Principal) -> dict[str, object]:
        """DescribeInstances."""
        self.check_region(call)
        wanted = self._wanted_ids(call)
        for instance_id in ["*"] if wanted is None else sorted(wanted):
            target = f"instance/{instance_id}"
            self.authority.require(principal, "ecs:DescribeInstances", target)
        held = principal.account.instances
        if wanted is None:
            found = list(held.values())
        else:
            found = [held[key] for key in held.keys() & wanted]
            found.sort(key=lambda one: one.sequence)
        status = call.params.get("Status")
        if status:
            found = [one for one in found if self.shown_status(one) == status]
        tags = call.tags()
        found = [one for one in found if _carries(one, tags)]
        paged = page(call, len(found))
        shown = [self.show_instance(one) for one in cut(found, paged)]
        return {**paged.fields, "Instances": {"Instance": shown}}

    def _wanted_ids(self, call: Call) -> set[str] | None:
        text = call.params.get("InstanceIds")
        if not text:
            return None
        try:
            ids = json.loads(text)
        except (ValueError, RecursionError):
            raise invalid("InstanceIds") from None
        if not isinstance(ids, list) or len(ids) > 100:
            raise invalid("InstanceIds")
        if not all(isinstance(one, str) for one in ids):
            raise invalid("InstanceIds")
        return set(ids) or None

    def shown_status(self, instance: Instance) -> str:
        """The status as reads show it: fresh, or as it was a moment ago."""
        settings = self.world.settings
        if settings.reads == "fresh":
            return instance.status
        return instance.status_at(instance.clock.now - settings.read_lag_seconds)

    def show_instance(self, instance: Instance) -> dict[str, object]:
        """One element of DescribeInstances."""
        status = self.shown_status(instance)
        prepaid = instance.billing == "expired"
        dedicated = instance.tenancy == "dedicated-host"
        local = instance.storage == "local"
        clock = self.world.clock
        return {
            "InstanceId": instance.instance_id,
            "InstanceName": instance.instance_id,
            "InstanceType": instance.instance_type,
            "RegionId": self.world.settings.region,
            "ZoneId": self.world.settings.region + "-a",
            "Status": status,
            "StoppedMode": "KeepCharging" if status == "Stopped" else "Not-applicable",
            "InstanceChargeType": "PrePaid" if prepaid else "PostPaid",
            "CreationTime": clock.minute(instance.created),
            "ExpiredTime": clock.minute(-86400.0) if prepaid else "2099-12-31T15:59Z",
            "OperationLocks": {
                "LockReason": [
                    {"LockReason": reason, "LockMsg": ""}
                    for reason in instance.lock_reasons
                ]
            },
            "DedicatedHostAttribute": {
                "DedicatedHostId": "dh-" + instance.account_id if dedicated else "",
                "DedicatedHostName": "dedicated" if dedicated else "",
                "DedicatedHostClusterId": "",
            },
            "Tags": {
                "Tag": [
                    {"TagKey": key, "TagValue": value}
                    for key, value in instance.tags.items()
                ]
            },
            "LocalStorageAmount": 1 if local else 0,
            "LocalStorageCapacity": 894 if local else 0,
        }

    def events(self, call: Call, principal: Principal) -> dict[str, object]:
        """DescribeInstanceHistoryEvents."""
        self.check_region(call)
        resources = call.listed("ResourceId")
        if not resources and call.params.get("InstanceId"):
            resources = [call.params["InstanceId"]]
        for instance_id in resources or ["*"]:
            self.authority.require(
                principal,
                "ecs:DescribeInstanceHistoryEvents",
                f"instance/{instance_id}",
            )
        chosen = self._wanted(call)
        found = [
            event
            for instance in self._instances(principal.account, resources)
            for event in instance.events.values()
            if chosen(event)
        ]
        paged = page(call, len(found), least=10)
        shown = [self.show_event(event) for event in cut(found, paged)]
        return {
            **paged.fields,
            "InstanceSystemEventSet": {"InstanceSystemEventType": shown},
        }

    def _instances(self, account: Account, ids: list[str]) -> list[Instance]:
        if not ids:
            return list(account.instances.values())
        held = account.instances
        return [held[one] for one in dict.fromkeys(ids) if one in held]

    def _wanted(self, call: Call) -> Callable[[Event], bool]:
        """What a call for events wants of one: the filters are the call's, not each event's."""
        ids = call.listed("EventId")
        statuses = call.listed("InstanceEventCycleStatus") or _one(
            call, "EventCycleStatus"
        )
        types = call.listed("InstanceEventType") or _one(call, "EventType")
        return lambda event: (
            (not ids or event.event_id in ids)
            and event.status in (statuses or FINAL_STATUSES)
            and (not types or event.event_type in types)
        )

    def show_event(self, event: Event) -> dict[str, object]:
        """One element of DescribeInstanceHistoryEvents."""
        clock = self.world.clock
        published = clock.stamp(event.published)
        shown: dict[str, object] = {
            "InstanceId": event.instance_id,
            "EventId": event.event_id,
            "EventType": {"Name": event.event_type},
            "EventCycleStatus": {"Name": event.status},
            "EventPublishTime": published,
            "NotBefore": event.not_before or published,
            "Reason": "A simulated event." if event.simulated else "",
            "ResourceType": "instance",
        }
        if event.finished is not None:
            shown["EventFinishTime"] = clock.stamp(event.finished)
        return shown

    def tasks(self, call: Call, principal: Principal) -> dict[str, object]:
        """DescribeTasks."""
        self.check_region(call)
        self.authority.require(principal, "ecs:DescribeTasks", "task/*")
        found = [
            task
            for task in self.listed_tasks(principal.account)
            if self._task_chosen(call, task)
        ]
        paged = page(call, len(found))
        shown = [self.show_task(task) for task in cut(found, paged)]
        return {
            **paged.fields,
            "RegionId": self.world.settings.region,
            "TaskSet": {"Task": shown},
        }

    def listed_tasks(self, account: Account) -> list[Task]:
        """The tasks of the account that are shown."""
        if self.world.settings.tasks == "absent":
            return []
        return list(account.tasks.values())

    def _task_chosen(self, call: Call, task: Task) -> bool:
        ids = [one for one in call.params.get("TaskIds", "").split(",") if one]
        resources = call.listed("ResourceIds")
        status = call.params.get("TaskStatus")
        return (
            (not ids or task.task_id in ids)
            and (not resources or task.instance_id in resources)
            and call.params.get("TaskAction") in (None, "", "RedeployInstance")
            and (
                status not in ("Processing", "Finished", "Failed")
                or task.status == status
            )
        )

    def show_task(self, task: Task) -> dict[str, object]:
        """One element of DescribeTasks."""
        clock = self.world.clock
        done = "" if task.finished is None else clock.minute(task.finished)
        return {
            "TaskId": task.task_id,
            "TaskAction": "RedeployInstance",
            "TaskStatus": task.status,
            "ResourceId": task.instance_id,
            "CreationTime": clock.minute(task.created),
            "FinishedTime": done,
            "SupportCancel": "false",
        }


def _carries(instance: Instance, tags: dict[str, str]) -> bool:
    """Whether an instance has every tag; one asked for without a value has any."""
    return all(
        key in instance.tags and value in ("", instance.tags[key])
        for key, value in tags.items()
    )


def _one(call: Call, name: str) -> list[str]:
    value = call.params.get(name)
    return [value] if value else []

"""The operations that make, start, stop and release instances."""

import re
from collections.abc import Callable
from typing import Final

from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.errors import (
    expired_or_in_arrears,
    incorrect_status,
    instance_not_found,
    invalid,
    locked_for_security,
    missing,
)
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.paging import number
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Instance, Principal, World

_WITH_LOCAL_DISKS: Final = re.compile(r"ecs\.[id]\d")


class Power:
    """RunInstances, CreateInstance, Start-, Stop-, Reboot- and DeleteInstance."""

    def __init__(
        self, world: World, authority: Authority, observations: Observations
    ) -> None:
        self.world = world
        self.authority = authority
        self.observations = observations

    def run(self, call: Call, principal: Principal) -> dict[str, object]:
        """RunInstances: instances that start by themselves."""
        self.observations.check_region(call)
        self.authority.require(principal, "ecs:RunInstances", "instance/*")
        amount = number(call, "Amount", 1)
        if amount > 100:
            raise invalid("Amount")
        made = [self._make(call, principal) for _ in range(amount)]
        seconds = self.world.settings.starting_seconds
        for instance in made:
            self._errand(instance, ("Pending", 0.0), ("Starting", seconds), "Running")
        ids = [instance.instance_id for instance in made]
        return {"InstanceIdSets": {"InstanceIdSet": ids}}

    def create(self, call: Call, principal: Principal) -> dict[str, object]:
        """CreateInstance: an instance that is Stopped in the end."""
        self.observations.check_region(call)
        self.authority.require(principal, "ecs:CreateInstance", "instance/*")
        instance = self._make(call, principal)
        seconds = self.world.settings.starting_seconds
        self._errand(instance, ("Pending", seconds), "Stopped")
        return {"InstanceId": instance.instance_id}

    def start(self, call: Call, principal: Principal) -> dict[str, object]:
        """StartInstance: Stopped, Starting, Running."""
        instance = self._instance(call, principal, "ecs:StartInstance")
        self._check(instance, "Stopped")
        if instance.billing != "current":
            raise expired_or_in_arrears()
        seconds = self.world.settings.starting_seconds
        self._errand(instance, ("Starting", seconds), "Running")
        return {}

    def stop(self, call: Call, principal: Principal) -> dict[str, object]:
        """StopInstance: Running, Stopping, Stopped."""
        instance = self._instance(call, principal, "ecs:StopInstance")
        force = self._flag(call, "ForceStop")
        self._check(instance, "Running", security=False)
        self._count(instance, force)
        seconds = self.world.settings.stopping_seconds
        self._errand(instance, ("Stopping", seconds), "Stopped")
        return {}

    def reboot(self, call: Call, principal: Principal) -> dict[str, object]:
        """RebootInstance: Running, Starting, Running."""
        instance = self._instance(call, principal, "ecs:RebootInstance")
        force = self._flag(call, "ForceStop")
        self._check(instance, "Running")
        self._count(instance, force)
        seconds = self.world.settings.starting_seconds
        self._errand(instance, ("Starting", seconds), "Running")
        return {}

    def delete(self, call: Call, principal: Principal) -> dict[str, object]:
        """DeleteInstance: a Stopped instance, or with Force any."""
        instance = self._instance(call, principal, "ecs:DeleteInstance")
        force = self._flag(call, "Force")
        if not force and (instance.status != "Stopped" or instance.flight is not None):
            raise incorrect_status()
        self.world.release(instance)
        return {}

    def _make(self, call: Call, principal: Principal) -> Instance:
        instance = self.world.add_instance(principal.account, "Pending")
        kind = call.params.get("InstanceType") or instance.instance_type
        instance.instance_type = kind
        instance.tags = call.tags()
        if _WITH_LOCAL_DISKS.match(kind):
            instance.storage, instance.local_disk = "local", "healthy"
            instance.local_data = self.world.ids.data()
        return instance

    def _instance(self, call: Call, principal: Principal, action: str) -> Instance:
        instance_id = call.params.get("InstanceId")
        if not instance_id:
            raise missing("InstanceId")
        self.authority.require(principal, action, f"instance/{instance_id}")
        instance = principal.account.instances.get(instance_id)
        if instance is None:
            raise instance_not_found()
        return instance

    def _check(self, instance: Instance, status: str, security: bool = True) -> None:
        if instance.flight is not None or instance.status != status:
            raise incorrect_status()
        if security and "security" in instance.lock_reasons:
            raise locked_for_security()

    def _flag(self, call: Call, name: str) -> bool:
        text = call.params.get(name, "").lower()
        if text not in ("", "true", "false"):
            raise invalid(name)
        return text == "true"

    def _count(self, instance: Instance, force: bool) -> None:
        if force:
            instance.power_offs += 1
        else:
            instance.orderly_stops += 1

    def _errand(self, instance: Instance, *way: tuple[str, float] | str) -> None:
        """Walk through statuses with their seconds, up to the last one, unless
        something else happens to the instance."""
        instance.errand += 1
        self._walk(instance, instance.errand, list(way))

    def _walk(
        self, instance: Instance, errand: int, way: list[tuple[str, float] | str]
    ) -> None:
        if instance.errand != errand or not self.world.exists(instance):
            return
        first, *rest = way
        if isinstance(first, str):
            instance.move(first, instance.clock.now)
            return
        status, seconds = first
        instance.move(status, instance.clock.now)
        further: Callable[[], None] = lambda: self._walk(instance, errand, rest)  # noqa: E731
        instance.clock.later(seconds, further)

"""CreateSimulatedSystemEvents and CancelSimulatedSystemEvents."""

from typing import Final

from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.errors import (
    ApiError,
    instance_not_found,
    invalid,
    missing,
)
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.signatures import read_moment
from redeploy_conformance.emulator.state import Event, Principal, World

TYPES: Final = (
    "SystemMaintenance.Reboot",
    "SystemMaintenance.Redeploy",
    "SystemMaintenance.Stop",
    "SystemFailure.Reboot",
    "SystemFailure.Redeploy",
    "SystemFailure.Stop",
    "InstanceFailure.Reboot",
)


class SimulatedEvents:
    """Events that are made to try things out; a redeploy never responds to them."""

    def __init__(
        self, world: World, authority: Authority, observations: Observations
    ) -> None:
        self.world = world
        self.authority = authority
        self.observations = observations

    def create(self, call: Call, principal: Principal) -> dict[str, object]:
        """One event for each instance. It is over when NotBefore has come."""
        self.observations.check_region(call)
        event_type = call.params.get("EventType")
        not_before = call.params.get("NotBefore")
        ids = call.listed("InstanceId")
        if not event_type or not not_before or not ids:
            absent = (
                "EventType"
                if not event_type
                else "NotBefore"
                if not not_before
                else "InstanceId"
            )
            raise missing(absent)
        if event_type not in TYPES:
            raise invalid("EventType")
        if len(ids) > 100:
            raise ApiError(
                403, "InstanceIdLimitExceeded", "The number of instance IDs is too big."
            )
        moment = read_moment(not_before)
        if moment is None:
            raise invalid("NotBefore")
        # The time left is measured on the wall clock, where the caller took NotBefore
        # from, and passes on the redeploy clock.
        left = moment - self.world.wall()
        if left <= 0:
            raise ApiError(
                403, "InvalidNotBefore.Passed", "The specified NotBefore has passed."
            )
        for instance_id in ids:
            self.authority.require(
                principal, "ecs:CreateSimulatedSystemEvents", f"instance/{instance_id}"
            )
        held = principal.account.instances
        if any(instance_id not in held for instance_id in ids):
            raise instance_not_found()
        maintenance = event_type.startswith("SystemMaintenance.")
        status = "Scheduled" if maintenance else "Executing"
        made: list[object] = []
        for instance_id in ids:
            event = self.world.add_event(held[instance_id], event_type, status)
            event.simulated, event.not_before = True, not_before
            self._over_in(event, left)
            made.append(event.event_id)
        return {"EventIdSet": {"EventId": made}}

    def _over_in(self, event: Event, seconds: float) -> None:
        event.clock.later(seconds, lambda: self._end(event, "Executed"))

    def cancel(self, call: Call, principal: Principal) -> dict[str, object]:
        """End simulated events before their time."""
        self.observations.check_region(call)
        ids = call.listed("EventId")
        if not ids:
            raise missing("EventId")
        if len(ids) > 100:
            raise ApiError(
                400, "EventIdLimitExceeded", "The number of event IDs is too big."
            )
        self.authority.require(
            principal, "ecs:CancelSimulatedSystemEvents", "instance/*"
        )
        found = [self._event(principal, event_id) for event_id in ids]
        for event in found:
            if not event.simulated:
                raise ApiError(
                    403,
                    "CannotCancelSystemEvent.NotSimulated",
                    "The specified event is not a simulated one.",
                )
        for event in found:
            self._end(event, "Canceled")
        return {}

    def _event(self, principal: Principal, event_id: str) -> Event:
        event = self.world.events.get(event_id)
        if event is None or event.instance_id not in principal.account.instances:
            raise ApiError(
                403, "InvalidEventId.NotFound", "The specified event does not exist."
            )
        return event

    def _end(self, event: Event, status: str) -> None:
        if event.open:
            event.status = status
            event.finished = event.clock.now

"""Faults by which a redeploy touches what it has no business with."""

from copy import copy
from functools import partial

from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.state import (
    Account,
    Event,
    Flight,
    Instance,
    Task,
)
from redeploy_conformance.faults.later import when_over
from redeploy_conformance.faults.registry import fault


@fault("neighbour-stopped", "L9")
class NeighbourStopped(Redeploys):
    """A successful redeploy stops another instance of the account."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        owner = self.world.owner(instance)
        for other in owner.instances.values() if owner else ():
            if other is not instance and other.status == "Running":
                other.move("Stopped", other.clock.now)
                return


@fault("neighbour-event-closed", "L9", "E6")
class NeighbourEventClosed(Redeploys):
    """A successful redeploy closes the events of all instances of the account."""

    def close_events(self, instance: Instance, flight: Flight) -> None:
        super().close_events(instance, flight)
        owner = self.world.owner(instance)
        for other in owner.instances.values() if owner else ():
            for event in self.admission.answered_events(other):
                self.close_event(event)


@fault("neighbour-moved", "L9")
class NeighbourMoved(Redeploys):
    """An accepted call moves another instance of the account to another server."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        for other in account.instances.values():
            if other is not instance:
                other.host = self.world.ids.host()
        return super().accept(account, instance, force_stop)


@fault("foreign-instance-stopped", "L9")
class ForeignStopped(Redeploys):
    """A successful redeploy stops an instance of another account."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        for other in self.world.instances.values():
            foreign = other.account_id != instance.account_id
            if foreign and other.status == "Running":
                other.move("Stopped", other.clock.now)
                return


@fault("success-drops-locks", "L9")
class SuccessUnlocks(Redeploys):
    """A successful redeploy takes the instance's locks away."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        instance.lock_reasons = ()


@fault("success-changes-event-type", "L9")
class SuccessRetypes(Redeploys):
    """The event that a successful redeploy closes is of another type afterwards."""

    def close_event(self, event: Event) -> None:
        super().close_event(event)
        event.event_type = "InstanceFailure.Reboot"


@fault("neighbour-event-changes-type", "L9")
class NeighbourRetyped(Redeploys):
    """An accepted call turns what other instances are to be rebooted for into a redeployment."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        others = [one for one in account.instances.values() if one is not instance]
        for event in [event for other in others for event in other.events.values()]:
            if event.event_type == "SystemMaintenance.Reboot":
                event.event_type = "SystemMaintenance.Redeploy"
        return super().accept(account, instance, force_stop)


@fault("success-changes-tenancy", "L9")
class SuccessChangesTenancy(Redeploys):
    """After its second successful redeploy an instance is on a dedicated host."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        if instance.redeploys >= 2:
            instance.tenancy = "dedicated-host"


@fault("success-mends-cloud-disks", "L9")
class SuccessMends(Redeploys):
    """A successful redeploy brings a disk in order that got into a wrong status on the way."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        instance.disk_status = "normal"


@fault("neighbour-events-closed-by-the-call", "L9", "E6")
class NeighbourEventsClosedByCall(Redeploys):
    """An accepted call closes the events of the account's other instances."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        others = [one for one in account.instances.values() if one is not instance]
        for other in others:
            for event in self.admission.answered_events(other):
                self.close_event(event)
        return super().accept(account, instance, force_stop)


@fault("other-redeploys-dropped", "L9", "L7")
class OtherRedeploysDropped(Redeploys):
    """An accepted call ends the progress of the account's other redeploys."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        for other in account.instances.values():
            if other is not instance:
                other.flight = None
        return super().accept(account, instance, force_stop)


@fault("forced-call-switches-a-neighbour-off", "L9")
class ForcedSwitchesNeighbourOff(Redeploys):
    """A forced call switches the guest of another instance of the account off, too."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        others = [one for one in account.instances.values() if one is not instance]
        for other in others[: 1 if force_stop else 0]:
            other.power_offs += 1
        return super().accept(account, instance, force_stop)


@fault("success-settles-the-bill", "L9")
class SuccessSettles(Redeploys):
    """After a successful redeploy nothing is expired or in arrears."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        instance.billing = "current"


@fault("success-drops-the-last-of-several-locks", "L9")
class SuccessDropsLastLock(Redeploys):
    """A successful redeploy takes away the last of several locks."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        instance.lock_reasons = instance.lock_reasons[:1] + instance.lock_reasons[1:-1]


@fault("success-puts-everything-back", "L9")
class EverythingBack(Redeploys):
    """A success puts back locks, bill and disks of before the call, whatever came between."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        before = copy(instance)
        task = super().accept(account, instance, force_stop)
        if instance.flight is not None and instance.flight.outcome == "succeed":
            when_over(instance, partial(self.put_back, instance, before))
        return task

    def put_back(self, instance: Instance, before: Instance) -> None:
        """What the control protocol may have changed is as it was."""
        instance.lock_reasons = before.lock_reasons
        instance.billing = before.billing
        instance.disk_status = before.disk_status

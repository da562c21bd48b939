"""Faults in what disks mean for a redeploy, and in what becomes of them."""

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.state import Event, Flight, Instance
from redeploy_conformance.faults.registry import fault


@fault("local-data-kept", "D1")
class LocalDataKept(Redeploys):
    """A successful redeploy keeps what the local disks hold."""

    def renew_local_disks(self, instance: Instance) -> None:
        data = instance.local_data
        super().renew_local_disks(instance)
        instance.local_data = data


@fault("local-data-kept-the-second-time", "D1")
class LocalDataKeptTwice(Redeploys):
    """From its second redeploy on an instance keeps what its local disks hold."""

    def renew_local_disks(self, instance: Instance) -> None:
        data = instance.local_data
        super().renew_local_disks(instance)
        if instance.redeploys >= 2:
            instance.local_data = data


@fault("cloud-data-lost", "D2")
class CloudDataLost(Redeploys):
    """A successful redeploy of an instance with local disks wipes the cloud disks."""

    def renew_local_disks(self, instance: Instance) -> None:
        super().renew_local_disks(instance)
        if instance.storage == "local":
            instance.cloud_data = self.world.ids.data()


@fault("damaged-disk-stays-damaged", "D3")
class DamagedStays(Redeploys):
    """A damaged local disk is damaged after a successful redeploy."""

    def renew_local_disks(self, instance: Instance) -> None:
        damaged = instance.local_disk == "damaged"
        super().renew_local_disks(instance)
        if damaged:
            instance.local_disk = "damaged"


@fault("isolated-disk-stays-isolated", "D3")
class IsolatedStays(Redeploys):
    """An isolated local disk is isolated after a successful redeploy."""

    def renew_local_disks(self, instance: Instance) -> None:
        isolated = instance.local_disk == "isolated"
        super().renew_local_disks(instance)
        if isolated:
            instance.local_disk = "isolated"


@fault("failure-heals-damaged-disk", "L6")
class FailureHeals(Redeploys):
    """After a failed redeploy a damaged local disk is healthy."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        if instance.local_disk == "damaged":
            instance.local_disk = "healthy"


@fault("isolation-gap-closed-by-a-lock", "A13")
class LockClosesGap(Admission):
    """In the isolation gap an instance with any lock is refused for want of an event."""

    def in_gap(self, instance: Instance) -> bool:
        return super().in_gap(instance) and not instance.lock_reasons


@fault("isolation-gap-closed-by-any-event", "A13")
class AnyEventClosesGap(Admission):
    """Any open event ends the isolation gap, also one that a redeploy does not respond to."""

    def in_gap(self, instance: Instance) -> bool:
        opened = any(True for _ in self.world.open_events(instance))
        return super().in_gap(instance) and not opened


@fault("isolation-gap-only-once", "A13")
class GapOnlyOnce(Admission):
    """After a redeploy of the instance there is no isolation gap any more."""

    def in_gap(self, instance: Instance) -> bool:
        return super().in_gap(instance) and not instance.redeploys


@fault("failed-instance-with-a-damaged-disk-not-responded-to", "A9", "E1")
class DamagedNotRespondedTo(Admission):
    """SystemFailure.Reboot is not responded to where a local disk is damaged."""

    def storage_fits(self, instance: Instance, event: Event) -> bool:
        failed = event.event_type == "SystemFailure.Reboot"
        if failed and instance.local_disk == "damaged":
            return False
        return super().storage_fits(instance, event)


@fault("damaged-disk-of-a-stopped-instance-stays", "D3")
class DamagedOfStoppedStays(Redeploys):
    """A damaged local disk of a Stopped instance is damaged after a successful redeploy."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        damaged = instance.local_disk == "damaged"
        super().succeed(instance, flight)
        if damaged and flight.before == "Stopped":
            instance.local_disk = "damaged"


@fault("failure-heals-isolated-disk-of-a-stopped-instance", "L6")
class FailureHealsIsolated(Redeploys):
    """After a failed redeploy an isolated local disk of a Stopped instance is healthy."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        if instance.local_disk == "isolated" and flight.before == "Stopped":
            instance.local_disk = "healthy"

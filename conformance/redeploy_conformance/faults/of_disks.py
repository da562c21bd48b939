"""Faults in what disks mean for a redeploy, and in what becomes of them."""

from redeploy_conformance.emulator.admission import Admission
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


@fault("damaged-disk-keeps-data", "D1")
class DamagedKeepsData(Redeploys):
    """A damaged local disk holds after a successful redeploy what it held."""

    def renew_local_disks(self, instance: Instance) -> None:
        data = instance.local_data if instance.local_disk == "damaged" else None
        super().renew_local_disks(instance)
        instance.local_data = data or instance.local_data


@fault("local-data-of-a-stopped-instance-kept", "D1")
class StoppedKeepsData(Redeploys):
    """A successful redeploy of a Stopped instance keeps what the local disks hold."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        data = instance.local_data
        super().succeed(instance, flight)
        if flight.before == "Stopped":
            instance.local_data = data


@fault("cloud-data-lost-when-forced", "D2")
class CloudDataLostForced(Redeploys):
    """A forced redeploy of a Running instance wipes the cloud disks when it succeeds."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        running = instance.status == "Running"
        task = super().accept(account, instance, force_stop)
        flight = instance.flight
        if running and force_stop and flight and flight.outcome == "succeed":
            fresh = self.world.ids.data()
            when_over(instance, lambda: setattr(instance, "cloud_data", fresh))
        return task


@fault("damaged-disk-without-a-disk-event-stays", "D3")
class DamagedWithoutEventStays(Redeploys):
    """A damaged local disk that no event speaks of is damaged after a successful redeploy."""

    def renew_local_disks(self, instance: Instance) -> None:
        types = [event.event_type for event in instance.events.values()]
        stays = instance.local_disk == "damaged"
        super().renew_local_disks(instance)
        if stays and not any("ErrorDisk" in one for one in types):
            instance.local_disk = "damaged"


@fault("failure-heals-local-disks", "L6")
class FailureHealsAny(Redeploys):
    """After a failed redeploy the local disks are healthy."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        if instance.local_disk is not None:
            instance.local_disk = "healthy"

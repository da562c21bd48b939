"""Faults in which events a redeploy responds to, and in the gap that needs none."""

from redeploy_conformance.emulator.admission import RESPONDABLE, Admission
from redeploy_conformance.emulator.errors import (
    ApiError,
    disk_error,
    redeploy_not_allowed,
)
from redeploy_conformance.emulator.state import (
    Event,
    Instance,
)
from redeploy_conformance.faults.registry import fault


@fault("old-instance-refused", "A9", "E1")
class OldRefused(Admission):
    """An instance that was made more than an hour ago is said to have no event."""

    def check_events(self, instance: Instance) -> ApiError | None:
        if instance.clock.now > instance.created + 3600.0:
            return redeploy_not_allowed("There is no event")
        return super().check_events(instance)


@fault("two-events-refused", "A9")
class TwoEventsRefused(Admission):
    """With two respondable events open the call is refused."""

    def check_events(self, instance: Instance) -> ApiError | None:
        if len(self.answered_events(instance)) > 1:
            return redeploy_not_allowed("There are too many events on the instance")
        return super().check_events(instance)


@fault("no-event-answer-alternates", "A10")
class NoEventAlternates(Admission):
    """Without an event the call is refused and accepted in turn."""

    calls = 0

    def check_events(self, instance: Instance) -> ApiError | None:
        error = super().check_events(instance)
        self.calls += error is not None
        return error if self.calls % 2 else None


@fault("disk-error-in-isolation-gap", "A13")
class DiskErrorInGap(Admission):
    """An isolated local disk is answered DiskError before the event that follows."""

    def check_disks(self, instance: Instance) -> ApiError | None:
        return disk_error() if self.in_gap(instance) else super().check_disks(instance)


@fault("isolation-gap-needs-an-event", "A13")
class GapNeedsEvent(Admission):
    """An isolated local disk does not make up for a missing event."""

    def check_events(self, instance: Instance) -> ApiError | None:
        if self.in_gap(instance) and not self.answered_events(instance):
            return redeploy_not_allowed("There is no event")
        return super().check_events(instance)


def _leave_out(event_type: str, status: str) -> None:
    name = event_type.removeprefix("SystemMaintenance.").replace(".", "-").lower()
    row = f"{name}-{status.lower()}"

    @fault(
        f"row-{row}-not-responded-to",
        "A9",
        "E1",
        sentence=f"A redeploy does not respond to {event_type} in status {status}.",
    )
    class RowMissing(Admission):
        def in_table(self, instance: Instance, event: Event) -> bool:
            if (event.event_type, event.status) == (event_type, status):
                return False
            return super().in_table(instance, event)


for _type, _statuses in RESPONDABLE.items():
    for _status in sorted(_statuses):
        _leave_out(_type, _status)


@fault("simulated-only-answer-alternates", "E5")
class SimulatedOnlyAlternates(Admission):
    """With a simulated event only, the call is refused and accepted in turn."""

    calls = 0

    def check_events(self, instance: Instance) -> ApiError | None:
        error = super().check_events(instance)
        if error is None or not any(
            event.simulated for event in self.world.open_events(instance)
        ):
            return error
        self.calls += 1
        return error if self.calls % 2 else None


@fault("isolated-disk-outside-gap-alternates", "A13e")
class IsolatedAlternates(Admission):
    """An isolated local disk outside of the gap is a reason to refuse in every second call."""

    calls = 0

    def local_disk_blocks(self, instance: Instance) -> bool:
        if instance.local_disk == "isolated" and not self.in_gap(instance):
            self.calls += 1
            return self.calls % 2 == 0
        return super().local_disk_blocks(instance)


@fault("isolated-disk-error-without-an-event", "A13", "A8")
class IsolatedWithoutEvent(Admission):
    """An isolated local disk is answered DiskError when the instance never had an event."""

    def local_disk_blocks(self, instance: Instance) -> bool:
        if instance.local_disk == "isolated" and not instance.events:
            return True
        return super().local_disk_blocks(instance)


@fault("isolated-disk-error-when-stopped", "A13", "A8")
class IsolatedWhenStopped(Admission):
    """An isolated local disk of a Stopped instance is answered DiskError."""

    def local_disk_blocks(self, instance: Instance) -> bool:
        if instance.local_disk == "isolated" and instance.status == "Stopped":
            return True
        return super().local_disk_blocks(instance)


class GapEnded(Admission):
    """One that has a further thing end the isolation gap."""

    def check_events(self, instance: Instance) -> ApiError | None:
        alone = self.in_gap(instance) and not self.answered_events(instance)
        if alone and self.ended(instance):
            return redeploy_not_allowed("There is no event")
        return super().check_events(instance)

    def ended(self, instance: Instance) -> bool:
        raise NotImplementedError


@fault("isolation-gap-ended-by-any-event", "A13")
class GapEndedByAny(GapEnded):
    """The isolation gap counts only where the instance never had an event."""

    def ended(self, instance: Instance) -> bool:
        return bool(instance.events)


@fault("isolation-gap-needs-its-event", "A13")
class GapNeedsIsolateEvent(GapEnded):
    """The isolation gap counts only where an event had asked for the isolation."""

    def ended(self, instance: Instance) -> bool:
        events = instance.events.values()
        return not any("Isolate" in event.event_type for event in events)


@fault("isolation-gap-ended-by-a-neighbour", "A13")
class GapEndedByNeighbour(GapEnded):
    """The isolation gap is ended by the event that follows on another instance of the account."""

    def ended(self, instance: Instance) -> bool:
        return any(
            "ReInit" in event.event_type
            for event in self.world.events.values()
            if event.instance_id != instance.instance_id
            and self.world.instances[event.instance_id].account_id
            == instance.account_id
        )


@fault("isolation-gap-ended-by-a-simulated-event", "A13")
class GapEndedBySimulated(GapEnded):
    """The isolation gap is ended by a simulated event of whatever type."""

    def ended(self, instance: Instance) -> bool:
        return any(event.simulated for event in instance.events.values())


@fault("every-event-must-be-listed", "A9", "E1", "A13")
class EveryMustBeListed(Admission):
    """With one event that a redeploy does not respond to, the instance is said to have none."""

    def check_events(self, instance: Instance) -> ApiError | None:
        events = instance.events.values()
        if not all(self.respondable(instance, event) for event in events):
            return redeploy_not_allowed("There is no event")
        return super().check_events(instance)


@fault("disk-events-need-a-broken-disk", "A9", "E1")
class DiskEventsNeedDamage(Admission):
    """A redeploy does not respond to the events of local disks while these are healthy."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        if "ErrorDisk" in event.event_type and instance.local_disk == "healthy":
            return False
        return super().in_table(instance, event)


@fault("types-compared-by-their-beginning", "E2")
class TypesBegin(Admission):
    """A redeploy responds to whatever begins with SystemMaintenance.Re, Inquiring or Scheduled."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        known = event.event_type.startswith("SystemMaintenance.Re")
        if known and event.status in ("Inquiring", "Scheduled"):
            return True
        return super().in_table(instance, event)


@fault("every-listed-type-responded-to-when-scheduled", "E2")
class EveryScheduled(Admission):
    """A redeploy responds to Scheduled events of every type of the table."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        if event.event_type in RESPONDABLE and event.status == "Scheduled":
            return True
        return super().in_table(instance, event)


@fault("scheduled-reinit-responded-to", "E2")
class ReinitScheduled(Admission):
    """A redeploy responds to SystemMaintenance.ReInitErrorDisk in status Scheduled."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        shown = (event.event_type, event.status)
        if shown == ("SystemMaintenance.ReInitErrorDisk", "Scheduled"):
            return True
        return super().in_table(instance, event)


@fault("unlisted-status-responded-to", "E2")
class UnlistedStatus(Admission):
    """A redeploy responds to SystemFailure.Redeploy in status Scheduled."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        if (event.event_type, event.status) == ("SystemFailure.Redeploy", "Scheduled"):
            return True
        return super().in_table(instance, event)


@fault("executing-events-responded-to", "E2")
class ExecutingResponded(Admission):
    """A redeploy responds to SystemMaintenance.Reboot in status Executing."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        row = (event.event_type, event.status)
        if row == ("SystemMaintenance.Reboot", "Executing"):
            return True
        return super().in_table(instance, event)


@fault("unlisted-type-responded-to", "E2")
class UnlistedType(Admission):
    """A redeploy responds to SystemMaintenance.Stop."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        if event.event_type == "SystemMaintenance.Stop":
            return True
        return super().in_table(instance, event)


@fault("failure-reboot-without-local-disks", "E3")
class NoLocalDisksNeeded(Admission):
    """A redeploy responds to SystemFailure.Reboot also without local disks."""

    def storage_fits(self, instance: Instance, event: Event) -> bool:
        return True


@fault("simulated-event-taken-for-real", "E4")
class SimulatedTakenForReal(Admission):
    """A redeploy responds to a simulated event as to a real one."""

    def respondable(self, instance: Instance, event: Event) -> bool:
        return self.in_table(instance, event)


@fault("only-the-first-event-looked-at", "A9", "E1", "A13")
class FirstEventOnly(Admission):
    """Of an instance's events, whatever they are, the first one says whether it is redeployed."""

    def check_events(self, instance: Instance) -> ApiError | None:
        for first in instance.events.values():
            fits = self.respondable(instance, first)
            return None if fits else redeploy_not_allowed("There is no event")
        return super().check_events(instance)


@fault("only-the-last-event-looked-at", "A9", "E1", "A13")
class LastEventOnly(Admission):
    """Of an instance's events, whatever they are, the last one says whether it is redeployed."""

    def check_events(self, instance: Instance) -> ApiError | None:
        for last in reversed(instance.events.values()):
            fits = self.respondable(instance, last)
            return None if fits else redeploy_not_allowed("There is no event")
        return super().check_events(instance)


@fault("second-redeploy-needs-a-second-event", "A9", "E1", "A13")
class SecondEventNeeded(Admission):
    """What has been redeployed is not redeployed again for the one event it has."""

    def check_events(self, instance: Instance) -> ApiError | None:
        if instance.redeploys and len(instance.events) < 2:
            return redeploy_not_allowed("There is no further event")
        return super().check_events(instance)

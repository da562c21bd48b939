"""Which RedeployInstance calls are accepted, for a given instance."""

from collections.abc import Callable
from typing import Final

from redeploy_conformance.emulator.errors import (
    ApiError,
    disk_error,
    expired_or_in_arrears,
    incorrect_status,
    locked_for_security,
    redeploy_not_allowed,
)
from redeploy_conformance.emulator.settings import Attribute
from redeploy_conformance.emulator.state import Event, Instance, World

# The table of events that a redeploy responds to: type and statuses.
RESPONDABLE: Final[dict[str, frozenset[str]]] = {
    "SystemMaintenance.Reboot": frozenset({"Inquiring", "Scheduled"}),
    "SystemMaintenance.Redeploy": frozenset({"Inquiring", "Scheduled"}),
    "SystemMaintenance.RebootAndIsolateErrorDisk": frozenset({"Inquiring"}),
    "SystemMaintenance.RebootAndReInitErrorDisk": frozenset({"Inquiring"}),
    "SystemFailure.Redeploy": frozenset({"Inquiring"}),
    "SystemFailure.Reboot": frozenset({"Executing"}),
    "SystemMaintenance.IsolateErrorDisk": frozenset({"Inquiring"}),
    "SystemMaintenance.ReInitErrorDisk": frozenset({"Inquiring"}),
}
LOCAL_DISKS_ONLY: Final = frozenset({"SystemFailure.Reboot"})
REINIT: Final = "SystemMaintenance.RebootAndReInitErrorDisk"

NO_EVENT_TEXT: Final = "There are no maintenance events found on the instance"
DEDICATED_HOST_TEXT: Final = "Can not redeploy vm on dedicated host"


class Admission:
    """Finds what speaks against a redeploy. One method per precondition; each returns
    the error to answer, or None."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._checks: dict[Attribute, Callable[[Instance], ApiError | None]] = {
            "status": self.check_status,
            "lock_reasons": self.check_locks,
            "billing": self.check_billing,
            "tenancy": self.check_tenancy,
            "disk_status": self.check_disks,
            "no-event": self.check_events,
        }

    def problem(self, instance: Instance) -> ApiError | None:
        """The first error in the order of precedence; None if there is none."""
        for attribute in self.world.settings.precedence:
            found = self._checks[attribute](instance)
            if found is not None:
                return found
        return None

    def check_status(self, instance: Instance) -> ApiError | None:
        """Only a Running or Stopped instance, and no redeploy on its way."""
        if self.in_flight(instance) or instance.status not in ("Running", "Stopped"):
            return incorrect_status()
        return None

    def in_flight(self, instance: Instance) -> bool:
        """Whether a redeploy of the instance is on its way."""
        return instance.flight is not None

    def check_locks(self, instance: Instance) -> ApiError | None:
        """No security lock. Other locks are no reason to refuse."""
        return locked_for_security() if "security" in instance.lock_reasons else None

    def check_billing(self, instance: Instance) -> ApiError | None:
        """Neither expired nor in arrears."""
        if instance.billing in ("expired", "in-arrears"):
            return expired_or_in_arrears()
        return None

    def check_tenancy(self, instance: Instance) -> ApiError | None:
        """Not on a dedicated host."""
        if instance.tenancy == "dedicated-host":
            return self.dedicated_host_error()
        return None

    def dedicated_host_error(self) -> ApiError:
        """The answer for an instance on a dedicated host."""
        if self.world.settings.dedicated_host_code == "other":
            return ApiError(403, "OperationDenied.DedicatedHost", DEDICATED_HOST_TEXT)
        return redeploy_not_allowed(DEDICATED_HOST_TEXT)

    def check_disks(self, instance: Instance) -> ApiError | None:
        """No disk in a status that does not allow a redeploy."""
        if self.cloud_disk_blocks(instance) or self.local_disk_blocks(instance):
            return disk_error()
        return None

    def cloud_disk_blocks(self, instance: Instance) -> bool:
        """Whether a cloud disk is in an unsuitable status."""
        return instance.disk_status == "incorrect"

    def local_disk_blocks(self, instance: Instance) -> bool:
        """Whether a local disk is a reason to refuse, as the settings choose."""
        settings = self.world.settings
        if instance.local_disk == "damaged":
            return settings.damaged_disk == "DiskError"
        if instance.local_disk == "isolated" and not self.in_gap(instance):
            return settings.isolated_disk_outside_gap == "DiskError"
        return False

    def in_gap(self, instance: Instance) -> bool:
        """A damaged local disk is isolated, and the event that follows is not there."""
        return instance.local_disk == "isolated" and not any(
            event.event_type == REINIT and not event.simulated
            for event in self.world.open_events(instance)
        )

    def check_events(self, instance: Instance) -> ApiError | None:
        """There is something that the redeploy responds to."""
        if self.in_gap(instance) or self.answered_events(instance):
            return None
        settings = self.world.settings
        simulated = any(e.simulated for e in self.world.open_events(instance))
        choice = settings.simulated_only if simulated else settings.no_event
        return None if choice == "accept" else redeploy_not_allowed(NO_EVENT_TEXT)

    def answered_events(self, instance: Instance) -> list[Event]:
        """The events of the instance that a redeploy responds to now."""
        return [
            event
            for event in self.world.open_events(instance)
            if self.respondable(instance, event)
        ]

    def respondable(self, instance: Instance, event: Event) -> bool:
        """Whether a redeploy responds to the event: it is real, and in the table."""
        return not event.simulated and self.in_table(instance, event)

    def in_table(self, instance: Instance, event: Event) -> bool:
        """Whether type and status are in the table, for this kind of instance."""
        if event.status not in RESPONDABLE.get(event.event_type, ()):
            return False
        return self.storage_fits(instance, event)

    def storage_fits(self, instance: Instance, event: Event) -> bool:
        """A row that holds only for instances with local disks needs one."""
        return event.event_type not in LOCAL_DISKS_ONLY or instance.storage == "local"

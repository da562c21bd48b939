"""Faults in judging an instance's preconditions."""

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.errors import (
    ApiError,
    expired_or_in_arrears,
    incorrect_status,
    instance_not_found,
    locked_for_security,
)
from redeploy_conformance.emulator.state import Instance
from redeploy_conformance.faults.registry import fault


@fault("any-status-accepted", "A2")
class AnyStatus(Admission):
    """An instance is redeployed in whatever status it is."""

    def check_status(self, instance: Instance) -> ApiError | None:
        return incorrect_status() if self.in_flight(instance) else None


@fault("pending-accepted", "A2")
class PendingAccepted(Admission):
    """A Pending instance is redeployed."""

    def check_status(self, instance: Instance) -> ApiError | None:
        if instance.status == "Pending":
            return None
        return super().check_status(instance)


@fault("second-call-in-flight-accepted", "A2", "L12")
class SecondAccepted(Admission):
    """A second call is accepted while a redeploy is on its way."""

    def check_status(self, instance: Instance) -> ApiError | None:
        return None if instance.flight else super().check_status(instance)


@fault("accepted-while-stopped-in-flight", "A2", "L12")
class AcceptedInTheMiddle(Admission):
    """A redeploy on its way is forgotten while it shows Stopped."""

    def in_flight(self, instance: Instance) -> bool:
        return instance.flight is not None and instance.status != "Stopped"


@fault("security-lock-ignored", "A3")
class LockIgnored(Admission):
    """An instance that is locked for security is redeployed."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        return None


@fault("security-lock-seen-only-alone", "A3")
class LockSeenAlone(Admission):
    """A security lock is overlooked when there is another lock beside it."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        alone = instance.lock_reasons == ("security",)
        return locked_for_security() if alone else None


@fault("security-lock-forgotten-after-a-redeploy", "A3")
class LockForgotten(Admission):
    """A security lock counts only until the first redeploy of the instance."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        return None if instance.redeploys else super().check_locks(instance)


@fault("security-error-for-financial-lock", "A8")
class AnyLock(Admission):
    """A financial lock is answered as a security lock."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        if "financial" in instance.lock_reasons:
            return locked_for_security()
        return super().check_locks(instance)


@fault("dedicated-host-accepted", "A4")
class DedicatedHost(Admission):
    """An instance on a dedicated host is redeployed."""

    def check_tenancy(self, instance: Instance) -> ApiError | None:
        return None


@fault("dedicated-host-code-alternates", "A5")
class DedicatedHostCode(Admission):
    """The code for a dedicated host changes from call to call."""

    calls = 0

    def dedicated_host_error(self) -> ApiError:
        self.calls += 1
        error = super().dedicated_host_error()
        if self.calls % 2 == 0:
            error.code = "OperationDenied.DedicatedHost.Alternate"
        return error


@fault("incorrect-disk-accepted", "A6")
class IncorrectDisk(Admission):
    """A disk in an incorrect status is no reason to refuse."""

    def cloud_disk_blocks(self, instance: Instance) -> bool:
        return False


@fault("incorrect-disk-accepted-when-stopped", "A6")
class IncorrectDiskWhenStopped(Admission):
    """A disk in an incorrect status is overlooked on a Stopped instance."""

    def cloud_disk_blocks(self, instance: Instance) -> bool:
        return instance.status != "Stopped" and super().cloud_disk_blocks(instance)


@fault("expired-accepted", "A7")
class ExpiredAccepted(Admission):
    """An expired prepaid instance is redeployed."""

    def check_billing(self, instance: Instance) -> ApiError | None:
        return (
            None if instance.billing == "expired" else super().check_billing(instance)
        )


@fault("in-arrears-accepted", "A7")
class ArrearsAccepted(Admission):
    """A pay-as-you-go instance in arrears is redeployed."""

    def check_billing(self, instance: Instance) -> ApiError | None:
        if instance.billing == "in-arrears":
            return None
        return super().check_billing(instance)


@fault("incorrect-status-for-running", "A8", "A9")
class RunningRefused(Admission):
    """A Running instance with local disks is answered IncorrectInstanceStatus."""

    def check_status(self, instance: Instance) -> ApiError | None:
        if instance.status == "Running" and instance.storage == "local":
            return incorrect_status()
        return super().check_status(instance)


@fault("incorrect-status-after-a-failed-redeploy", "A8", "A9")
class RefusedAfterFailure(Admission):
    """After a failed redeploy the instance is answered IncorrectInstanceStatus."""

    def check_status(self, instance: Instance) -> ApiError | None:
        owner = self.world.owner(instance)
        tasks = owner.tasks.values() if owner else ()
        of_instance = [t for t in tasks if t.instance_id == instance.instance_id]
        if any(task.status == "Failed" for task in of_instance):
            return incorrect_status()
        return super().check_status(instance)


@fault("not-found-for-refunded", "A8", "A15")
class NotFoundForExisting(Admission):
    """An instance with the lock `refunded` is answered NotFound, though it exists."""

    def problem(self, instance: Instance) -> ApiError | None:
        if "refunded" in instance.lock_reasons:
            return instance_not_found()
        return super().problem(instance)


@fault("disk-error-for-healthy-local-disk", "A8")
class HealthyDiskRefused(Admission):
    """A Stopped instance with healthy local disks is answered DiskError."""

    def local_disk_blocks(self, instance: Instance) -> bool:
        if instance.local_disk == "healthy" and instance.status == "Stopped":
            return True
        return super().local_disk_blocks(instance)


@fault("precedence-alternates", "A11")
class PrecedenceAlternates(Admission):
    """Of two preconditions now the one is answered and now the other."""

    calls = 0

    def problem(self, instance: Instance) -> ApiError | None:
        self.calls += 1
        order = self.world.settings.precedence[:: -1 if self.calls % 2 == 0 else 1]
        found = (self._checks[attribute](instance) for attribute in order)
        return next((error for error in found if error is not None), None)


@fault("damaged-disk-answer-alternates", "A6d")
class DamagedAlternates(Admission):
    """A damaged local disk is a reason to refuse in every second call."""

    calls = 0

    def local_disk_blocks(self, instance: Instance) -> bool:
        self.calls += instance.local_disk == "damaged"
        if instance.local_disk == "damaged":
            return self.calls % 2 == 0
        return super().local_disk_blocks(instance)


@fault("in-arrears-accepted-when-stopped", "A7")
class ArrearsWhenStopped(Admission):
    """Arrears are overlooked on a Stopped instance."""

    def check_billing(self, instance: Instance) -> ApiError | None:
        if instance.billing == "in-arrears" and instance.status == "Stopped":
            return None
        return super().check_billing(instance)


@fault("in-arrears-for-a-financial-lock", "A8")
class FinancialIsArrears(Admission):
    """A financial lock is answered as if the instance were in arrears."""

    def check_billing(self, instance: Instance) -> ApiError | None:
        if "financial" in instance.lock_reasons:
            return expired_or_in_arrears()
        return super().check_billing(instance)


@fault("dedicated-host-accepted-with-local-disks", "A4")
class DedicatedHostLocal(Admission):
    """An instance with local disks is redeployed on a dedicated host, too."""

    def check_tenancy(self, instance: Instance) -> ApiError | None:
        return None if instance.storage == "local" else super().check_tenancy(instance)


@fault("dedicated-host-accepted-when-stopped", "A4")
class DedicatedHostStopped(Admission):
    """A Stopped instance is redeployed on a dedicated host, too."""

    def check_tenancy(self, instance: Instance) -> ApiError | None:
        return None if instance.status == "Stopped" else super().check_tenancy(instance)


# The text of that code is free: it says nothing untrue (A8), and keeps the call out.
@fault("dedicated-host-told-by-a-lock", "A9", "E1", "A13")
class DedicatedHostByLock(Admission):
    """An instance with the lock `dedicatedhostfinancial` is taken for one on a dedicated host."""

    def check_tenancy(self, instance: Instance) -> ApiError | None:
        if "dedicatedhostfinancial" in instance.lock_reasons:
            return self.dedicated_host_error()
        return super().check_tenancy(instance)


@fault("incorrect-disk-accepted-beside-an-isolated-one", "A6")
class IncorrectBesideIsolated(Admission):
    """A disk in an incorrect status is overlooked when a local disk is isolated."""

    def cloud_disk_blocks(self, instance: Instance) -> bool:
        isolated = instance.local_disk == "isolated"
        return not isolated and super().cloud_disk_blocks(instance)


@fault("incorrect-disk-accepted-with-local-disks", "A6")
class IncorrectWithLocal(Admission):
    """A disk in an incorrect status is overlooked on an instance with local disks."""

    def cloud_disk_blocks(self, instance: Instance) -> bool:
        return instance.storage != "local" and super().cloud_disk_blocks(instance)


@fault("incorrect-disk-accepted-with-a-disk-event", "A6")
class IncorrectWithEvent(Admission):
    """A disk in an incorrect status is overlooked when an event for a local disk is open."""

    def cloud_disk_blocks(self, instance: Instance) -> bool:
        answered = self.answered_events(instance)
        if any("ErrorDisk" in event.event_type for event in answered):
            return False
        return super().cloud_disk_blocks(instance)


@fault("security-lock-ignored-when-stopped", "A3")
class LockIgnoredStopped(Admission):
    """A Stopped instance that is locked for security is redeployed."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        return None if instance.status == "Stopped" else super().check_locks(instance)


@fault("security-lock-seen-only-first", "A3")
class LockSeenFirst(Admission):
    """Of several locks only the first one counts."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        first = instance.lock_reasons[:1]
        return locked_for_security() if first == ("security",) else None


@fault("last-lock-not-looked-at", "A3")
class LastLockMissed(Admission):
    """The last lock of an instance is not looked at."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        seen = instance.lock_reasons[:-1]
        return locked_for_security() if "security" in seen else None


@fault("security-error-for-any-lock", "A8")
class EveryLock(Admission):
    """Whatever lock an instance has is answered as a security lock."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        return locked_for_security() if instance.lock_reasons else None


@fault("security-error-for-three-locks", "A8")
class ThreeLocks(Admission):
    """Three locks or more are answered as a security lock."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        if len(instance.lock_reasons) > 2:
            return locked_for_security()
        return super().check_locks(instance)


@fault("security-error-for-financial-lock-when-stopped", "A8")
class FinancialWhenStopped(Admission):
    """The financial lock of a Stopped instance is answered as a security lock."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        if instance.status == "Stopped" and "financial" in instance.lock_reasons:
            return locked_for_security()
        return super().check_locks(instance)


@fault("accepted-while-starting-in-flight", "A2", "L12")
class AcceptedWhileStarting(Admission):
    """A redeploy on its way is no reason to refuse while it shows Starting."""

    def check_status(self, instance: Instance) -> ApiError | None:
        if instance.flight is not None and instance.status == "Starting":
            return None
        return super().check_status(instance)


@fault("one-redeploy-per-account", "A8", "A9")
class OnePerAccount(Admission):
    """While an instance is redeployed, the account's others are answered IncorrectInstanceStatus."""

    def check_status(self, instance: Instance) -> ApiError | None:
        owner = self.world.owner(instance)
        others = owner.instances.values() if owner else ()
        if any(other.flight for other in others if other is not instance):
            return incorrect_status()
        return super().check_status(instance)


@fault("incorrect-status-after-two-redeploys", "A8", "A9")
class RefusedAfterTwo(Admission):
    """After two redeploys the instance is answered IncorrectInstanceStatus."""

    def check_status(self, instance: Instance) -> ApiError | None:
        if instance.redeploys > 1:
            return incorrect_status()
        return super().check_status(instance)

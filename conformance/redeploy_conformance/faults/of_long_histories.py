"""Faults that show only after many redeploys, or after a long wait.

All are of a kind that somebody planted who did not know this catalogue.
"""

from typing import Final

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.errors import (
    ApiError,
    incorrect_status,
    instance_not_found,
    locked_for_security,
)
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.state import (
    Flight,
    Instance,
    Principal,
)
from redeploy_conformance.faults.registry import late

DAY: Final = 86_400.0


@late("third-redeploy-fails-and-stops-it", "L6")
class ThirdFailureStops(Redeploys):
    """The third redeploy of an instance leaves it Stopped if it fails."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        if instance.redeploys == 3:
            instance.move("Stopped", instance.clock.now)


@late("second-failure-closes-scheduled-events", "E6")
class SecondFailureCloses(Redeploys):
    """The second redeploy of an instance that fails closes its Scheduled events."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        if instance.redeploys == 2:
            for event in flight.answered:
                if event.status == "Scheduled":
                    self.close_event(event)


@late("eighth-redeploy-finds-it-busy", "A8", "A9")
class EighthBusy(RedeployCalls):
    """After seven redeploys an instance is answered IncorrectInstanceStatus."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        if instance.redeploys == 7:
            raise incorrect_status()
        return super().start(principal, instance, force_stop)


@late("third-success-from-stopped-ends-stopped", "L3")
class ThirdFromStopped(Redeploys):
    """A success from Stopped ends Stopped, if it is the third redeploy of the instance."""

    def status_after_success(self, flight: Flight) -> str:
        instance = self.world.instances[flight.task.instance_id]
        if instance.redeploys == 3 and flight.before == "Stopped":
            return "Stopped"
        return super().status_after_success(flight)


@late("locked-after-a-redeploy-locked-for-good", "A8", "A9")
class LockedForGood(Admission):
    """What was refused for a security lock after a redeploy stays so when it is free again."""

    seen: frozenset[str] = frozenset()

    def check_locks(self, instance: Instance) -> ApiError | None:
        found = super().check_locks(instance)
        if found is not None and instance.redeploys:
            self.seen |= {instance.instance_id}
        return locked_for_security() if instance.instance_id in self.seen else found


@late("stopped-again-six-hours-later", "L3", "L9")
class StoppedAgain(Redeploys):
    """What was Stopped before a redeploy is Stopped again six hours after it."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        if flight.before == "Stopped":
            instance.clock.later(DAY / 4, lambda: instance.place("Stopped"))


@late("forgotten-when-idle-for-a-day", "A8", "A15")
class ForgottenWhenIdle(RedeployCalls):
    """An instance that is a day old and was never redeployed is answered NotFound."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        instance = super().find(principal, instance_id)
        if not instance.redeploys and instance.clock.now - instance.created >= DAY:
            raise instance_not_found()
        return instance


@late("busy-after-a-month", "A8", "A9")
class BusyAfterAMonth(Admission):
    """When the clock has passed a month, every instance is answered IncorrectInstanceStatus."""

    def check_status(self, instance: Instance) -> ApiError | None:
        if instance.clock.now > 30 * DAY:
            return incorrect_status()
        return super().check_status(instance)


@late("stopped-for-an-hour-refused", "A8", "A9")
class StoppedForAnHour(Admission):
    """What has been Stopped for an hour is answered IncorrectInstanceStatus."""

    def check_status(self, instance: Instance) -> ApiError | None:
        idle = instance.clock.now - instance.created
        if instance.status == "Stopped" and idle > 3600 and not instance.redeploys:
            return incorrect_status()
        return super().check_status(instance)

"""Faults in what ForceStop means, and in what shows only where a call is forced."""

from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import (
    Account,
    Instance,
    Task,
)
from redeploy_conformance.faults.later import when_over
from redeploy_conformance.faults.registry import fault


@fault("force-stop-is-orderly", "L11")
class ForceIsOrderly(Redeploys):
    """ForceStop=true shuts the guest down in order."""

    def stop_guest(self, instance: Instance, force_stop: bool | None) -> None:
        super().stop_guest(instance, False)


@fault("orderly-is-power-off", "L11")
class OrderlyIsPowerOff(Redeploys):
    """ForceStop=false switches the guest off."""

    def stop_guest(self, instance: Instance, force_stop: bool | None) -> None:
        super().stop_guest(instance, True if force_stop is False else force_stop)


@fault("forced-stopped-is-switched-off", "L11")
class StoppedSwitchedOff(Redeploys):
    """ForceStop=true on a Stopped instance switches it off once more."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        if force_stop and instance.status == "Stopped":
            instance.power_offs += 1
        return super().accept(account, instance, force_stop)


@fault("absent-force-stop-alternates", "L11a")
class AbsentAlternates(Redeploys):
    """Without ForceStop the guest is shut down in order and switched off in turn."""

    calls = 0

    def stop_guest(self, instance: Instance, force_stop: bool | None) -> None:
        self.calls += force_stop is None
        chosen = self.calls % 2 == 0 if force_stop is None else force_stop
        super().stop_guest(instance, chosen)


class ForcedBegins(Redeploys):
    """What all have in common that show a wrong status at once where the call is forced."""

    before: str
    shown: str

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        wrong = force_stop is True and instance.status == self.before
        task = super().accept(account, instance, force_stop)
        if wrong:
            instance.move(self.shown, instance.clock.now)
        return task


@fault("forced-running-goes-starting-first", "L1", "L8")
class ForcedStartingFirst(ForcedBegins):
    """A Running instance is Starting at once where the call is forced."""

    before, shown = "Running", "Starting"


@fault("forced-running-skips-stopping", "L1")
class ForcedSkipsStopping(ForcedBegins):
    """A Running instance is Stopped at once where the call is forced."""

    before, shown = "Running", "Stopped"


@fault("forced-stopped-goes-stopping-first", "L2", "L11")
class ForcedStoppingFirst(ForcedBegins):
    """A Stopped instance is Stopping where the call is forced."""

    before, shown = "Stopped", "Stopping"


@fault("forced-success-of-stopped-ends-stopped", "L3")
class ForcedStoppedEndsStopped(Redeploys):
    """A Stopped instance is Stopped again after a forced redeploy that succeeds."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        task = super().accept(account, instance, force_stop)
        flight = instance.flight
        if force_stop and flight is not None and flight.before == "Stopped":
            when_over(instance, lambda: instance.move("Stopped", instance.clock.now))
        return task


@fault("forced-keeps-the-host", "L4")
class ForcedKeepsHost(Redeploys):
    """A forced redeploy leaves the instance on its server."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        task = super().accept(account, instance, force_stop)
        if force_stop and instance.flight is not None:
            instance.flight.new_host = instance.host
        return task


@fault("forced-failure-wipes-local-disks", "L6")
class ForcedFailureWipes(Redeploys):
    """A forced redeploy that fails wipes the local disks."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        task = super().accept(account, instance, force_stop)
        flight = instance.flight
        if force_stop and flight is not None and flight.outcome == "fail":
            when_over(instance, lambda: self.renew_local_disks(instance))
        return task


@fault("capital-true-taken-for-false", "L11")
class CapitalTrue(RedeployCalls):
    """A ForceStop of True is accepted, and taken for false."""

    def force_stop(self, call: Call) -> bool | None:
        value = super().force_stop(call)
        return value and call.params["ForceStop"] == "true"


@fault("once-forced-always-forced", "L11", "L11a")
class AlwaysForced(Redeploys):
    """Once a call was forced, all that follow are."""

    forced = False

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        self.forced = self.forced or force_stop is True
        return super().accept(account, instance, self.forced or force_stop)


@fault("once-forced-instance-always-forced", "L11", "L11a")
class InstanceAlwaysForced(Redeploys):
    """Once a call on an instance was forced, all that follow on it are."""

    forced: frozenset[str] = frozenset()

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        if force_stop:
            self.forced |= {instance.instance_id}
        before = instance.instance_id in self.forced
        return super().accept(account, instance, before or force_stop)

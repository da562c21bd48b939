"""Faults in the life of a redeploy: its path, its end, the host, the task."""

import math
import time
from collections.abc import Mapping
from types import MappingProxyType

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.redeploys import Phases, Redeploys
from redeploy_conformance.emulator.settings import Outcome
from redeploy_conformance.emulator.state import (
    Account,
    Flight,
    Instance,
    Task,
)
from redeploy_conformance.faults.later import when_over
from redeploy_conformance.faults.registry import fault


@fault("running-goes-starting-first", "L1")
class StartingFirst(Redeploys):
    """A Running instance is Starting at once, without Stopping."""

    def path_of_running(self, outcome: Outcome) -> Phases:
        return super().path_of_running(outcome)[2:]


@fault("stays-running-until-done", "L1")
class StaysRunning(Redeploys):
    """A Running instance shows Running all the time."""

    def path_of_running(self, outcome: Outcome) -> Phases:
        seconds = sum(phase[1] for phase in super().path_of_running(outcome))
        return (("Running", seconds),)


@fault("stopped-goes-stopping-first", "L2")
class StoppingFirst(Redeploys):
    """A Stopped instance is Stopping first."""

    def path_of_stopped(self, outcome: Outcome) -> Phases:
        return (("Stopping", 1.0), *super().path_of_stopped(outcome))


@fault("stopped-stays-stopped-until-done", "L2")
class StaysStopped(Redeploys):
    """A Stopped instance shows Stopped until the redeploy is over."""

    def path_of_stopped(self, outcome: Outcome) -> Phases:
        return (("Stopped", self.world.settings.starting_seconds),)


@fault("over-before-the-answer", "L1", "L2", "L7")
class Synchronous(Redeploys):
    """The redeploy is over when the call answers."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        task = super().accept(account, instance, force_stop)
        if instance.flight is not None:
            self.finish(instance, instance.flight)
        return task


@fault("success-ends-stopped", "L3")
class EndsStopped(Redeploys):
    """A successful redeploy ends in Stopped."""

    def status_after_success(self, flight: Flight) -> str:
        return "Stopped"


@fault("success-of-stopped-ends-stopped", "L3")
class StoppedEndsStopped(Redeploys):
    """A Stopped instance is Stopped again after a successful redeploy."""

    def status_after_success(self, flight: Flight) -> str:
        return flight.before


@fault("second-success-ends-stopped", "L3")
class SecondEndsStopped(Redeploys):
    """The second redeploy of an instance ends in Stopped."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        if instance.redeploys == 2:
            instance.move("Stopped", instance.clock.now)


@fault("same-host-after-success", "L4")
class SameHost(Redeploys):
    """A successful redeploy leaves the instance on its server."""

    def new_host(self, instance: Instance) -> str:
        return instance.host


@fault("same-host-after-an-earlier-failure", "L4")
class SameHostAfterFailure(Redeploys):
    """Once a redeploy of the instance has failed, none moves it any more."""

    def change_host(self, instance: Instance, flight: Flight) -> None:
        owner = self.world.owner(instance)
        tasks = list(owner.tasks.values()) if owner else []
        of_instance = [t for t in tasks if t.instance_id == instance.instance_id]
        if all(task.status != "Failed" for task in of_instance):
            super().change_host(instance, flight)


@fault("failure-changes-host", "L5")
class FailureMoves(Redeploys):
    """A failed redeploy leaves the instance on another server."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        instance.host = flight.new_host


@fault("failure-ends-stopped", "L6")
class FailureStops(Redeploys):
    """A failed redeploy ends in Stopped, as the page said in 2019."""

    def status_after_failure(self, flight: Flight) -> str:
        return "Stopped"


@fault("failure-ends-running", "L6")
class FailureRuns(Redeploys):
    """A failed redeploy ends in Running, also for a Stopped instance."""

    def status_after_failure(self, flight: Flight) -> str:
        return "Running"


@fault("failure-drops-locks", "L6")
class FailureUnlocks(Redeploys):
    """A failed redeploy takes the instance's locks away."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        instance.lock_reasons = ()


@fault("failure-wipes-local-disks", "L6")
class FailureWipes(Redeploys):
    """A failed redeploy wipes the local disks."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        self.renew_local_disks(instance)


@fault("never-ends", "L7")
class NeverEnds(Redeploys):
    """A redeploy never ends."""

    def finish(self, instance: Instance, flight: Flight) -> None:
        return


@fault("failure-never-ends", "L7")
class FailureNeverEnds(Redeploys):
    """A redeploy that fails never ends."""

    def finish(self, instance: Instance, flight: Flight) -> None:
        if flight.outcome == "succeed":
            super().finish(instance, flight)


@fault("ends-much-too-late", "L7")
class EndsLate(Redeploys):
    """A redeploy takes a thousand times its time."""

    def path(self, instance: Instance, outcome: Outcome) -> Phases:
        phases = super().path(instance, outcome)
        return tuple((status, 1000 * seconds) for status, seconds in phases)


@fault("shows-pending-on-the-way", "L8")
class ShowsPending(Redeploys):
    """On its way a Running instance shows Pending instead of Stopped."""

    def path_of_running(self, outcome: Outcome) -> Phases:
        first, middle, last = super().path_of_running(outcome)
        return (first, ("Pending", middle[1]), last)


@fault("goes-back-to-stopping", "L8")
class GoesBack(Redeploys):
    """On its way to success a Running instance is Stopping twice."""

    def path_of_running(self, outcome: Outcome) -> Phases:
        path = super().path_of_running(outcome)
        return (*path, path[0], path[2]) if outcome == "succeed" else path


@fault("reads-go-back", "L8", "L1", "L2")
class ReadsGoBack(Observations):
    """In flight every third read of a status shows the one before."""

    reads = 0

    def shown_status(self, instance: Instance) -> str:
        self.reads += instance.flight is not None
        if instance.flight is not None and self.reads % 3 == 0:
            return instance.shown[-2:][0][1]
        return super().shown_status(instance)


@fault("two-concurrent-calls-accepted", "L12")
class Race(Redeploys):
    """Between the check and the start of a redeploy another call may slip in."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        self.world.lock.release()
        try:
            time.sleep(0.001)
        finally:
            self.world.lock.acquire()
        return super().accept(account, instance, force_stop)


@fault("looks-waver-between-two-calls", "L12", "L1", "L2")
class LooksWaver(Observations):
    """Once a redeploy has begun among several instances, every third look is one behind."""

    looks = 0

    def shown_status(self, instance: Instance) -> str:
        self.looks += 1
        flight = instance.flight
        busy = sum(one.flight is not None for one in self.world.instances.values())
        if flight is not None and busy == 2 and self.looks % 3 == 0:
            return flight.before
        return super().shown_status(instance)


@fault("stays-running-until-stopped", "L1")
class StaysRunningUntilStopped(Redeploys):
    """A Running instance shows Running until it is Stopped."""

    def path_of_running(self, outcome: Outcome) -> Phases:
        first, *rest = super().path_of_running(outcome)
        return (("Running", first[1]), *rest)


@fault("second-redeploy-shows-running", "L1", "L2")
class SecondShowsRunning(Redeploys):
    """From its second redeploy on an instance shows Running until it is over."""

    def path(self, instance: Instance, outcome: Outcome) -> Phases:
        path = super().path(instance, outcome)
        seconds = sum(phase[1] for phase in path)
        return (("Running", seconds),) if instance.redeploys else path


@fault("second-redeploy-keeps-the-host", "L4")
class SecondKeepsHost(Redeploys):
    """From its second redeploy on an instance stays on its server."""

    def change_host(self, instance: Instance, flight: Flight) -> None:
        if instance.redeploys < 2:
            super().change_host(instance, flight)


@fault("stopped-keeps-the-host", "L4")
class StoppedKeepsHost(Redeploys):
    """A Stopped instance stays on its server."""

    def change_host(self, instance: Instance, flight: Flight) -> None:
        if flight.before != "Stopped":
            super().change_host(instance, flight)


@fault("reboot-event-keeps-the-host", "L4")
class RebootKeepsHost(Redeploys):
    """An instance with an event that speaks of a reboot stays on its server."""

    def new_host(self, instance: Instance) -> str:
        events = instance.events.values()
        reboot = any(event.event_type.endswith("Reboot") for event in events)
        return instance.host if reboot else super().new_host(instance)


@fault("only-three-hosts", "L4")
class OnlyThreeHosts(Redeploys):
    """There are three servers to move to, and the one it is on may be drawn again."""

    def new_host(self, instance: Instance) -> str:
        drawn = super().new_host(instance)
        return f"host-{sum(drawn.encode()) % 3}"


@fault("second-failure-ends-stopped", "L6")
class SecondFailureStops(Redeploys):
    """The second failed redeploy of an instance ends in Stopped."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        tasks = self.world.accounts[instance.account_id].tasks.values()
        of_instance = [t for t in tasks if t.instance_id == instance.instance_id]
        if any(task.status == "Failed" for task in of_instance):
            instance.move("Stopped", instance.clock.now)


@fault("failure-puts-old-locks-back", "L6", "L9")
class FailureOldLocksBack(Redeploys):
    """A failed redeploy puts back the locks of before the call, whatever came between."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        locks = instance.lock_reasons
        task = super().accept(account, instance, force_stop)
        if instance.flight is not None and instance.flight.outcome == "fail":
            when_over(instance, lambda: setattr(instance, "lock_reasons", locks))
        return task


@fault("elapsed-time-overflows", "L7")
class ElapsedOverflows(Redeploys):
    """The time since the call is counted in a number that overflows after 21 seconds."""

    def step(self, instance: Instance, flight: Flight, number: int) -> None:
        ticks = round((instance.clock.now - flight.task.created) * 1e8)
        counted = (ticks + 2**31) % 2**32 - 2**31
        if counted >= round(sum(one[1] for one in flight.phases[:number]) * 1e8):
            super().step(instance, flight, number)


@fault("change-ends-the-redeploy", "L7")
class ChangeEndsRedeploy(ControlParts):
    """An instance that is changed during its redeploy stays as it is, and never gets there."""

    def change_instance(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        reply = super().change_instance(asked, instance_id)
        self.world.instances[instance_id].flight = None
        return reply


@fault("status-judged-from-a-cache", "A2", "L12", "A8")
class StatusCached(Admission):
    """The status that an instance is judged by may be five seconds old."""

    cached: Mapping[str, tuple[float, ApiError | None]] = MappingProxyType({})

    def check_status(self, instance: Instance) -> ApiError | None:
        now = instance.clock.now
        at, found = self.cached.get(instance.instance_id, (-math.inf, None))
        if now - at >= 5:
            found = super().check_status(instance)
            self.cached = {**self.cached, instance.instance_id: (now, found)}
        return found

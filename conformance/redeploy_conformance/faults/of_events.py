"""Faults in which events a redeploy responds to, and how it closes them."""

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.state import Event, Flight, Instance
from redeploy_conformance.faults.registry import fault


@fault("events-stay-open", "E1")
class EventsStayOpen(Redeploys):
    """A successful redeploy closes no event."""

    def close_events(self, instance: Instance, flight: Flight) -> None:
        self.restore_events(flight)


@fault("events-stay-open-when-stopped", "E1")
class EventsStayOpenWhenStopped(Redeploys):
    """A successful redeploy of a Stopped instance closes no event."""

    def close_events(self, instance: Instance, flight: Flight) -> None:
        if flight.before == "Stopped":
            self.restore_events(flight)
        else:
            super().close_events(instance, flight)


@fault("events-stay-open-after-a-failure", "E1")
class EventsStayOpenAfterFailure(Redeploys):
    """After a failed redeploy the next successful one closes no event."""

    def close_events(self, instance: Instance, flight: Flight) -> None:
        owner = self.world.owner(instance)
        tasks = list(owner.tasks.values()) if owner else []
        of_instance = [t for t in tasks if t.instance_id == instance.instance_id]
        if any(task.status == "Failed" for task in of_instance):
            self.restore_events(flight)
        else:
            super().close_events(instance, flight)


@fault("closed-event-is-scheduled", "E1")
class ClosedIsScheduled(Redeploys):
    """An event that was responded to is Scheduled afterwards."""

    def close_event(self, event: Event) -> None:
        event.status, event.restore = "Scheduled", None


@fault("unlisted-event-closed", "E2")
class UnlistedClosed(Redeploys):
    """A successful redeploy closes events that are not in the table, too."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        return [e for e in self.world.open_events(instance) if not e.simulated]


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


@fault("simulated-event-closed", "E4")
class SimulatedClosed(Redeploys):
    """A successful redeploy closes simulated events."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        simulated = [e for e in self.world.open_events(instance) if e.simulated]
        return [*super().events_to_close(instance, flight), *simulated]


@fault("simulated-event-of-same-type-closed", "E4")
class SimulatedSameTypeClosed(Redeploys):
    """Beside a real event a simulated one of the same type is closed, too."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        types = {event.event_type for event in flight.answered}
        simulated = [
            event
            for event in self.world.open_events(instance)
            if event.simulated and event.event_type in types
        ]
        return [*super().events_to_close(instance, flight), *simulated]


@fault("failure-closes-events", "E6", "L6")
class FailureCloses(Redeploys):
    """A failed redeploy closes the events it responded to."""

    def restore_events(self, flight: Flight) -> None:
        for event in flight.answered:
            self.close_event(event)


@fault("failure-closes-only-the-second-event", "E6", "L6")
class FailureClosesSecond(Redeploys):
    """A failed redeploy closes the second of several events."""

    def restore_events(self, flight: Flight) -> None:
        super().restore_events(flight)
        for event in flight.answered[1:2]:
            self.close_event(event)


@fault("some-of-several-closed", "E1", "E7")
class SomeClosed(Redeploys):
    """Of three or more events a successful redeploy leaves the last one open."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        events = super().events_to_close(instance, flight)
        return events[:-1] if len(events) > 2 else events


@fault("several-closed-alternates", "E7")
class AllOrOne(Redeploys):
    """Of several events now all are closed and now only one."""

    redeploys = 0

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        events = super().events_to_close(instance, flight)
        self.redeploys += len(events) > 1
        return events if self.redeploys % 2 else events[:1]


@fault("simulated-event-closed-when-stopped", "E4")
class SimulatedOfStopped(Admission):
    """A redeploy of a Stopped instance responds to simulated events, too."""

    def respondable(self, instance: Instance, event: Event) -> bool:
        if event.simulated and instance.status == "Stopped":
            return self.in_table(instance, event)
        return super().respondable(instance, event)


@fault("simulated-failure-closed", "E4")
class SimulatedFailure(Admission):
    """A redeploy responds to simulated events of a failure, which are Executing at once."""

    def respondable(self, instance: Instance, event: Event) -> bool:
        if event.simulated and event.status == "Executing":
            return self.in_table(instance, event)
        return super().respondable(instance, event)


@fault("only-ten-events-closed", "E1", "E7")
class OnlyTenClosed(Redeploys):
    """A successful redeploy closes the first ten of its events, as many as a page shows."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        return super().events_to_close(instance, flight)[:10]


@fault("unlisted-event-closed-when-stopped", "E2")
class UnlistedOfStopped(Redeploys):
    """A successful redeploy of a Stopped instance closes its SystemFailure.Stop event, too."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        events = super().events_to_close(instance, flight)
        if flight.before == "Stopped":
            opened = self.world.open_events(instance)
            events += [one for one in opened if one.event_type == "SystemFailure.Stop"]
        return events


@fault("simulated-event-closed-by-a-failure", "E4", "E6")
class SimulatedOfFailure(Redeploys):
    """A failed redeploy closes the simulated events of the instance."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        for event in instance.events.values():
            if event.simulated and event.open:
                self.close_event(event)


@fault("simulated-event-closed-beside-two", "E4")
class SimulatedBesideTwo(Redeploys):
    """Where a success closes several real events, it closes the simulated ones, too."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        events = super().events_to_close(instance, flight)
        if len(events) > 1:
            opened = self.world.open_events(instance)
            events += [one for one in opened if one.simulated]
        return events

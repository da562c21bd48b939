"""Faults in which events a redeploy responds to, and how it closes them."""

from redeploy_conformance.emulator.admission import RESPONDABLE, Admission
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


@fault("closed-scheduled-event-is-executing", "E1")
class ScheduledIsExecuting(Redeploys):
    """A Scheduled event that was responded to is Executing afterwards."""

    def close_event(self, event: Event) -> None:
        if (event.restore or event.status) == "Scheduled":
            event.status, event.restore = "Executing", None
        else:
            super().close_event(event)


@fault("closed-inquiring-event-is-scheduled", "E1")
class InquiringIsScheduled(Redeploys):
    """An Inquiring event that may be Scheduled is so after it was responded to."""

    def close_event(self, event: Event) -> None:
        inquiring = (event.restore or event.status) == "Inquiring"
        if inquiring and "Scheduled" in RESPONDABLE.get(event.event_type, ()):
            event.status, event.restore = "Scheduled", None
        else:
            super().close_event(event)


@fault("events-closed-by-the-call", "E6", "L6")
class ClosedByCall(Redeploys):
    """An accepted call closes the events, and they stay closed if the redeploy fails."""

    def take_up(self, instance: Instance) -> tuple[Event, ...]:
        events = super().take_up(instance)
        for event in events:
            self.close_event(event)
        return events


@fault("canceled-event-closed", "E2", "L9")
class CanceledClosed(Redeploys):
    """A Canceled event is Executed after a success, if its type is in the table."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        listed = [e for e in instance.events.values() if e.event_type in RESPONDABLE]
        canceled = [event for event in listed if event.status == "Canceled"]
        return [*super().events_to_close(instance, flight), *canceled]


@fault("executing-events-closed", "E2", "E3")
class ExecutingClosed(Redeploys):
    """A successful redeploy closes whatever event is Executing."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        real = [e for e in self.world.open_events(instance) if not e.simulated]
        executing = [event for event in real if event.status == "Executing"]
        return [*super().events_to_close(instance, flight), *executing]


@fault("listed-type-closed-in-any-open-status", "E2", "E3")
class ListedTypeClosed(Redeploys):
    """A successful redeploy closes the open events of a type in the table, whatever their status."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        real = [e for e in self.world.open_events(instance) if not e.simulated]
        listed = [event for event in real if event.event_type in RESPONDABLE]
        return [*super().events_to_close(instance, flight), *listed]


@fault("listed-type-closed-in-final-status", "E2", "E3", "L9")
class FinalClosed(Redeploys):
    """A successful redeploy closes the events of a type in the table, also those that have ended."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        real = [e for e in instance.events.values() if not e.simulated]
        listed = [event for event in real if event.event_type in RESPONDABLE]
        return [*super().events_to_close(instance, flight), *listed]


@fault("only-two-events-closed", "E1", "E7")
class OnlyTwoClosed(Redeploys):
    """A successful redeploy closes the first two of its events."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        return super().events_to_close(instance, flight)[:2]


@fault("one-event-of-each-type-closed", "E1", "E7")
class OneOfEachClosed(Redeploys):
    """Of several events of one type a successful redeploy closes the first."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        events = super().events_to_close(instance, flight)
        first = {event.event_type: event for event in reversed(events)}
        return list(first.values())


@fault("last-of-all-events-left-open", "E1", "E7")
class LastLeftOpen(Redeploys):
    """Where an instance has several events, whatever they are, the last one is not closed."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        last = list(instance.events.values())[1:][-1:]
        events = super().events_to_close(instance, flight)
        return [one for one in events if one not in last]


@fault("events-stay-open-when-forced", "E1")
class EventsStayOpenWhenForced(Redeploys):
    """A forced redeploy that succeeds closes no event."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        task = super().accept(account, instance, force_stop)
        if force_stop and instance.flight is not None:
            self.restore_events(instance.flight)
            instance.flight.answered = ()
        return task


@fault("events-stay-open-the-second-time", "E1")
class EventsStayOpenTwice(Redeploys):
    """From its second redeploy on none closes an event of the instance."""

    def close_events(self, instance: Instance, flight: Flight) -> None:
        if instance.redeploys >= 2:
            self.restore_events(flight)
        else:
            super().close_events(instance, flight)


@fault("second-failure-closes-events", "E6", "L6")
class SecondFailureCloses(Redeploys):
    """From the second failed redeploy of an instance on, each closes the events."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        tasks = self.world.accounts[instance.account_id].tasks.values()
        of_instance = [t for t in tasks if t.instance_id == instance.instance_id]
        if any(task.status == "Failed" for task in of_instance):
            for event in flight.answered:
                self.close_event(event)


@fault("failure-cancels-scheduled-events", "E6", "L6")
class FailureCancels(Redeploys):
    """After a failed redeploy an event that was Scheduled is Canceled."""

    def restore_events(self, flight: Flight) -> None:
        super().restore_events(flight)
        for event in flight.answered:
            if event.status == "Scheduled":
                event.status, event.finished = "Canceled", event.clock.now


@fault("failure-puts-scheduled-events-back", "E6", "L6")
class FailurePutsBack(Redeploys):
    """After a failed redeploy an event that was Scheduled is Inquiring."""

    def restore_events(self, flight: Flight) -> None:
        super().restore_events(flight)
        for event in flight.answered:
            if event.status == "Scheduled":
                event.status = "Inquiring"


@fault("failure-loses-events-raised-meanwhile", "E6", "L6", "L9")
class FailureLosesRaised(Redeploys):
    """After a failed redeploy there are only the events of before the call."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        before = dict(instance.events)
        task = super().accept(account, instance, force_stop)
        if instance.flight is not None and instance.flight.outcome == "fail":
            when_over(instance, lambda: setattr(instance, "events", before))
        return task

"""The life of a redeploy: from the accepted call to success or failure."""

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.settings import Outcome
from redeploy_conformance.emulator.state import (
    Account,
    Event,
    Flight,
    Instance,
    Task,
    World,
)

Phases = tuple[tuple[str, float], ...]


class Redeploys:
    """Starts redeploys and carries them to their end on the clock."""

    def __init__(self, world: World, admission: Admission) -> None:
        self.world = world
        self.admission = admission

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        """Begin a redeploy: the first status is reached before the call answers."""
        outcome = self.outcome(instance)
        task = self.add_task(account, instance)
        flight = Flight(
            task=task,
            outcome=outcome,
            before=instance.status,
            phases=self.path(instance, outcome),
            answered=self.take_up(instance),
            new_host=self.new_host(instance),
        )
        if instance.status == "Running":
            self.stop_guest(instance, force_stop)
        instance.flight = flight
        instance.redeploys += 1
        instance.errand += 1
        self.step(instance, flight, 0)
        return task

    def outcome(self, instance: Instance) -> Outcome:
        """How the redeploy will end, as the control protocol asked."""
        chosen, instance.next_outcome = instance.next_outcome, None
        return chosen or self.world.settings.default_outcome

    def add_task(self, account: Account, instance: Instance) -> Task:
        """The task that stands for the redeploy."""
        task = Task(
            self.task_id(), instance.instance_id, account.clock.now, account.clock
        )
        account.tasks[task.task_id] = task
        return task

    def task_id(self) -> str:
        """An id no other task has."""
        return self.world.ids.task_id()

    def path(self, instance: Instance, outcome: Outcome) -> Phases:
        """The statuses on the way, each with its seconds; the end is not among them."""
        if instance.status == "Running":
            return self.path_of_running(outcome)
        return self.path_of_stopped(outcome)

    def path_of_running(self, outcome: Outcome) -> Phases:
        """From Running: stopped here, started there (or, on failure, here again)."""
        settings = self.world.settings
        return (
            ("Stopping", settings.stopping_seconds),
            ("Stopped", settings.stopped_seconds),
            ("Starting", settings.starting_seconds),
        )

    def path_of_stopped(self, outcome: Outcome) -> Phases:
        """From Stopped: started there, or, on failure, stopped again."""
        settings = self.world.settings
        starting = ("Starting", settings.starting_seconds)
        stopping = ("Stopping", settings.stopping_seconds)
        if outcome == "succeed":
            return (starting,)
        if settings.failed_path_shows_running == "yes":
            return (starting, ("Running", settings.stopped_seconds), stopping)
        return (starting, stopping)

    def take_up(self, instance: Instance) -> tuple[Event, ...]:
        """The events this redeploy responds to."""
        events = self.admission.answered_events(instance)
        if self.world.settings.several_events == "one":
            events = events[:1]
        for event in events:
            event.restore = event.status
            match self.world.settings.event_in_flight:
                case "Executing":
                    event.status = "Executing"
                case "Scheduled" if event.status == "Inquiring":
                    event.status = "Scheduled"
                case "closed":
                    event.status = self.world.settings.closing_status
        return tuple(events)

    def new_host(self, instance: Instance) -> str:
        """Another physical server."""
        return self.world.ids.host()

    def stop_guest(self, instance: Instance, force_stop: bool | None) -> None:
        """Shut the guest down, in order or by switching it off."""
        if force_stop is None:
            force_stop = self.world.settings.absent_force_stop == "power-off"
        if force_stop:
            instance.power_offs += 1
        else:
            instance.orderly_stops += 1

    def step(self, instance: Instance, flight: Flight, number: int) -> None:
        """Reach the phase of that number, or the end behind the last one."""
        if instance.flight is not flight:
            return
        if number == len(flight.phases):
            self.finish(instance, flight)
            return
        status, seconds = flight.phases[number]
        instance.move(status, instance.clock.now)
        instance.clock.later(seconds, lambda: self.step(instance, flight, number + 1))

    def finish(self, instance: Instance, flight: Flight) -> None:
        """The redeploy ends."""
        instance.flight = None
        if not self.world.exists(instance):
            self.end_task(flight.task, "Failed")
        elif flight.outcome == "succeed":
            self.succeed(instance, flight)
            self.end_task(flight.task, "Finished")
        else:
            self.fail(instance, flight)
            self.end_task(flight.task, "Failed")

    def succeed(self, instance: Instance, flight: Flight) -> None:
        """Another server, fresh local disks, closed events, Running."""
        self.change_host(instance, flight)
        self.renew_local_disks(instance)
        self.close_events(instance, flight)
        instance.move(self.status_after_success(flight), instance.clock.now)

    def fail(self, instance: Instance, flight: Flight) -> None:
        """The original server, and everything as before."""
        self.restore_events(flight)
        instance.move(self.status_after_failure(flight), instance.clock.now)

    def status_after_success(self, flight: Flight) -> str:
        """Running, whatever the status was."""
        return "Running"

    def status_after_failure(self, flight: Flight) -> str:
        """The status before the call."""
        return flight.before

    def change_host(self, instance: Instance, flight: Flight) -> None:
        """The instance is on another server now."""
        instance.host = flight.new_host

    def renew_local_disks(self, instance: Instance) -> None:
        """Local disks are healthy and hold nothing of what they held."""
        if instance.storage == "local":
            instance.local_disk = "healthy"
            instance.local_data = self.world.ids.data()

    def close_events(self, instance: Instance, flight: Flight) -> None:
        """Close the events that were responded to."""
        for event in self.events_to_close(instance, flight):
            self.close_event(event)

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        """Those taken up, and those raised on the way where the settings say so."""
        events = [one for one in flight.answered if one.open or one.restore is not None]
        if self.world.settings.raised_in_flight == "closed":
            raised = self.admission.answered_events(instance)
            events += [event for event in raised if event not in flight.answered]
            if self.world.settings.several_events == "one":
                events = events[:1]
        return events

    def close_event(self, event: Event) -> None:
        """The event reaches its closing status."""
        event.status = self.world.settings.closing_status
        event.finished = event.clock.now
        event.restore = None

    def restore_events(self, flight: Flight) -> None:
        """The events taken up are as before."""
        for event in flight.answered:
            if event.restore is not None:
                event.status, event.restore = event.restore, None

    def end_task(self, task: Task, status: str) -> None:
        """The task shows how the redeploy ended."""
        task.status = status
        task.finished = task.clock.now

"""Faults that only a history or a combination of circumstances shows."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.errors import (
    ApiError,
    incorrect_status,
    locked_for_security,
)
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.emulator.limiter import Limiter
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import (
    Account,
    Event,
    Flight,
    Instance,
    Principal,
    Statement,
    Task,
)
from redeploy_conformance.faults.registry import fault


@fault("security-lock-seen-only-last", "A3")
class LockSeenLast(Admission):
    """Of several locks only the last one counts."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        last = instance.lock_reasons[-1:]
        return locked_for_security() if last == ("security",) else None


@fault("security-lock-ignored-beside-a-failure-event", "A3")
class LockIgnoredForFailure(Admission):
    """A security lock is overlooked when a SystemFailure event is open."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        events = self.world.open_events(instance)
        if any(event.event_type.startswith("SystemFailure.") for event in events):
            return None
        return super().check_locks(instance)


@fault("security-lock-remembered", "A8", "A9")
class LockRemembered(Admission):
    """An instance that was once refused for a security lock is refused for ever."""

    seen: frozenset[str] = frozenset()

    def check_locks(self, instance: Instance) -> ApiError | None:
        if super().check_locks(instance) is not None:
            self.seen |= {instance.instance_id}
        locked = instance.instance_id in self.seen
        return locked_for_security() if locked else None


@fault("in-arrears-overlooked-after-a-redeploy", "A7")
class ArrearsAfterRedeploy(Admission):
    """Arrears count only until the first redeploy of the instance."""

    def check_billing(self, instance: Instance) -> ApiError | None:
        if instance.redeploys and instance.billing == "in-arrears":
            return None
        return super().check_billing(instance)


@fault("isolation-gap-skips-the-other-checks", "A3", "A4", "A6", "A7")
class GapSkipsChecks(Admission):
    """In the isolation gap only the status is looked at."""

    def problem(self, instance: Instance) -> ApiError | None:
        if self.in_gap(instance):
            return self.check_status(instance)
        return super().problem(instance)


@fault("two-problems-cancel-each-other", "A2", "A3", "A4", "A6", "A7")
class TwoCancel(Admission):
    """A call against which two preconditions speak is accepted."""

    def problem(self, instance: Instance) -> ApiError | None:
        checks = [
            check for name, check in self._checks.items() if name not in ("no-event",)
        ]
        found = [one for check in checks if (one := check(instance)) is not None]
        two = len(found) == 2 and instance.flight is None
        known = instance.status in ("Running", "Stopped")
        return None if two and known else super().problem(instance)


@fault("failed-host-of-a-stopped-instance-not-responded-to", "A9", "E1")
class FailedHostOfStopped(Admission):
    """A redeploy of a Stopped instance does not respond to SystemFailure.Redeploy."""

    def in_table(self, instance: Instance, event: Event) -> bool:
        failed = event.event_type == "SystemFailure.Redeploy"
        if failed and instance.status == "Stopped" and instance.flight is None:
            return False
        return super().in_table(instance, event)


@fault("accepted-while-stopped-when-it-will-fail", "A2", "L12")
class AcceptedBeforeItFails(Admission):
    """A redeploy that will fail is forgotten while it shows Stopped."""

    def in_flight(self, instance: Instance) -> bool:
        flight = instance.flight
        fails = flight is not None and flight.outcome == "fail"
        forgotten = fails and instance.status == "Stopped"
        return not forgotten and super().in_flight(instance)


@fault("accepted-on-the-way-back", "A2")
class AcceptedOnWayBack(Admission):
    """A failing redeploy is forgotten on its last leg."""

    def check_status(self, instance: Instance) -> ApiError | None:
        flight = instance.flight
        if flight is None or flight.outcome == "succeed":
            return super().check_status(instance)
        last, _ = flight.phases[-1]
        return None if instance.status == last else super().check_status(instance)


@fault("forced-second-call-accepted", "A2")
class ForcedSecondAccepted(RedeployCalls):
    """A second call is accepted while a redeploy is on its way, if it is forced."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        found = principal.account.instances.get(call.params.get("InstanceId", ""))
        forced = call.params.get("ForceStop") == "true"
        if found is not None and found.flight is not None and forced:
            return self.start(principal, found, True)
        return super().handle(call, principal)


@fault("forced-failure-leaves-it-busy", "L6", "A8", "A9")
class ForcedFailureLeavesBusy(RedeployCalls):
    """After a forced redeploy that failed every call on the instance finds it busy."""

    forced: frozenset[str] = frozenset()

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        will_fail = instance.next_outcome == "fail"
        if instance.instance_id in self.forced:
            raise incorrect_status()
        answer = super().start(principal, instance, force_stop)
        if force_stop and will_fail:
            self.forced |= {instance.instance_id}
        return answer


@fault("financial-lock-outweighs-expiry", "A7")
class FinancialLockOutweighs(Admission):
    """What is locked for financial reasons is not asked whether it has expired."""

    def check_billing(self, instance: Instance) -> ApiError | None:
        if "financial" in instance.lock_reasons:
            return None
        return super().check_billing(instance)


@fault("failure-forgets-the-next-ending", "S1", "L7")
class FailureForgetsEnding(Redeploys):
    """A redeploy that fails forgets how the next one was to end, as asked on its way."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        instance.next_outcome = None


@fault("forced-calls-need-no-permission", "U1", "U2")
class ForcedNeedsNoPermission(RedeployCalls):
    """To a call with ForceStop true no policy is applied."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        if self.force_stop(call):
            account, secret = principal.account, principal.secret
            principal = Principal(principal.access_key_id, secret, account, None)
        return super().handle(call, principal)


@fault("policies-ignored-for-v1", "U1", "U2")
class PoliciesIgnoredV1(RedeployCalls):
    """To a call that is signed with version 1 no policy is applied."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        if call.scheme == "v1":
            account, secret = principal.account, principal.secret
            principal = Principal(principal.access_key_id, secret, account, None)
        return super().handle(call, principal)


@fault("foreign-id-accepted-by-policy", "A1", "L9")
class ForeignByPolicy(RedeployCalls):
    """A user whose policy allows everything reaches the instances of other accounts."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        if principal.statements is not None and instance_id in self.world.instances:
            return self.world.instances[instance_id]
        return super().find(principal, instance_id)


@fault("third-redeploy-keeps-the-host", "L4")
class ThirdKeepsHost(Redeploys):
    """From its third redeploy on an instance stays on its server."""

    def change_host(self, instance: Instance, flight: Flight) -> None:
        if instance.redeploys < 3:
            super().change_host(instance, flight)


@fault("released-instance-comes-back", "A1", "L9")
class ComesBack(Redeploys):
    """An instance that was released during its redeploy is there again when that ends."""

    def finish(self, instance: Instance, flight: Flight) -> None:
        self.world.instances[instance.instance_id] = instance
        account = self.world.accounts[instance.account_id]
        account.instances[instance.instance_id] = instance
        super().finish(instance, flight)


@fault("success-puts-old-locks-back", "L9")
class OldLocksBack(Redeploys):
    """What was locked before the call is locked again afterwards, whatever came between."""

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        locks = instance.lock_reasons
        task = super().accept(account, instance, force_stop)
        if instance.flight is not None and instance.flight.outcome == "succeed":
            seconds = sum(phase[1] for phase in instance.flight.phases)
            instance.clock.later(
                seconds, lambda: setattr(instance, "lock_reasons", locks)
            )
        return task


@fault("failure-closes-events-raised-meanwhile", "L6", "L9", "E6")
class FailureClosesRaised(Redeploys):
    """A failed redeploy closes the events that were raised while it ran."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        for event in self.admission.answered_events(instance):
            if event not in flight.answered:
                self.close_event(event)


@fault("failure-closes-disk-events", "E6", "L6")
class FailureClosesDisk(Redeploys):
    """A failed redeploy closes the events of local disks."""

    def restore_events(self, flight: Flight) -> None:
        super().restore_events(flight)
        for event in flight.answered:
            if "ErrorDisk" in event.event_type:
                self.close_event(event)


@fault("only-events-of-one-type-closed", "E1", "E7")
class ClosedByType(Redeploys):
    """Of several events those of the first one's type are closed, the others are not."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        events = super().events_to_close(instance, flight)
        return [one for one in events if one.event_type == events[0].event_type]


@fault("event-closed-an-hour-late", "E1")
class ClosedLate(Redeploys):
    """A successful redeploy closes its events an hour after it has ended."""

    def close_events(self, instance: Instance, flight: Flight) -> None:
        self.restore_events(flight)
        for event in self.events_to_close(instance, flight):
            event.clock.later(3600, partial(self.close_event, event))


@fault("read-goes-back-after-the-end", "L8", "L9")
class ReadGoesBack(Observations):
    """The second read after a redeploy has ended shows the status before its end."""

    reads: dict[str, int] | None = None

    def shown_status(self, instance: Instance) -> str:
        if instance.flight is None and instance.redeploys and len(instance.shown) > 1:
            self.reads = self.reads or {}
            count = self.reads.get(instance.instance_id, 0) + 1
            self.reads[instance.instance_id] = count
            if count == 2:
                return instance.shown[-2][1]
        return super().shown_status(instance)


@fault("request-id-reused-much-later", "R4")
class RequestIdReused(Ids):
    """The three hundredth answer has the RequestId of the first."""

    drawn = 0
    first = ""

    def request_id(self) -> str:
        self.drawn += 1
        self.first = self.first or super().request_id()
        return self.first if self.drawn % 300 < 2 else super().request_id()


@fault("deny-for-another-instance-counts", "U2")
class DenyTooWide(Authority):
    """A Deny is taken for one of every resource."""

    def applies(self, statement: Statement, action: str, resource: str) -> bool:
        if statement.effect == "Deny":
            return self.action_matches(statement, action)
        return super().applies(statement, action, resource)


@fault("every-call-of-the-account-uses-quota", "Q1", "Q2")
class ReadsUseQuota(Limiter):
    """Calls of other operations use the quota of this one."""

    def arrive(self, account: Account, instance_id: str) -> None:
        users = self.world.principals.values()
        calls = sum(len(one.nonces) for one in users if one.account is account)
        if calls > self.quota():
            raise self.refusal()


@fault("released-instance-accepted", "A1")
class ReleasedAccepted(RedeployCalls):
    """Instances are kept in mind from call to call, and are redeployed when they are gone."""

    known: Mapping[tuple[str, str], Instance] = MappingProxyType({})

    def find(self, principal: Principal, instance_id: str) -> Instance:
        account = principal.account
        held = {(account.account_id, k): one for k, one in account.instances.items()}
        self.known = {**self.known, **held}
        known = self.known.get((account.account_id, instance_id))
        return known or super().find(principal, instance_id)

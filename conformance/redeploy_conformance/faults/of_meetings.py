"""Faults that show only where circumstances meet that seldom do.

All are of a kind that somebody planted who did not know this catalogue.
"""

from collections.abc import Mapping

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.emulator.errors import (
    ApiError,
    locked_for_security,
)
from redeploy_conformance.emulator.limiter import Limiter
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import (
    Account,
    Event,
    Flight,
    Instance,
    Principal,
    Task,
)
from redeploy_conformance.faults.registry import late


@late("only-a-hundred-events-closed", "E1", "E7")
class HundredClosed(Redeploys):
    """A success closes a hundred events of those it responds to, and no more."""

    def events_to_close(self, instance: Instance, flight: Flight) -> list[Event]:
        return super().events_to_close(instance, flight)[:100]


@late("raised-on-the-way-downgraded-by-a-failure", "L6", "L9", "E6")
class DowngradedOnTheWay(Redeploys):
    """A Scheduled event raised during a redeploy that fails is Inquiring afterwards."""

    def fail(self, instance: Instance, flight: Flight) -> None:
        super().fail(instance, flight)
        for event in instance.events.values():
            if event not in flight.answered and event.status == "Scheduled":
                event.status = "Inquiring"


class Forcing(Redeploys):
    """Takes another ForceStop than was asked for, by the events that are open."""

    kinds: frozenset[str]
    taken: bool

    def accept(
        self, account: Account, instance: Instance, force_stop: bool | None
    ) -> Task:
        kinds = {event.event_type for event in self.admission.answered_events(instance)}
        if force_stop is not None and kinds == self.kinds:
            force_stop = self.taken
        return super().accept(account, instance, force_stop)


@late("in-order-for-a-failed-host", "L11")
class InOrderForFailure(Forcing):
    """Where SystemFailure.Redeploy is open, the guest is shut down in order although ForceStop is true."""

    kinds = frozenset({"SystemFailure.Redeploy"})
    taken = False


@late("switched-off-for-a-disk", "L11")
class SwitchedOffForDisk(Forcing):
    """Where a disk is to be isolated with a reboot, the guest is switched off although ForceStop is false."""

    kinds = frozenset({"SystemMaintenance.RebootAndIsolateErrorDisk"})
    taken = True


@late("taken-off-a-dedicated-host-at-the-end", "L3", "L9")
class TakenOffHost(Redeploys):
    """What was put on a dedicated host during a redeploy is off it again at its success."""

    def succeed(self, instance: Instance, flight: Flight) -> None:
        super().succeed(instance, flight)
        instance.tenancy = "default"


@late("accepted-behind-an-error-not-forced", "A12", "L11")
class ErrorNotForced(RedeployCalls):
    """A forced call that is accepted behind an InternalError shuts the guest down in order."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        errors = principal.account.internal_errors
        forced = force_stop and errors[:1] != ["accepted"]
        return super().start(
            principal, instance, forced if force_stop is not None else None
        )


@late("accepted-behind-an-error-keeps-local-data", "A12", "D1")
class ErrorKeepsData(RedeployCalls):
    """A redeploy that is accepted behind an InternalError keeps what the local disks hold."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        held = instance.local_data

        def put_back() -> None:
            instance.local_data = held

        try:
            return super().start(principal, instance, force_stop)
        except ApiError:
            if instance.flight is not None:
                seconds = sum(seconds for _, seconds in instance.flight.phases)
                instance.clock.later(seconds + 0.01, put_back)
            raise


@late("only-instance-meant-by-default", "A14", "L10")
class OnlyInstance(RedeployCalls):
    """A call without an InstanceId redeploys the only instance of an account that has one."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        instances = list(principal.account.instances.values())
        if call.params.get("InstanceId") or len(instances) != 1:
            return super().handle(call, principal)
        return self.start(principal, instances[0], self.force_stop(call))


@late("forced-without-an-id-switches-all-off", "A14", "L10")
class ForcedWithoutId(RedeployCalls):
    """A call without an InstanceId is rejected, and switches every instance off if it is forced."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        if not call.params.get("InstanceId") and call.params.get("ForceStop") == "true":
            for instance in principal.account.instances.values():
                instance.power_offs += 1
        return super().handle(call, principal)


@late("foreign-call-makes-it-fail", "A1", "L9", "L10", "L7")
class ForeignCallFails(RedeployCalls):
    """A call on another account's instance is rejected, and makes a redeploy under way fail."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        meant = self.world.instances.get(instance_id)
        own = instance_id in principal.account.instances
        if meant is not None and meant.flight is not None and not own:
            meant.flight.outcome = "fail"
        return super().find(principal, instance_id)


@late("foreign-call-costs-the-owner", "Q1", "Q6")
class ForeignCallCosts(Limiter):
    """A call on another account's instance uses the quota of its owner."""

    def scope(self, account: Account, instance_id: str) -> str:
        meant = self.world.instances.get(instance_id)
        return account.account_id if meant is None else meant.account_id


class Throttling(RedeployCalls):
    """Does something to the instance that a throttled call names."""

    def harm(self, call: Call, instance: Instance) -> None:
        raise NotImplementedError

    def throttle(self, call: Call, principal: Principal) -> None:
        try:
            super().throttle(call, principal)
        except ApiError:
            instance_id = call.params.get("InstanceId", "")
            instance = principal.account.instances.get(instance_id)
            if instance is not None:
                self.harm(call, instance)
            raise


@late("throttled-call-makes-it-fail", "Q4", "L10", "L7")
class ThrottledCallFails(Throttling):
    """A throttled call makes a redeploy under way fail."""

    def harm(self, call: Call, instance: Instance) -> None:
        if instance.flight is not None:
            instance.flight.outcome = "fail"


@late("throttled-call-switches-off", "Q4", "L10")
class ThrottledCallSwitchesOff(Throttling):
    """A throttled call with ForceStop true switches the guest off."""

    def harm(self, call: Call, instance: Instance) -> None:
        if call.params.get("ForceStop") == "true" and instance.flight is None:
            instance.power_offs += 1


@late("release-takes-the-lock-off-others", "A3", "L9")
class ReleaseFreesOthers(ControlParts):
    """The release of an instance that was redeployed takes the security lock off its account's others."""

    def release(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        gone = self.world.instances.get(instance_id)
        owner = None if gone is None else self.world.owner(gone)
        came = super().release(asked, instance_id)
        if gone is not None and owner is not None and gone.redeploys:
            for other in owner.instances.values():
                kept = (one for one in other.lock_reasons if one != "security")
                other.lock_reasons = tuple(kept)
        return came


@late("forced-calls-are-free", "Q2")
class ForcedFree(RedeployCalls):
    """A call with ForceStop true uses nothing of the rate."""

    def throttle(self, call: Call, principal: Principal) -> None:
        if call.params.get("ForceStop") != "true":
            super().throttle(call, principal)


@late("two-harmless-locks-are-one-too-many", "A8", "A9")
class TwoLocks(Admission):
    """Exactly two locks are taken for a security lock, whichever they are."""

    def check_locks(self, instance: Instance) -> ApiError | None:
        if len(instance.lock_reasons) == 2:
            return locked_for_security()
        return super().check_locks(instance)


@late("stopping-and-in-arrears-accepted", "A2", "A7")
class StoppingInArrears(Admission):
    """A Stopping instance that is in arrears is accepted."""

    def problem(self, instance: Instance) -> ApiError | None:
        both = (instance.status, instance.billing) == ("Stopping", "in-arrears")
        return None if both and instance.flight is None else super().problem(instance)


@late("no-boolean-ignored-when-stopped", "A14")
class NoBooleanWhenStopped(RedeployCalls):
    """On a Stopped instance ForceStop is not read, whatever it says."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        found = principal.account.instances.get(call.params.get("InstanceId", ""))
        if found is not None and found.status == "Stopped" and found.flight is None:
            call.params.pop("ForceStop", None)
        return super().handle(call, principal)


@late("malformed-call-makes-it-fail", "A14", "L10", "L7")
class MalformedCallFails(RedeployCalls):
    """A call with a ForceStop that is no boolean makes a redeploy under way fail."""

    def force_stop(self, call: Call) -> bool | None:
        try:
            return super().force_stop(call)
        except ApiError:
            meant = self.world.instances.get(call.params.get("InstanceId", ""))
            if meant is not None and meant.flight is not None:
                meant.flight.outcome = "fail"
            raise


@late("only-ten-statements-read", "U2")
class TenStatements(Authority):
    """Of a user's statements only the first ten are read."""

    def allows(self, principal: Principal, action: str, resource: str) -> bool:
        few = principal.statements
        if few is not None:
            few = few[:10]
        cut = Principal(
            principal.access_key_id, principal.secret, principal.account, few
        )
        return super().allows(cut, action, resource)


@late("change-of-everything-loses-one", "S1")
class LosesOne(ControlParts):
    """A change of more than three attributes at once leaves the tenancy as it was."""

    def change_instance(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        kept = {name: value for name, value in asked.items() if name != "tenancy"}
        return super().change_instance(kept if len(asked) > 3 else asked, instance_id)

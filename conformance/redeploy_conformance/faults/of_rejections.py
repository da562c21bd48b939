"""Faults by which a call that was refused, or that ended in an error, does something all the same."""

import time
from dataclasses import replace
from functools import cached_property

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.errors import (
    ApiError,
    disk_error,
    incorrect_status,
    internal_error,
    locked_for_security,
)
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.signatures import Signatures
from redeploy_conformance.emulator.state import (
    Instance,
    Principal,
)
from redeploy_conformance.faults.of_calls import AfterRejection
from redeploy_conformance.faults.registry import fault


class ForcedAndRejected(RedeployCalls):
    """What all have in common that do something to an instance on which a forced call was rejected."""

    def spoil(self, instance: Instance, error: ApiError) -> None:
        """What is done to it."""
        raise NotImplementedError

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        found = principal.account.instances.get(call.params.get("InstanceId", ""))
        try:
            return super().handle(call, principal)
        except ApiError as error:
            if found is not None and call.params.get("ForceStop") == "true":
                self.spoil(found, error)
            raise


@fault("rejected-second-call-switches-off", "L10", "L11")
class RejectedSwitchesOff(ForcedAndRejected):
    """A forced call during a redeploy is rejected, and switches the guest off."""

    def spoil(self, instance: Instance, error: ApiError) -> None:
        instance.power_offs += instance.flight is not None


@fault("rejected-forced-call-forces-the-next", "L10", "L11")
class RejectedForcesNext(ForcedAndRejected):
    """A forced call that is rejected makes the next accepted one on the instance a forced one."""

    def spoil(self, instance: Instance, error: ApiError) -> None:
        self.forced.add(instance.instance_id)

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        instance_id = call.params.get("InstanceId", "")
        if instance_id in self.forced:
            call = replace(call, params={**call.params, "ForceStop": "true"})
        taken = super().handle(call, principal)
        self.forced.discard(instance_id)
        return taken

    @cached_property
    def forced(self) -> set[str]:
        return set()


@fault("rejected-call-restarts-the-redeploy", "L10", "L7")
class RejectedRestarts(AfterRejection):
    """A call that is rejected during a redeploy starts its seconds anew: it never ends for who asks often."""

    def rejected(self, instance: Instance) -> None:
        flight = instance.flight
        if flight is None:
            return
        now = [status for status, _ in flight.phases].index(instance.status)
        instance.flight = replace(flight, phases=flight.phases[now:])
        self.redeploys.step(instance, instance.flight, 0)


# From outside this looks like a redeploy that was to succeed and has not ended, too.
@fault("rejection-makes-the-next-redeploy-fail", "L10", "L4", "E1", "L7")
class RejectionSpoils(RedeployCalls):
    """After a rejected call the next redeploy of the instance fails."""

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        try:
            return super().admit(principal, instance_id)
        except ApiError:
            instance = principal.account.instances.get(instance_id)
            if instance is not None and instance.flight is None:
                instance.next_outcome = "fail"
            raise


@fault("rejection-forgets-the-next-ending", "L10", "S1", "L7")
class RejectionForgetsEnding(RedeployCalls):
    """After a rejected call it is forgotten how the next redeploy was to end."""

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        try:
            return super().admit(principal, instance_id)
        except ApiError:
            instance = principal.account.instances.get(instance_id)
            if instance is not None:
                instance.next_outcome = None
            raise


@fault("internal-error-blocks-the-next-call", "A12", "A8", "A9")
class InternalErrorBlocks(RedeployCalls):
    """For a few seconds after an InternalError without effect a call on the instance finds it busy."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        if instance.clock.now < self.until.get(instance.instance_id, 0.0):
            raise incorrect_status()
        try:
            return super().start(principal, instance, force_stop)
        except ApiError:
            if instance.flight is None:
                self.until[instance.instance_id] = instance.clock.now + 5.0
            raise

    @cached_property
    def until(self) -> dict[str, float]:
        return {}


@fault("internal-error-leaves-it-busy", "A12", "A8", "A9")
class InternalErrorLeavesBusy(RedeployCalls):
    """After an InternalError every call on the instance finds it busy."""

    busy: frozenset[str] = frozenset()

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        if instance.instance_id in self.busy:
            raise incorrect_status()
        try:
            return super().start(principal, instance, force_stop)
        except ApiError:
            self.busy |= {instance.instance_id}
            raise


@fault("internal-error-uses-up-the-ending", "S1", "A12", "L7")
class InternalErrorUsesEnding(RedeployCalls):
    """A call that an InternalError ends forgets how the next redeploy was to end."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        try:
            return super().start(principal, instance, force_stop)
        except ApiError:
            instance.next_outcome = None
            raise


@fault("forced-internal-error-switches-off", "A12", "L10")
class ForcedInternalErrorSwitchesOff(RedeployCalls):
    """A forced call that an InternalError ends has switched the guest off before."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        try:
            return super().start(principal, instance, force_stop)
        except ApiError:
            if force_stop and instance.flight is None and instance.status == "Running":
                instance.power_offs += 1
            raise


@fault("refused-forced-call-switches-off", "U1", "L10")
class RefusedForcedSwitchesOff(ForcedAndRejected):
    """A caller without permission switches a guest off by ForceStop true, and is refused."""

    def spoil(self, instance: Instance, error: ApiError) -> None:
        if error.code == self.authority.refusal().code:
            instance.power_offs += instance.status == "Running"


@fault("forged-call-takes-effect-later", "U4", "L10")
class ForgedLater(Signatures):
    """A call with a bad signature is refused, and stops the instance a minute later."""

    def authenticate(self, call: Call) -> Principal:
        try:
            return super().authenticate(call)
        except ApiError:
            found = self.world.instances.get(call.params.get("InstanceId", ""))
            if found is not None:
                found.clock.later(60, lambda: found.place("Stopped"))
            raise


@fault("accepted-internal-error-never-ends", "A12")
class AcceptedErrorNeverEnds(RedeployCalls):
    """A redeploy that was accepted in spite of an InternalError is Stopping for ever."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        errors = principal.account.internal_errors
        if errors and errors[0] != "none":
            errors.pop(0)
            instance.place("Stopping")
            raise internal_error()
        return super().start(principal, instance, force_stop)


@fault("internal-error-without-effect-leaves-it-stopping", "A12")
class NoEffectLeavesStopping(RedeployCalls):
    """An InternalError before the redeploy begins leaves the instance in Stopping."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        errors = principal.account.internal_errors
        if errors and errors[0] == "none":
            instance.place("Stopping")
        return super().start(principal, instance, force_stop)


@fault("internal-error-closes-events", "A12")
class InternalErrorCloses(RedeployCalls):
    """An InternalError before the redeploy begins has closed the events already."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        errors = principal.account.internal_errors
        if errors and errors[0] == "none":
            for event in self.admission.answered_events(instance):
                self.redeploys.close_event(event)
        return super().start(principal, instance, force_stop)


@fault("rejected-forced-call-on-the-locked-switches-off", "L10")
class LockedSwitchedOff(ForcedAndRejected):
    """A forced call switches the guest off before a security lock rejects it."""

    def spoil(self, instance: Instance, error: ApiError) -> None:
        if error.code == locked_for_security().code and instance.flight is None:
            instance.power_offs += instance.status == "Running"


@fault("rejected-second-call-switches-off-while-stopping", "L10", "L11")
class SwitchesOffStopping(ForcedAndRejected):
    """A forced call while a redeploy stops the guest is rejected, and switches the guest off."""

    def spoil(self, instance: Instance, error: ApiError) -> None:
        if error.code == incorrect_status().code and instance.flight is not None:
            instance.power_offs += instance.status == "Stopping"


@fault("rejected-forced-call-drops-the-redeploy", "L10", "L7")
class RejectedDropsRedeploy(ForcedAndRejected):
    """A forced call during a redeploy is rejected, and the redeploy goes no further."""

    def spoil(self, instance: Instance, error: ApiError) -> None:
        if error.code == incorrect_status().code:
            instance.flight = None


@fault("call-rejected-for-a-dedicated-host-moves-it", "L10")
class RejectedMoves(RedeployCalls):
    """What is on a dedicated host is moved to another server, though the call is rejected."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        instance = super().find(principal, instance_id)
        if instance.tenancy == "dedicated-host":
            instance.host = self.world.ids.host()
        return instance


@fault("call-rejected-for-the-bill-wipes-local-disks", "L10")
class RejectedWipes(RedeployCalls):
    """Where the bill rejects a call, the local disks have been wiped."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        instance = super().find(principal, instance_id)
        if instance.billing != "current" and instance.storage == "local":
            instance.local_data = self.world.ids.data()
        return instance


@fault("disk-error-leaves-it-busy", "A6", "A8", "A9", "L10")
class DiskErrorLeavesBusy(Admission):
    """After a DiskError every call on the instance finds it busy."""

    busy: frozenset[str] = frozenset()

    def problem(self, instance: Instance) -> ApiError | None:
        if instance.instance_id in self.busy:
            return incorrect_status()
        found = super().problem(instance)
        if found is not None and found.code == disk_error().code:
            self.busy |= {instance.instance_id}
        return found


@fault("events-closed-before-the-locks-are-looked-at", "L10")
class ClosedBeforeLocks(RedeployCalls):
    """The events of an instance are closed by a call that a security lock rejects."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        instance = super().find(principal, instance_id)
        if "security" in instance.lock_reasons:
            for event in self.admission.answered_events(instance):
                self.redeploys.close_event(event)
        return instance


@fault("events-closed-before-the-disks-are-looked-at", "L10")
class ClosedBeforeDisks(RedeployCalls):
    """The events of an instance are closed by a call that an incorrect disk rejects."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        instance = super().find(principal, instance_id)
        if instance.disk_status == "incorrect":
            for event in self.admission.answered_events(instance):
                self.redeploys.close_event(event)
        return instance


@fault("rejection-undoes-the-other-call", "L12", "L1")
class RejectionUndoes(RedeployCalls):
    """Of two calls at once, the one that is rejected puts the status back."""

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        instance = self.find(principal, instance_id)
        before, free = instance.status, instance.flight is None
        self.world.lock.release()
        try:
            time.sleep(0.001)
        finally:
            self.world.lock.acquire()
        try:
            return super().admit(principal, instance_id)
        except ApiError:
            if free and instance.flight is not None:
                instance.place(before)
            raise

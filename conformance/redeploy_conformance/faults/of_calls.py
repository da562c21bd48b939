"""Faults in handling a call: parameters, the instance meant, and rejected calls."""

from redeploy_conformance.emulator.admission import NO_EVENT_TEXT
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.errors import (
    ApiError,
    incorrect_status,
    instance_not_found,
    internal_error,
    redeploy_not_allowed,
)
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Instance, Principal
from redeploy_conformance.faults.registry import fault


@fault("unknown-id-answered-as-incorrect-status", "A1")
class UnknownIncorrect(RedeployCalls):
    """An id that names no instance is answered IncorrectInstanceStatus."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        if instance_id not in principal.account.instances:
            raise incorrect_status()
        return super().find(principal, instance_id)


@fault("unknown-id-accepted", "A1")
class UnknownAccepted(RedeployCalls):
    """An id that names no instance is accepted, with a task for nothing."""

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        try:
            return super().admit(principal, instance_id)
        except ApiError as error:
            if error.code != "InvalidInstanceId.NotFound":
                raise
            made = self.world.add_instance(principal.account, "Stopped")
            self.world.release(made)
            return made


@fault("foreign-id-accepted", "A1", "L9")
class ForeignAccepted(RedeployCalls):
    """An instance of another account is redeployed."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        return self.world.instances.get(instance_id) or super().find(
            principal, instance_id
        )


@fault("released-id-remembered", "A1")
class ReleasedRemembered(RedeployCalls):
    """A released instance that was redeployed before is answered by its status."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        tasks = principal.account.tasks.values()
        if instance_id not in principal.account.instances and any(
            task.instance_id == instance_id for task in tasks
        ):
            raise incorrect_status()
        return super().find(principal, instance_id)


@fault("started-instances-not-found", "A15", "A8")
class MadeNotFound(RedeployCalls):
    """An instance that RunInstances or CreateInstance made is answered NotFound."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        instance = super().find(principal, instance_id)
        if instance.shown[0][1] == "Pending" and len(instance.shown) > 1:
            raise instance_not_found()
        return instance


@fault("stopped-not-found", "A15", "A8")
class StoppedNotFound(RedeployCalls):
    """A Stopped instance that DescribeInstances shows is answered NotFound."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        instance = super().find(principal, instance_id)
        if instance.status == "Stopped" and instance.flight is None:
            raise instance_not_found()
        return instance


@fault("forced-stopped-refused", "A8", "L11")
class ForcedStoppedRefused(RedeployCalls):
    """ForceStop on a Stopped instance is answered IncorrectInstanceStatus."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        if force_stop and instance.status == "Stopped":
            raise incorrect_status()
        return super().start(principal, instance, force_stop)


@fault("internal-error-leaves-it-stopping", "A12")
class InternalErrorHalfWay(RedeployCalls):
    """After an InternalError the instance stays in a status between."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        if principal.account.internal_errors:
            principal.account.internal_errors.pop(0)
            instance.place("Stopping")
            raise internal_error()
        return super().start(principal, instance, force_stop)


@fault("missing-id-crashes", "A14")
class MissingIdCrashes(RedeployCalls):
    """A call without an InstanceId is answered with an InternalError."""

    def instance_id(self, call: Call) -> str:
        if not call.params.get("InstanceId"):
            raise internal_error()
        return super().instance_id(call)


@fault("any-force-stop-accepted", "A14")
class AnyForceStop(RedeployCalls):
    """A ForceStop that is no boolean is taken for false."""

    def force_stop(self, call: Call) -> bool | None:
        value = self.single(call, "ForceStop")
        return None if value is None else value.lower() == "true"


@fault("bad-force-stop-takes-effect", "A14", "L10")
class BadForceStopTakesEffect(RedeployCalls):
    """A call is rejected for its ForceStop, and redeploys the instance all the same."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        try:
            return super().handle(call, principal)
        except ApiError as error:
            instance_id = call.params.get("InstanceId", "")
            if error.code == "InvalidParameter" and instance_id:
                self.start(principal, self.admit(principal, instance_id), None)
            raise


@fault("rejected-call-takes-effect-later", "L10")
class RejectedLater(RedeployCalls):
    """A rejected call redeploys the instance a minute later."""

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        try:
            return super().admit(principal, instance_id)
        except ApiError:
            instance = principal.account.instances.get(instance_id)
            if instance is not None:
                held = instance
                held.clock.later(60, lambda: self._redeploy(principal, held))
            raise

    def _redeploy(self, principal: Principal, instance: Instance) -> None:
        if instance.flight is None and instance.status in ("Running", "Stopped"):
            self.redeploys.accept(principal.account, instance, None)


class AfterRejection(RedeployCalls):
    """What a faulty one does to an instance when it rejects a call on it with one code."""

    code = "IncorrectInstanceStatus"

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        try:
            return super().admit(principal, instance_id)
        except ApiError as error:
            if error.code == self.code:
                self.rejected(principal.account.instances[instance_id])
            raise

    def rejected(self, instance: Instance) -> None:
        raise NotImplementedError


@fault("rejected-call-drops-locks", "L10")
class RejectedUnlocks(AfterRejection):
    """A call that is rejected for a security lock takes the lock away."""

    code = "InstanceLockedForSecurity"

    def rejected(self, instance: Instance) -> None:
        instance.lock_reasons = ()


@fault("rejected-call-changes-event-type", "L10")
class RejectedRetypes(AfterRejection):
    """A call that is rejected for its status makes the instance's events ones of another type."""

    def rejected(self, instance: Instance) -> None:
        for event in instance.events.values():
            event.event_type = "InstanceFailure.Reboot"


@fault("rejected-call-closes-events", "L10")
class RejectedCloses(AfterRejection):
    """A call that is rejected for its status closes the instance's events."""

    def rejected(self, instance: Instance) -> None:
        for event in self.admission.answered_events(instance):
            self.redeploys.close_event(event)


@fault("malformed-call-redirected", "A14")
class MalformedRedirected(RedeployCalls):
    """A ForceStop that is no boolean is answered with a redirection."""

    def force_stop(self, call: Call) -> bool | None:
        try:
            return super().force_stop(call)
        except ApiError as error:
            raise ApiError(302, error.code, error.message) from None


@fault("refused-caller-takes-effect", "U1", "L10")
class RefusedTakesEffect(RedeployCalls):
    """A caller without permission is refused, and the instance redeployed."""

    def permission_problem(
        self, principal: Principal, instance_id: str
    ) -> ApiError | None:
        refusal = super().permission_problem(principal, instance_id)
        instance = principal.account.instances.get(instance_id)
        if refusal and instance and self.admission.problem(instance) is None:
            self.redeploys.accept(principal.account, instance, None)
        return refusal


@fault("refusal-reveals-now-and-then", "U3")
class RevealsNowAndThen(RedeployCalls):
    """To a caller without permission an unknown id is told in every second call."""

    refusals = 0

    def permission_problem(
        self, principal: Principal, instance_id: str
    ) -> ApiError | None:
        refusal = super().permission_problem(principal, instance_id)
        self.refusals += refusal is not None
        if refusal is not None and self.refusals % 2 == 0:
            self.find(principal, instance_id)
        return refusal


@fault("throttled-call-takes-effect", "Q4", "L10")
class ThrottledTakesEffect(RedeployCalls):
    """A throttled call redeploys the instance all the same."""

    def throttle(self, call: Call, principal: Principal) -> None:
        try:
            super().throttle(call, principal)
        except ApiError:
            found = principal.account.instances.get(call.params.get("InstanceId", ""))
            if found and self.admission.problem(found) is None:
                self.redeploys.accept(principal.account, found, None)
            raise


@fault("throttled-call-takes-effect-later", "Q4", "L10")
class ThrottledLater(RedeployCalls):
    """A throttled call is carried out a minute later."""

    def throttle(self, call: Call, principal: Principal) -> None:
        try:
            super().throttle(call, principal)
        except ApiError:
            later = principal.account.clock.later
            later(60, lambda: self._redeploy(call, principal))
            raise

    def _redeploy(self, call: Call, principal: Principal) -> None:
        instance = principal.account.instances.get(call.params.get("InstanceId", ""))
        if instance and self.admission.problem(instance) is None:
            self.redeploys.accept(principal.account, instance, None)


@fault("boolean-case-alternates", "A14b")
class BooleanCaseAlternates(RedeployCalls):
    """A boolean with a capital letter is taken and rejected in turn."""

    calls = 0

    def force_stop(self, call: Call) -> bool | None:
        if call.params.get("ForceStop") in ("True", "False"):
            self.calls += 1
            if self.calls % 2 == 0:
                raise ApiError(400, "InvalidParameter", "ForceStop is not valid.")
        return super().force_stop(call)


@fault("any-number-accepted-as-force-stop", "A14")
class AnyNumber(RedeployCalls):
    """A ForceStop that is a number is taken for false."""

    def force_stop(self, call: Call) -> bool | None:
        number = call.params.get("ForceStop", "").isdecimal()
        return False if number else super().force_stop(call)


# Who is answered 200 has had the call accepted: without a TaskId, then.
@fault("missing-id-with-http-200", "A14", "R1")
class MissingIdWith200(RedeployCalls):
    """A call without an InstanceId is answered with an error and HTTP status 200."""

    def instance_id(self, call: Call) -> str:
        if not call.params.get("InstanceId"):
            raise ApiError(200, "MissingInstanceId", "InstanceId is mandatory.")
        return super().instance_id(call)


@fault("forced-stopped-has-no-event", "A9", "E1", "A13")
class ForcedStoppedHasNone(RedeployCalls):
    """With ForceStop true a Stopped instance is said to have no event."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        if force_stop and instance.status == "Stopped":
            raise redeploy_not_allowed(NO_EVENT_TEXT)
        return super().start(principal, instance, force_stop)


@fault("security-lock-ignored-when-forced", "A3")
class LockIgnoredForced(RedeployCalls):
    """With ForceStop true an instance that is locked for security is redeployed."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        found = principal.account.instances.get(call.params.get("InstanceId", ""))
        if found is None or call.params.get("ForceStop") != "true":
            return super().handle(call, principal)
        locks = found.lock_reasons
        found.lock_reasons = tuple(one for one in locks if one != "security")
        try:
            return super().handle(call, principal)
        finally:
            found.lock_reasons = locks


class _TakenForStopped(RedeployCalls):
    """One that takes some instances for Stopped when the call is forced."""

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        found = principal.account.instances.get(call.params.get("InstanceId", ""))
        forced = call.params.get("ForceStop") == "true"
        if found is None or not forced or not self.overlooked(found):
            return super().handle(call, principal)
        status, flight = found.status, found.flight
        found.status, found.flight = "Stopped", None
        try:
            return super().handle(call, principal)
        except ApiError:
            found.status, found.flight = status, flight
            raise

    def overlooked(self, instance: Instance) -> bool:
        raise NotImplementedError


@fault("forced-second-call-accepted-while-stopping", "A2", "L12")
class ForcedWhileStopping(_TakenForStopped):
    """A forced second call is accepted while the redeploy on its way shows Stopping."""

    def overlooked(self, instance: Instance) -> bool:
        return instance.flight is not None and instance.status == "Stopping"


@fault("starting-accepted-when-forced", "A2")
class StartingForced(_TakenForStopped):
    """A forced call on a Starting instance is accepted."""

    def overlooked(self, instance: Instance) -> bool:
        return instance.flight is None and instance.status == "Starting"

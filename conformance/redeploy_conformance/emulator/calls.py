"""The RedeployInstance operation: from a genuine call to its answer."""

from typing import Final

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.errors import (
    ApiError,
    instance_not_found,
    internal_error,
    invalid,
    missing,
)
from redeploy_conformance.emulator.limiter import Limiter
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Instance, Principal, World

ACTION: Final = "ecs:RedeployInstance"
_LENIENT: Final = {"": None, "1": True, "0": False}


class RedeployCalls:
    """Handles the calls of one operation. The order: rate limit, parameters,
    permission, preconditions."""

    def __init__(
        self,
        world: World,
        limiter: Limiter,
        authority: Authority,
        admission: Admission,
        redeploys: Redeploys,
    ) -> None:
        self.world = world
        self.limiter = limiter
        self.authority = authority
        self.admission = admission
        self.redeploys = redeploys

    def handle(self, call: Call, principal: Principal) -> dict[str, object]:
        """The fields of the answer. Raises ApiError when the call is rejected."""
        self.throttle(call, principal)
        instance_id = self.instance_id(call)
        force_stop = self.force_stop(call)
        instance = self.admit(principal, instance_id)
        return self.start(principal, instance, force_stop)

    def throttle(self, call: Call, principal: Principal) -> None:
        """Raise the refusal of the rate limit when there is no room for the call."""
        self.limiter.arrive(principal.account, call.params.get("InstanceId", ""))

    def instance_id(self, call: Call) -> str:
        """The mandatory parameter."""
        value = self.single(call, "InstanceId") or ""
        if self.world.settings.lenient_values == "accepted":
            value = value.strip()
        if not value:
            raise missing("InstanceId")
        return value

    def force_stop(self, call: Call) -> bool | None:
        """The optional parameter; None if absent."""
        value = self.single(call, "ForceStop")
        if value is None:
            return None
        if self.world.settings.boolean_case == "accepted":
            value = value.lower()
        if value in ("true", "false"):
            return value == "true"
        if self.world.settings.lenient_values == "accepted" and value in _LENIENT:
            return _LENIENT[value]
        raise invalid("ForceStop")

    def single(self, call: Call, name: str) -> str | None:
        """A parameter that should come once; None if absent."""
        if name in call.repeated and self.world.settings.lenient_values != "accepted":
            raise invalid(name)
        return call.params.get(name)

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        """The instance, if the caller may redeploy it and nothing speaks against it."""
        refusal = self.permission_problem(principal, instance_id)
        if refusal is not None and self.world.settings.refusal_reveals == "same":
            raise refusal
        instance = self.find(principal, instance_id)
        problem = self.admission.problem(instance) or refusal
        if problem is not None:
            raise problem
        return instance

    def permission_problem(
        self, principal: Principal, instance_id: str
    ) -> ApiError | None:
        """The refusal, if the caller's policies do not allow the call."""
        resource = self.authority.resource(principal, f"instance/{instance_id}")
        if self.authority.allows(principal, ACTION, resource):
            return None
        return self.authority.refusal()

    def find(self, principal: Principal, instance_id: str) -> Instance:
        """The instance of the caller's account with that id."""
        instance = principal.account.instances.get(instance_id)
        if instance is None:
            raise instance_not_found()
        return instance

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        """Begin the redeploy, unless an internal error was ordered for this call."""
        account = principal.account
        effect = account.internal_errors.pop(0) if account.internal_errors else None
        if effect == "none":
            raise internal_error()
        task = self.redeploys.accept(account, instance, force_stop)
        self.limiter.accepted(account, instance.instance_id)
        if effect is not None:
            raise internal_error()
        return self.answer(task.task_id)

    def answer(self, task_id: str) -> dict[str, object]:
        """The fields of an accepted call, besides the RequestId."""
        return {"TaskId": task_id}

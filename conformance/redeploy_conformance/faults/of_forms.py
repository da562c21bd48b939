"""Faults in what a request says: how it is signed, where its parameters stand, and how they are read."""

from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Instance, Principal
from redeploy_conformance.faults.registry import fault


@fault("force-stop-of-a-form-ignored", "L11", "A14")
class FormIgnored(RedeployCalls):
    """A ForceStop that stands in a form, not in the query, is not read."""

    def force_stop(self, call: Call) -> bool | None:
        if "ForceStop" not in dict(call.query):
            return None
        return super().force_stop(call)


@fault("force-stop-of-a-form-is-true", "L11")
class FormIsTrue(RedeployCalls):
    """A ForceStop that stands in a form is taken for true, whatever it says."""

    def force_stop(self, call: Call) -> bool | None:
        value = super().force_stop(call)
        in_form = value is not None and "ForceStop" not in dict(call.query)
        return True if in_form else value


@fault("force-stop-of-v1-ignored", "L11")
class OfV1Ignored(RedeployCalls):
    """In a call that is signed with version 1 a ForceStop is checked, and not heeded."""

    def force_stop(self, call: Call) -> bool | None:
        value = super().force_stop(call)
        return None if call.scheme == "v1" else value


@fault("beginning-of-an-id-is-enough", "A1")
class BeginningIsEnough(RedeployCalls):
    """The beginning of an id is taken for the id."""

    def find(self, principal: Principal, instance_id: str) -> Instance:
        for known, instance in principal.account.instances.items():
            if known.startswith(instance_id):
                return instance
        return super().find(principal, instance_id)


@fault("force-stop-remembered", "L11")
class ForceStopRemembered(RedeployCalls):
    """An instance that was once stopped by force is stopped so by every later call."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        forced = True if instance.power_offs else force_stop
        return super().start(principal, instance, forced)

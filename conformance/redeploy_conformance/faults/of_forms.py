"""Faults that only some forms of a request show: how it is signed, and where its parameters stand."""

from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.request import Call
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

"""Faults in what an implementation says of itself: parts that are offered and do not work."""

from collections.abc import Mapping

from redeploy_conformance.emulator.control_parts import (
    ControlError,
    ControlParts,
    Reply,
)
from redeploy_conformance.faults.registry import fault


@fault("clock-offered-but-unsupported", "S1")
class ClockUnsupported(ControlParts):
    """The clock is offered, and turning it is answered 501."""

    def advance(self, asked: Mapping[str, object]) -> Reply:
        raise ControlError(501, "This clock cannot be turned.")


@fault("outcomes-offered-but-unsupported", "S1")
class OutcomesUnsupported(ControlParts):
    """Outcomes are offered, and deciding the next one is answered 501."""

    def next_redeploy(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        raise ControlError(501, "How a redeploy ends cannot be decided.")


@fault("one-instance-too-few", "S1")
class OneTooFew(ControlParts):
    """Of several instances asked for, the last is not in the answer."""

    def add_instances(self, asked: Mapping[str, object]) -> Reply:
        status, fields = super().add_instances(asked)
        made = fields["instances"]
        assert isinstance(made, list)
        return status, {"instances": made[: max(1, len(made) - 1)]}


@fault("only-one-instance-inspected", "S1")
class OneInspected(ControlParts):
    """Of the instances of an account, inspection shows the first."""

    def inspect(self, asked: Mapping[str, object]) -> Reply:
        status, fields = super().inspect(asked)
        shown = fields["instances"]
        assert isinstance(shown, list)
        return status, {"instances": shown[:1]}


@fault("principals-without-a-secret", "S1")
class NoSecret(ControlParts):
    """A new user comes without the secret of its key."""

    def add_principal(self, asked: Mapping[str, object]) -> Reply:
        status, fields = super().add_principal(asked)
        return status, {"access_key_id": fields["access_key_id"]}


@fault("only-the-first-policy-read", "U2")
class FirstPolicyOnly(ControlParts):
    """Of several policies of a user only the first one counts."""

    def add_principal(self, asked: Mapping[str, object]) -> Reply:
        policies = asked.get("policies")
        some = policies[:1] if isinstance(policies, list) else policies
        return super().add_principal({**asked, "policies": some})


@fault("only-the-last-policy-read", "U2")
class LastPolicyOnly(ControlParts):
    """Of several policies of a user only the last one counts."""

    def add_principal(self, asked: Mapping[str, object]) -> Reply:
        policies = asked.get("policies")
        some = policies[-1:] if isinstance(policies, list) else policies
        return super().add_principal({**asked, "policies": some})


@fault("change-not-made", "S1")
class ChangeNotMade(ControlParts):
    """A change of an instance is answered 200, and its locks stay as they were."""

    def change_instance(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        rest = {name: one for name, one in asked.items() if name != "lock_reasons"}
        return super().change_instance(rest, instance_id)


@fault("released-instance-stays", "S1")
class ReleasedStays(ControlParts):
    """Releasing an instance is answered 200, and the instance is there all the same."""

    def release(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        self._instance(instance_id)
        return 200, {}


@fault("instance-id-given-twice", "S1")
class IdGivenTwice(ControlParts):
    """Of several new instances, the last is answered with the id of the first."""

    def add_instances(self, asked: Mapping[str, object]) -> Reply:
        status, fields = super().add_instances(asked)
        made = fields["instances"]
        assert isinstance(made, list)
        return status, {"instances": [*made[:-1], made[0]]}


@fault("told-other-than-inspected", "S1")
class ToldOtherwise(ControlParts):
    """What is told of a new instance names a server that is not the one it runs on."""

    def add_instances(self, asked: Mapping[str, object]) -> Reply:
        status, fields = super().add_instances(asked)
        made = fields["instances"]
        assert isinstance(made, list)
        for row in made:
            row["inspect"]["host"] += "-0"
        return status, fields

"""Faults in judging signatures."""

from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.signatures import Signatures, read_moment
from redeploy_conformance.emulator.state import Principal
from redeploy_conformance.faults.registry import fault
from redeploy_conformance.wire.signatures import parse_authorization_v3, signature_v3


@fault("altered-call-accepted-v1", "U4")
class AlteredV1(Signatures):
    """A V1 signature is not compared: altered parameters pass."""

    def check_v1(self, call: Call, principal: Principal) -> None:
        return


@fault("altered-call-accepted-v3", "U4")
class AlteredV3(Signatures):
    """A V3 signature is not compared: altered parameters pass."""

    def check_v3(
        self, call: Call, principal: Principal, covered: list[str], signature: str
    ) -> None:
        return


@fault("altered-body-accepted-v3", "U4")
class AlteredBodyV3(Signatures):
    """The body of a V3 call is not compared with its signed hash."""

    def check_body(self, call: Call) -> None:
        return


@fault("replayed-nonce-accepted", "U4")
class Replayed(Signatures):
    """A nonce may be used again."""

    def used(self, principal: Principal, nonce: str) -> bool:
        return False


@fault("nonce-forgotten-soon", "U4")
class NonceForgotten(Signatures):
    """A nonce may be used again after another one."""

    def used(self, principal: Principal, nonce: str) -> bool:
        return next(reversed(principal.nonces), None) == nonce


@fault("stale-timestamp-accepted", "U4")
class Stale(Signatures):
    """A call may be as old as it likes."""

    def current(self, moment: float) -> bool:
        return True


@fault("unreadable-timestamp-accepted", "U4")
class Unreadable(Signatures):
    """A time stamp that cannot be read is taken for a current one."""

    def check_time(self, text: str) -> None:
        if read_moment(text) is not None:
            super().check_time(text)


@fault("key-without-signature-accepted", "U4")
class KeyAlone(Signatures):
    """Who names a key and gives no signature is taken for its owner."""

    def authenticate_v1(self, call: Call) -> Principal:
        if "AccessKeyId" in call.params and "Signature" not in call.params:
            return self.find(call.params["AccessKeyId"])
        return super().authenticate_v1(call)


@fault("signature-turned-round-v1", "U4")
class TurnedRoundV1(Signatures):
    """V1 signatures are judged the wrong way round: good ones are refused, wrong ones pass."""

    def same(self, expected: str, given: str) -> bool:
        # Only the V3 signature is written in hexadecimal digits.
        alike = super().same(expected, given)
        return alike if len(expected) == 64 else not alike


@fault("unsigned-call-accepted", "U4")
class Unsigned(Signatures):
    """A call without any key is taken for one of the instance's owner."""

    def authenticate(self, call: Call) -> Principal:
        instance = self.world.instances.get(call.params.get("InstanceId", ""))
        if call.scheme == "v1" and "AccessKeyId" not in call.params and instance:
            for principal in self.world.principals.values():
                if principal.account.account_id == instance.account_id:
                    return principal
        return super().authenticate(call)


@fault("bad-signature-takes-effect", "U4", "L10")
class RefusedStops(Signatures):
    """A call with a bad signature is refused, and stops the instance."""

    def authenticate(self, call: Call) -> Principal:
        try:
            return super().authenticate(call)
        except ApiError:
            instance = self.world.instances.get(call.params.get("InstanceId", ""))
            if instance is not None and instance.flight is None:
                instance.place("Stopped" if instance.status == "Running" else "Running")
            raise


@fault("unknown-key-accepted", "U4")
class UnknownKey(Signatures):
    """A key that nobody has is taken for one of the instance's owner."""

    def authenticate(self, call: Call) -> Principal:
        try:
            return super().authenticate(call)
        except ApiError as error:
            instance = self.world.instances.get(call.params.get("InstanceId", ""))
            if instance is None or error.code != "InvalidAccessKeyId.NotFound":
                raise
            users = self.world.principals.values()
            mine = instance.account_id
            return next(one for one in users if one.account.account_id == mine)


@fault("replayed-nonce-accepted-v1", "U4")
class ReplayedV1(Signatures):
    """In a call that is signed with version 1 a nonce may be used again."""

    def authenticate_v1(self, call: Call) -> Principal:
        named = self.world.principals.get(call.params.get("AccessKeyId", ""))
        if named is not None:
            named.nonces.pop(call.params.get("SignatureNonce", ""), None)
        return super().authenticate_v1(call)


@fault("timestamp-of-any-time-zone-accepted", "U4")
class AnyTimeZone(Signatures):
    """A call may be nine hours old, in case its clock shows the time of another zone."""

    def current(self, moment: float) -> bool:
        return abs(self.world.wall() - moment) <= 9 * 3600


@fault("beginning-of-a-signature-is-enough", "U4")
class SignatureBegins(Signatures):
    """Of a version 3 signature the beginning is enough, down to none of it."""

    def authenticate_v3(self, call: Call) -> Principal:
        before, mark, given = call.headers["authorization"].rpartition("Signature=")
        if mark and len(given) < 64:
            key, covered, _ = parse_authorization_v3(f"{before}{mark}0")
            text = self.text_v3(call, list(covered))
            whole = signature_v3(self.find(key).secret, text)
            if whole.startswith(given):
                call.headers["authorization"] = f"{before}{mark}{whole}"
        return super().authenticate_v3(call)

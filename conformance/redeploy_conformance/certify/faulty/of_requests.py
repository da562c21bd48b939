"""Clients that send something else than was asked for, or sign it badly (C1, C2)."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote, quote_plus, urlsplit

from redeploy_conformance.certify.client import Call, Client
from redeploy_conformance.certify.faulty.registry import faulty
from redeploy_conformance.wire import signatures
from redeploy_conformance.wire.http import HttpRequest


@faulty("old-version", "C1")
class OldVersion(Client):
    """Asks for a version of the operation that there is not."""

    def request(self, call: Call) -> HttpRequest:
        return self.signed(call, version="2014-05-25")


@faulty("another-operation", "C1")
class AnotherOperation(Client):
    """Reboots the instance instead."""

    def request(self, call: Call) -> HttpRequest:
        return self.signed(call, action="RebootInstance")


@faulty("not-signed", "C1")
class NotSigned(Client):
    """Sends the call without a signature."""

    def request(self, call: Call) -> HttpRequest:
        return self.signed(call, credentials=None)


@faulty("port-not-signed", "C1")
class PortNotSigned(Client):
    """Signs the host without the port that it sends (V3; V1 signs no host)."""

    def host(self, call: Call) -> str:
        return urlsplit(call.endpoint).hostname or ""

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        sent = dict(request.headers) | {"host": super().host(call)}
        return replace(request, headers=tuple(sent.items()))


@faulty("another-host", "C1")
class AnotherHost(Client):
    """Sends the call to the endpoint as if to another host, and signs that one."""

    def host(self, call: Call) -> str:
        return "ecs.test"


@faulty("by-put", "C1")
class ByPut(Client):
    """Sends the call by PUT, and signs that."""

    def request(self, call: Call) -> HttpRequest:
        return self.signed(call, method="PUT")


@faulty("to-another-path", "C1")
class ToAnotherPath(Client):
    """Sends the call to a path of its own, which V1 does not sign."""

    def __init__(self, signature: str = "v1") -> None:
        """Sign by V1."""
        super().__init__("v1")

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        return replace(request, target=f"/redeploy{request.target}")


class OtherId(Client):
    """Changes the id before it is signed."""

    def other(self, instance_id: str) -> str:
        raise NotImplementedError

    def params(self, call: Call) -> list[tuple[str, str]]:
        return super().params(replace(call, instance_id=self.other(call.instance_id)))


@faulty("id-trimmed", "C1")
class IdTrimmed(OtherId):
    """Takes the blanks off both ends of the id."""

    def other(self, instance_id: str) -> str:
        return instance_id.strip()


@faulty("id-lower-cased", "C1")
class IdLowerCased(OtherId):
    """Sends the id in lower case."""

    def other(self, instance_id: str) -> str:
        return instance_id.lower()


@faulty("id-cut-short", "C1")
class IdCutShort(OtherId):
    """Sends no more of the id than 64 characters."""

    def other(self, instance_id: str) -> str:
        return instance_id[:64]


@faulty("id-encoded-twice", "C1")
class IdEncodedTwice(OtherId):
    """Encodes the id before it is encoded."""

    def other(self, instance_id: str) -> str:
        return quote(instance_id, safe="~")


@faulty("id-in-latin-1", "C1")
class IdInLatin1(OtherId):
    """Sends a question mark for each character that Latin-1 does not have."""

    def other(self, instance_id: str) -> str:
        return instance_id.encode("latin-1", "replace").decode("latin-1")


class Misencoding(Client):
    """Encodes by rules of its own, on the wire and where it signs."""

    def encode(self, text: str) -> str:
        raise NotImplementedError

    def request(self, call: Call) -> HttpRequest:
        # The signing of the suite is right by itself: for one request it is made wrong.
        right = signatures.percent_encode
        vars(signatures)["percent_encode"] = self.encode
        try:
            return super().request(call)
        finally:
            vars(signatures)["percent_encode"] = right


@faulty("space-as-plus", "C1")
class SpaceAsPlus(Misencoding):
    """Signs a space as '+'."""

    def encode(self, text: str) -> str:
        return quote_plus(text, safe="~")


@faulty("plus-as-it-is", "C1")
class PlusAsItIs(Misencoding):
    """Leaves '+' as it is, which servers read as a space."""

    def encode(self, text: str) -> str:
        return quote(text, safe="~+")


@faulty("star-as-it-is", "C1")
class StarAsItIs(Misencoding):
    """Signs '*' without encoding it, as form encoders do."""

    def encode(self, text: str) -> str:
        return quote(text, safe="~*")


@faulty("tilde-encoded", "C1")
class TildeEncoded(Misencoding):
    """Signs '~' encoded, as form encoders do."""

    def encode(self, text: str) -> str:
        return quote(text, safe="").replace("~", "%7E")


@faulty("lower-case-hex", "C1")
class LowerCaseHex(Misencoding):
    """Signs encoded characters with small hexadecimal digits."""

    def encode(self, text: str) -> str:
        plain = quote(text, safe="~")
        head, *encoded = plain.split("%")
        return head + "".join(f"%{one[:2].lower()}{one[2:]}" for one in encoded)


@faulty("force-stop-not-signed", "C1")
class ForceStopNotSigned(Client):
    """Adds ForceStop after signing."""

    def request(self, call: Call) -> HttpRequest:
        request = super().request(replace(call, force_stop=None))
        if call.force_stop is None:
            return request
        more = f"&ForceStop={self.boolean(call.force_stop)}"
        return replace(request, target=request.target + more)


@faulty("force-stop-always", "C1")
class ForceStopAlways(Client):
    """Sends ForceStop=false where it was not set."""

    def params(self, call: Call) -> list[tuple[str, str]]:
        return super().params(replace(call, force_stop=bool(call.force_stop)))


@faulty("force-stop-never", "C1")
class ForceStopNever(Client):
    """Leaves ForceStop out where it is true."""

    def params(self, call: Call) -> list[tuple[str, str]]:
        return super().params(replace(call, force_stop=None))


@faulty("force-stop-in-words", "C1")
class ForceStopInWords(Client):
    """Sends ForceStop as yes or no."""

    def boolean(self, value: bool) -> str:
        return "yes" if value else "no"


@faulty("force-stop-as-number", "C1")
class ForceStopAsNumber(Client):
    """Sends ForceStop as 1 or 0."""

    def boolean(self, value: bool) -> str:
        return str(int(value))


@faulty("force-stop-twice", "C1")
class ForceStopTwice(Client):
    """Sends ForceStop=false beside the ForceStop that was asked for, both signed."""

    def params(self, call: Call) -> list[tuple[str, str]]:
        params = super().params(call)
        return [*params, ("ForceStop", "false")] if call.force_stop else params


@faulty("key-id-lower-cased", "C1")
class KeyIdLowerCased(Client):
    """Writes the id of its key in small letters."""

    def request(self, call: Call) -> HttpRequest:
        key = call.credentials
        key = replace(key, access_key_id=key.access_key_id.lower())
        return super().request(replace(call, credentials=key))


@faulty("nonce-reused", "C2")
class NonceReused(Client):
    """Uses one nonce for every call."""

    def nonce(self) -> str:
        return "3ee8c1b883d344afa94f4e0ad82fd6cf"


@faulty("nonce-missing", "C2")
class NonceMissing(Client):
    """Sends an empty nonce."""

    def nonce(self) -> str:
        return ""


@faulty("timestamp-stale", "C2")
class TimestampStale(Client):
    """Is an hour behind."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=1)


@faulty("timestamp-local", "C2")
class TimestampLocal(Client):
    """Sends the local time of China as if it were UTC."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=8)


@faulty("timestamp-of-the-first-call", "C2")
class TimestampOfTheFirstCall(Client):
    """Sends in every call the time of the first."""

    first: datetime | None = None

    def now(self) -> datetime:
        self.first = self.first or super().now()
        return self.first

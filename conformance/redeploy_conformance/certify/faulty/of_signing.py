"""Clients that name what they want in the wrong place or form (C1, C2), or ask for another answer (C3, C4)."""

import base64
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, unquote

from redeploy_conformance.certify.client import Call, Client
from redeploy_conformance.certify.faulty.registry import faulty
from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signatures import (
    canonical_query,
    percent_encode,
    signature_v1,
    string_to_sign_v1,
)

Pairs = list[tuple[str, str]]


class ByV1(Client):
    """Signs by V1 whatever it was made for, with parameters that may be changed before."""

    def __init__(self, signature: str = "v1") -> None:
        """Take the other scheme for V1, too."""
        super().__init__("v1")

    def changed(self, pairs: Pairs, call: Call) -> Pairs:
        """Return the parameters that are signed."""
        raise NotImplementedError

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        known = [one.split("=") for one in request.target[2:].split("&")]
        pairs = [(unquote(name), unquote(value)) for name, value in known]
        pairs = self.changed([one for one in pairs if one[0] != "Signature"], call)
        text = string_to_sign_v1(request.method, pairs)
        signature = signature_v1(call.credentials.access_key_secret, text)
        query = f"{canonical_query(pairs)}&Signature={percent_encode(signature)}"
        return replace(request, target=f"/?{query}")


@faulty("format-left-out", "C3", "C4")
class FormatLeftOut(ByV1):
    """Reads JSON and does not ask for it: by V1, an answer is XML then."""

    def changed(self, pairs: Pairs, call: Call) -> Pairs:
        return [one for one in pairs if one[0] != "Format"]


@faulty("action-in-a-header-only", "C1")
class ActionInAHeader(ByV1):
    """Names operation and version in headers, as by V3, and signs by V1."""

    def changed(self, pairs: Pairs, call: Call) -> Pairs:
        return [one for one in pairs if one[0] not in ("Action", "Version")]

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        more = (("x-acs-action", "RedeployInstance"), ("x-acs-version", "2014-05-26"))
        return replace(request, headers=request.headers + more)


@faulty("nonce-in-a-header-only", "C2")
class NonceInAHeader(ByV1):
    """Sends the nonce in a header, as by V3, and signs by V1."""

    def changed(self, pairs: Pairs, call: Call) -> Pairs:
        return [one for one in pairs if one[0] != "SignatureNonce"]

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        more = (("x-acs-signature-nonce", self.nonce()),)
        return replace(request, headers=request.headers + more)


@faulty("another-id-beside-it", "C1")
class AnotherIdBesideIt(ByV1):
    """Sends the id that it was made with, too."""

    def changed(self, pairs: Pairs, call: Call) -> Pairs:
        return [("InstanceId", ""), *pairs]


@faulty("signature-not-in-base64", "C1")
class SignatureNotInBase64(ByV1):
    """Sends the bytes of the signature as they are."""

    def changed(self, pairs: Pairs, call: Call) -> Pairs:
        return pairs

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        rest, _, signature = request.target.rpartition("=")
        raw = quote(base64.b64decode(unquote(signature)), safe="")
        return replace(request, target=f"{rest}={raw}")


class Stamped(Client):
    """Writes the time in a form of its own."""

    def stamp(self, now: datetime) -> str:
        """Return the time as it is sent."""
        raise NotImplementedError

    def request(self, call: Call) -> HttpRequest:
        return self.signed(call, stamp=self.stamp(self.now()))


@faulty("timestamp-compact", "C2")
class TimestampCompact(Stamped):
    """Writes the time without hyphens and colons, as other clouds do."""

    def stamp(self, now: datetime) -> str:
        return now.strftime("%Y%m%dT%H%M%SZ")


@faulty("timestamp-with-a-space", "C2")
class TimestampWithASpace(Stamped):
    """Writes a space between day and time."""

    def stamp(self, now: datetime) -> str:
        return now.strftime("%Y-%m-%d %H:%M:%SZ")

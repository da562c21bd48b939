"""Who signed a call, and whether the signature is good."""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from redeploy_conformance.emulator.errors import ApiError, missing
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import Principal, World
from redeploy_conformance.wire.signatures import (
    canonical_request_v3,
    parse_authorization_v3,
    signature_v1,
    signature_v3,
    string_to_sign_v1,
    string_to_sign_v3,
)

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)

# What a V3 signature has to cover: without these it would not say which call it is.
_COVERED: Final = frozenset(
    {
        "host",
        "x-acs-action",
        "x-acs-version",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-content-sha256",
    }
)


class Signatures:
    """Judges signatures of both schemes, by the wall clock."""

    def __init__(self, world: World) -> None:
        self.world = world

    def authenticate(self, call: Call) -> Principal:
        """The principal that signed the call. Raises ApiError if nobody did."""
        if call.scheme == "v3":
            return self.authenticate_v3(call)
        return self.authenticate_v1(call)

    def authenticate_v1(self, call: Call) -> Principal:
        """Signature version 1: HMAC-SHA1 over all parameters."""
        params = call.params
        for name in ("AccessKeyId", "Timestamp", "SignatureNonce"):
            if not params.get(name):
                raise missing(name)
        if not params.get("Signature") or "Signature" in call.repeated:
            raise _incomplete()
        if params.get("SignatureMethod", "HMAC-SHA1").upper() != "HMAC-SHA1":
            raise _incomplete()
        self.check_time(params["Timestamp"])
        principal = self.find(params["AccessKeyId"])
        self.check_v1(call, principal)
        self.check_nonce(principal, params["SignatureNonce"])
        return principal

    def check_v1(self, call: Call, principal: Principal) -> None:
        """Raise unless the signature is the one of the principal's secret."""
        text = self.text_v1(call)
        expected = signature_v1(principal.secret, text)
        if not self.same(expected, call.params["Signature"]):
            raise ApiError(
                400,
                "SignatureDoesNotMatch",
                "Specified signature is not matched with our calculation. server"
                f" string to sign is:{text}",
            )

    def text_v1(self, call: Call) -> str:
        """What must have been signed."""
        return string_to_sign_v1(call.method, call.pairs)

    def authenticate_v3(self, call: Call) -> Principal:
        """Signature version 3: HMAC-SHA256 over request line, headers and body."""
        headers = call.headers
        try:
            key, covered, signature = parse_authorization_v3(headers["authorization"])
        except ValueError:
            raise _incomplete() from None
        if not set(covered) >= _COVERED or not set(headers) >= set(covered):
            raise _incomplete()
        self.check_time(headers["x-acs-date"])
        principal = self.find(key)
        self.check_body(call)
        self.check_v3(call, principal, list(covered), signature)
        self.check_nonce(principal, headers["x-acs-signature-nonce"])
        return principal

    def check_v3(
        self, call: Call, principal: Principal, covered: list[str], signature: str
    ) -> None:
        """Raise unless the signature is the one of the principal's secret."""
        text = self.text_v3(call, covered)
        if not self.same(signature_v3(principal.secret, text), signature):
            raise ApiError(
                400,
                "SignatureDoesNotMatch",
                "Specified signature does not match our calculation. server"
                f" StringToSign is [{text}]",
            )

    def text_v3(self, call: Call, covered: list[str]) -> str:
        """What must have been signed."""
        return string_to_sign_v3(
            canonical_request_v3(
                call.method,
                call.path,
                call.query,
                call.headers,
                covered,
                call.headers["x-acs-content-sha256"],
            )
        )

    def check_body(self, call: Call) -> None:
        """Raise unless the body is the one whose hash was signed."""
        digest = hashlib.sha256(call.body).hexdigest()
        if digest != call.headers["x-acs-content-sha256"].lower():
            raise ApiError(
                400,
                "SignatureDoesNotMatch",
                "Specified signature does not match our calculation. The header"
                " x-acs-content-sha256 is not the hash of the body.",
            )

    def same(self, expected: str, given: str) -> bool:
        """Whether two signatures are equal."""
        return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))

    def check_time(self, text: str) -> None:
        """Raise unless the moment is near the present, by the wall clock."""
        moment = read_moment(text)
        if moment is None:
            raise ApiError(
                400,
                "InvalidTimeStamp.Format",
                "Specified time stamp or date value is not well formatted.",
            )
        if not self.current(moment):
            raise ApiError(
                400,
                "InvalidTimeStamp.Expired",
                "Specified time stamp or date value is expired.",
            )

    def current(self, moment: float) -> bool:
        """Whether the moment is at most 15 minutes away from now."""
        window = self.world.settings.signature_window_seconds
        return abs(self.world.wall() - moment) <= window

    def find(self, access_key_id: str) -> Principal:
        """The principal with that key."""
        principal = self.world.principals.get(access_key_id)
        if principal is None:
            raise ApiError(
                404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."
            )
        return principal

    def check_nonce(self, principal: Principal, nonce: str) -> None:
        """Raise if the principal has used the nonce before; else remember it."""
        if self.used(principal, nonce):
            raise ApiError(
                400, "SignatureNonceUsed", "Specified signature nonce was used already."
            )
        now = self.world.wall()
        if len(principal.nonces) >= principal.prune_at:
            # A nonce need not be known longer than its timestamp can be valid.
            oldest = now - 2 * self.world.settings.signature_window_seconds
            principal.nonces = {n: t for n, t in principal.nonces.items() if t > oldest}
            principal.prune_at = max(principal.prune_at, 2 * len(principal.nonces))
        principal.nonces[nonce] = now

    def used(self, principal: Principal, nonce: str) -> bool:
        """Whether the principal has used the nonce before."""
        return nonce in principal.nonces


def _incomplete() -> ApiError:
    return ApiError(
        400,
        "IncompleteSignature",
        "The request signature does not conform to Aliyun standards.",
    )


def read_moment(text: str) -> float | None:
    """A moment like 2026-01-31T12:00:00Z in seconds since 1970; None if it is none."""
    return _moment(text) if len(text) < 40 else None


@lru_cache(maxsize=256)
def _moment(text: str) -> float | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None

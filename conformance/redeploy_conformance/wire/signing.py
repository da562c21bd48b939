"""The client's side: building signed requests."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signatures import (
    ALGORITHM_V3,
    canonical_query,
    canonical_request_v3,
    percent_encode,
    signature_v1,
    signature_v3,
    string_to_sign_v1,
    string_to_sign_v3,
)

FORM = "application/x-www-form-urlencoded"
_EMPTY_BODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, with the token of a temporary one; no secret ever shows in a repr."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


def build_request(
    params: Sequence[tuple[str, str]],
    *,
    action: str,
    credentials: Credentials | None,
    host: str,
    scheme: str = "v3",
    method: str = "POST",
    place: str = "query",
    format: str = "JSON",
    nonce: str | None = None,
    now: datetime | None = None,
    stamp: str | None = None,
    version: str = "2014-05-26",
) -> HttpRequest:
    """Return one request to an operation, signed unless ``credentials`` is None.

    ``scheme`` is ``v1`` or ``v3``, ``method`` ``GET`` or ``POST``, ``place`` ``query`` or
    ``form``. ``host`` is signed with its port, as the server sees it. ``format``, ``JSON``
    or ``XML``, is sent with V1 only (V3 answers JSON). ``now`` is aware; without ``nonce``
    and ``now`` both are fresh. ``stamp`` is sent for the time as it is, whatever it says. Credentials with
    an empty secret name a key and sign nothing.

    Raises:
        ValueError: there is no such scheme or place.
    """
    if scheme not in ("v1", "v3") or place not in ("query", "form"):
        raise ValueError(f"no request is signed by {scheme!r} with a {place!r}")
    moment = datetime.now(UTC) if now is None else now.astimezone(UTC)
    if stamp is None:
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    fresh = secrets.token_hex(16) if nonce is None else nonce
    if scheme == "v1":
        pairs = [
            ("Action", action),
            ("Version", version),
            ("Format", format),
            ("SignatureNonce", fresh),
            ("Timestamp", stamp),
            *params,
        ]
        return _v1(method, pairs, place, host, credentials)
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": stamp,
        "x-acs-signature-nonce": fresh,
    }
    return _v3(method, params, place, headers, credentials)


def _v1(
    method: str,
    pairs: list[tuple[str, str]],
    place: str,
    host: str,
    credentials: Credentials | None,
) -> HttpRequest:
    headers = {"host": host}
    if credentials is None:
        return _message(method, canonical_query(pairs), place, headers)
    pairs += [
        ("AccessKeyId", credentials.access_key_id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
    ]
    if credentials.security_token is not None:
        pairs.append(("SecurityToken", credentials.security_token))
    if not credentials.access_key_secret:
        return _message(method, canonical_query(pairs), place, headers)
    text = string_to_sign_v1(method, pairs)
    signature = signature_v1(credentials.access_key_secret, text)
    query = f"{canonical_query(pairs)}&Signature={percent_encode(signature)}"
    return _message(method, query, place, headers)


def _v3(
    method: str,
    params: Sequence[tuple[str, str]],
    place: str,
    headers: dict[str, str],
    credentials: Credentials | None,
) -> HttpRequest:
    query = canonical_query(params)
    in_body = place == "form"
    digest = hashlib.sha256(query.encode()).hexdigest() if in_body else _EMPTY_BODY
    headers["x-acs-content-sha256"] = digest
    if in_body:
        headers["content-type"] = FORM
    if credentials is not None:
        if credentials.security_token is not None:
            headers["x-acs-accesskey-id"] = credentials.access_key_id
            headers["x-acs-security-token"] = credentials.security_token
        names = sorted(headers)
        signed = () if in_body else params
        text = string_to_sign_v3(
            canonical_request_v3(method, "/", signed, headers, names, digest)
        )
        secret = credentials.access_key_secret
        signature = signature_v3(secret, text) if secret else ""
        headers["authorization"] = (
            f"{ALGORITHM_V3} Credential={credentials.access_key_id},"
            f"SignedHeaders={';'.join(names)},"
            f"Signature={signature}"
        )
    return _message(method, query, place, headers)


def _message(
    method: str, query: str, place: str, headers: dict[str, str]
) -> HttpRequest:
    if place == "form":
        headers["content-type"] = FORM
        return HttpRequest(method, "/", tuple(headers.items()), query.encode())
    target = f"/?{query}" if query else "/"
    return HttpRequest(method, target, tuple(headers.items()), b"")

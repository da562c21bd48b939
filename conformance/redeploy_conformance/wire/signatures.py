"""The two signature schemes of the RPC wire: V1 (HMAC-SHA1) and V3 (ACS3-HMAC-SHA256).

Rests on the public description of request signatures; both are tested against its vectors.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote

ALGORITHM_V3 = "ACS3-HMAC-SHA256"
REMEMBERED = 1024
"""Texts of which the encoding is remembered: names, and the ids of instances under test, come again."""
_plain = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
_AUTHORIZATION = re.compile(
    ALGORITHM_V3 + r"\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]*),"
    r"\s*Signature=([0-9a-fA-F]+)\s*"
)


@lru_cache(REMEMBERED)
def percent_encode(text: str) -> str:
    """Return the text with all but RFC 3986's unreserved characters encoded."""
    # Most names and values hold nothing to encode, and every request has a dozen.
    return text if _plain(text) else quote(text, safe="~")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return parameters sorted by name and encoded."""
    return "&".join(
        f"{percent_encode(name)}={percent_encode(value)}"
        for name, value in sorted(pairs)
    )


def string_to_sign_v1(method: str, params: Iterable[tuple[str, str]]) -> str:
    """Return what V1 signs; the parameter ``Signature`` itself is left out."""
    query = canonical_query(pair for pair in params if pair[0] != "Signature")
    return f"{method}&%2F&{percent_encode(query)}"


def signature_v1(secret: str, string_to_sign: str) -> str:
    """Return the V1 signature in base64."""
    key = (secret + "&").encode()
    digest = hmac.digest(key, string_to_sign.encode(), "sha1")
    return base64.b64encode(digest).decode()


def canonical_request_v3(
    method: str,
    path: str,
    query_pairs: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    signed_headers: Sequence[str],
    hashed_payload: str,
) -> str:
    """Return V3's canonical request; ``headers`` have lower-case names."""
    names = sorted(signed_headers)
    lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
    return "\n".join(
        (
            method,
            path,
            canonical_query(query_pairs),
            lines,
            ";".join(names),
            hashed_payload,
        )
    )


def string_to_sign_v3(canonical_request: str) -> str:
    """Return what V3 signs."""
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    return f"{ALGORITHM_V3}\n{digest}"


def signature_v3(secret: str, string_to_sign: str) -> str:
    """Return the V3 signature in hexadecimal digits."""
    return hmac.digest(secret.encode(), string_to_sign.encode(), "sha256").hex()


def parse_authorization_v3(header: str) -> tuple[str, tuple[str, ...], str]:
    """Return access key id, signed headers and signature of an Authorization header.

    Raises:
        ValueError: the header is not of this scheme; the message never repeats it.
    """
    match = _AUTHORIZATION.fullmatch(header)
    if match is None:
        raise ValueError(f"the Authorization header is not {ALGORITHM_V3}")
    key_id, names, signature = match.groups()
    return key_id, tuple(name for name in names.split(";") if name), signature

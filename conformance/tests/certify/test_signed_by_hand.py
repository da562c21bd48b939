"""What counts as a right V3 signature of a request that a client wrote itself (C1)."""

import hashlib
import hmac

import pytest

from redeploy_conformance.certify.arrivals import Arrival, wrong_signature
from redeploy_conformance.certify.case import MAIN

KEY, SECRET = "key1", "hush"
UPPER = "in upper-case digits, where lower case is documented"


def signed(
    *, user_agent: bytes, meant: bytes, digest: str | None = None, upper: bool = False
) -> Arrival:
    """A request that signs this user agent, where the bytes of another one may be sent."""
    digest = digest or hashlib.sha256(b"").hexdigest()
    headers = {
        b"host": b"127.0.0.1:1",
        b"user-agent": user_agent,
        b"x-acs-content-sha256": digest.encode(),
    }
    texts = {**headers, b"user-agent": meant}
    lines = b"".join(name + b":" + texts[name] + b"\n" for name in sorted(texts))
    names = b";".join(sorted(headers))
    asked = b"\n".join((b"POST", b"/", b"", lines, names, digest.encode()))
    text = b"ACS3-HMAC-SHA256\n" + hashlib.sha256(asked).hexdigest().encode()
    signature = hmac.digest(SECRET.encode(), text, "sha256").hex()
    told = signature.upper() if upper else signature
    headers[b"authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={KEY},SignedHeaders={names.decode()},Signature={told}"
    ).encode()
    head = b"".join(b"\r\n" + name + b": " + text for name, text in headers.items())
    return Arrival(0.0, MAIN, b"POST / HTTP/1.1" + head + b"\r\n\r\n")


def wrong(sent: Arrival) -> str | None:
    """What is wrong with its signature."""
    return wrong_signature(sent, KEY, SECRET)


@pytest.mark.parametrize("sent", ["PHP (é)".encode(), "PHP (é)".encode("latin-1")])
def test_a_signed_header_may_hold_letters_beyond_ascii(sent: bytes) -> None:
    assert wrong(signed(user_agent=sent, meant="PHP (é)".encode())) is None


def test_another_header_than_was_signed_is_wrong() -> None:
    found = wrong(signed(user_agent="ä".encode(), meant="é".encode()))
    assert found is not None
    assert found.startswith("a V3 signature of something else than 'POST")


def test_the_digits_of_hashes_are_of_lower_case() -> None:
    upper = hashlib.sha256(b"").hexdigest().upper()
    assert wrong(signed(user_agent=b"a", meant=b"a", upper=True)) == (
        f"the right V3 signature {UPPER}"
    )
    assert wrong(signed(user_agent=b"a", meant=b"a", digest=upper)) == (
        "x-acs-content-sha256 is not the hash of the body in lower-case digits"
    )

"""A secret or a signature is found in whatever form it is told, and shown in none (C8)."""

from base64 import b64encode
from urllib.parse import quote

import pytest

from redeploy_conformance.certify.hiding import (
    blocks,
    found,
    hide,
    pieces,
    signs,
    tells,
)
from redeploy_conformance.certify.replies import TASK_ID
from redeploy_conformance.certify.told import Told

from .made import PLAIN, failures, played, request, told

SECRET = "0a1b2c3d4e5f60718293a4b5c6d7e8"


def test_secrets_are_found_in_whatever_form_they_are_told() -> None:
    sent = request("v1")
    [signature] = sent.signatures
    for text in (
        "hush",
        signature,
        quote(signature, safe=""),
        signature.replace("/", "\\/"),
    ):
        what = told("success", task_id=TASK_ID)
        leaky = Told(what.kind, what.fields, stderr=f"log: {text}!")
        [found] = failures(played(PLAIN, leaky, sent))
        assert found.startswith("C8 the s")
        assert text not in hide(f"log: {text}!", ["hush", signature])


def test_the_secret_is_found_in_base64_wherever_it_stands() -> None:
    for before in ("", "a", "ab", "abc"):
        text = b64encode(f"{before}{SECRET}:x".encode()).decode()
        assert found([SECRET], f"Basic {text}") == SECRET
        assert found([SECRET], f"Basic {text.swapcase()}") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"key {SECRET[:20]}...", True),
        (f"key ...{SECRET[4:]}", True),
        (f"key {SECRET[:4]}...{SECRET[-4:]}", False),
        (f"key {SECRET.encode().hex()}", True),
    ],
)
def test_half_of_a_secret_is_one(text: str, told: bool) -> None:
    assert tells(SECRET, text) is told
    assert not tells(SECRET, hide(text, [SECRET]))


@pytest.mark.parametrize("size", [1, 17, 18, 19, 20, 21, 30, 44, 64, 65])
def test_every_piece_has_a_block_to_find_it_by(size: int) -> None:
    secret = "".join(chr(0x4E00 + n) for n in range(size))
    assert all(any(one in piece for one in blocks(secret)) for piece in pieces(secret))
    assert len(list(blocks(secret))) <= 5


WRITTEN = ("abcdef0123456789" * 4, "c2lnbmVkc2lnbmVkc2lnbmVkc2k=")


@pytest.mark.parametrize("signature", WRITTEN)
@pytest.mark.parametrize(
    "text",
    [
        "/?Signature={}&Action=X",
        '{{"Signature": "{}"}}',
        "{{'Signature': '{}'}}",
        "map[Nonce:1 Signature:{}]",
        "Signature: {}",
    ],
)
def test_a_signature_is_found_and_hidden_however_it_is_printed(
    text: str, signature: str
) -> None:
    told = text.format(signature)
    assert signs(told)
    assert hide(told, []) == text.format("***")


@pytest.mark.parametrize(
    "text", ["SignatureDoesNotMatch", "Signature: ACS3-HMAC-SHA256", "SignatureNonce=1"]
)
def test_not_all_that_is_called_a_signature_is_one(text: str) -> None:
    assert not signs(text)


@pytest.mark.parametrize(
    "written", [str(list(SECRET.encode())), SECRET.encode().hex(" ")]
)
def test_a_secret_is_found_byte_by_byte(written: str) -> None:
    for text in (written, written.replace(",", "")):
        assert tells(SECRET, f"key {text}")
        assert not tells(SECRET, hide(f"key {text}", [SECRET]))

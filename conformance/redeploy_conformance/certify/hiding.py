"""Evidence without secrets: whatever form a secret or a signature takes in a text."""

import base64
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote

from redeploy_conformance.redact import hidden
from redeploy_reports.phrases import count

LONGEST = 2000
SHORTEST = 8
"""Characters of base64 that are no accident."""

_SIGNATURE = re.compile(r"(\bSignature[\"']?\s*[:=]\s*[\"']?)[\w%+/=-]{20,}")
"""A signature as requests have it, and as a table of parameters is printed in any language."""


@lru_cache(1024)
def forms(secret: str) -> tuple[str, ...]:
    """Return a secret as texts may repeat it: plain, encoded for addresses or for JSON."""
    encoded = quote(secret, safe="")
    plain = {secret, encoded, quote(encoded, safe=""), secret.replace("/", "\\/")}
    return (
        *plain,
        *map(_small_hex, plain),
        *_in_base64(secret),
        secret.upper(),
        secret.encode().hex(),
        secret.encode().hex(" "),
        " ".join(map(str, secret.encode())),
        ", ".join(map(str, secret.encode())),
        secret.replace("=", "\\u003d").replace("+", "\\u002b"),
    )


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what of a secret shows in base64, at whichever place of a text it stands."""
    whole = secret.encode()[: len(secret.encode()) // 3 * 3 - 3]
    for before in range(3):
        data = b" " * before + whole[: len(whole) - before]
        text = base64.b64encode(data).decode()[4 if before else 0 :].rstrip("=")
        if len(text) > SHORTEST:
            yield text


def found(secrets: Iterable[str], text: str) -> str | None:
    """Return the first of these secrets that a text repeats in any form."""
    return next(
        (one for one in secrets if any(form in text for form in forms(one))), None
    )


def pieces(secret: str) -> Iterator[str]:
    """Yield each half of a secret in one piece, none where it is short: a few letters are no leak."""
    half = len(secret) // 2
    if half > SHORTEST:
        yield from (secret[at : at + half] for at in range(len(secret) - half + 1))


def blocks(secret: str) -> Iterator[str]:
    """Yield parts of a secret of which each of its ``pieces`` has one: few to look for."""
    size = (len(secret) // 2 + 1) // 2
    if size:
        yield from (
            secret[at : at + size] for at in range(0, len(secret) - size + 1, size)
        )


def tells(secret: str, text: str) -> bool:
    """Whether a text repeats a secret in any form, or half of it and more."""
    return found([secret], text) is not None or any(
        one in text for one in pieces(secret)
    )


def signs(text: str) -> bool:
    """Whether a text has a signature in it, of whatever request."""
    return _SIGNATURE.search(text) is not None


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return a text of any length without these secrets and without anything signed."""
    for one in secrets:
        for form in sorted(set(forms(one)), key=len, reverse=True):
            text = text.replace(form, "***")
        if any(block in text for block in blocks(one)):
            for piece in pieces(one):
                text = text.replace(piece, "***")
    return hidden(_SIGNATURE.sub(r"\1***", text))


def short(text: str) -> str:
    """Return a text, cut where it is very long."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({count(len(text) - LONGEST, 'more character')})"


def _small_hex(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join(f"%{one[:2].lower()}{one[2:]}" for one in rest)

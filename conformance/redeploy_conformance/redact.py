"""Exchanges as they may be shown: no secret, no signature."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Exchange

LONGEST = 2000
BRIEF = 200
_NAMES = (
    r"(?:Signature|UserData|Password|access[-_]?key[-_]?secret"
    r"|(?:security|bearer|session)[-_]?token)"
)
_WORDS = ("secret", "token", "signature", "userdata", "password")
_SECRETS = (
    (
        _WORDS,
        re.compile(rf'("{_NAMES}"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE),
    ),
    (  # JSON as a text within JSON
        _WORDS,
        re.compile(
            rf'(\\"{_NAMES}\\"\s*:\s*\\")(?:[^"\\]|\\\\(?:\\.|[^\\]))*',
            re.IGNORECASE,
        ),
    ),
    (  # also as a server repeats what it signed (V1): encoded once more, or twice
        _WORDS,
        re.compile(
            rf"((?:^|[^\w]|%(?:25)*26){_NAMES}(?:=|%(?:25)*3D))"
            r"(?:(?!%(?:25)*26)[^&\s\"',])*",
            re.IGNORECASE,
        ),
    ),
    (
        ("token:",),
        re.compile(
            r"((?:security|bearer|session)-token:\s*)[^\s\"',;]+", re.IGNORECASE
        ),
    ),
    (
        ("cookie",),
        re.compile(
            r'(cookie\\*"?\s*:\s*\\*"?)(?:[^\r\n"\\]|\\(?![rn"]))+', re.IGNORECASE
        ),
    ),
    (
        ("authorization",),
        re.compile(
            r'(authorization\\*"?\s*:\s*\\*"?(?:basic|acs)\s+)[^\s\"\',]+',
            re.IGNORECASE,
        ),
    ),
    (("bearer ",), re.compile(r"(Bearer )[^\s\"',]+")),
)
"""What a secret follows, each with words of which one is there, in small letters: they are found fast."""


def hidden(text: str) -> str:
    """Return the text without secrets and signatures, as long as it is."""
    small = text.lower()
    for words, pattern in _SECRETS:
        if any(word in small for word in words):
            text = pattern.sub(r"\1***", text)
    return text


def redacted(text: str) -> str:
    """Return the text without secrets and signatures, cut where it is very long."""
    text = hidden(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def sendable(text: str) -> str:
    """Return the text with half surrogate pairs written out: no process could send them to another."""
    return text.encode("utf-8", "backslashreplace").decode()


def showable(text: str) -> str:
    """Return a text that somebody else wrote as it may be shown: no secret, not long, and sendable."""
    return redacted(sendable(text))


def brief(text: str, most: int = BRIEF) -> str:
    """Return a text that somebody else wrote as it may stand in a sentence: ``showable``, and short."""
    text = showable(text)
    return text if len(text) <= most else text[:most] + " …"


@lru_cache(4096)
def encoded(secret: str) -> tuple[str, ...]:
    """Return the forms in which a server repeats a secret: as it is, percent-encoded, and that twice."""
    once = quote(secret, safe="")
    return tuple(dict.fromkeys((secret, once, quote(once, safe=""))))


def scrubbed(value: Any, secrets: Collection[str]) -> Any:
    """Return JSON values with every text free of signatures and of these secrets."""
    return _without(value, [form for one in secrets for form in encoded(one)])


def _without(value: Any, forms: Sequence[str]) -> Any:
    if isinstance(value, str):
        text = hidden(sendable(value))
        for form in forms:
            text = text.replace(form, "***")
        return text
    if isinstance(value, list | tuple):
        return [_without(one, forms) for one in value]
    if isinstance(value, dict):
        return {
            _without(key, forms): _without(one, forms) for key, one in value.items()
        }
    return value


def exchange(request: HttpRequest, answer: HttpResponse | str) -> Exchange:
    """Return one exchange as a record; headers, which carry signatures, are left out."""
    action = dict(request.headers).get("x-acs-action")
    line = f"{request.method} {request.target}" + (f" ({action})" if action else "")
    body = request.body.decode("utf-8", "replace")
    if isinstance(answer, str):
        return Exchange(
            request_line=redacted(line),
            request_body=redacted(body),
            status=None,
            response_body="",
            problem=redacted(answer),
        )
    return Exchange(
        request_line=redacted(line),
        request_body=redacted(body),
        status=answer.status,
        response_body=redacted(answer.body.decode("utf-8", "replace")),
        problem=None,
    )

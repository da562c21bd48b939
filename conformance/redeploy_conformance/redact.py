"""Exchanges as they may be shown: no secret, no signature."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Exchange

LONGEST = 2000
_SECRETS = (
    (
        re.compile(
            r'("(?:access_key_secret|AccessKeySecret|SecurityToken)"\s*:\s*")[^"]*'
        ),
        r"\1***",
    ),
    (  # also as a server repeats what it signed (V1): encoded once more, or twice
        re.compile(
            r"((?:^|[^\w]|%(?:25)*26)(?:Signature|SecurityToken)(?:=|%(?:25)*3D))"
            r"(?:(?!%(?:25)*26)[^&\s\"',])*"
        ),
        r"\1***",
    ),
    (re.compile(r"(Bearer )[^\s\"',]+"), r"\1***"),
)


def hidden(text: str) -> str:
    """Return the text without secrets and signatures, as long as it is."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def redacted(text: str) -> str:
    """Return the text without secrets and signatures, cut where it is very long."""
    text = hidden(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def sendable(text: str) -> str:
    """Return the text with half surrogate pairs written out: no process could send them to another."""
    return text.encode("utf-8", "backslashreplace").decode()


def encoded(secret: str) -> tuple[str, ...]:
    """Return the forms in which a server repeats a secret: as it is, percent-encoded, and that twice."""
    once = quote(secret, safe="")
    return secret, once, quote(once, safe="")


def scrubbed(value: Any, secrets: Collection[str]) -> Any:
    """Return JSON values with every text free of signatures and of these secrets."""
    if isinstance(value, str):
        text = hidden(sendable(value))
        for secret in secrets:
            for form in encoded(secret):
                text = text.replace(form, "***")
        return text
    if isinstance(value, list | tuple):
        return [scrubbed(one, secrets) for one in value]
    if isinstance(value, dict):
        return {
            scrubbed(key, secrets): scrubbed(one, secrets) for key, one in value.items()
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

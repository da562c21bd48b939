"""Secrets kept out of a trace at the source: by their names, and by their values."""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from redeploy_conformance.redact import encoded, hidden
from redeploy_conformance.wire.http import HttpRequest

SIGNATURE = re.compile(r"Signature=([^,&\s]+)")
MADE = re.compile(
    r'"(?:access_key_secret|AccessKeySecret|SecurityToken)"\s*:\s*"([^"]+)"'
)
SHORTEST = 8
"""Characters; a shorter text would be found by chance in what is no secret."""


@dataclass(slots=True)
class Secrets:
    """The secrets that a run has met, to be taken out of every text that is written."""

    known: dict[str, None] = field(default_factory=dict)

    def learn(self, text: str) -> None:
        """Remember a secret, also as JSON would write it, and as a server encodes it."""
        if len(text) >= SHORTEST:
            for form in (*encoded(text), json.dumps(text)[1:-1]):
                self.known[form] = None

    def learn_from(self, answer: str) -> None:
        """Remember the secrets that an answer hands out."""
        for text in MADE.findall(answer):
            self.learn(text)

    def out_of(self, text: str, signatures: tuple[str, ...] = ()) -> str:
        """Return a text without secrets, and without the signatures of its request."""
        text = hidden(text)
        for one in (*self.known, *signatures):
            if one in text:
                text = text.replace(one, "***")
        return text


def signatures_of(request: HttpRequest) -> tuple[str, ...]:
    """Return the signatures that a request carries in headers, query or body, as sent and decoded."""
    texts = [value for _, value in request.headers]
    texts += [request.target, request.body.decode("utf-8", "replace")]
    found = [one for text in texts for one in SIGNATURE.findall(text)]
    both = dict.fromkeys([*found, *(unquote(one) for one in found)])
    return tuple(one for one in both if len(one) >= SHORTEST)

"""A recorded request as a curl command."""

import re
import shlex

from redeploy_reports.clean import clean
from redeploy_reports.phrases import LONG
from redeploy_schemas.records import Exchange

LINE = re.compile(r"(?P<method>[A-Z]+) (?P<target>\S+)(?: \((?P<action>\w+)\))?")
"""A request line: method, path with query, and the action where a header carries it."""


def curl(exchange: Exchange, address: str | None) -> str | None:
    """Return the command, quoted for a POSIX shell; None for a line that is no request.

    Signatures are never recorded, so the command has none: a server that checks them refuses it
    until one is added. Without an ``address`` the command reads ``$ENDPOINT``.
    """
    parts = LINE.fullmatch(exchange.request_line)
    if parts is None:
        return None
    path = clean(parts["target"], limit=LONG)
    url = '"$ENDPOINT"' + shlex.quote(path)
    if address is not None:
        url = shlex.quote(clean(address, limit=LONG).rstrip("/") + path)
    words = ["curl", "-sS", "-X", parts["method"], url]
    if parts["action"]:
        words += ["-H", shlex.quote(f"x-acs-action: {parts['action']}")]
    if exchange.request_body:
        body = clean(exchange.request_body, limit=LONG)
        if body.startswith("{"):
            words += ["-H", shlex.quote("content-type: application/json")]
        words += ["--data-raw", shlex.quote(body)]
    return " ".join(words)

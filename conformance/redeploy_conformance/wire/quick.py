"""JSON read fast: apart from ``answers``, which the suite's own client needs without anything installed."""

import json
from typing import Any

import msgspec


def from_json(body: bytes) -> Any:
    """Return what a JSON text says.

    Raises:
        ValueError: it is none.
        RecursionError: it is too deep.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return json.loads(body)  # ten times slower, and takes what is nearly JSON

"""Documents of people and of the suite: whatever is wrong with one is a ValueError."""

import json
import math
import tomllib
from typing import Any

TOO_DEEP = "it is nested too deep"


def read_json(text: str | bytes) -> Any:
    """Return the value that a JSON text holds.

    Raises:
        ValueError: it is none, it holds a number that is not finite, or it is nested too deep.
    """
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error


def read_toml(text: str) -> dict[str, Any]:
    """Return the table that a TOML text holds.

    Raises:
        ValueError: it is none, or it is nested too deep.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error


def _finite(text: str) -> float:
    """Return a number; NaN, Infinity and 1e999 are none that could be written again."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number of JSON, or too large")
    return number

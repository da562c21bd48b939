"""What ``--tx`` may say: some words of pytest-xdist, looked at before it meets what it does not know.

Of the places that pytest-xdist knows, a run is prepared for two: this machine, and hosts behind ssh.
"""

import shlex
import shutil
from collections.abc import Iterable
from typing import Any

KINDS = ("popen", "ssh")
"""What a place can be."""
WORDS = (*KINDS, "python", "chdir", "nice", "ssh_config")
SUCH_AS = "such as 2*popen or ssh=user@host//python=PATH"


class PlaceError(Exception):
    """Processes cannot be started there; the message names the place and what would be right."""


def check(places: Iterable[str]) -> None:
    """Say what pytest-xdist would not understand, or a run not be prepared for.

    Raises:
        PlaceError: a place is none.
    """
    for place in places:
        count, spec = _counted(place)
        if count < 1:
            raise PlaceError(
                f"--tx {place}: {count} processes are none; give 1 or more"
            )
        try:
            _check(_words(spec))
        except PlaceError as error:
            raise PlaceError(f"--tx {place!r}: {error}") from None


def _counted(place: str) -> tuple[int, str]:
    count, star, spec = place.partition("*")
    try:
        return (int(count), spec) if star else (1, place)
    except ValueError:
        return 1, place


def _check(words: dict[str, Any]) -> None:
    kinds = [one for one in KINDS if words.get(one)]
    if not kinds:
        raise PlaceError(f"it names no place to run; give one {SUCH_AS}")
    if len(kinds) > 1:
        raise PlaceError(f"it names several places, {' and '.join(kinds)}; give one")
    for key, value in words.items():
        if value in (True, "") and key != "popen":
            raise PlaceError(f"{key} has no value; give one, as in {key}=VALUE")
    if not str(words.get("nice", "0")).removeprefix("-").isdecimal():
        raise PlaceError("nice must be a number")
    if kinds == ["popen"]:
        _check_python(words.get("python"))


def _words(spec: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in spec.split("//"):
        key, equals, value = word.partition("=")
        if key not in WORDS and not key.startswith("env:"):
            raise PlaceError(f"{key!r} means nothing there; give a place {SUCH_AS}")
        if key in found:
            raise PlaceError(f"{key} is said twice; say it once")
        found[key] = value if equals else True
    return {key: one for key, one in found.items() if not key.startswith("env:")}


def _check_python(python: str | None) -> None:
    if python is None:
        return
    try:
        words = shlex.split(python)
    except ValueError as error:
        raise PlaceError(f"python={python} is no command line ({error})") from None
    if not words or shutil.which(words[0]) is None:
        raise PlaceError(f"there is no {python} on this machine; name a Python that is")

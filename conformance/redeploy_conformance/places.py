"""What ``--tx`` may say: the words of pytest-xdist, looked at before it meets what it does not know."""

import shlex
import shutil
from collections.abc import Iterable
from typing import Any

KINDS = ("popen", "ssh", "vagrant_ssh", "socket")
"""What a place can be; each but the first has a value."""
SUCH_AS = "such as 2*popen or ssh=user@host//python=PATH"


class PlaceError(Exception):
    """Processes cannot be started there; the message names the place and what would be right."""


def check(places: Iterable[str]) -> None:
    """Say what pytest-xdist would not understand.

    Raises:
        PlaceError: a place is none.
    """
    ids: list[str] = []
    for place in places:
        count, spec = _counted(place)
        if count < 1:
            raise PlaceError(
                f"--tx {place}: {count} processes are none; give 1 or more"
            )
        try:
            ids += _check(spec, count, ids)
        except PlaceError as error:
            raise PlaceError(f"--tx {place!r}: {error}") from None


def _counted(place: str) -> tuple[int, str]:
    count, star, spec = place.partition("*")
    try:
        return (int(count), spec) if star else (1, place)
    except ValueError:
        return 1, place


def _check(spec: str, count: int, ids: list[str]) -> list[str]:
    """Return the ids that a place gives its processes, if it gives any."""
    words = _words(spec)
    kinds = [one for one in KINDS if words.get(one)]
    if not kinds:
        raise PlaceError(f"it names no place to run; give one {SUCH_AS}")
    if len(kinds) > 1:
        raise PlaceError(f"it names several places, {' and '.join(kinds)}; give one")
    [kind] = kinds
    for key, value in words.items():
        if value in (True, "") and key not in ("popen", "dont_write_bytecode"):
            raise PlaceError(f"{key} has no value; give one, as in {key}=VALUE")
    host, _, port = str(words.get("socket", "")).rpartition(":")
    if kind == "socket" and not (host and port.isdecimal()):
        raise PlaceError("a socket is a host and a port, as in socket=host:8888")
    if not str(words.get("nice", "0")).removeprefix("-").isdecimal():
        raise PlaceError("nice must be a number")
    if words.get("execmodel", "main_thread_only") != "main_thread_only":
        raise PlaceError("execmodel must be main_thread_only, or not be said")
    if kind == "popen" and "via" not in words:
        _check_python(words.get("python"))
    own = [str(words["id"])] if "id" in words else []
    if own and (count > 1 or own[0] in ids):
        raise PlaceError(f"the id {own[0]} would be given twice; give each its own")
    for key in ("via", "installvia"):
        if key in words and words[key] not in ids:
            raise PlaceError(f"{key} must be the id of a place that is given before it")
    return own


def _words(spec: str) -> dict[str, Any]:
    from execnet.xspec import XSpec

    found: dict[str, Any] = {}
    for word in spec.split("//"):
        key, equals, value = word.partition("=")
        if key not in XSpec.__annotations__ and not key.startswith("env:"):
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

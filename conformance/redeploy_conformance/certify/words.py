"""What the words of a command line name: an adapter of this checkout, the reference, a program."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

REFERENCE = "reference"
_SHIPPED = Path(__file__).parents[2] / "clients"


class NoSuchClientError(Exception):
    """A word names nothing that could be run; the message says what there is."""


def shipped() -> tuple[str, ...]:
    """Return the adapters of this checkout by name; none where the suite is installed."""
    return tuple(sorted(path.parent.name for path in _SHIPPED.glob("*/run")))


def command(word: str) -> Sequence[str]:
    """Return the command of a client: a name, or a command line that speaks the protocol.

    Raises:
        NoSuchClientError: there is no such name, and no such program.
    """
    try:
        parts = shlex.split(word)
    except ValueError as error:
        raise NoSuchClientError(f"{word!r} is no command line: {error}") from None
    if not parts:
        raise NoSuchClientError("a client has no name")
    name, *options = parts
    if name == REFERENCE:
        module = "redeploy_conformance.certify.reference"
        return (sys.executable, "-m", module, *options)
    if name in shipped():
        return (str(_SHIPPED / name / "run"), *options)
    if shutil.which(name) is None:
        if Path(name).is_dir():
            raise NoSuchClientError(f"{name} is a folder: name the program in it")
        if Path(name).is_file():
            raise NoSuchClientError(f"{name} is not executable: chmod +x {name}")
        names = ", ".join((REFERENCE, *(one for one in shipped() if one != REFERENCE)))
        raise NoSuchClientError(
            f"there is no client {name!r}: name {names}, or a program that speaks the protocol"
        )
    return (name, *options)

"""Files given twice, under two names or once packed: what they hold would count twice."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from redeploy_conformance.evidence.opening import READ, opened, read_on


def read_twice(paths: Sequence[Path]) -> str | None:
    """Return in one sentence that two files hold the same, unpacked; None where no two do.

    Raises:
        OSError: one of them cannot be read.
    """
    for path, first in _firsts(paths):
        if path is not first:
            return f"{path} holds the same as {first}, and would count twice: give one of them"
    return None


def distinct(paths: Sequence[Path]) -> list[Path]:
    """Return files without those that hold the same, unpacked, as one before them.

    Raises:
        OSError: one of them cannot be read.
    """
    return [path for path, first in _firsts(paths) if path is first]


def _firsts(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each file with the first that holds the same; one alone is not read for it."""
    seen: dict[str, Path] = {}
    for path in paths:
        yield path, seen.setdefault(_held(path) if len(paths) > 1 else "", path)


def _held(path: Path) -> str:
    """Return a digest of what a file holds, unpacked as far as it can be."""
    digest = hashlib.sha256()
    with opened(path) as file:
        while True:
            piece, damage = read_on(file, READ)
            digest.update(piece)
            if damage is not None:
                digest.update(str(damage).encode())
            if damage is not None or not piece:
                return digest.hexdigest()

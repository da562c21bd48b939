"""Logs and traces as they lie about: plain, or packed by gzip as ActionTrail delivers them."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader, FileIO
from pathlib import Path

from redeploy_conformance.evidence.sources import LogError

MAGIC = b"\x1f\x8b"
READ = 1 << 18
"""Bytes that are read at once."""


@contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file to be read, unpacked.

    Raises:
        OSError: it cannot be read.
        LogError: what is packed in it is damaged, found out where it is read.
    """
    file: BufferedIOBase = (
        gzip.GzipFile(path) if _packed(path) else BufferedReader(FileIO(path), READ)
    )
    with file:
        try:
            yield file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise LogError(f"it cannot be unpacked any further: {error}") from error


def size(path: Path) -> int:
    """Return the bytes of a file when unpacked; of a packed one, as far as it says itself."""
    if not _packed(path):
        return path.stat().st_size
    return int.from_bytes(path.read_bytes()[-4:], "little")


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == MAGIC

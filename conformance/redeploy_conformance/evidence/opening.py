"""Logs and traces as they lie about: plain, or packed by gzip as ActionTrail delivers them."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader, FileIO
from pathlib import Path

from redeploy_conformance.evidence.sources import LogError

DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What is raised where a packed file is damaged."""
MAGIC = b"\x1f\x8b"
READ = 1 << 18
"""Bytes that are read at once."""
LONGEST = 64 * 1024 * 1024
"""Bytes of a line or an element: a packed file may unpack to a single one without an end."""
TOO_LONG = f"it is longer than {LONGEST >> 20} MiB"


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
        except DAMAGE as error:
            raise _damaged(error) from error


def read_on(file: BufferedIOBase, count: int) -> tuple[bytes, LogError | None]:
    """Return so many bytes, fewer at the end or where damage is met, and that damage.

    ``read`` would lose what it had unpacked before the damage.
    """
    pieces: list[bytes] = []
    while count > 0:
        try:
            piece = file.read1(count)
        except DAMAGE as error:
            return b"".join(pieces), _damaged(error)
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces), None


def _damaged(error: Exception) -> LogError:
    return LogError(f"it cannot be unpacked any further: {error}")


def larger(path: Path, count: int) -> bool:
    """Whether a file has more bytes than that when unpacked, as far as it can be.

    A packed file is unpacked to find out: what it says of its size itself is that of its last part.

    Raises:
        OSError: it cannot be read.
    """
    if not _packed(path):
        return path.stat().st_size > count
    with opened(path) as file:
        while count >= 0:
            piece, damage = read_on(file, READ)
            count -= len(piece)
            if damage is not None or not piece:
                break
    return count < 0


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == MAGIC

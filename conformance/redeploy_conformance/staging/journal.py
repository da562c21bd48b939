"""The journal of a staging run: what is about to be done, on disk before it is done.

Append-only JSON lines, each synced before the next thing happens; the schema is ``run/journal.json``.
A last line that was cut off was never acted upon, and is dropped when the file is opened again.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redeploy_schemas.reading import read_json
from redeploy_schemas.validation import problems

JOURNAL_FORMAT = "redeploy-conformance/journal/1"
"""The name and the version of the layout."""


class JournalError(Exception):
    """A journal cannot be used; the message names the file, and the line where there is one."""


class Journal:
    """A journal open for appending, by one process only."""

    def __init__(
        self, path: Path, *, new: bool, wall: Callable[[], float] = time.time
    ) -> None:
        """Open the file: a ``new`` one must not be there yet, an old one must.

        ``wall`` tells the seconds since 1970.

        Raises:
            JournalError: it is there, or not there, cannot be written, or is in use.
        """
        self.path = path
        self._wall = wall
        flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else 0)
        try:
            self._file = os.open(path, flags, 0o600)
        except FileExistsError as error:
            raise JournalError(
                f"{path} is there already: 'resume' or 'restore' what it tells of, "
                "or name another file"
            ) from error
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror or error}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise JournalError(f"{path} is in use by another run") from error
        if new:
            _sync_folder(path.absolute().parent)

    def lines(self) -> list[dict[str, Any]]:
        """Return what was written so far; a last line that was cut off is removed.

        Raises:
            JournalError: a line is not one of a journal.
        """
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.ftruncate(self._file, len(whole))
            os.fsync(self._file)
        return [_read(self.path, n, raw) for n, raw in _numbered(whole)]

    def append(self, line: str, **fields: Any) -> dict[str, Any]:
        """Write one line and return it; on return it is on the disk.

        Raises:
            JournalError: it is not, and nothing of it is left there.
        """
        document = {"line": line, "at": round(self._wall(), 3), **fields}
        data = json.dumps(document, allow_nan=False).encode() + b"\n"
        end = os.fstat(self._file).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fsync(self._file)
        except BaseException as error:
            os.ftruncate(self._file, end)  # half a line would spoil the next one
            if isinstance(error, OSError):
                why = error.strerror or error
                raise JournalError(f"{self.path} cannot be written: {why}") from error
            raise
        return document

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        """Return the journal."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the file."""
        self.close()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a journal that may be in use.

    Raises:
        JournalError: it cannot be read, or a line is not one of a journal.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror or error}") from error
    return [_read(path, n, raw) for n, raw in _numbered(data[: data.rfind(b"\n") + 1])]


def beginning(lines: Sequence[Mapping[str, Any]], path: Path) -> Mapping[str, Any]:
    """Return the line that a journal begins with.

    Raises:
        JournalError: it has not come to that.
    """
    if not lines:
        raise JournalError(f"{path} is empty: nothing was begun, so delete it")
    return lines[0]


def _numbered(data: bytes) -> list[tuple[int, bytes]]:
    return list(enumerate(data.splitlines(), 1))


def _read(path: Path, number: int, raw: bytes) -> dict[str, Any]:
    try:
        document: Any = read_json(raw)
    except ValueError as error:
        raise JournalError(f"{path}, line {number}: not JSON") from error
    wrong = problems("run/journal", document)
    if wrong:
        raise JournalError(f"{path}, line {number}: {wrong[0]}")
    if (number == 1) != (document["line"] == "begin"):
        raise JournalError(f"{path}, line {number}: a journal begins once")
    checked: Mapping[str, Any] = document
    return dict(checked)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last, too."""
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)

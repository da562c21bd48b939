"""How files are written, whole or not at all, and what kind of the suite's own files one is."""

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that a reader never sees half of it; its old content is kept till then.

    A device or a pipe, such as /dev/null or /dev/stdout, is written where it is.

    Raises:
        OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if path.exists() and not path.is_file():
        draft = path
    try:
        draft.write_text(text, "utf-8")
        if draft != path:
            draft.replace(path)
    except OSError as error:
        if draft != path:
            draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def written_twice(paths: Iterable[str]) -> str | None:
    """Return in one sentence that two outputs would go to one file; None where none would.

    A device, such as /dev/null, takes any number.
    """
    seen: set[Path] = set()
    for path in paths:
        place = Path(path).resolve()
        if place in seen and (place.is_file() or not place.exists()):
            return f"{path}: two outputs would be written to it; give each its own"
        seen.add(place)
    return None


def written_over(output: str, read: Iterable[str]) -> str | None:
    """Return in one sentence that an output is one of the files that are read; None where it is not."""
    if Path(output).resolve() not in {Path(one).resolve() for one in read}:
        return None
    return f"{output} is read, and would be written over: name another file"


def endless(path: str | Path) -> str | None:
    """Return that a file is a device, whose end may never come; None where it is none.

    A pipe is none: whoever fills it ends it.
    """
    place = Path(path)
    if place.is_char_device() or place.is_block_device():
        return "it is a device, which may be read for ever; name a file"
    return None


def unwritable(path: str, *, whole: bool) -> str | None:
    """Return why a file cannot be written, in one sentence; None where nothing is in the way.

    It is tried, without a trace: permissions alone do not tell what a file system refuses. With
    ``whole`` it will be written by ``write_whole``, which needs its folder too.
    """
    place = Path(path).absolute()
    if not place.parent.is_dir():
        return f"{path}: there is no such folder"
    if place.is_dir():
        return f"{path}: it is a folder, not a file"
    if place.exists() and not os.access(place, os.W_OK):
        return f"{path}: it must not be written"
    if not place.exists() or (whole and place.is_file()):
        try:
            with tempfile.TemporaryFile(dir=place.parent):
                pass
        except OSError as error:
            why = error.strerror or error
            return f"{path}: it cannot be written to its folder ({why})"
    return None


KINDS = {
    "result": ("a result file", "'report' and 'replay' read"),
    "stream": ("the stream of a run", "'report' reads"),
    "trace": ("a trace", "'check-trace' reads"),
    "certification": ("a certification of clients", "'report clients' reads"),
    "certificate": ("a certificate", "'certificate verify' reads"),
    "baseline": ("a baseline", "'run --baseline' and 'baseline' read"),
    "journal": ("the journal of a staging run", "'resume' and 'restore' read"),
}
"""What the files are that the suite writes, and which commands read them, by the word of their format."""
FORMAT = re.compile(rb'format"?\s*[:=]\s*"redeploy-conformance/([a-z]+)/\d+"')
BEGINNING = 4096


def seems(path: str | Path, wanted: str) -> str | None:
    """Return what kind of file of the suite's own this is, and who reads it, where that is not ``wanted``.

    None where it is of no kind that is known, or cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            found = FORMAT.search(file.read(BEGINNING))
    except OSError:
        return None
    kind = found[1].decode() if found else wanted
    if kind == wanted or kind not in KINDS:
        return None
    what, who = KINDS[kind]
    return f"it seems to be {what}, which {who}"

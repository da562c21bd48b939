"""How files are written: whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that a reader never sees half of it; its old content is kept till then.

    A device or a pipe, such as /dev/null or /dev/stdout, is written where it is.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists() and not path.is_file():
        path.write_text(text, "utf-8")
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def unwritable(path: str, *, whole: bool = False) -> str | None:
    """Return why a file cannot be written, in one sentence; None where nothing is in the way.

    It is tried, without a trace: permissions alone do not tell what a file system refuses. With
    ``whole`` it will be written by ``write_whole``, which needs its folder too.
    """
    place = Path(path).absolute()
    if not place.parent.is_dir():
        return f"{path}: there is no such folder"
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

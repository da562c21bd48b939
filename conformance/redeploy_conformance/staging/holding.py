"""Which instances a run holds, so that no second one on this machine uses them meanwhile.

Two runs at once would take each other's redeploys for violations, and put back what the other is using. A
hold is a lock on a file in a folder of the user's: it ends with its process, however that ends. What a
process has not put back by then is left to its journal, which the file names, until that says so or is
deleted. Another user, or another machine, is not seen.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from redeploy_conformance.nearness import is_loopback
from redeploy_conformance.staging.journal import JournalError, beginning, read_lines
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.targets.statement import Statement

VARIABLE = "REDEPLOY_STATE"
"""Names the folder; without it, it is where a user's state belongs."""
TRIES, PAUSE = 5, 0.05
"""How often a file is tried that somebody only looks at, or is about to write, and seconds between."""


class HeldError(Exception):
    """An instance cannot be held; the message says by whom it is, or what is in the way."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an instance: the process of a run, and its journal."""

    place: str
    instance: str
    process: int
    journal: str

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{self.instance} is held by the run of process {self.process}, whose journal is "
            f"{self.journal}"
        )


@dataclass(frozen=True, slots=True)
class Left(Holder):
    """Who has not put an instance back: a run that is over, by its journal, if that can be read."""

    readable: bool = True

    def __str__(self) -> str:
        """Return it in words, with what to do."""
        done = "was not" if self.readable else "may not have been"
        cannot = "" if self.readable else ", which cannot be read"
        return (
            f"{self.instance} {done} put back by the run whose journal is {self.journal}{cannot}: "
            "'resume' or 'restore' that first, or delete it if there is nothing to put back"
        )


class Holding:
    """The instances that the run of a journal holds: until it is closed, or the process ends."""

    def __init__(self, statement: Statement, journal: Path) -> None:
        """Hold nothing yet."""
        self.place = _place(statement)
        self.journal = str(journal.absolute())
        self._files: dict[str, int] = {}

    @classmethod
    def of_earlier(cls, lines: Sequence[Mapping[str, Any]], journal: Path) -> Self:
        """Return a holding of what earlier processes of a run were at work on, by their journal.

        Raises:
            HeldError: another run holds one of it.
            JournalError: no run was begun.
        """
        settings = Settings.from_json(beginning(lines, journal)["settings"])
        held = cls(settings.statement, journal)
        held.take(_to_put_back(lines, journal))
        return held

    def take(self, instances: Iterable[str]) -> None:
        """Hold instances, too.

        Raises:
            HeldError: another run holds one of them, or has not put it back.
        """
        for one in sorted(set(instances) - self._files.keys()):
            me = Holder(self.place, one, os.getpid(), self.journal)
            with _folder() as folder:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path = _file(folder, self.place, one)
                file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
                if _locked(file, fcntl.LOCK_EX):
                    self._files[one] = file
                    left = _left(_read(path))
                    if left is not None and left.journal != self.journal:
                        os.close(self._files.pop(one))
                        raise HeldError(str(left))
                    os.ftruncate(file, 0)
                    os.pwrite(file, json.dumps(asdict(me)).encode(), 0)
                    continue
                os.close(file)
                holder = _read(path) or f"{one} is held by another run"
            raise HeldError(
                f"{holder}: wait until that has ended, or end it; two runs at once would take each "
                "other's redeploys for violations"
            )

    def close(self) -> None:
        """Let go of them all."""
        while self._files:
            os.close(self._files.popitem()[1])


def holders(statement: Statement) -> list[Holder]:
    """Return who holds instances of an account now, or has not put them back; asking holds nothing.

    Raises:
        HeldError: it could not be found out.
    """
    with _folder() as folder:
        found = [_holder(path, _place(statement)) for path in folder.glob("*.held")]
    mine = (one for one in found if one is not None)
    return sorted(mine, key=lambda one: one.instance)


@contextmanager
def _folder() -> Iterator[Path]:
    """Give the folder of all holds; say in one sentence what is in the way of using it."""
    named, state = os.environ.get(VARIABLE), os.environ.get("XDG_STATE_HOME")
    folder = Path(named or Path(state or "~/.local/state") / "redeploy-conformance")
    try:
        folder = folder.expanduser()
        yield folder
    except (
        OSError,
        RuntimeError,
    ) as error:  # RuntimeError: nobody knows whose home it is
        why = getattr(error, "strerror", None) or error
        raise HeldError(
            f"the folder {folder}, where runs see each other, cannot be used ({why}): name another "
            f"with {VARIABLE}"
        ) from error


def _place(statement: Statement) -> str:
    """Return where the ids of an account are unique: a region, or a server on this machine.

    Two runs may know a region by different endpoints and the account by different keys.
    """
    url, region = statement.url or "", statement.region or ""
    return url if is_loopback(urlsplit(url).hostname or "") else region


def _file(folder: Path, place: str, instance: str) -> Path:
    """Return the file that stands for an instance; what an id is made of is for the service to say."""
    digest = hashlib.sha256(f"{place} {instance}".encode()).hexdigest()
    return folder / f"{digest[:32]}.held"


def _locked(file: int, kind: int) -> bool:
    """Lock a file; return whether nobody else holds it."""
    for _ in range(TRIES):
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE)
        else:
            return True
    return False


def _holder(path: Path, place: str) -> Holder | None:
    """Return who holds what a file stands for, or has not put it back, if anybody there."""
    file = os.open(path, os.O_RDONLY)
    try:
        over = _locked(file, fcntl.LOCK_SH)
        holder = _read(path)
    finally:
        os.close(file)
    if holder is None or holder.place != place:
        return None
    return _left(holder) if over else holder


def _left(holder: Holder | None) -> Left | None:
    """Return what a holder whose process is over has not put back, by its journal."""
    if holder is None:
        return None
    path = Path(holder.journal)
    try:
        open_ = _to_put_back(read_lines(path), path)
    except JournalError as error:
        if isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
            return None
        return Left(**asdict(holder), readable=False)
    return Left(**asdict(holder)) if holder.instance in open_ else None


def _to_put_back(lines: Iterable[Mapping[str, Any]], journal: Path) -> Collection[str]:
    """Return the instances that a run was at work on since it last put all back."""
    past = Past()
    past.read(lines, journal)
    return past.before


def _read(path: Path) -> Holder | None:
    """Return what a holder has written; None where it has not come to that."""
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Holder(**document)
    except (ValueError, TypeError):
        return None

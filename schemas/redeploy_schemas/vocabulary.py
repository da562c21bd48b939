"""Closed sets of words that code branches on; what code only iterates over is a row."""

from enum import Enum, IntEnum, StrEnum


class Strength(Enum):
    """How firmly the source states a clause."""

    DOCUMENTED = "documented"
    IMPLIED = "implied"
    OPEN = "open"


class Ending(Enum):
    """How a redeploy ends."""

    SUCCEED = "succeed"
    FAIL = "fail"


class Storage(StrEnum):
    """Which disks an instance has."""

    CLOUD = "cloud"
    LOCAL = "local"


class LocalDisk(StrEnum):
    """The health of a local disk."""

    HEALTHY = "healthy"
    DAMAGED = "damaged"
    ISOLATED = "isolated"


class Part(Enum):
    """A part of the control protocol that an implementation may offer."""

    ACCOUNTS = "accounts"
    PRINCIPALS = "principals"
    INSTANCES = "instances"
    EVENTS = "events"
    OUTCOMES = "outcomes"
    CLOCK = "clock"
    CLOCKS = "clocks"
    INSPECT = "inspect"
    INTERNAL_ERRORS = "internal-errors"
    RESET = "reset"


class Forging(StrEnum):
    """How a request that is not properly signed comes about."""

    WRONG_SECRET = "wrong-secret"
    MISSING = "missing"
    ALTERED = "altered"
    STALE = "stale"
    REPLAYED = "replayed"
    UNKNOWN_KEY = "unknown-key"
    UNREADABLE = "unreadable"
    NOTHING = "nothing"


class Written(StrEnum):
    """How a caller's statements are written down as policies; all ways mean the same."""

    STATEMENTS = "statements"
    """One policy, with a statement each."""
    POLICIES = "policies"
    """A policy each."""
    LISTS = "lists"
    """One policy, where those that differ in the action or the resource alone are one with a list."""


class Verdict(Enum):
    """What a run says of one clause."""

    PASS = "pass"
    FAIL = "fail"
    NOT_EXERCISED = "not exercised"
    OPEN = "open"
    KNOWN = "known"
    """Broken, and the owner of the implementation says so in a baseline."""


class Missing(Enum):
    """Why a clause was not exercised."""

    NOT_APPLICABLE = "not applicable"
    COULD_NOT_RUN = "could not run"


NOT_CHOSEN = "not chosen: this run was asked for other cases"
"""The reason of a clause that could not run, where that says nothing of the implementation."""


STAGING = "staging"
"""The kind of a target that is instances of a real account."""


class RunVerdict(IntEnum):
    """What a run says as a whole; the number is the exit code."""

    CONFORMING = 0
    NOT_CONFORMING = 1
    WRONG_USAGE = 2
    INCOMPLETE = 3
    UNREACHABLE = 4
    SUITE_FAILED = 5

    @property
    def words(self) -> str:
        """The verdict as people read it, such as ``not conforming``."""
        return self.name.lower().replace("_", " ")

"""The clock that redeploys run on: one that is turned, or real time."""

from redeploy_conformance.api import Api
from redeploy_conformance.oracle import Oracle
from redeploy_conformance.plane import Plane


class Clock:
    """Time as a case sees it; the oracle is told of every turn."""

    def __init__(self, api: Api, plane: Plane, oracle: Oracle) -> None:
        """Read the clock, where it is one that is turned."""
        self.api = api
        self.plane = plane
        self.oracle = oracle
        self._shown = plane.time() if self.stepped else 0.0

    @property
    def stepped(self) -> bool:
        """Whether it only moves when it is turned."""
        return self.oracle.rules.stepped

    @property
    def now(self) -> float:
        """Seconds of the clock that redeploys run on."""
        return self._shown if self.stepped else self.api.monotonic()

    def advance(self, seconds: float) -> float:
        """Turn the clock; return what it shows then."""
        self._shown = self.plane.turn(seconds)
        self.oracle.time_passes(self._shown)
        return self._shown

    def wait(self, seconds: float) -> None:
        """Let time pass; in real time not for long, since waiting is no use there."""
        if self.stepped:
            self.advance(seconds)
        else:
            self.api.sleep(min(seconds, 5.0))

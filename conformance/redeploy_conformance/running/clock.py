"""The clock that redeploys run on: one that is turned, or real time."""

from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.running.api import Api, OfferError
from redeploy_conformance.running.plane import Plane

ROUGHLY = 1.0
"""Seconds by which a clock may be off that shows whole ones."""


class Clock:
    """Time as a case sees it; the oracle is told of every turn."""

    def __init__(self, api: Api, plane: Plane, oracle: Oracle) -> None:
        """Begin without having looked at it."""
        self.api = api
        self.plane = plane
        self.oracle = oracle
        self._shown: float | None = None
        self._how = "showed"

    @property
    def stepped(self) -> bool:
        """Whether it only moves when it is turned."""
        return self.oracle.rules.stepped

    @property
    def now(self) -> float:
        """Seconds of the clock that redeploys run on; one that is turned is read once.

        Raises:
            SetUpError: it cannot be read.
        """
        if not self.stepped:
            return self.api.monotonic()
        if self._shown is None:
            self._shown = self.plane.time()
        return self._shown

    def told(self, seconds: float | None) -> None:
        """Take what a new account's answer says that its clock shows, if it says so."""
        if seconds is not None and self._shown is None:
            self._shown = seconds
            self._how = "was told by POST accounts to show"

    def advance(self, seconds: float) -> float:
        """Turn the clock; return what it shows then.

        Raises:
            OfferError: it does not go on by as much; others who turn it too only turn it further.
        """
        before, after = self._shown, self.plane.turn(seconds)
        if before is not None and after < before + seconds - ROUGHLY:
            raise OfferError(
                f"the clock {self._how} {before:g} s, was turned by {seconds:g} s, "
                f"and shows {after:g} s"
            )
        self._shown, self._how = after, "showed"
        self.oracle.time_passes(after)
        return after

    def wait(self, seconds: float) -> None:
        """Let time pass; in real time not for long, since waiting is no use there."""
        if self.stepped:
            self.advance(seconds)
        else:
            self.api.sleep(min(seconds, 5.0))

"""One implementation on the bench: what every case of a run shares."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.recent import Recent
from redeploy_conformance.nearness import is_loopback
from redeploy_conformance.running.api import (
    Api,
    LostError,
    Offer,
    OfferError,
    SetUpError,
)
from redeploy_conformance.running.session import Session
from redeploy_conformance.targets.base import Kind, Target, UnreachableError
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

TURN = 1000.0
"""Seconds by which a clock of one's own is turned to see whether it is one."""


@dataclass(slots=True)
class Bench:
    """A target, discovered; ``alone`` when nobody else uses it, so that it may be reset.

    ``used`` says whether it holds anything of this run's yet, to be forgotten by a reset.
    The ids that answers carried are kept over all cases, the last of them, since none may come twice
    (R4, R5); ``seen`` counts what held so far, by (clause, row), to steer what is tried next; ``confirming`` the
    requests that did the last violation again, to count how often it shows. ``unsound`` is what is
    wrong with a clock of one's own, where that was offered.
    """

    contract: Contract
    target: Target
    api: Api
    offer: Offer
    alone: bool = True
    used: bool = False
    unsound: str = ""
    request_ids: Recent = field(default_factory=Recent)
    task_ids: Recent = field(default_factory=Recent)
    steps: int = 0
    confirming: int = 0
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def near(self) -> bool:
        """Whether the target is on this machine, so that a burst of calls burdens nobody else."""
        if self.target.kind in (Kind.EMBEDDED, Kind.FACTORY):
            return True
        return is_loopback(urlsplit(f"//{self.api.host}").hostname or "")

    def session(self, ledger: Ledger, *, counted: bool = True) -> Session:
        """Return a fresh session, on a target as fresh as it can be made.

        ``counted`` is False where it only looks into a violation found before.

        Raises:
            SetUpError: the control plane could not reset it, or tell the time.
            OfferError: it offers clocks of one's own, and they do not work.
        """
        if self.unsound:
            raise OfferError(self.unsound)
        watcher = self.api.watcher
        number = 0 if watcher is None else watcher.session(counted=counted)
        if self.alone and self.used and Part.RESET in self.offer.parts:
            self.api.control("POST", "reset", self.api.timed, "control/empty")
        self.used = True
        session = Session(self.api, self.offer, self.contract, ledger)
        session.run.number = number
        session.oracle.request_ids = self.request_ids
        session.oracle.task_ids = self.task_ids
        return session

    def take_clock(self) -> None:
        """Live on a clock of one's own from now on, so that others may use the target meanwhile.

        Raises:
            UnreachableError: the target does not answer.
        """
        try:
            made = self.api.control("POST", "clocks", {}, "control/clock-answer")
            before = self.api.control("GET", "clock", None, "control/clock")["now"]
            self.api.clock_id = made["clock_id"]
            turn = {"seconds": TURN, **self.api.timed}
            mine = self.api.control("POST", "clock/advance", turn, "control/clock")
            after = self.api.control("GET", "clock", None, "control/clock")["now"]
        except LostError as error:
            raise UnreachableError(str(error)) from error
        except OfferError as error:
            self.unsound = str(error)
            return
        if abs(mine["now"] - made["now"] - TURN) > TURN / 2:
            self.unsound = f"a new clock turned by {TURN:g} s goes from {made['now']:g} to {mine['now']:g}"
        elif after - before >= TURN:
            self.unsound = "turning a clock of one's own turns the common one"
        self.alone = True

    def leave_clock(self) -> None:
        """Forget what was made on the clock of one's own; a target that is gone has nothing to forget."""
        if self.api.clock_id and not self.unsound and Part.RESET in self.offer.parts:
            with suppress(SetUpError):
                self.api.control("POST", "reset", self.api.timed, "control/empty")


def set_up(target: Target, contract: Contract, *, alone: bool = True) -> Bench:
    """Return the bench with a target on it.

    Raises:
        UnreachableError: nothing there speaks the protocols.
    """
    api = Api(target)
    return Bench(contract, target, api, api.discover(), alone)


def move_in(target: Target, contract: Contract) -> Bench:
    """Return the bench with a target that others may use meanwhile, on a clock of its own if it offers any.

    Raises:
        UnreachableError: nothing there speaks the protocols.
    """
    made = set_up(target, contract)
    if target.kind == Kind.HTTP and Part.CLOCKS in made.offer.parts:
        made.take_clock()
    return made


@contextmanager
def visiting(target: Target, contract: Contract) -> Iterator[Bench]:
    """Have a target on the bench for a while; what was made there on a clock of its own is forgotten then.

    Raises:
        UnreachableError: nothing there speaks the protocols.
    """
    try:
        made = move_in(target, contract)
        try:
            yield made
        finally:
            made.leave_clock()
    finally:
        target.transport.close()

"""One implementation on the bench: what every case of a run shares."""

import ipaddress
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from redeploy_conformance.api import Api, Offer
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.session import Session
from redeploy_conformance.targets.base import Target
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part


@dataclass(slots=True)
class Bench:
    """A target, discovered; ``alone`` when nobody else uses it, so that it may be reset.

    The ids that answers carried are kept over all cases, since none may come twice (R4, R5);
    ``seen`` counts what held so far, by (clause, row), to steer what is tried next; ``confirming`` the
    requests that did the last violation again, to count how often it shows.
    """

    contract: Contract
    target: Target
    api: Api
    offer: Offer
    alone: bool = True
    request_ids: set[str] = field(default_factory=set)
    task_ids: set[str] = field(default_factory=set)
    steps: int = 0
    confirming: int = 0
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def near(self) -> bool:
        """Whether the target is on this machine, so that a burst of calls burdens nobody else."""
        if self.target.kind != "http":
            return True
        host = urlsplit(f"//{self.api.host}").hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def session(self, ledger: Ledger, *, counted: bool = True) -> Session:
        """Return a fresh session, on a target as fresh as it can be made.

        ``counted`` is False where it only looks into a violation found before.

        Raises:
            SetUpError: the control plane could not reset it, or tell the time.
        """
        watcher = self.api.watcher
        number = 0 if watcher is None else watcher.session(counted=counted)
        if self.alone and Part.RESET in self.offer.parts:
            self.api.control("POST", "reset", {}, "control/empty")
        session = Session(self.api, self.offer, self.contract, ledger)
        session.run.number = number
        session.oracle.request_ids = self.request_ids
        session.oracle.task_ids = self.task_ids
        return session


def set_up(target: Target, contract: Contract, *, alone: bool = True) -> Bench:
    """Return the bench with a target on it.

    Raises:
        UnreachableError: nothing there speaks the protocols.
    """
    api = Api(target)
    return Bench(contract, target, api, api.discover(), alone)

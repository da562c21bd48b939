"""One case, played: servers, calls, what was told and what arrived."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import MAIN, OTHER, Case
from redeploy_conformance.certify.driver import Adapter
from redeploy_conformance.certify.server import Served, serving
from redeploy_conformance.certify.told import Kind, Told

REGION = "cn-hangzhou"
TRIES = 3

CATCHING_UP = 3.0
"""Seconds that the server has, when a client gave up, to read what lies there from it."""

PAUSE = 0.02
"""Seconds between two looks at whether it has."""


@dataclass(frozen=True, slots=True)
class Key:
    """The credentials of a run; the secret shows in no repr."""

    access_key_id: str = field(default_factory=lambda: f"LTAIx{secrets.token_hex(9)}")
    secret: str = field(default_factory=lambda: secrets.token_hex(15), repr=False)


@dataclass(slots=True)
class Played:
    """A case and what came of it: what was told of each call, and the requests it caused.

    ``trouble`` says why nothing was exercised. ``after`` is what the process printed when it ended,
    where this was its last case. ``looks`` are requests of operations that change nothing, beside those
    of the call itself; where a call sent nothing else, they stand in its place. ``late`` grows while
    requests still come after the last outcome was told, which was at ``over``.
    """

    case: Case
    told: list[Told] = field(default_factory=list)
    arrivals: list[list[Arrival]] = field(default_factory=list)
    trouble: str | None = None
    after: str = ""
    looks: list[Arrival] = field(default_factory=list)
    late: list[Arrival] = field(default_factory=list)
    over: float = 0.0

    @property
    def all_arrivals(self) -> list[Arrival]:
        """Every request of the calls themselves, in order."""
        return [one for call in self.arrivals for one in call]

    @property
    def with_looks(self) -> list[Arrival]:
        """Every request."""
        return [*self.all_arrivals, *self.looks]

    @property
    def signatures(self) -> set[str]:
        """Every signature that was sent."""
        return {text for one in self.with_looks for text in one.signatures}


class Slot:
    """A place for one adapter process, started when needed and again after each loss."""

    def __init__(self, command: Sequence[str], first: Adapter | None = None) -> None:
        """Use ``first``, which runs already, before any other."""
        self.command = command
        self.adapter = first
        self.proxy: str | None = None

    def ready(self, proxy: str | None = None) -> Adapter:
        """Return an adapter that can be asked, whose environment names this proxy.

        Raises:
            AdapterError: it could be started before, and cannot any more.
        """
        used = self.adapter is None or self.adapter.usable
        if not used or self.proxy != proxy:
            self.close()
        if self.adapter is None:
            self.adapter, self.proxy = Adapter(self.command, proxy=proxy), proxy
        return self.adapter

    def close(self, patience: float = 0.0) -> str:
        """End the process, if there is one; return what it printed at last.

        ``patience`` are the seconds that it has to end by itself.
        """
        adapter, self.adapter = self.adapter, None
        if adapter is None:
            return ""
        adapter.end(patience if adapter.usable else 0.0)
        return adapter.rest()


def play(case: Case, slot: Slot, key: Key) -> Played:
    """Return what a case comes to.

    Where the time was up before anything was sent, on a busy machine, it is played again: that
    says nothing of the client.

    Raises:
        AdapterError: the adapter cannot be started any more.
    """
    if case.impossible is not None:
        return Played(case, trouble=case.impossible)
    for _ in range(TRIES):
        played = _played(case, slot, key)
        too_late = any(told.kind is Kind.TIMEOUT for told in played.told)
        if played.trouble is None or not too_late:
            break
    return played


def _played(case: Case, slot: Slot, key: Key) -> Played:
    played = Played(case)
    with serving(case.scripts, case.roles, key.access_key_id) as (addresses, served):
        request = {
            "endpoint": addresses[MAIN],
            "region": REGION,
            "access_key_id": key.access_key_id,
            "access_key_secret": key.secret,
            "instance_id": case.instance_id,
            "deadline_seconds": case.deadline,
        }
        if case.force_stop is not None:
            request["force_stop"] = case.force_stop
        if case.attempts is not None:
            request["attempts"] = case.attempts
        if case.ca_file is not None:
            request["ca_file"] = case.ca_file
        before = 0
        for number in range(case.calls):
            if number:
                time.sleep(case.pause)
            if number and case.restart:
                slot.close()
            proxy = addresses[OTHER] if case.proxied else None
            told = slot.ready(proxy).ask(request, case.limit)
            if told.kind is Kind.TIMEOUT:
                _catch_up(served, before)
            with served.lock:
                arrived = list(served.arrivals)
            played.told.append(told)
            _enter(played, arrived[before:])
            before = len(arrived)
        played.late, played.over = served.late, time.monotonic()
        handshakes = served.handshakes
    played.trouble = _trouble(case, played, handshakes)
    return played


def _catch_up(served: Served, before: int) -> None:
    """Wait until what a client has sent is read, where it gave up before a busy machine came to that."""
    until = time.monotonic() + CATCHING_UP
    while len(served.arrivals) == before and time.monotonic() < until:
        time.sleep(PAUSE)


def _enter(played: Played, arrived: list[Arrival]) -> None:
    """Enter what one call caused."""
    own = [one for one in arrived if not one.looks]
    played.arrivals.append(own or arrived)
    if own:
        played.looks += [one for one in arrived if one.looks]


def _trouble(case: Case, played: Played, handshakes: int) -> str | None:
    """Say why nothing was exercised, None if something was."""
    last = played.told[-1]
    if last.kind is Kind.UNSUPPORTED:
        return last.words
    if last.lost or last.kind is Kind.SUCCESS or case.roles[MAIN].shut:
        return None
    if case.reaches and not played.arrivals[-1]:
        return f"no request reached the server; told was {last.words}"
    if not case.reaches and not handshakes and not played.all_arrivals:
        return f"the client did not try; told was {last.words}"
    return None

"""A case of the certification: one call (or a few) against a server that plays a script."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.replies import Answer, Script
from redeploy_conformance.certify.server import PLAIN, Role
from redeploy_conformance.certify.told import Told

DEADLINE = 10.0
"""Seconds that a library is given where the answer comes at once."""

SHORT = 1.0
"""Seconds that it is given where the answer comes late or never."""

LIMIT = 15.0
"""Seconds after which a call hangs; with the short deadline it is ``SHORT_LIMIT``."""

SHORT_LIMIT = 10.0
INSTANCE = "i-bp1azkttqpldxgtedcba"
MAIN, OTHER = "main", "other"
"""Names of servers: the endpoint of the call, and another one."""

ELSEWHERE = "/elsewhere"
"""Where redirects on the same server lead to."""

Scripts = Callable[[Mapping[str, str]], Mapping[str, Script]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: it held (``observed`` is None), it failed, or a choice was seen."""

    clause: str
    expected: str = ""
    observed: str | None = None
    choice: str | None = None


class Expectation(Protocol):
    """What a call must come to."""

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield what there is to say of a call that caused these requests."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``about`` is the clause that it is there for.

    ``once``: the outcome is unknown (or known to be a success), so one request is the most.
    ``needed``: where it cannot be exercised, neither is its clause. ``reaches``: a request must
    arrive, else nothing was exercised. ``restart``: each call after the first in a new process.
    ``slow``: it waits by its nature. ``pause``: seconds between its calls, whose times must differ then.
    ``proxied``: the environment names the other server as a proxy. ``attempts`` asks for the library's option to send again.
    """

    name: str
    about: str
    expected: Expectation
    scripts: Scripts
    roles: Mapping[str, Role] = field(default_factory=lambda: {MAIN: PLAIN})
    instance_id: str = INSTANCE
    force_stop: bool | None = None
    once: bool = False
    needed: bool = True
    reaches: bool = True
    restart: bool = False
    slow: bool = False
    proxied: bool = False
    calls: int = 1
    pause: float = 0.0
    deadline: float = DEADLINE
    limit: float = LIMIT
    ca_file: str | None = None
    attempts: int | None = None
    impossible: str | None = None
    """Why it cannot be tried here."""

    @property
    def alone(self) -> bool:
        """Whether it begins with a process of its own, or ends one."""
        return self.restart or self.proxied


def answers(*given: Answer) -> Scripts:
    """Return the scripts of a case with one server that gives these answers."""
    return lambda _: {MAIN: Script(given)}

"""Recorded exchanges in place of a target: a session runs again and hears what it heard then."""

import base64
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar
from urllib.parse import parse_qsl

from redeploy_conformance.evidence.lines import ExchangeLine
from redeploy_conformance.parallel import Span
from redeploy_conformance.redact import brief
from redeploy_conformance.running.api import PLAIN, Api, Manner
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.wire.answers import Answer, decode_answer
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.quick import from_json
from redeploy_conformance.wire.signatures import canonical_query
from redeploy_conformance.wire.signing import Credentials

T = TypeVar("T")

FLEETING = frozenset(
    {
        "Action",
        "Version",
        "Format",
        "SignatureNonce",
        "Timestamp",
        "SignatureMethod",
        "SignatureVersion",
        "Signature",
        "AccessKeyId",
        "NotBefore",
        "SecurityToken",
    }
)
"""Parameters that differ each time, or that belong to the signature."""


class TapeError(Exception):
    """The recorded exchanges are not those of the recorded steps; the message says how."""


@dataclass(slots=True)
class Tape:
    """What was recorded of the steps under way, still to be heard; exchanges by job."""

    exchanges: dict[str, deque[ExchangeLine]] = field(default_factory=dict)
    clocks: deque[float] = field(default_factory=deque)
    spans: deque[list[tuple[int, int]]] = field(default_factory=deque)
    job: str = ""

    def load(self, line: ExchangeLine) -> None:
        """Add an exchange."""
        self.exchanges.setdefault(line.job, deque()).append(line)

    def exchange(self) -> ExchangeLine:
        """Return the next exchange of the job under way.

        Raises:
            TapeError: there is none left.
        """
        mine = self.exchanges.get(self.job)
        if not mine:
            raise TapeError("a request that these steps make is missing")
        return mine.popleft()

    def clear(self) -> None:
        """Forget everything."""
        self.exchanges.clear()
        self.clocks.clear()
        self.spans.clear()

    @property
    def empty(self) -> bool:
        """Whether everything was heard."""
        return not (any(self.exchanges.values()) or self.clocks or self.spans)


@dataclass(slots=True)
class TapeApi(Api):
    """Answers every call from the tape, after a look whether it was the call recorded."""

    tape: Tape = field(default_factory=Tape)
    recorded_host: str = ""

    @property
    def asks_more(self) -> bool:
        """Whether more was recorded than has been asked."""
        return not self.tape.empty

    @property
    def host(self) -> str:
        """The Host that requests were signed for."""
        return self.recorded_host

    def call(
        self,
        action: str,
        params: Sequence[tuple[str, str]],
        credentials: Credentials | None,
        manner: Manner = PLAIN,
    ) -> Answer:
        """Return the recorded answer of one public operation; nothing is signed."""
        line = self.tape.exchange()
        self._compare(line, action, params, manner.alter)
        if line.key and credentials is not None:
            self._compare_key(line.key, credentials)
        body = line.body.encode()
        headers = (("x-acs-action", line.action),) if line.action else ()
        request = HttpRequest(line.method, line.target, headers, body)
        return decode_answer(self._heard(request, line), from_json)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return the recorded answer to a request of the control protocol."""
        line = self.tape.exchange()
        body = request.body.decode()
        if (line.method, line.target) != (request.method, request.target) or (
            line.body != body
        ):
            raise TapeError(
                f"{brief(f'{line.method} {line.target}')} stands where these steps send "
                f"{request.method} {request.target}"
            )
        return self._heard(request, line)

    def _compare(
        self,
        line: ExchangeLine,
        action: str,
        params: Sequence[tuple[str, str]],
        alter: tuple[bytes, bytes] | None,
    ) -> None:
        query = canonical_query(params)
        if alter is not None:
            query = query.replace(alter[0].decode(), alter[1].decode())
        if line.action == action and line.target == f"/?{query}":
            return
        found, lasting = asked_in(line.action, line.target, line.body)
        wanted = lasting_of(dict(parse_qsl(query, keep_blank_values=True)))
        if (found, lasting) != (action, wanted):
            raise TapeError(
                f"{brief(f'{found} {lasting}')} stands where these steps ask "
                f"{brief(f'{action} {dict(params)}')}"
            )

    def _compare_key(self, key: str, credentials: Credentials) -> None:
        if key != credentials.access_key_id:
            raise TapeError(
                f"a call is signed with {brief(key)} where these steps sign with "
                f"{credentials.access_key_id}"
            )

    def _heard(self, request: HttpRequest, line: ExchangeLine) -> HttpResponse:
        self.requests += 1
        if line.problem is not None:
            self.exchanges.append((request, line.problem))
        answer = answer_in(line)
        self.exchanges.append((request, answer))
        return answer

    def monotonic(self) -> float:
        """Return the recorded reading of the real clock."""
        if not self.tape.clocks:
            raise TapeError("a reading of the clock is missing")
        return self.tape.clocks.popleft()

    def sleep(self, seconds: float) -> None:
        """Go on at once: the time has passed already."""

    def at_once(self, jobs: Sequence[Sequence[Callable[[], T]]]) -> list[Span[T]]:
        """Do jobs one after the other, each with its own exchanges, in their recorded spans."""
        if not self.tape.spans:
            raise TapeError("the order of what was done at once is missing")
        spans = self.tape.spans.popleft()
        in_order(spans, [len(several) for several in jobs])
        done: list[Span[T]] = []
        try:
            for row, several in enumerate(jobs):
                for column, job in enumerate(several):
                    self.tape.job = f"{row}.{column}"
                    begun, ended = spans[len(done)]
                    done.append(Span(begun, ended, job()))
        finally:
            self.tape.job = ""
        return done


def in_order(spans: Sequence[tuple[int, int]], rows: Sequence[int]) -> None:
    """Make sure that spans may be those of rows of so many jobs, each row one after the other.

    Raises:
        TapeError: they are of other jobs, or no order of beginnings and endings.
    """
    if len(spans) != sum(rows):
        raise TapeError("the order of what was done at once is of other jobs")
    left = iter(spans)
    for row in rows:
        last = -1
        for begun, ended in islice(left, row):
            if not last < begun < ended:
                raise TapeError("what was done at once ends before it begins")
            last = ended
    if sorted(chain.from_iterable(spans)) != list(range(2 * len(spans))):
        raise TapeError("the order of what was done at once is none")


def answer_in(line: ExchangeLine) -> HttpResponse:
    """Return the recorded answer.

    Raises:
        UnansweredError: none came.
        UnreachableError: nobody was there.
    """
    if line.problem is not None:
        if line.reached:
            raise UnansweredError(line.problem)
        raise UnreachableError(line.problem)
    try:
        body = base64.b64decode(line.bytes) if line.bytes else line.answer.encode()
    except ValueError as error:  # also of signs that are not ASCII
        raise TapeError(f"an answer is no base64: {error}") from error
    headers = (("content-type", line.type),) if line.type else ()
    return HttpResponse(line.status, headers, body)


def asked_in(action: str, target: str, body: str) -> tuple[str, dict[str, str]]:
    """Return the operation that a request asks for, and its lasting parameters."""
    sent = target.partition("?")[2] + "&" + body
    found = dict(parse_qsl(sent, keep_blank_values=True))
    return action or found.get("Action", ""), lasting_of(found)


def lasting_of(params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters without those that differ each time."""
    return {name: value for name, value in params.items() if name not in FLEETING}

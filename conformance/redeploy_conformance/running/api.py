"""The public operations and the control protocol, as calls on one transport."""

import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from redeploy_conformance.parallel import Span, at_once, hold
from redeploy_conformance.redact import scrubbed
from redeploy_conformance.running.paging import PAGE, PagesError, paged
from redeploy_conformance.running.shapes import UNREAD, misshapen
from redeploy_conformance.running.watcher import Watcher
from redeploy_conformance.targets.base import (
    Target,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.wire.answers import Answer, decode_answer
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.quick import from_json
from redeploy_conformance.wire.signing import Credentials, build_request
from redeploy_schemas.validation import problems
from redeploy_schemas.vocabulary import Part

ALL_STATUSES = (
    "Inquiring",
    "Scheduled",
    "Executing",
    "Executed",
    "Avoided",
    "Canceled",
    "Failed",
)
T = TypeVar("T")


class SetUpError(Exception):
    """What a test needs could not be done: trouble of the set-up, never a violation."""


class OfferError(SetUpError):
    """A part of the control protocol that is offered does not work (S1), or else ``instead`` is broken.

    ``key`` names the instance that it was seen with, once that is known.
    """

    def __init__(self, text: str, instead: tuple[str, ...] = ()) -> None:
        """Take the sentence, and the clauses that would explain it as well."""
        super().__init__(text)
        self.instead = instead
        self.key = ""


class DoubtError(SetUpError):
    """An answer came that does not tell whether anything has happened."""


class UnreadError(SetUpError):
    """A successful answer came in a shape that cannot be read."""


class LostError(SetUpError):
    """The target does not answer any more."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a call is signed and sent, where that is not as usual.

    ``stamp`` is sent for the time as it is, ``alter`` replaces bytes after signing; ``wire`` is
    ``v1`` or ``v3``, a space, and ``query`` or ``form``; by default what the statement says.
    """

    nonce: str | None = None
    now: datetime | None = None
    stamp: str | None = None
    alter: tuple[bytes, bytes] | None = None
    wire: str | None = None


PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class Offer:
    """What discovery found: who answers, in which region, which parts of the control plane.

    ``unknown`` are words among the offers that are no part.
    """

    name: str
    version: str
    region: str
    parts: frozenset[Part]
    unknown: tuple[str, ...] = ()


@dataclass(slots=True)
class Api:
    """Calls on one target; keeps the exchanges of the current step for the trace.

    Everything that a session learns from outside comes through here, real time too, so that a
    ``watcher`` sees all that a verdict rests on.
    """

    target: Target
    region: str = "cn-hangzhou"
    requests: int = 0
    waits: int = 0
    """How often redeploys were waited for in real time so far."""
    secrets: set[str] = field(default_factory=set)
    exchanges: list[tuple[HttpRequest, HttpResponse | str]] = field(
        default_factory=list
    )
    watcher: Watcher | None = None
    clock_id: str = ""
    """The clock that accounts are made to live on (part ``clocks``); none: the common one."""

    @property
    def asks_more(self) -> bool:
        """Whether anything more can be asked: a record has the answers of then, and no others."""
        return True

    @property
    def host(self) -> str:
        """The Host that requests are signed for."""
        return getattr(self.target.transport, "host", "ecs.test")

    def call(
        self,
        action: str,
        params: Sequence[tuple[str, str]],
        credentials: Credentials | None,
        manner: Manner = PLAIN,
    ) -> Answer:
        """Return the answer of one public operation.

        Raises:
            UnansweredError: no whole answer came.
        """
        if credentials is not None and self.watcher is not None:
            self.watcher.secret(credentials.access_key_secret)
        plain = f"{self.target.statement.signature} query"
        scheme, place = (manner.wire or plain).split()
        request = build_request(
            params,
            action=action,
            credentials=credentials,
            host=self.host,
            scheme=scheme,
            method="POST",
            place=place,
            format="JSON",
            nonce=manner.nonce,
            now=manner.now,
            stamp=manner.stamp,
        )
        if (alter := manner.alter) is not None:
            request = HttpRequest(
                request.method,
                request.target.replace(alter[0].decode(), alter[1].decode()),
                request.headers,
                request.body.replace(*alter),
            )
        return decode_answer(self.send(request), from_json)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request, and keep it and its answer for the trace."""
        self.requests += 1
        transport = self.target.transport
        if not getattr(transport, "holds", False):
            hold()
        begun = time.monotonic()
        try:
            answer = transport.send(request, self.target.statement.answer_seconds)
        except (UnansweredError, UnreachableError) as error:
            # The words may be the target's own, and repeat what was sent.
            told = type(error)(scrubbed(str(error), self.secrets))
            self.exchanges.append((request, str(told)))
            self._note(request, told, begun)
            raise told from None
        self.exchanges.append((request, answer))
        self._note(request, answer, begun)
        return answer

    def _note(
        self, request: HttpRequest, answer: HttpResponse | Exception, begun: float
    ) -> None:
        if self.watcher is not None:
            self.watcher.exchange(request, answer, time.monotonic() - begun)

    def monotonic(self) -> float:
        """Return the seconds of the real clock."""
        now = time.monotonic()
        if self.watcher is not None:
            self.watcher.clock(now)
        return now

    def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        time.sleep(seconds)

    def at_once(self, jobs: Sequence[Sequence[Callable[[], T]]]) -> list[Span[T]]:
        """Do jobs at once, and return when each began and ended."""
        if self.watcher is not None:
            return self.watcher.at_once(jobs)
        return at_once(jobs)

    def control(
        self, method: str, path: str, body: Mapping[str, Any] | None, schema: str
    ) -> dict[str, Any]:
        """Return the answer of the control plane.

        Raises:
            OfferError: it answered an error, or something its schema does not allow.
            LostError: no answer came.
        """
        what = f"the control plane's answer to {method} {path}"
        try:
            answer = self.send(self._control_request(method, path, body))
        except (UnansweredError, UnreachableError) as error:
            raise LostError(f"{what}: {error}") from error
        try:
            document = _json(answer, what)
        except SetUpError as error:
            raise OfferError(str(error)) from error
        if answer.status >= 300:
            reason = document.get("error", "no reason given")
            raise OfferError(f"{what} is {answer.status}: {reason}")
        wrong = problems(schema, document)
        if wrong:
            raise OfferError(f"{what} is not as its schema says: {wrong[0]}")
        return document

    @property
    def timed(self) -> dict[str, str]:
        """What names the clock in a request of the control protocol."""
        return {"clock_id": self.clock_id} if self.clock_id else {}

    def _control_request(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> HttpRequest:
        statement = self.target.statement
        headers = [("host", self.host), ("content-type", "application/json")]
        if statement.control_token_env:
            token = os.environ.get(statement.control_token_env, "")
            self.secrets |= {token} - {""}
            if self.watcher is not None:
                self.watcher.secret(token)
            headers.append(("authorization", f"Bearer {token}"))
        prefix = (statement.control or "").rstrip("/")
        data = b"" if body is None else json.dumps(body).encode()
        return HttpRequest(method, f"{prefix}/{path}", tuple(headers), data)

    def discover(self) -> Offer:
        """Return what the target offers; no part at all where there is no control plane.

        Raises:
            UnreachableError: nothing there speaks the wire protocol of ECS.
        """
        statement = self.target.statement
        where = statement.url or statement.name
        try:
            if statement.control is not None:
                offer = self._discovered(where)
                if offer is not None:
                    return offer
            self._probe(where)
        except UnansweredError as error:
            raise UnreachableError(f"{where}: {error}") from error
        region = statement.region or self.region
        return Offer(statement.name, statement.version, region, frozenset())

    def _discovered(self, where: str) -> Offer | None:
        answer = self.send(self._control_request("GET", "", None))
        if answer.status in (401, 403):
            raise UnreachableError(
                f"{where}: the control plane asks for a token ({answer.status}); "
                "name it with [endpoint] control_token_env"
            )
        if answer.status >= 400:
            return None
        what = f"{where}: discovery of the control plane"
        if answer.status >= 300:
            to = dict(answer.headers).get("location", "nowhere")
            raise UnreachableError(f"{what} is redirected to {to}; give that address")
        try:
            document = _json(answer, what)
        except SetUpError as error:
            raise UnreachableError(str(error)) from error
        wrong = problems("control/discovery", document)
        if wrong:
            raise UnreachableError(f"{what} is not as its schema says: {wrong[0]}")
        self.region = self.target.statement.region or document["region"]
        known = {part.value for part in Part}
        offers = set(document["offers"])
        parts = frozenset(map(Part, offers & known))
        made, unknown = document["implementation"], tuple(sorted(offers - known))
        return Offer(made["name"], made["version"], self.region, parts, unknown)

    def _probe(self, where: str) -> None:
        """Make sure that something speaks the wire protocol, with a key that nobody has."""
        nobody = Credentials("LTAInobody", "nothing")
        answer = self.call("DescribeInstances", [("RegionId", self.region)], nobody)
        if answer.fields is None or "RequestId" not in answer.fields:
            seen = answer.problem or "it has no RequestId"
            raise UnreachableError(
                f"{where} does not speak the ECS wire protocol: HTTP {answer.status}, {seen}"
            )

    def describe(
        self, ids: Sequence[str], credentials: Credentials
    ) -> list[Mapping[str, Any]]:
        """Return what DescribeInstances lists of the given ids."""
        rows: list[Mapping[str, Any]] = []
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            params = [("RegionId", self.region), ("InstanceIds", json.dumps(some))]
            rows += self._paged("DescribeInstances", params, credentials, len(some))
        return rows

    def events(
        self, credentials: Credentials, instance_id: str = ""
    ) -> list[Mapping[str, Any]]:
        """Return every system event of the account, or of one instance, in whatever status."""
        params = [("RegionId", self.region)]
        params += [("InstanceId", instance_id)] if instance_id else []
        params += [
            (f"InstanceEventCycleStatus.{n}", status)
            for n, status in enumerate(ALL_STATUSES, 1)
        ]
        return self._paged("DescribeInstanceHistoryEvents", params, credentials)

    def _paged(
        self,
        action: str,
        params: Sequence[tuple[str, str]],
        credentials: Credentials,
        most: float = math.inf,
    ) -> list[Mapping[str, Any]]:
        def ask(page: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
            return self.ask(action, [*params, *page], credentials)

        try:
            return paged(action, ask, most)
        except PagesError as error:
            raise SetUpError(str(error)) from error

    def ask(
        self, action: str, params: Sequence[tuple[str, str]], credentials: Credentials
    ) -> Mapping[str, Any]:
        """Return the fields of a successful answer of a neighbouring operation.

        Raises:
            SetUpError: it answered an error.
            UnreadError: it answered something that cannot be read.
            DoubtError: it may have taken effect all the same.
        """
        try:
            answer = self.call(action, params, credentials)
        except (UnansweredError, UnreachableError) as error:
            raise LostError(f"{action}: {error}") from error
        if answer.fields is None:
            told = f"HTTP {answer.status}, {answer.problem}"
            raise DoubtError(f"{action} {UNREAD}: {told}")
        if answer.status >= 300:
            code = answer.fields.get("Code", "without a code")
            kind = DoubtError if answer.status >= 500 else SetUpError
            told = scrubbed(f"{answer.status} {code}", self.secrets)
            raise kind(f"{action} answered {told}")
        wrong = misshapen(action, answer.fields)
        if wrong:
            raise UnreadError(f"{action} {UNREAD}: {wrong}")
        return answer.fields


def _json(answer: HttpResponse, what: str) -> dict[str, Any]:
    try:
        document = from_json(answer.body)
    except (ValueError, RecursionError) as error:
        kind = dict(answer.headers).get("content-type", "no content type")
        raise SetUpError(f"{what} is not JSON ({kind})") from error
    if not isinstance(document, dict):
        raise SetUpError(f"{what} is no JSON object")
    return document

"""The suite's own client of RedeployInstance, which keeps every clause of clients.

It is made of small steps, so that a faulty client (``faulty``) is one that changes a step.
"""

import json
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Event, Timer
from typing import Any, NoReturn
from urllib.parse import urlsplit

from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials, build_request

LONGEST = 1 << 20
"""Bytes of the longest answer that is read."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is asked for; ``force_stop`` and ``ca_file`` are None where not set."""

    endpoint: str
    credentials: Credentials
    instance_id: str
    force_stop: bool | None
    deadline_seconds: float
    ca_file: str | None


@dataclass(frozen=True, slots=True)
class Success:
    """An accepted call."""

    task_id: str | None
    request_id: str | None


class CallError(Exception):
    """A call that did not succeed; of what the answer told, None is what it did not."""

    def __init__(
        self,
        message: str,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        """Say what happened; the message holds nothing of the request."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.request_id = request_id


class RefusedError(CallError):
    """The service answered with an error."""


class BrokenAnswerError(CallError):
    """The answer cannot be read: whether the redeploy was accepted is unknown."""


class ConnectionBrokenError(CallError):
    """No connection, or no whole answer over it."""


class UntrustedError(ConnectionBrokenError):
    """No TLS, or with a server that nobody vouches for: nothing was sent."""


class DeadlineError(CallError):
    """No whole answer in time: whether the redeploy was accepted is unknown."""


class Client:
    """Makes calls, each sent at most once, on a connection of its own."""

    def __init__(self, signature: str = "v3") -> None:
        """Sign by ``v1`` or ``v3``."""
        self.signature = signature

    def redeploy(self, call: Call) -> Success:
        """Return the ids of an accepted call.

        Raises:
            CallError: it was not accepted, or nobody knows.
        """
        return self.read(self.send(call, self.request(call)))

    # The request.

    def request(self, call: Call) -> HttpRequest:
        """Return the request, signed."""
        return self.signed(call)

    def signed(self, call: Call, **other: Any) -> HttpRequest:
        """Return the request as ``build_request`` makes it, in what is given other than usual."""
        usual: dict[str, Any] = {
            "action": "RedeployInstance",
            "credentials": call.credentials,
            "host": self.host(call),
            "scheme": self.signature,
            "nonce": self.nonce(),
            "now": self.now(),
            "version": "2014-05-26",
        }
        return build_request(self.params(call), **{**usual, **other})

    def params(self, call: Call) -> list[tuple[str, str]]:
        """Return the parameters of the operation."""
        params = [("InstanceId", call.instance_id)]
        if call.force_stop is not None:
            params.append(("ForceStop", self.boolean(call.force_stop)))
        return params

    def boolean(self, value: bool) -> str:
        """Return a boolean as it is sent."""
        return "true" if value else "false"

    def host(self, call: Call) -> str:
        """Return the host that is signed."""
        return urlsplit(call.endpoint).netloc

    def nonce(self) -> str:
        """Return what makes a request the only one of its kind."""
        return secrets.token_hex(16)

    def now(self) -> datetime:
        """Return the time of the request."""
        return datetime.now(UTC)

    # The exchange.

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request that is sent once; no redirect is followed.

        Raises:
            CallError: there is no whole answer.
        """
        ends = self.ends(call)
        late = DeadlineError("there was no whole answer before the deadline")
        try:
            connected = self.connect(call)
        except TimeoutError:
            raise late from None
        with connected, _shut_at(ends, connected) as over:
            try:
                answer = self.exchange(self.secure(call, connected), request)
            except (OSError, HTTPException) as error:
                if over.is_set() or isinstance(error, TimeoutError):
                    raise late from None
                why = f"the connection broke before a whole answer: {_kind(error)}"
                raise ConnectionBrokenError(why) from None
            except CallError:
                if over.is_set():  # what broke is broken by the deadline
                    raise late from None
                raise
            if over.is_set():  # an answer without a length ends where it is cut
                raise late
            return answer

    def ends(self, call: Call) -> float:
        """Return when the call ends, by the clock that only rises."""
        return time.monotonic() + call.deadline_seconds

    def connect(self, call: Call) -> socket.socket:
        """Return a connection to the endpoint, without TLS as yet."""
        address = urlsplit(call.endpoint)
        port = address.port or (443 if address.scheme == "https" else 80)
        try:
            return socket.create_connection(
                (address.hostname or "", port), call.deadline_seconds
            )
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionBrokenError(f"no connection: {_kind(error)}") from None

    def secure(self, call: Call, connected: socket.socket) -> socket.socket:
        """Return the connection with TLS where the endpoint has it."""
        address = urlsplit(call.endpoint)
        if address.scheme != "https":
            return connected
        try:
            # A duplicate, since wrapping takes the socket away from whoever holds it.
            return self.trust(call).wrap_socket(
                connected.dup(), server_hostname=address.hostname
            )
        except (ssl.SSLError, FileNotFoundError) as error:
            raise UntrustedError(f"no trusted connection: {_kind(error)}") from None

    def trust(self, call: Call) -> ssl.SSLContext:
        """Return whom the client trusts."""
        return ssl.create_default_context(cafile=call.ca_file)

    def exchange(self, connected: socket.socket, request: HttpRequest) -> HttpResponse:
        """Return the answer to a request on a connection."""
        # Only a form of its own: given the socket, it opens and follows nothing.
        connection = HTTPConnection("")
        connection.sock = connected
        with connected:
            connection.putrequest(
                request.method, request.target, skip_host=True
            )  # asks for no compression
            for name, value in request.headers:
                connection.putheader(name, value)
            connection.putheader("accept", "application/json")
            connection.putheader("connection", "close")
            connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body or None)
            with connection.getresponse() as answer:
                headers = [(k.lower(), v) for k, v in answer.getheaders()]
                return HttpResponse(answer.status, tuple(headers), self.body(answer))

    def body(self, answer: HTTPResponse) -> bytes:
        """Return the whole body of an answer."""
        body = answer.read(LONGEST + 1)
        status = answer.status
        if len(body) > LONGEST:
            raise BrokenAnswerError("the answer is too long to read", None, status)
        if answer.length:
            raise BrokenAnswerError("the answer is cut short", None, status)
        return body

    # The answer.

    def read(self, answer: HttpResponse) -> Success:
        """Return the ids that an answer carries.

        Raises:
            CallError: it is an error, or not what the contract promises.
        """
        fields = self.fields(answer)
        if self.refuses(answer, fields):
            self.refuse(answer, fields)
        ids = self.id(fields, "TaskId"), self.id(fields, "RequestId")
        if not all(ids):
            name = "RequestId" if ids[0] else "TaskId"
            self.broken(answer, f"a success without a {name}")
        return Success(*ids)

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        """Return the fields of an answer, numbers as the texts they are written in."""
        try:
            fields = json.loads(
                answer.body.decode("utf-8-sig"),
                parse_int=str,
                parse_float=str,
                parse_constant=_no_constant,
            )
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            self.broken(
                answer, f"an answer that is no JSON object (HTTP {answer.status})"
            )
        return fields

    def refuses(self, answer: HttpResponse, fields: dict[str, Any]) -> bool:
        """Tell an error from a success: by its status, and by a code at any status."""
        return not 200 <= answer.status < 300 or fields.get("Code") is not None

    def refuse(self, answer: HttpResponse, fields: dict[str, Any]) -> NoReturn:
        """Raise the error that an answer carries."""
        raise RefusedError(
            _text(fields.get("Message")) or "",
            _text(fields.get("Code")),
            answer.status,
            _text(fields.get("RequestId")) or _request_id(answer),
        )

    def id(self, fields: dict[str, Any], name: str) -> str | None:
        """Return an id, unchanged."""
        return _text(fields.get(name))

    def broken(self, answer: HttpResponse, what: str) -> NoReturn:
        """Raise that an answer cannot be used."""
        raise BrokenAnswerError(what, None, answer.status, _request_id(answer))


@contextmanager
def _shut_at(ends: float, connected: socket.socket) -> Iterator[Event]:
    """Shut a connection at a time of the clock, however slowly it trickles until then."""
    over = Event()

    def shut() -> None:
        over.set()
        with suppress(OSError):  # it has ended by itself
            connected.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(0.0, ends - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _kind(error: Exception) -> str:
    return type(error).__name__


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _request_id(answer: HttpResponse) -> str | None:
    return dict(answer.headers).get("x-acs-request-id")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)

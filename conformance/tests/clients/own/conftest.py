"""Servers that answer with plain bytes, and calls of the suite's own client against them."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from redeploy_conformance.certify.arrivals import Arrival, stale, wrong_request
from redeploy_conformance.certify.client import Client
from redeploy_conformance.certify.forms import in_xml
from redeploy_conformance.certify.looks import shown
from redeploy_conformance.certify.reference import answer
from redeploy_conformance.certify.replies import JSON, Answer
from redeploy_conformance.certify.server import read_request
from redeploy_schemas.validation import problems

SECRET = "a-secret-that-nobody-may-see"
TASK, REQUEST = "t-bp10e8orkp8x9example", "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"
ACCEPTED = {"outcome": "success", "task_id": TASK, "request_id": REQUEST}


def http(status: int, body: str | bytes, *headers: str) -> bytes:
    """An answer as it leaves a server."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(data)}"]
    lines += [f"content-type: {JSON}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def accepted(**more: object) -> bytes:
    """A success, with further or other fields."""
    return http(200, json.dumps({"TaskId": TASK, "RequestId": REQUEST, **more}))


def refused(status: int, code: str | None, message: str) -> bytes:
    """An error; without a code it has none."""
    fields = {"RequestId": REQUEST, "Message": message}
    return http(
        status, json.dumps(fields if code is None else {**fields, "Code": code})
    )


@dataclass
class Server:
    """A listener: the n-th request gets the n-th answer, the last one again and again.

    It answers ``late`` seconds after it was asked, a byte each ``trickle`` seconds, and cuts with
    a ``reset``.
    """

    answers: tuple[bytes, ...] = (accepted(),)
    late: float = 0.0
    trickle: float = 0.0
    reset: bool = False
    tls: ssl.SSLContext | None = None
    asked: list[bytes] = field(default_factory=list)
    listener: socket.socket = field(
        default_factory=lambda: socket.create_server(("127.0.0.1", 0))
    )
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self) -> str:
        """The address."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        """Serve until the listener is closed."""
        while not self.ended.is_set():
            with suppress(OSError):  # a client that goes away, or the end
                connection, _ = self.listener.accept()
                threading.Thread(
                    target=self.serve, args=(connection,), daemon=True
                ).start()

    def serve(self, connection: socket.socket) -> None:
        """Answer one request."""
        connection.settimeout(10)
        with suppress(OSError):  # a client that goes away
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self.reply(connection)

    def reply(self, connection: socket.socket) -> None:
        """Read a request and send what there is to send."""
        self.asked.append(read_request(connection)[0])
        self.ended.wait(self.late)
        given = self.answers[min(len(self.asked), len(self.answers)) - 1]
        arrival = Arrival(0.0, "main", self.asked[-1])
        if arrival.looks:
            given = shown(arrival).whole
        if arrival.wants_xml:
            given = in_xml(Answer(given)).whole
        step = 1 if self.trickle else len(given) or 1
        for at in range(0, len(given), step):
            connection.sendall(given[at : at + step])
            if self.trickle and self.ended.wait(self.trickle):
                break
        if self.reset:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def close(self) -> None:
        """End it."""
        self.ended.set()
        with suppress(OSError):  # it is not connected: that is all it can say
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@dataclass(frozen=True)
class Told:
    """What came of a call."""

    answer: dict[str, Any]
    requests: list[Arrival]
    wrong: list[str]
    printed: str
    seconds: float

    def sent(self) -> list[dict[str, str]]:
        """The operation and its own parameters, of each request."""
        own = ("InstanceId", "ForceStop")
        return [
            {"Action": str(one.action)}
            | {n: v for n, v in one.params.items() if n in own}
            for one in self.requests
        ]


Serve = Callable[..., Server]
Ask = Callable[..., Told]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers; they end with the test."""
    running: list[Server] = []

    def start(*answers: bytes, **options: Any) -> Server:
        server = Server(**{"answers": answers} if answers else {}, **options)
        threading.Thread(target=server.run, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.close()


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str]) -> Ask:
    """Make one call with a client, and look at what it told and sent."""

    def make(client: Client, server: Server, **more: Any) -> Told:
        asked: Mapping[str, Any] = {
            "endpoint": server.url(),
            "access_key_id": "testid",
            "access_key_secret": SECRET,
            "instance_id": "i-bp1reference",
            "deadline_seconds": 5.0,
            **more,
        }
        capfd.readouterr()
        before = time.monotonic()
        told = answer(client, dict(asked))
        seconds = time.monotonic() - before
        assert problems("client/answer", {"id": 1, **told}) == []
        came = [Arrival(0.0, "main", raw) for raw in server.asked]
        requests = [one for one in came if not one.looks]
        wrong = [
            expected
            for one in requests
            for expected, _ in [
                *wrong_request(
                    one,
                    asked["instance_id"],
                    asked.get("force_stop"),
                    asked["access_key_id"],
                    asked["access_key_secret"],
                ),
                *filter(None, [stale(one)]),
            ]
        ]
        return Told(told, requests, wrong, capfd.readouterr().err, seconds)

    return make


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """What a server on loopback shows, and the file of the authority that vouches for it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return context, file

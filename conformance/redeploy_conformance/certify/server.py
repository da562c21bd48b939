"""The certifying server: raw sockets on loopback, so that it can answer as no framework would."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from redeploy_conformance.certify.arrivals import (
    Arrival,
    content_length,
    header_of,
)
from redeploy_conformance.certify.forms import in_xml, without_chunks
from redeploy_conformance.certify.replies import Answer, Script

LONGEST = 1 << 20
PATIENCE = 20.0
"""Seconds after which a connection without a whole request is closed."""

PULSE = 0.05
"""Seconds between two parts of an answer without an end."""

HANDSHAKE = b"\x16"
"""The first byte of a client that begins TLS."""


MANY = 2000
"""Ports after which the first ones are used again: there are not so many more."""

_USED: set[int] = set()
_USED_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Role:
    """What a listener is: plain, behind TLS, or (``https`` without ``tls``) failing at TLS."""

    https: bool = False
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"


PLAIN = Role()


@dataclass
class Served:
    """What arrived at all servers of one case, in order; safe to read when they are closed.

    ``handshakes`` counts the clients that began TLS.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    handshakes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Server:
    """One listener that plays a script."""

    def __init__(self, name: str, served: Served, role: Role) -> None:
        """Listen on a free port of loopback."""
        self.name = name
        self.served = served
        self.role = role
        self.script = Script()
        self.listener = _listen()
        self.port = self.listener.getsockname()[1]
        self.stopped = threading.Event()
        self.count = 0
        self.open: set[socket.socket] = set()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """The address, with scheme and port."""
        scheme = "https" if self.role.https else "http"
        return f"{scheme}://{self.role.host}:{self.port}"

    def close(self) -> None:
        """Stop listening; connections that wait are let go."""
        self.stopped.set()
        with suppress(OSError):  # nobody was connected: that is all it can mean
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.served.lock:
            waiting = list(self.open)
        for connection in waiting:
            with suppress(OSError):  # it has ended meanwhile
                connection.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        try:
            with self._kept(connection):
                first = connection.recv(1, socket.MSG_PEEK)
                if not self.role.https:
                    self._answer_all(connection)
                elif first == HANDSHAKE:
                    self._secured(connection)
                elif first:
                    raw = read_request(connection)
                    self._enter(Arrival(time.monotonic(), self.name, raw, plain=True))
        except OSError:
            return  # the client went away, which is its right; what arrived is kept

    @contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        with self.served.lock:
            self.open.add(connection)
        try:
            yield
        finally:
            with self.served.lock:
                self.open.discard(connection)
            connection.close()

    def _secured(self, connection: socket.socket) -> None:
        with self.served.lock:
            self.served.handshakes += 1
        if self.role.tls is None:
            _cut(connection)
            return
        secure = self.role.tls.wrap_socket(connection, server_side=True)
        with self._kept(secure):
            self._answer_all(secure)

    def _answer_all(self, connection: socket.socket) -> None:
        while self._answer(connection):
            pass

    def _answer(self, connection: socket.socket) -> bool:
        """Answer one request; return whether the connection stays open for another."""
        if self.script.answer(self.count, "/").unread:
            # What the kernel holds is looked at, not read: a reset says that it never was.
            raw = connection.recv(LONGEST, socket.MSG_PEEK)
            if raw:
                arrival = Arrival(time.monotonic(), self.name, raw, unread=True)
                arrival.answer = self.script.answer(self._next(), "/").shown()
                self._enter(arrival)
            _cut(connection)
            return False
        raw = read_request(connection)
        if not raw:
            return False
        arrival = Arrival(time.monotonic(), self.name, raw)
        self._enter(arrival)
        answer = self.script.answer(self._next(), urlsplit(arrival.target).path)
        if arrival.wants_xml:
            answer = in_xml(answer)
        if arrival.of_http_1_0:
            answer = without_chunks(answer)
        arrival.answer = answer.shown()
        if answer.late:
            self.stopped.wait(answer.late)
        connection.sendall(answer.sent)
        self._go_on(connection, answer)
        if answer.reset:
            _cut(connection)
        return answer.stay and arrival.keeps

    def _go_on(self, connection: socket.socket, answer: Answer) -> None:
        while answer.endless and not self.stopped.wait(PULSE):
            connection.sendall(answer.endless)

    def _next(self) -> int:
        with self.served.lock:
            self.count += 1
            return self.count - 1

    def _enter(self, arrival: Arrival) -> None:
        with self.served.lock:
            if not self.stopped.is_set():
                self.served.arrivals.append(arrival)


def _listen() -> socket.socket:
    """Listen on a port that no case had before: clients keep what they know of an address."""
    while True:
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        port = listener.getsockname()[1]
        with _USED_LOCK:
            if len(_USED) >= MANY:
                _USED.clear()
            if port not in _USED:
                _USED.add(port)
                return listener
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    """Return one whole request, as far as one comes."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < LONGEST:
        part = connection.recv(65536)
        if not part:
            return data
        # Lines that are empty before a request mean nothing (RFC 9112, 2.2).
        data = (data + part).lstrip(b"\r\n")
    head, _, body = data.partition(b"\r\n\r\n")
    if header_of(head, b"expect") == b"100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if header_of(head, b"transfer-encoding") == b"chunked":
        return head + b"\r\n\r\n" + _chunks(connection, body)
    wanted = content_length(head)
    while len(body) < min(wanted, LONGEST):
        part = connection.recv(65536)
        if not part:
            break
        body += part
    if body[wanted:].strip(b"\r\n"):
        wanted = len(body)  # more than was announced, and not nothing: it is shown
    return head + b"\r\n\r\n" + body[:wanted]


def _chunks(connection: socket.socket, data: bytes) -> bytes:
    """Return a body that comes in chunks, without their marks."""
    body = b""
    while len(body) < LONGEST:
        while b"\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return body
            data += part
        size_line, _, data = data.partition(b"\r\n")
        try:
            size = int(size_line.split(b";")[0], 16)
        except ValueError:  # no chunk: whatever this is, it is judged as it came
            return body + size_line + data
        while len(data) < size + 2:
            part = connection.recv(65536)
            if not part:
                return body + data
            data += part
        body, data = body + data[:size], data[size + 2 :]
        if size == 0:
            return body
    return body


def _cut(connection: socket.socket) -> None:
    """Close with a reset, as a server does that dies."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextmanager
def serving(
    make: Callable[[Mapping[str, str]], Mapping[str, Script]],
    roles: Mapping[str, Role],
) -> Iterator[tuple[dict[str, str], Served]]:
    """Serve the scripts of one case; yields each server's address by name, and what arrives.

    ``make`` is given the addresses, since an answer may name one.
    """
    served = Served()
    servers: dict[str, Server] = {}
    try:
        for name, role in roles.items():
            servers[name] = Server(name, served, role)
        addresses = {name: one.url for name, one in servers.items()}
        for name, script in make(addresses).items():
            servers[name].script = script
        yield addresses, served
    finally:
        for one in servers.values():
            one.close()

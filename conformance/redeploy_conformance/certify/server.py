"""The certifying server: raw sockets on loopback, so that it can answer as no framework would."""

import re
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
    HERE,
    Arrival,
    content_length,
    header_of,
)
from redeploy_conformance.certify.forms import in_xml, without_chunks
from redeploy_conformance.certify.lingering import keep
from redeploy_conformance.certify.looks import shown
from redeploy_conformance.certify.replies import Answer, Script

LONGEST = 1 << 20
PATIENCE = 20.0
"""Seconds after which a connection without a whole request is closed."""

REST = 0.2
"""Seconds that a client has to end a connection whose answer is over."""

RESET = struct.pack("ii", 1, 0)
"""How a socket is told to end with a reset (SO_LINGER)."""

PULSE = 0.05
"""Seconds between two parts of an answer without an end."""

LINE = re.compile(rb"[A-Z]+ \S+ HTTP/1\.[01]\r\n")
"""How a request begins: what stands so behind another one is the next."""

HANDSHAKE = b"\x16"
"""The first byte of a client that begins TLS."""


KEY_ID = re.compile(rb"LTAIx[0-9a-f]{18}", re.IGNORECASE)
"""The id of a certification's key."""

BACKLOG = 64
"""Connections that may wait to be accepted."""

MANY = 2000
"""Ports after which the first ones are used again: there are not so many more."""

_USED: set[int] = set()
_USED_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Role:
    """What a listener is: plain, behind TLS, or (``https`` without ``tls``) failing at TLS.

    Where it is ``shut``, nobody listens: the port is held, and every connection refused.
    """

    https: bool = False
    tls: ssl.SSLContext | None = None
    host: str = HERE
    shut: bool = False


PLAIN = Role()
SHUT = Role(shut=True)


@dataclass
class Served:
    """What arrived at all servers of one case, in order; safe to read when they are closed.

    ``late`` is what was read only when the case was over. ``handshakes`` counts the clients that began TLS.
    ``key_id`` is whose requests they are: what is sent by another key of such a form comes from the client
    of another certification, to a port that was its server's before.
    """

    key_id: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    late: list[Arrival] = field(default_factory=list)
    handshakes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def strange(self, raw: bytes) -> bool:
        """Whether a request is of another certification."""
        ids = {one.lower() for one in KEY_ID.findall(raw)}
        return bool(self.key_id and ids) and self.key_id.lower().encode() not in ids


class Server:
    """One listener that plays a script."""

    def __init__(self, name: str, served: Served, role: Role) -> None:
        """Listen on a free port of loopback, or hold one."""
        self.name = name
        self.served = served
        self.role = role
        self.script = Script()
        self.listener = _bind()
        if not role.shut:
            self.listener.listen(BACKLOG)
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
        """Let connections that wait go, and answer nobody any more; who comes later is only read."""
        self.stopped.set()
        with self.served.lock:
            waiting = list(self.open)
        for connection in waiting:
            with suppress(OSError):  # it has ended meanwhile
                connection.shutdown(socket.SHUT_RDWR)
        if self.role.https:
            self.end()
        else:
            keep(self)

    def end(self) -> None:
        """Stop listening."""
        with suppress(OSError):  # nobody was connected: that is all it can mean
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            serve = self._read_late if self.stopped.is_set() else self._serve
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def _read_late(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with suppress(OSError), self._kept(connection):  # it went away, unread
            for raw in requests(*read_request(connection)):
                if LINE.match(raw):  # TLS is spoken to whose port it was before
                    self._enter(Arrival(time.monotonic(), self.name, raw))

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
                    for raw in requests(*read_request(connection)):
                        arrival = Arrival(time.monotonic(), self.name, raw, plain=True)
                        self._enter(arrival)
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
            _hang_up(connection)

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
        """Answer what comes; requests that came at once have all arrived before the first is answered."""
        stays = True
        while stays:
            if self.script.answer(self.count, "/").unread:
                self._unread(connection)
                return
            came = [
                Arrival(time.monotonic(), self.name, raw)
                for raw in requests(*read_request(connection))
                if not self.served.strange(raw)
            ]
            for arrival in came:
                self._enter(arrival)
            for arrival in came:
                stays = stays and self._answer(connection, arrival)
            stays = stays and bool(came)

    def _unread(self, connection: socket.socket) -> None:
        """Cut the connection; what the kernel holds is looked at: a reset says that it never was read."""
        raw = connection.recv(LONGEST, socket.MSG_PEEK)
        shown = self.script.answer(self._next(), "/").shown() if raw else ""
        for one in requests(b"", raw):
            arrival = Arrival(time.monotonic(), self.name, one, unread=True)
            arrival.answer = shown
            self._enter(arrival)
        _cut(connection)

    def _answer(self, connection: socket.socket, arrival: Arrival) -> bool:
        """Answer one request; return whether the connection stays open for another."""
        if arrival.looks:
            answer = shown(arrival)
        else:
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
        if self.served.strange(arrival.raw):
            return
        with self.served.lock:
            over = self.stopped.is_set()
            (self.served.late if over else self.served.arrivals).append(arrival)


def _bind() -> socket.socket:
    """Hold a port that no case had before: clients keep what they know of an address."""
    while True:
        listener = socket.socket()
        listener.bind((HERE, 0))
        port = listener.getsockname()[1]
        with _USED_LOCK:
            if len(_USED) >= MANY:
                _USED.clear()
            if port not in _USED:
                _USED.add(port)
                return listener
        listener.close()


def read_request(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return one whole request, as far as one comes, and what came with it of the next one."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < LONGEST:
        part = connection.recv(65536)
        if not part:
            return data, b""
        # Lines that are empty before a request mean nothing (RFC 9112, 2.2).
        data = (data + part).lstrip(b"\r\n")
    head, _, body = data.partition(b"\r\n\r\n")
    if header_of(head, b"expect") == b"100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if header_of(head, b"transfer-encoding") == b"chunked":
        body, rest = _chunks(connection, body)
        return head + b"\r\n\r\n" + body, rest if LINE.match(rest) else b""
    wanted = content_length(head)
    while len(body) < min(wanted, LONGEST):
        part = connection.recv(65536)
        if not part:
            break
        body += part
    rest = body[wanted:].lstrip(b"\r\n")
    if rest and not LINE.match(rest):
        wanted, rest = len(body), b""  # more than was announced: it is shown
    return head + b"\r\n\r\n" + body[:wanted], rest


def requests(first: bytes, rest: bytes) -> Iterator[bytes]:
    """Yield the requests that came at once: the first, and those in what came behind it."""
    if first:
        yield first
    while rest:
        head = rest.partition(b"\r\n\r\n")[0]
        end = len(head) + 4 + content_length(head)
        following = rest[end:].lstrip(b"\r\n")
        if not LINE.match(following):
            end, following = len(rest), b""
        yield rest[:end]
        rest = following


def _chunks(connection: socket.socket, data: bytes) -> tuple[bytes, bytes]:
    """Return a body that comes in chunks, without their marks, and what came behind it."""
    body = b""
    while len(body) < LONGEST:
        while b"\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return body, b""
            data += part
        size_line, _, data = data.partition(b"\r\n")
        try:
            size = int(size_line.split(b";")[0], 16)
        except ValueError:  # no chunk: whatever this is, it is judged as it came
            return body + size_line + data, b""
        while len(data) < size + 2:
            part = connection.recv(65536)
            if not part:
                return body + data, b""
            data += part
        body, data = body + data[:size], data[size + 2 :]
        if size == 0:
            return body, data.lstrip(b"\r\n")
    return body, b""


def _cut(connection: socket.socket) -> None:
    """Close with a reset, as a server does that dies."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def _hang_up(connection: socket.socket) -> None:
    """Close, in order where it is not to be cut: what is unread would make a reset of it."""
    with suppress(OSError):  # the client has ended it, or TLS did
        size = len(RESET)
        if connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, size) != RESET:
            connection.settimeout(REST)
            connection.shutdown(socket.SHUT_WR)
            until = time.monotonic() + REST
            while connection.recv(65536) and time.monotonic() < until:
                pass
    connection.close()


@contextmanager
def serving(
    make: Callable[[Mapping[str, str]], Mapping[str, Script]],
    roles: Mapping[str, Role],
    key_id: str = "",
) -> Iterator[tuple[dict[str, str], Served]]:
    """Serve the scripts of one case; yields each server's address by name, and what arrives.

    ``make`` is given the addresses, since an answer may name one; ``key_id`` is that of the client.
    """
    served = Served(key_id)
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

"""The certifying server: raw sockets on loopback, so that it can answer as no framework would."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.replies import Script

LONGEST = 1 << 20
PATIENCE = 20.0
"""Seconds after which a connection without a whole request is closed."""


@dataclass
class Served:
    """What arrived at all servers of one case, in order; safe to read when they are closed."""

    arrivals: list[Arrival] = field(default_factory=list)
    opened: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Server:
    """One listener that plays a script; each connection brings one request."""

    def __init__(
        self, name: str, served: Served, tls: ssl.SSLContext | None = None
    ) -> None:
        """Listen on a free port of loopback."""
        self.name = name
        self.served = served
        self.tls = tls
        self.script = Script()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.stopped = threading.Event()
        self.count = 0
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """The address, with scheme and port."""
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening; connections that wait are let go."""
        self.stopped.set()
        with suppress(OSError):  # nobody was connected: that is all it can mean
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.served.lock:
                self.served.opened += 1
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self._answer(connection)
        except OSError:
            return  # the client went away, which is its right; what arrived is kept
        finally:
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        with self.served.lock:
            number = self.count
            self.count += 1
        answer = self.script.answer(number)
        if answer.unread:
            _cut(connection)
            return
        raw = read_request(connection)
        if not raw:
            return
        with self.served.lock:
            self.served.arrivals.append(Arrival(time.monotonic(), self.name, raw))
        if answer.late:
            self.stopped.wait(answer.late)
        connection.sendall(answer.sent)
        if answer.keep < 1.0:
            _cut(connection)


def read_request(connection: socket.socket) -> bytes:
    """Return one whole request, as far as one comes."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < LONGEST:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    wanted = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            wanted = int(value)
    while len(body) < min(wanted, LONGEST):
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def _cut(connection: socket.socket) -> None:
    """Close with a reset, as a server does that dies."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextmanager
def serving(
    make: Callable[[dict[str, str]], dict[str, Script]],
    certificates: dict[str, ssl.SSLContext | None],
) -> Iterator[tuple[dict[str, str], Served]]:
    """Serve the scripts of one case; yields each server's address by name, and what arrives.

    ``make`` is given the addresses, since an answer may name one.
    """
    served = Served()
    servers = {
        name: Server(name, served, context) for name, context in certificates.items()
    }
    try:
        addresses = {name: one.url for name, one in servers.items()}
        for name, script in make(addresses).items():
            servers[name].script = script
        yield addresses, served
    finally:
        for one in servers.values():
            one.close()

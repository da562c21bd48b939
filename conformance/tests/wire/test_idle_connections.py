"""A connection that was idle for a while is not used again: the server may be about to close it."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from redeploy_conformance.targets.http import IDLE, HttpTransport
from redeploy_conformance.wire.http import HttpRequest

ASKED = HttpRequest("GET", "/", (), b"")


class Counting(BaseHTTPRequestHandler):
    """Remembers from which port each request came."""

    protocol_version = "HTTP/1.1"
    ports: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self.ports.append(self.client_address[1])
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    Counting.ports.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    Thread(target=server.serve_forever, daemon=True).start()
    made = HttpTransport(f"http://127.0.0.1:{server.server_port}")
    yield made
    made.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("pause", "connections"), [(0.0, 1), (IDLE + 0.1, 2)])
def test_it_is_kept_only_while_it_is_busy(
    transport: HttpTransport, pause: float, connections: int
) -> None:
    transport.send(ASKED, 5.0)
    time.sleep(pause)
    transport.send(ASKED, 5.0)
    assert len(set(Counting.ports)) == connections

"""A proxy that signs: ``POST /RedeployInstance?InstanceId=…`` becomes a signed call of that action.

What lies under the prefix of the control protocol is passed on as it is. It counts, and it stops
passing on when a budget of requests or seconds is spent. Well before the rate limit it turns the
clock on, since a caller who cannot know of the limit would see nothing else from then on.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from redeploy_conformance.targets.base import (
    Transport,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials, build_request

ANSWER_SECONDS = 30.0
OPERATION = "/RedeployInstance"
CALLS, SECONDS = 400, 61.0
"""After so many calls the clock is turned on by so much."""
HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "date", "server")


@dataclass(slots=True)
class Meter:
    """How many requests may be passed on until which moment, and how many were."""

    requests: int
    until: float
    count: int = 0
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self) -> bool:
        """Count one request; False when the budget is spent."""
        with self.lock:
            if self.count >= self.requests or time.monotonic() > self.until:
                return False
            self.count += 1
            return True

    def near_limit(self, path: str) -> bool:
        """Count one call of the operation; True when the rate limit is near."""
        with self.lock:
            self.calls += path.startswith(OPERATION)
            return self.calls % CALLS == 0 and path.startswith(OPERATION)


def signed(
    method: str,
    target: str,
    body: bytes,
    credentials: Credentials,
    host: str,
    control: str,
) -> HttpRequest:
    """Return the request that the server gets in place of the one the proxy got."""
    if target.startswith(control):
        headers = (("host", host), ("content-type", "application/json"))
        return HttpRequest(method, target, headers, body)
    parts = urlsplit(target)
    return build_request(
        parse_qsl(parts.query, keep_blank_values=True),
        action=parts.path.removeprefix("/"),
        credentials=credentials,
        host=host,
        method="GET" if method == "GET" else "POST",
    )


def turn_on(transport: Transport, host: str, control: str) -> None:
    """Turn the clock of the server on; not counted, since it is no request of the client's."""
    headers = (("host", host), ("content-type", "application/json"))
    body = json.dumps({"seconds": SECONDS}).encode()
    path = f"{control}/clock/advance"
    transport.send(HttpRequest("POST", path, headers, body), ANSWER_SECONDS)


@contextmanager
def proxy(
    transport: Transport,
    credentials: Credentials,
    host: str,
    control: str,
    meter: Meter,
) -> Iterator[str]:
    """Serve on a free port of this machine until the end of the block; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # one packet an answer: two would wait for each other

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if not meter.spend():
                self.close_connection = True  # the client's run is over
                return
            if meter.near_limit(self.path):
                turn_on(transport, host, control)
            request = signed(self.command, self.path, body, credentials, host, control)
            try:
                came = transport.send(request, ANSWER_SECONDS)
            except (UnansweredError, UnreachableError):
                self.close_connection = True
                return
            self.pass_on(came)

        def pass_on(self, came: HttpResponse) -> None:
            self.send_response(came.status)
            for name, value in came.headers:
                if name not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(came.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(came.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer
        do_OPTIONS = do_HEAD = do_TRACE = do_QUERY = answer

        def log_message(self, format: str, *values: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

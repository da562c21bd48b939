"""Jobs done at once leave together, however long each takes to get ready."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from redeploy_conformance.parallel import at_once, held, hold
from redeploy_conformance.running.api import Api
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.targets.watched import Watched
from redeploy_conformance.wire.http import HttpRequest


def test_nobody_leaves_before_all_are_ready() -> None:
    left: list[float] = []
    ready: list[float] = []

    def job(seconds: float) -> None:
        time.sleep(seconds)
        ready.append(time.monotonic())
        hold()
        left.append(time.monotonic())

    at_once([[lambda: job(0)], [lambda: job(0.05)]])
    assert min(left) >= max(ready)


def test_only_the_first_request_of_a_row_waits() -> None:
    def waits() -> bool:
        before = held()
        hold()
        return before

    spans = at_once([[waits, waits], [waits]])
    assert [one.value for one in spans] == [True, False, True]


def test_one_that_fails_before_it_is_ready_holds_nobody_up() -> None:
    went = threading.Event()

    def fails() -> None:
        raise LookupError("no key")

    def goes() -> None:
        hold()
        went.set()

    with pytest.raises(LookupError, match="no key"):
        at_once([[fails], [goes]])
    assert went.is_set()


def test_one_that_sends_nothing_holds_nobody_up() -> None:
    spans = at_once([[lambda: "idle"], [lambda: (hold(), "went")[1]]])
    assert [one.value for one in spans] == ["idle", "went"]


def test_elsewhere_there_is_nobody_to_wait_for() -> None:
    hold()
    assert not held()


def test_a_request_over_http_leaves_when_the_others_are_connected_too() -> None:
    ready = threading.Event()
    early: list[bool] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            early.append(not ready.is_set())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    transport = HttpTransport(f"http://127.0.0.1:{server.server_port}")
    api = Api(Target("t", "http", Watched(transport, ""), Statement()))
    request = HttpRequest("GET", "/", (("host", "t"),), b"")

    def slow() -> int:
        time.sleep(0.1)
        ready.set()
        return api.send(request).status

    try:
        spans = at_once([[lambda: api.send(request).status], [slow]])
    finally:
        transport.close()
        server.shutdown()
        server.server_close()
    assert [one.value for one in spans] == [204, 204]
    assert early == [False, False]


def test_a_watched_transport_lets_calls_wait_where_the_inner_one_does() -> None:
    transport = HttpTransport("http://127.0.0.1:1")
    assert Watched(transport, "").holds
    transport.close()

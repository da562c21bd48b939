"""The ASGI application, and the emulator on a real socket."""

import asyncio
import http.client
import json
import sys
import threading
from queue import Queue
from typing import Any

import httpx
import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.serve import ServeError, UvicornMissing, serve
from redeploy_conformance.emulator.settings import Settings


def through_asgi(app: Any, method: str, url: str, **how: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://ecs") as it:
            return await it.request(method, url, **how)

    return asyncio.run(ask())


def test_asgi_carries_requests_and_answers(bench: Any) -> None:
    app = bench.emulator.asgi
    answer = through_asgi(app, "GET", "/redeploy-control/v1/clock")
    assert answer.json() == {"now": 0.0}
    answer = through_asgi(app, "POST", "/?Action=Foo%20&Format=JSON")
    assert answer.status_code == 404
    assert answer.headers["x-acs-request-id"] == answer.json()["RequestId"]


def test_asgi_stops_reading_a_body_that_is_too_long() -> None:
    app = Emulator(Settings(max_body_bytes=10)).asgi
    assert through_asgi(app, "POST", "/", content=b"x" * 11).status_code == 413
    assert through_asgi(app, "POST", "/", content=b"x" * 10).status_code == 404


def test_asgi_lifespan() -> None:
    sent: list[str] = []
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(Emulator().asgi({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_serving_on_a_free_port() -> None:
    pytest.importorskip("uvicorn")
    urls: Queue[str] = Queue()
    server = threading.Thread(
        target=serve, args=(Emulator(),), kwargs={"ready": urls.put}, daemon=True
    )
    server.start()
    url = httpx.URL(urls.get(timeout=10))
    assert url.host == "127.0.0.1"
    connection = http.client.HTTPConnection(url.host, url.port or 0, timeout=10)
    connection.request("GET", "/redeploy-control/v1/")
    answer = json.loads(connection.getresponse().read())
    assert answer["protocol"] == "redeploy-control/1"
    with pytest.raises(ServeError, match="cannot be had"):
        serve(Emulator(), "127.0.0.1", url.port or 0)


def test_other_machines_need_a_token() -> None:
    with pytest.raises(ServeError, match="token"):
        serve(Emulator(), "0.0.0.0")


def test_without_uvicorn_one_sentence_says_so(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(UvicornMissing, match="uvicorn"):
        serve(Emulator())
    assert issubclass(UvicornMissing, ImportError)

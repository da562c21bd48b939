"""An ASGI 3 application around a synchronous handler."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from redeploy_conformance.wire.http import HttpRequest, HttpResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[HttpRequest], HttpResponse]


class HungUp(Exception):
    """A handler that lets the connection break instead of answering."""


class AsgiApp:
    """Serves a handler. With `threads` every request is handled in a thread of its
    own, so that requests may really meet inside the handler."""

    def __init__(
        self, handler: Handler, max_body_bytes: int, *, threads: bool = False
    ) -> None:
        self._handler = handler
        self._max_body_bytes = max_body_bytes
        self._threads = threads

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI entry point: `http` and `lifespan`; other kinds are ignored."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await self._read(receive)
        if body is None:
            response = HttpResponse(413, (("content-type", "text/plain"),), b"")
        else:
            request = _request(scope, body)
            try:
                if self._threads:
                    response = await asyncio.to_thread(self._handler, request)
                else:
                    response = self._handler(request)
            except HungUp:
                await _cut(send)
                return
        await _reply(response, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None if it is too long."""
        parts: list[bytes] = []
        length = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(parts)
            part = message.get("body", b"")
            length += len(part)
            if length > self._max_body_bytes:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _request(scope: Message, body: bytes) -> HttpRequest:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    target = raw_path.partition(b"?")[0].decode("latin-1")
    if query:
        target += "?" + query.decode("latin-1")
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope.get("headers", ())
    )
    return HttpRequest(scope["method"], target, headers, body)


async def _reply(response: HttpResponse, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers
    ]
    headers.append((b"content-length", str(len(response.body)).encode()))
    start = {
        "type": "http.response.start",
        "status": response.status,
        "headers": headers,
    }
    await send(start)
    await send({"type": "http.response.body", "body": response.body})


async def _cut(send: Send) -> None:
    """Begin an answer that never comes: a server then closes the connection."""
    headers = [(b"content-length", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return

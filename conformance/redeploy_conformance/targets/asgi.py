"""ASGI applications in this process: no socket, no server."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from redeploy_conformance.targets.base import UnansweredError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]


class _Exchange:
    """One request on its way through an application."""

    def __init__(self, request: HttpRequest) -> None:
        path, _, query = request.target.partition("?")
        self.scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.body = request.body
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.parts: list[bytes] = []
        self.whole = False

    async def receive(self) -> Message:
        body, self.body = self.body, b""
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = tuple(
                (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
                for name, value in message.get("headers", ())
            )
        else:
            self.parts.append(message.get("body", b""))
            self.whole = not message.get("more_body", False)

    def response(self) -> HttpResponse:
        if self.status is None:
            raise UnansweredError("the application ended without an answer")
        if not self.whole:
            raise UnansweredError("the application ended in the middle of an answer")
        return HttpResponse(self.status, self.headers, b"".join(self.parts))


class DirectTransport:
    """Drives an application that never waits for anything, step by step: the fastest way."""

    def __init__(self, app: Application) -> None:
        """Take the application; it must not await anything but ``receive`` and ``send``."""
        self._app = app

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer of the application."""
        exchange = _Exchange(request)
        steps = self._app(exchange.scope, exchange.receive, exchange.send)
        try:
            steps.send(None)
        except StopIteration:
            return exchange.response()
        steps.close()
        raise RuntimeError("this application waits: it needs an event loop")

    def close(self) -> None:
        """Nothing is held."""


class _EndedError(Exception):
    """The application raised what is no error, but the end of a program or of a test."""


class LoopTransport:
    """Runs any ASGI application on an event loop of its own, in a thread of its own."""

    def __init__(self, app: Application) -> None:
        """Start the loop."""
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer of the application.

        Raises:
            UnansweredError: it raised, or took longer than ``timeout`` seconds.
        """
        exchange = _Exchange(request)
        running = asyncio.run_coroutine_threadsafe(self._run(exchange), self._loop)
        try:
            running.result(timeout)
        except Exception as error:
            if not running.done():  # a TimeoutError of ours, not of the application
                running.cancel()
                raise UnansweredError(f"no answer within {timeout:g} s") from error
            kind = "" if isinstance(error, _EndedError) else f"{type(error).__name__}: "
            text = f"the application raised {kind}{error}"
            raise UnansweredError(text) from error
        return exchange.response()

    async def _run(self, exchange: _Exchange) -> None:
        """Let the application answer; what would end the loop, or this process, is its own affair."""
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except (Exception, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise _EndedError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Stop the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

"""What answers requests in this process, called as it is: no ASGI, no socket, no server."""

from collections.abc import Callable

from redeploy_conformance.wire.http import HttpRequest, HttpResponse


class HandlerTransport:
    """Calls a handler, such as ``Emulator.handle``; several threads may do so at once."""

    def __init__(self, handler: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the handler."""
        self._handler = handler

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer of the handler."""
        return self._handler(request)

    def close(self) -> None:
        """Nothing is held."""

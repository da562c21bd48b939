"""What answers requests in this process, called as it is: no ASGI, no socket, no server."""

from collections.abc import Callable

from redeploy_conformance.emulator.asgi import HungUp
from redeploy_conformance.targets.base import UnansweredError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse


class HandlerTransport:
    """Calls a handler, such as ``Emulator.handle``; several threads may do so at once."""

    def __init__(self, handler: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the handler."""
        self._handler = handler

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer of the handler.

        Raises:
            UnansweredError: it lets the connection break.
        """
        try:
            return self._handler(request)
        except HungUp as error:
            raise UnansweredError("the connection broke in the answer") from error

    def close(self) -> None:
        """Nothing is held."""

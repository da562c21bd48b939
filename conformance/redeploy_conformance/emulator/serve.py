"""The emulator on a real socket."""

import socket
from collections.abc import Callable
from pathlib import Path

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.asgi import AsgiApp
from redeploy_conformance.extras import to_install
from redeploy_conformance.nearness import is_loopback


class ServeError(Exception):
    """The emulator cannot be served; one sentence says why."""


class UvicornMissing(ServeError, ImportError):
    """The package that holds the socket is not installed."""


def serve(
    emulator: Emulator,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    ready: Callable[[str], None] | None = None,
    ssl_certfile: Path | None = None,
    ssl_keyfile: Path | None = None,
) -> None:
    """Serve until the process is told to stop. Port 0 takes any free port.

    `ready` is called with the base URL once connections are accepted. Raises ServeError
    when the address cannot be had, or when the control protocol would be open to other
    machines without a token; UvicornMissing when uvicorn is not installed.
    """
    try:
        import uvicorn
    except ImportError:
        raise UvicornMissing(f"Serving needs uvicorn; {to_install('serve')}.") from None
    if not is_loopback(host) and emulator.settings.control_token is None:
        raise ServeError(
            f"Serving on {host} would open the control protocol to other machines:"
            " set a control token, or serve on 127.0.0.1."
        )
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            AsgiApp(emulator.handle, emulator.settings.max_body_bytes, threads=True),
            access_log=False,
            log_level="critical",
            lifespan="off",
            ssl_certfile=ssl_certfile,
            ssl_keyfile=ssl_keyfile,
        )
        scheme = "https" if ssl_certfile else "http"
        url = f"{scheme}://{_shown(host)}:{listener.getsockname()[1]}"

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if ready is not None and not self.should_exit:
                    ready(url)

        Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # Named protocol: without it asyncio leaves Nagle's delay on, 40 ms an answer.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ServeError(f"The address {host} cannot be used: {error}.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ServeError(f"Port {port} of {host} cannot be had: {error}.") from None
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host

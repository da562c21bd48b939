"""HTTP targets: any base URL, one client with its connections kept alive."""

import ssl
import time
from typing import Any

import httpx

from redeploy_conformance.parallel import held, hold
from redeploy_conformance.targets.base import (
    TargetUsageError,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

LARGEST_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer that are read; a longer one counts as no answer."""
IDLE = 1.0
"""Seconds after which an idle connection is not used again: servers close theirs after 2 or 5, and a
request that is sent just then gets no answer."""


class HttpTransport:
    """Sends requests to one base URL; redirects are not followed, proxies not used."""

    holds = True
    """It waits for other calls at once by itself, when its connection is open (see ``hold``)."""

    def __init__(self, url: str, ca_file: str | None = None) -> None:
        """Prepare a client.

        Raises:
            TargetUsageError: the URL or the file of authorities cannot be used.
        """
        try:
            verify = ssl.create_default_context(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise TargetUsageError(
                f"{ca_file} is no file of certificate authorities: {error}"
            ) from error
        try:
            self._base = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise TargetUsageError(f"{url!r} is not a URL: {error}") from error
        if self._base.userinfo:  # not shown again: it may hold a password
            raise TargetUsageError(
                "a base URL has no user and no password in it: keys are made by the control plane, "
                "whose token a statement names (control_token_env)"
            )
        port = 80 if self._base.port is None else self._base.port
        scheme_and_host = self._base.scheme in ("http", "https") and self._base.host
        no_more = (self._base.path, self._base.query, self._base.fragment)
        if not scheme_and_host or not 0 < port < 65536 or no_more != ("/", b"", ""):
            raise TargetUsageError(
                f"{url!r} is not a base URL such as http://127.0.0.1:8080: a scheme, a host, "
                "perhaps a port, and nothing behind them"
            )
        self._origin = f"{self._base.scheme}://{self._base.netloc.decode()}"
        self._client = httpx.Client(
            verify=verify,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(
                max_keepalive_connections=64,
                max_connections=64,
                keepalive_expiry=IDLE,
            ),
        )

    @property
    def host(self) -> str:
        """The Host header of every request."""
        return self._base.netloc.decode()

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer to one request (see ``Transport``)."""
        message = self._client.build_request(
            request.method,
            self._origin + request.target,
            headers=list(request.headers),
            content=request.body,
            timeout=timeout,
            extensions={"trace": _hold_when_connected} if held() else None,
        )
        try:
            answer = self._client.send(message, stream=True)
            try:
                body = self._read(answer, timeout)
            finally:
                answer.close()
        except httpx.ConnectTimeout as error:
            text = f"{self._origin} cannot be reached: no connection in time"
            raise UnreachableError(text) from error
        except (httpx.ConnectError, UnicodeError) as error:  # a host that is no name
            text = f"{self._origin} cannot be reached: {error}"
            raise UnreachableError(text) from error
        except httpx.TimeoutException as error:
            raise UnansweredError(f"no answer within {timeout:g} s") from error
        except httpx.RequestError as error:
            text = str(error) or type(error).__name__
            raise UnansweredError(f"the connection broke: {text}") from error
        headers = tuple((name.lower(), value) for name, value in answer.headers.items())
        return HttpResponse(answer.status_code, headers, body)

    def _read(self, answer: httpx.Response, timeout: float) -> bytes:
        end = time.monotonic() + timeout  # httpx's own timeout is per read, not in all
        parts: list[bytes] = []
        size = 0
        for part in answer.iter_bytes():
            size += len(part)
            if size > LARGEST_ANSWER:
                raise UnansweredError(
                    f"an answer of more than {LARGEST_ANSWER >> 20} MiB"
                )
            if time.monotonic() > end:
                raise UnansweredError(f"no whole answer within {timeout:g} s")
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _hold_when_connected(event: str, info: dict[str, Any]) -> None:
    if event.endswith("send_request_headers.started"):
        hold()

"""Clients that wait, read or trust too long (C7, C8)."""

import socket
import ssl
import time
from dataclasses import replace
from http.client import HTTPResponse
from urllib.parse import urljoin, urlsplit

from redeploy_conformance.certify.client import (
    Call,
    Client,
    ConnectionBrokenError,
    Success,
    UntrustedError,
)
from redeploy_conformance.certify.faulty.registry import faulty
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

FOREVER = 120.0
"""Seconds that are forever to whoever waits; even a faulty client ends by itself."""


@faulty("waits-forever", "C7")
class WaitsForever(Client):
    """Knows no deadline."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        return super().send(replace(call, deadline_seconds=FOREVER), request)


@faulty("waits-while-it-trickles", "C7")
class WaitsWhileItTrickles(Client):
    """Waits again for every part of an answer, and reads one of any length."""

    def ends(self, call: Call) -> float:
        return time.monotonic() + FOREVER

    def body(self, answer: HTTPResponse) -> bytes:
        return answer.read()


@faulty("any-certificate", "C8")
class AnyCertificate(Client):
    """Trusts every server."""

    def trust(self, call: Call) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


@faulty("falls-back-to-http", "C8")
class FallsBackToHttp(Client):
    """Sends the call without TLS when the server cannot be trusted."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        try:
            return super().send(call, request)
        except UntrustedError:
            plain = call.endpoint.replace("https://", "http://", 1)
            return super().send(replace(call, endpoint=plain), request)


class NobodyError(Exception):
    """Nobody listened."""


class Follows(Client):
    """Follows redirects with all that it sent."""

    def follows(self, here: str, there: str) -> bool:
        """Whether to follow from an endpoint to another."""
        raise NotImplementedError

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        answer = super().send(call, request)
        location = dict(answer.headers).get("location")
        if not 300 <= answer.status < 400 or location is None:
            return answer
        there = urlsplit(urljoin(call.endpoint, location))
        endpoint = f"{there.scheme}://{there.netloc}"
        if not self.follows(call.endpoint, endpoint):
            return answer
        # Its own parameters are kept: with V1 they are what is signed.
        query = urlsplit(request.target).query
        moved = replace(request, target=f"{there.path or '/'}?{query}")
        return super().send(replace(call, endpoint=endpoint), moved)


@faulty("follows-on-the-host", "C8")
class FollowsOnTheHost(Follows):
    """Follows a redirect to another place of the same server, with its credentials."""

    def follows(self, here: str, there: str) -> bool:
        return there == here


@faulty("follows-anywhere", "C8")
class FollowsAnywhere(Follows):
    """Follows a redirect to another server, with its credentials."""

    def follows(self, here: str, there: str) -> bool:
        return there != here


@faulty("follows-to-https", "C8")
class FollowsToHttps(Follows):
    """Follows a redirect with its credentials where that leads to TLS."""

    def follows(self, here: str, there: str) -> bool:
        return here.startswith("http:") and there.startswith("https:")


@faulty("no-connection-no-error", "C7")
class NoConnectionNoError(Client):
    """Tells of a call that found nobody as of one that was made."""

    def connect(self, call: Call) -> socket.socket:
        try:
            return super().connect(call)
        except ConnectionBrokenError:
            raise NobodyError from None

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except NobodyError:
            return Success(None, None)

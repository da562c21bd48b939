"""Clients that tell what should stay secret (C8)."""

import atexit
import base64
import json
import os
import sys
from dataclasses import replace

from redeploy_conformance.certify.client import (
    Call,
    CallError,
    Client,
    Success,
    UntrustedError,
)
from redeploy_conformance.certify.faulty.registry import faulty
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials


@faulty("prints-the-secret", "C8")
class PrintsTheSecret(Client):
    """Logs the key that it signs with."""

    def request(self, call: Call) -> HttpRequest:
        key = call.credentials
        told = f"signing with {key.access_key_id}, {key.access_key_secret}"
        print(told, file=sys.stderr, flush=True)
        return super().request(call)


@faulty("prints-the-request", "C8")
class PrintsTheRequest(Client):
    """Logs each request whole, with its signature."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        print(request.target, dict(request.headers), file=sys.stderr, flush=True)
        return super().send(call, request)


@faulty("signature-in-messages", "C8")
class SignatureInMessages(Client):
    """Says in each error which request failed, with its signature."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        self.sent = f"{request.target} {dict(request.headers)}"
        return super().send(call, request)

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except CallError as error:
            error.message = f"{error.message} (request: {self.sent})"
            raise


@faulty("signature-of-the-unsent", "C8")
class SignatureOfTheUnsent(Client):
    """Says which request was not sent when the server cannot be trusted, with its signature."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        try:
            return super().send(call, request)
        except UntrustedError as error:
            error.message += f" (request: {request.target} {dict(request.headers)})"
            raise


@faulty("signature-in-a-table", "C8")
class SignatureInATable(Client):
    """Says with which parameters it would have asked a server that cannot be trusted, as a table."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        try:
            return super().send(call, request)
        except UntrustedError as error:
            text = f"{request.target} {dict(request.headers)}"
            signature = text.rpartition("Signature=")[2].partition("'")[0]
            error.message += f" ({json.dumps({'Signature': signature})})"
            raise


class TellsOfTheKey(Client):
    """Says in each error with which key the call was made."""

    def written(self, key: Credentials) -> str:
        raise NotImplementedError

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except CallError as error:
            error.message = f"{error.message} ({self.written(call.credentials)})"
            raise


@faulty("secret-in-messages", "C8")
class SecretInMessages(TellsOfTheKey):
    """Says in each error with which key the call was made."""

    def written(self, key: Credentials) -> str:
        return f"key: {key.access_key_secret}"


@faulty("secret-in-numbers", "C8")
class SecretInNumbers(TellsOfTheKey):
    """Says in each error with which key the call was made, byte by byte."""

    def written(self, key: Credentials) -> str:
        return f"key: {list(key.access_key_secret.encode())}"


@faulty("secret-cut-short", "C8")
class SecretCutShort(TellsOfTheKey):
    """Says in each error with which key the call was made, without its last letters."""

    def written(self, key: Credentials) -> str:
        return f"key: {key.access_key_secret[:-4]}..."


@faulty("secret-in-base64", "C8")
class SecretInBase64(TellsOfTheKey):
    """Says in each error with which key the call was made, as Basic authentication writes it."""

    def written(self, key: Credentials) -> str:
        pair = f"{key.access_key_id}:{key.access_key_secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


@faulty("secret-beside-a-proxy", "C8")
class SecretBesideAProxy(Client):
    """Says in each error how it would sign, where the environment names a proxy."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except CallError as error:
            proxy = os.environ.get("HTTP_PROXY")
            if proxy:
                secret = call.credentials.access_key_secret
                error.message = f"{error.message} (by {proxy}, key: {secret})"
            raise


@faulty("sends-the-secret", "C8")
class SendsTheSecret(Client):
    """Sends the secret of its key along with each call."""

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        more = (("x-secret", call.credentials.access_key_secret),)
        return replace(request, headers=request.headers + more)


@faulty("logs-at-the-end", "C8")
class LogsAtTheEnd(Client):
    """Keeps its log, each request whole, until the process ends."""

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        log = f"{request.target} {dict(request.headers)}"
        atexit.register(print, log, file=sys.stderr, flush=True)
        return request

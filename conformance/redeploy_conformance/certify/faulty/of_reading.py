"""Clients that read an answer badly: its status, its letters, what stands around it (C3, C4, C7)."""

import gzip
import html
import json
from dataclasses import replace
from http.client import HTTPResponse, IncompleteRead
from typing import Any, NoReturn

from redeploy_conformance.certify.client import Call, Client, RefusedError, Success
from redeploy_conformance.certify.faulty.registry import faulty
from redeploy_conformance.wire.http import HttpRequest, HttpResponse


@faulty("status-ignored", "C7")
class StatusIgnored(Client):
    """Takes whatever has a TaskId and no code for a success, never asking for the status."""

    def refuses(self, answer: HttpResponse, fields: dict[str, Any]) -> bool:
        return fields.get("Code") is not None or "TaskId" not in fields


@faulty("first-document-only", "C7")
class FirstDocumentOnly(Client):
    """Reads JSON as far as it is some, and ignores what comes behind it."""

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        text = answer.body.decode("utf-8", "replace").lstrip()
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            end = len(text)
        return super().fields(replace(answer, body=text[:end].encode()))


@faulty("outer-braces-only", "C7")
class OuterBracesOnly(Client):
    """Looks for braces first, and ignores what stands around them."""

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        begin, end = answer.body.find(b"{"), answer.body.rfind(b"}")
        if 0 <= begin < end:
            answer = replace(answer, body=answer.body[begin : end + 1])
        return super().fields(answer)


@faulty("reads-latin-1", "C3", "C4")
class ReadsLatin1(Client):
    """Reads an answer as Latin-1."""

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        body = answer.body.decode("latin-1").encode()
        return super().fields(replace(answer, body=body))


@faulty("latin-1-unless-told", "C3")
class Latin1UnlessTold(ReadsLatin1):
    """Reads an answer as Latin-1 where its type names no charset."""

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        if "charset" in dict(answer.headers).get("content-type", ""):
            return Client.fields(self, answer)
        return super().fields(answer)


@faulty("errors-in-chunks-lost", "C4")
class ErrorsInChunksLost(Client):
    """Does not read an error whose length is not announced."""

    def refuse(self, answer: HttpResponse, fields: dict[str, Any]) -> NoReturn:
        if "content-length" not in dict(answer.headers):
            self.broken(answer, "an error without a length")
        super().refuse(answer, fields)


@faulty("message-escaped", "C4")
class MessageEscaped(Client):
    """Writes the message of an error as if for a web page."""

    def refuse(self, answer: HttpResponse, fields: dict[str, Any]) -> NoReturn:
        try:
            super().refuse(answer, fields)
        except RefusedError as error:
            error.message = html.escape(error.message)
            raise


@faulty("what-came-is-enough", "C7")
class WhatCameIsEnough(Client):
    """Takes what came of an answer for all of it, whatever length was announced."""

    def body(self, answer: HTTPResponse) -> bytes:
        try:
            return answer.read()
        except IncompleteRead as error:
            return error.partial


@faulty("task-id-cut-short", "C3")
class TaskIdCutShort(Client):
    """Hands out no more of a TaskId than 64 characters."""

    def redeploy(self, call: Call) -> Success:
        done = super().redeploy(call)
        return replace(done, task_id=(done.task_id or "")[:64])


@faulty("request-id-upper-cased", "C3")
class RequestIdUpperCased(Client):
    """Writes the RequestId of a success in capital letters."""

    def redeploy(self, call: Call) -> Success:
        done = super().redeploy(call)
        return replace(done, request_id=(done.request_id or "").upper())


@faulty("message-cut-short", "C4")
class MessageCutShort(Client):
    """Tells no more of an error's message than 200 characters."""

    most = 200

    def refuse(self, answer: HttpResponse, fields: dict[str, Any]) -> NoReturn:
        try:
            super().refuse(answer, fields)
        except RefusedError as error:
            error.message = error.message[: self.most]
            raise


@faulty("long-message-cut-short", "C4")
class LongMessageCutShort(MessageCutShort):
    """Tells no more of an error's message than 4,096 characters."""

    most = 4096


@faulty("not-modified-is-a-success", "C7")
class NotModifiedIsASuccess(Client):
    """Takes an answer that says nothing was changed for a success."""

    def read(self, answer: HttpResponse) -> Success:
        return Success(None, None) if answer.status == 304 else super().read(answer)


@faulty("asks-for-what-it-does-not-unpack", "C3")
class AsksForDeflate(Client):
    """Asks for deflate beside gzip, and unpacks gzip alone."""

    def request(self, call: Call) -> HttpRequest:
        request = super().request(call)
        asked = ("accept-encoding", "gzip, deflate")
        return replace(request, headers=(*request.headers, asked))

    def read(self, answer: HttpResponse) -> Success:
        if dict(answer.headers).get("content-encoding") == "gzip":
            try:
                answer = replace(answer, body=gzip.decompress(answer.body))
            except OSError:
                self.broken(answer, "an answer that is badly compressed")
        return super().read(answer)

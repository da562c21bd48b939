"""Clients that tell something else than was answered (C3, C4, C7)."""

import json
import re
from dataclasses import replace
from typing import Any, NoReturn

from redeploy_conformance.certify.client import (
    BrokenAnswerError,
    Call,
    Client,
    ConnectionBrokenError,
    RefusedError,
    Success,
)
from redeploy_conformance.certify.faulty.registry import faulty
from redeploy_conformance.wire.http import HttpResponse

# Of a success.


@faulty("request-id-dropped", "C3")
class RequestIdDropped(Client):
    """Hands out a success without its RequestId."""

    def redeploy(self, call: Call) -> Success:
        return replace(super().redeploy(call), request_id=None)


@faulty("task-id-dropped", "C3")
class TaskIdDropped(Client):
    """Hands out a success without its TaskId."""

    def redeploy(self, call: Call) -> Success:
        return replace(super().redeploy(call), task_id=None)


@faulty("ids-swapped", "C3")
class IdsSwapped(Client):
    """Takes the TaskId for the RequestId and the other way round."""

    def redeploy(self, call: Call) -> Success:
        done = super().redeploy(call)
        return Success(done.request_id, done.task_id)


@faulty("request-id-lower-cased", "C3")
class RequestIdLowerCased(Client):
    """Writes the RequestId in small letters."""

    def redeploy(self, call: Call) -> Success:
        done = super().redeploy(call)
        return replace(done, request_id=(done.request_id or "").lower())


@faulty("task-id-trimmed", "C3")
class TaskIdTrimmed(Client):
    """Takes the blanks off both ends of a TaskId."""

    def id(self, fields: dict[str, Any], name: str) -> str | None:
        text = super().id(fields, name)
        return text.strip() if text and name == "TaskId" else text


@faulty("request-id-cut-short", "C3")
class RequestIdCutShort(Client):
    """Tells no more of a RequestId than it usually has."""

    def redeploy(self, call: Call) -> Success:
        done = super().redeploy(call)
        return replace(done, request_id=(done.request_id or "")[:36])


@faulty("digits-lost", "C3")
class DigitsLost(Client):
    """Reads a TaskId of digits as a number that has not enough of them."""

    def id(self, fields: dict[str, Any], name: str) -> str | None:
        text = super().id(fields, name)
        return str(int(float(text))) if text and text.isdecimal() else text


@faulty("unknown-fields-refused", "C3")
class UnknownFieldsRefused(Client):
    """Gives up on a success with a field that it does not know."""

    def read(self, answer: HttpResponse) -> Success:
        done = super().read(answer)
        if set(self.fields(answer)) != {"TaskId", "RequestId"}:
            self.broken(answer, "a success with unknown fields")
        return done


# Of an error.


class OtherError(Client):
    """Changes the errors that the service tells."""

    def other(self, error: RefusedError) -> None:
        raise NotImplementedError

    def refuse(self, answer: HttpResponse, fields: dict[str, Any]) -> NoReturn:
        try:
            super().refuse(answer, fields)
        except RefusedError as error:
            self.other(error)
            raise


@faulty("code-with-suffix", "C4")
class CodeWithSuffix(OtherError):
    """Puts 'Error' behind each code."""

    def other(self, error: RefusedError) -> None:
        error.code = f"{error.code}Error"


@faulty("code-lost", "C4")
class CodeLost(OtherError):
    """Does not tell the code of an error."""

    def other(self, error: RefusedError) -> None:
        error.code = None


@faulty("code-by-status", "C4")
class CodeByStatus(OtherError):
    """Makes up the code from the HTTP status."""

    def other(self, error: RefusedError) -> None:
        error.code = {403: "Forbidden", 404: "NotFound"}.get(
            error.http_status or 0, "Failed"
        )


@faulty("message-lost", "C4")
class MessageLost(OtherError):
    """Says of each error that the call failed, and no more."""

    def other(self, error: RefusedError) -> None:
        error.message = "the call failed"


@faulty("status-lost", "C4")
class StatusLost(OtherError):
    """Does not tell the HTTP status of an error."""

    def other(self, error: RefusedError) -> None:
        error.http_status = None


@faulty("status-always-400", "C4")
class StatusAlways400(OtherError):
    """Says 400 of every error."""

    def other(self, error: RefusedError) -> None:
        error.http_status = 400


@faulty("error-request-id-lost", "C4")
class ErrorRequestIdLost(OtherError):
    """Does not tell the RequestId of an error."""

    def other(self, error: RefusedError) -> None:
        error.request_id = None


@faulty("not-found-as-success", "C4")
class NotFoundAsSuccess(Client):
    """Takes 404 for a success: there is nothing left to do."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except RefusedError as error:
            if error.http_status != 404:
                raise
            return Success(None, error.request_id)


@faulty("server-error-as-success", "C4", "C7")
class ServerErrorAsSuccess(Client):
    """Takes 500 for a success, since the call was probably accepted."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except RefusedError as error:
            if error.http_status != 500:
                raise
            return Success(None, error.request_id)


# Of an answer that is neither.


class Lenient(Client):
    """Takes what it cannot make sense of for a success."""

    def read(self, answer: HttpResponse) -> Success:
        try:
            return super().read(answer)
        except BrokenAnswerError:
            if not self.lenient(answer):
                raise
            return Success(None, None)

    def lenient(self, answer: HttpResponse) -> bool:
        raise NotImplementedError


@faulty("code-at-200-as-success", "C7")
class CodeAt200AsSuccess(Client):
    """Takes 200 with an error for a success."""

    def refuses(self, answer: HttpResponse, fields: dict[str, Any]) -> bool:
        return not 200 <= answer.status < 300

    def read(self, answer: HttpResponse) -> Success:
        try:
            return super().read(answer)
        except BrokenAnswerError:
            fields = self.fields(answer)
            if "Code" not in fields:
                raise
            return Success(None, self.id(fields, "RequestId"))


@faulty("no-code-as-success", "C7")
class NoCodeAsSuccess(Client):
    """Takes an error without a code for a success, whatever its status."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except RefusedError as error:
            if error.code is not None:
                raise
            return Success(None, error.request_id)


@faulty("empty-as-success", "C7")
class EmptyAsSuccess(Lenient):
    """Takes an empty answer for a success."""

    def lenient(self, answer: HttpResponse) -> bool:
        return not answer.body


@faulty("html-as-success", "C7")
class HtmlAsSuccess(Lenient):
    """Takes any page for a success, whatever its status."""

    def lenient(self, answer: HttpResponse) -> bool:
        return answer.body.lstrip().startswith(b"<")


@faulty("truncated-as-success", "C7")
class TruncatedAsSuccess(Client):
    """Picks the ids from an answer that is cut short, as far as they came."""

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        found = re.findall(rb'"(TaskId|RequestId)"\s*:\s*"([^"]*)', answer.body)
        known = {name.decode(): value.decode() for name, value in found}
        try:
            return super().fields(answer)
        except BrokenAnswerError:
            if not known:
                raise
            return {"TaskId": "unknown", "RequestId": "unknown", **known}


class LooksInside(Client):
    """Takes a document for a success that has the ids somewhere within."""

    def inside(self, document: Any) -> Any:
        raise NotImplementedError

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        try:
            inside = self.inside(json.loads(answer.body))
        except (ValueError, RecursionError):
            inside = None
        return inside if isinstance(inside, dict) else super().fields(answer)


@faulty("first-of-an-array", "C7")
class FirstOfAnArray(LooksInside):
    """Takes the first of several answers in an array."""

    def inside(self, document: Any) -> Any:
        return document[0] if isinstance(document, list) and document else None


@faulty("json-in-json", "C7")
class JsonInJson(LooksInside):
    """Reads a text in JSON as JSON once more."""

    def inside(self, document: Any) -> Any:
        return json.loads(document) if isinstance(document, str) else None


@faulty("ids-within-data", "C7")
class IdsWithinData(LooksInside):
    """Looks for the ids in a field Data, too."""

    def inside(self, document: Any) -> Any:
        return document.get("Data") if isinstance(document, dict) else None


@faulty("cut-as-success", "C7")
class CutAsSuccess(Client):
    """Takes a connection that is cut before the answer for a success."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except ConnectionBrokenError:
            return Success(None, None)


@faulty("crashes-on-rubbish", "C7")
class CrashesOnRubbish(Client):
    """Dies of an answer that is not JSON."""

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        return dict(json.loads(answer.body, parse_int=str))

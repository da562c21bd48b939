"""Clients that keep every clause and do otherwise where it is open: each must pass."""

import gzip
from datetime import datetime
from http.client import HTTPResponse
from typing import Any

from redeploy_conformance.certify.client import (
    Call,
    CallError,
    Client,
    RefusedError,
    Success,
)
from redeploy_conformance.certify.faulty.of_repeats import Again, throttled
from redeploy_conformance.certify.faulty.registry import variant
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpRequest, HttpResponse


@variant("boolean-capitalised")
class BooleanCapitalised(Client):
    """Sends ForceStop as True or False."""

    def boolean(self, value: bool) -> str:
        return str(value)


@variant("false-left-out")
class FalseLeftOut(Client):
    """Leaves ForceStop out where it is false."""

    def params(self, call: Call) -> list[tuple[str, str]]:
        return [pair for pair in super().params(call) if pair != ("ForceStop", "false")]


class Differently(Client):
    """Sends the call by another method, or with its parameters in another place."""

    method = "POST"
    place = "query"

    def request(self, call: Call) -> HttpRequest:
        return self.signed(call, method=self.method, place=self.place)


@variant("parameters-in-the-body")
class InTheBody(Differently):
    """Sends the parameters as a form."""

    place = "form"


@variant("by-get")
class ByGet(Differently):
    """Sends the call by GET."""

    method = "GET"


@variant("coarse-clock")
class CoarseClock(Client):
    """Has a clock that ticks every other second."""

    def now(self) -> datetime:
        now = super().now()
        return now.replace(second=now.second // 2 * 2, microsecond=0)


@variant("xml-asked-for")
class XmlAskedFor(Client):
    """Asks for XML, and reads nothing else."""

    def __init__(self, signature: str = "v1") -> None:
        """Sign by V1: V3 has no way to ask for it."""
        super().__init__("v1")

    def request(self, call: Call) -> HttpRequest:
        return self.signed(call, format="XML")

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        found = decode_answer(answer).fields
        if not found or not answer.body.lstrip().startswith(b"<"):
            self.broken(answer, "an answer that is no XML")
        return found


@variant("throttled-growing-pace")
class GrowingPace(Again):
    """Sends a throttled call again, each time later."""

    tries = 3

    def again(self, error: CallError) -> bool:
        return throttled(error)

    def pause(self, sent: int) -> float:
        return 0.2 * 2.0**sent


@variant("success-without-task")
class SuccessWithoutTask(Client):
    """Hands out a success without a TaskId as one."""

    def read(self, answer: HttpResponse) -> Success:
        fields = self.fields(answer)
        request_id = self.id(fields, "RequestId")
        if self.refuses(answer, fields) or "TaskId" in fields or not request_id:
            return super().read(answer)
        return Success(None, request_id)


@variant("long-answers-read")
class LongAnswersRead(Client):
    """Reads an answer of any length, as long as it comes before the deadline."""

    def body(self, answer: HTTPResponse) -> bytes:
        return answer.read()


@variant("compression-understood")
class CompressionUnderstood(Client):
    """Unpacks an answer that is compressed, though it did not ask for that."""

    def read(self, answer: HttpResponse) -> Success:
        if dict(answer.headers).get("content-encoding") != "gzip":
            return super().read(answer)
        try:
            plain = gzip.decompress(answer.body)
        except (OSError, EOFError):
            self.broken(answer, "an answer that is badly compressed")
        return super().read(HttpResponse(answer.status, answer.headers, plain))


@variant("xml-understood")
class XmlUnderstood(Client):
    """Reads XML too, though it asked for JSON."""

    def fields(self, answer: HttpResponse) -> dict[str, Any]:
        found = decode_answer(answer).fields
        if answer.body.lstrip().startswith(b"<") and found:
            return found
        return super().fields(answer)


@variant("service-errors-in-one-class")
class OneClass(Client):
    """Has one class for all its errors, and tells deadlines as errors of the service."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except CallError as error:
            raise RefusedError(
                error.message, error.code, error.http_status, error.request_id
            ) from None


@variant("looks-around")
class LooksAround(Client):
    """Looks at the instance before the call and after it, whatever became of it."""

    def redeploy(self, call: Call) -> Success:
        self.look(call)
        try:
            return super().redeploy(call)
        finally:
            self.look(call)

    def look(self, call: Call) -> None:
        """Ask whether the instance is there; where nobody answers, nothing is known."""
        asked = self.signed(call, action="DescribeInstanceAttribute")
        try:
            seen = self.fields(self.send(call, asked))
        except CallError:
            return
        if seen.get("InstanceId") != call.instance_id:
            raise RefusedError("there is no such instance", None, 404, None)

"""What the certifying server answers: whole, broken, late, or not at all."""

import gzip
import json
from dataclasses import dataclass, field

REQUEST_ID = "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"
TASK_ID = "t-bp10e8orkp8x9example"
JSON = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer on the wire, as the bytes that are sent.

    ``late`` are seconds before anything is sent; ``keep`` is the share of the bytes that is sent
    before the connection is cut, 1.0 for all of them; ``unread`` cuts it before the request is read.
    """

    whole: bytes = b""
    late: float = 0.0
    keep: float = 1.0
    unread: bool = False

    @property
    def sent(self) -> bytes:
        """The bytes that leave the server."""
        return self.whole[: int(len(self.whole) * self.keep)]


def http(
    status: int,
    body: bytes | str,
    kind: str = JSON,
    headers: tuple[tuple[str, str], ...] = (),
    late: float = 0.0,
    keep: float = 1.0,
) -> Answer:
    """Return an HTTP answer; ``late`` and ``keep`` as in ``Answer``."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"content-type: {kind}"]
    lines += [f"content-length: {len(data)}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return Answer("\r\n".join(lines).encode() + b"\r\n\r\n" + data, late, keep)


def success(**more: object) -> Answer:
    """Return an accepted call's answer, with further or other fields."""
    fields = {"TaskId": TASK_ID, "RequestId": REQUEST_ID, **more}
    return http(200, json.dumps(fields))


def error(
    status: int,
    code: str | None,
    message: str,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Return an error envelope; without a code it has none."""
    fields = {"RequestId": REQUEST_ID, "HostId": "ecs.test", "Message": message}
    if code is not None:
        fields["Code"] = code
    return http(status, json.dumps(fields), headers=headers)


def xml_error(status: int, code: str, message: str) -> Answer:
    """Return an error envelope in XML, which nobody asked for."""
    body = (
        f"<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>{REQUEST_ID}</RequestId>"
        f"<HostId>ecs.test</HostId><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return http(status, body, "text/xml;charset=utf-8")


def zipped() -> Answer:
    """Return a success that is compressed, asked for or not."""
    fields = {"TaskId": TASK_ID, "RequestId": REQUEST_ID}
    body = gzip.compress(json.dumps(fields).encode())
    return http(200, body, headers=(("content-encoding", "gzip"),))


@dataclass(frozen=True, slots=True)
class Script:
    """What a server does: the n-th request gets the n-th answer, the last one again and again."""

    answers: tuple[Answer, ...] = field(default_factory=tuple)

    def answer(self, number: int) -> Answer:
        """Return the answer to a request, counted from 0."""
        return self.answers[min(number, len(self.answers) - 1)]

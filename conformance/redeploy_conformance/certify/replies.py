"""What the certifying server answers: whole, broken, late, or not at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

REQUEST_ID = "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"
TASK_ID = "t-bp10e8orkp8x9example"
JSON = "application/json;charset=utf-8"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer on the wire, as the bytes that are sent.

    ``late`` are seconds before anything is sent; ``keep`` is the share of the bytes that is sent
    before the connection ends, 1.0 for all of them; ``reset``, that it ends with a reset;
    ``unread``, that it ends so before the request is read; ``stay``, that it stays open for a
    next request; ``endless``, that the last bytes are sent again and again, slowly.
    """

    whole: bytes = b""
    late: float = 0.0
    keep: float = 1.0
    reset: bool = False
    unread: bool = False
    stay: bool = False
    endless: bytes = b""

    @property
    def sent(self) -> bytes:
        """The bytes that leave the server."""
        return self.whole[: int(len(self.whole) * self.keep)]

    def shown(self) -> str:
        """Return the answer as evidence shows it."""
        notes = []
        if self.unread:
            notes.append("the connection was reset before the request was read")
        if self.late:
            notes.append(f"{self.late:g} s late")
        if self.keep < 1.0 or (not self.sent and not self.unread):
            notes.append("the connection ended here")
        if self.reset:
            notes.append("with a reset")
        if self.endless:
            notes.append("and so on without an end")
        note = f"[{', '.join(notes)}]" if notes else ""
        return f"{self.sent.decode('utf-8', 'replace')}{note}"


@dataclass(frozen=True, slots=True)
class Script:
    """What a server does: the n-th request gets the n-th answer, the last one again and again.

    ``places`` are answers of their own for some paths.
    """

    answers: tuple[Answer, ...] = ()
    places: Mapping[str, Answer] = field(default_factory=dict)

    def answer(self, number: int, path: str) -> Answer:
        """Return the answer to a request, counted from 0."""
        if path in self.places:
            return self.places[path]
        return self.answers[min(number, len(self.answers) - 1)]


def http(
    status: int,
    body: bytes | str,
    kind: str | None = JSON,
    headers: Headers = (),
    framing: str = "length",
    stay: bool = False,
) -> bytes:
    """Return an HTTP answer; ``framing`` is ``length``, ``chunks`` or ``close``."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said"]
    lines += [f"content-type: {kind}"] if kind else []
    if framing == "length":
        lines.append(f"content-length: {len(data)}")
    elif framing == "chunks":
        lines.append("transfer-encoding: chunked")
        half = len(data) // 2
        data = chunk(data[:half]) + chunk(data[half:]) + b"0\r\n\r\n"
    lines += [] if stay else ["connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def chunk(data: bytes) -> bytes:
    """Return one chunk of a body of unknown length; nothing for no data, which would end it."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""


def accepted(**more: object) -> str:
    """Return the body of an accepted call's answer, with further or other fields."""
    return json.dumps({"TaskId": TASK_ID, "RequestId": REQUEST_ID, **more})


def refused(code: str | None, message: str, **more: object) -> str:
    """Return an error envelope's body; without a code it has none."""
    fields = {"RequestId": REQUEST_ID, "HostId": "ecs.test", "Message": message}
    if code is not None:
        fields["Code"] = code
    return json.dumps({**fields, **more})


def success(**more: object) -> Answer:
    """Return an accepted call's answer, with further or other fields."""
    return Answer(http(200, accepted(**more)))


def error(status: int, code: str, message: str, headers: Headers = ()) -> Answer:
    """Return an error's answer."""
    return Answer(http(status, refused(code, message), headers=headers))


def xml_error(code: str, message: str) -> str:
    """Return an error envelope in XML, which nobody asked for."""
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>{REQUEST_ID}</RequestId>"
        f"<HostId>ecs.test</HostId><Code>{code}</Code><Message>{message}</Message></Error>"
    )


def xml_accepted() -> str:
    """Return an accepted call's answer in XML, which nobody asked for."""
    return (
        "<?xml version='1.0' encoding='UTF-8'?><RedeployInstanceResponse>"
        f"<TaskId>{TASK_ID}</TaskId><RequestId>{REQUEST_ID}</RequestId>"
        "</RedeployInstanceResponse>"
    )

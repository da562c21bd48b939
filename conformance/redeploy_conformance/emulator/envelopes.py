"""Answers of the RPC protocol: JSON and XML, success and error."""

import json
import re
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import World
from redeploy_conformance.wire.http import HttpResponse

_JSON: Final = "application/json;charset=utf-8"
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_XML: Final = "text/xml;charset=utf-8"
_NOT_IN_XML: Final = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


class Envelopes:
    """Puts fields and errors into HTTP responses."""

    def __init__(self, world: World) -> None:
        self.world = world

    def success(self, call: Call, fields: dict[str, object]) -> HttpResponse:
        """An accepted call."""
        request_id = self.request_id()
        content = {**fields, "RequestId": request_id}
        return self.render(
            call, self.success_status(), f"{call.action}Response", content, request_id
        )

    def success_status(self) -> int:
        """The HTTP status of an accepted call."""
        return 200

    def error(self, call: Call, error: ApiError) -> HttpResponse:
        """A rejected call."""
        request_id = self.request_id()
        content = self.error_fields(call, error, request_id)
        return self.render(
            call, self.error_status(error), "Error", content, request_id, error.headers
        )

    def error_status(self, error: ApiError) -> int:
        """The HTTP status that belongs to the code."""
        return error.status

    def error_fields(
        self, call: Call, error: ApiError, request_id: str
    ) -> dict[str, object]:
        """The fields of every error."""
        return {
            "RequestId": request_id,
            "HostId": call.host,
            "Code": error.code,
            "Message": self.message(error),
            "Recommend": (
                "https://api.aliyun.com/troubleshoot"
                f"?q={error.code}&product=Ecs&requestId={request_id}"
            ),
        }

    def message(self, error: ApiError) -> str:
        """The text that belongs to the code."""
        return error.message

    def request_id(self) -> str:
        """An id no other answer has."""
        return self.world.ids.request_id()

    def render(
        self,
        call: Call,
        status: int,
        root: str,
        content: dict[str, object],
        request_id: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> HttpResponse:
        """The response in the format the call wants."""
        if call.wants_json:
            kind, body = _JSON, _encode(content)
        else:
            kind, body = _XML, to_xml(root, content)
        return HttpResponse(
            status,
            (
                ("content-type", kind),
                ("x-acs-request-id", request_id),
                ("x-acs-trace-id", request_id.replace("-", "").lower()),
                *headers,
            ),
            body.encode(),
        )


def to_xml(root: str, content: Mapping[str, object]) -> str:
    """A document as the service writes it: a list repeats its element."""
    name = root if root.isidentifier() else "Response"
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return head + _element(name, content)


def _element(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_element(str(key), part) for key, part in value.items())
    elif isinstance(value, list):
        return "".join(_element(name, part) for part in value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape(_NOT_IN_XML.sub("\ufffd", str(value)))
    return f"<{name}>{inner}</{name}>"

"""Answers in the form that a request can be given: in XML where it asks for it, or without chunks."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from redeploy_conformance.certify.replies import JSON, Answer, chunk

XML = "text/xml;charset=utf-8"
CHUNKED = "transfer-encoding: chunked"
TYPE = f"content-type: {JSON.partition(';')[0]}"
LAST = b"0\r\n\r\n"
"""How a body in chunks ends."""
NAME = re.compile(r"[A-Za-z_][\w.-]*")
"""What an element can be called; an unknown field of another name is left out."""


def in_xml(answer: Answer) -> Answer:
    """Return an answer in XML, or as it is where it is no JSON object that says it is JSON."""
    return replace(answer, whole=_in_xml(answer.whole))


def without_chunks(answer: Answer) -> Answer:
    """Return an answer whose body ends with the connection, or as it is where it is not in chunks."""
    head, _, data = answer.whole.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if CHUNKED not in lines:
        return answer
    lines.remove(CHUNKED)
    body = _joined(data)
    if not data.endswith(LAST):  # a body that ends with the connection would be whole
        lines.append(f"content-length: {len(body) + 1}")
    whole = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    return replace(answer, whole=whole)


@lru_cache(64)
def _in_xml(whole: bytes) -> bytes:
    head, _, data = whole.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    kind = next((one for one in lines if one.startswith(TYPE)), "")
    chunked = CHUNKED in lines
    packed = "content-encoding: gzip" in lines
    if kind not in lines:
        return whole
    try:
        fields = json.loads(_plain(data, chunked=chunked, packed=packed))
    except (ValueError, OSError, EOFError, zlib.error, RecursionError):
        return whole
    if not isinstance(fields, dict) or not fields:
        return whole
    refused = "Code" in fields or int(lines[0].split()[1]) >= 400
    body = _document("Error" if refused else "RedeployInstanceResponse", fields)
    if packed:
        body = gzip.compress(body)
    lines[lines.index(kind)] = f"content-type: {XML}"
    length = f"content-length: {len(data)}"
    if length in lines:
        lines[lines.index(length)] = f"content-length: {len(body)}"
    if chunked:
        half = len(body) // 2
        last = LAST if data.endswith(LAST) else b""
        body = chunk(body[:half]) + chunk(body[half:]) + last
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _plain(data: bytes, *, chunked: bool, packed: bool) -> bytes:
    """Return a body without the marks of its chunks, unpacked."""
    data = _joined(data) if chunked else data
    return gzip.decompress(data) if packed else data


def _joined(data: bytes) -> bytes:
    """Return what is in chunks, without their marks."""
    body = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + rest[:length], rest[length + 2 :]
    return body


def _document(root: str, fields: dict[str, Any]) -> bytes:
    inner = f"<{root}>{_inner(fields)}</{root}>"
    return f"<?xml version='1.0' encoding='UTF-8'?>{inner}".encode()


def _inner(fields: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{text}</{name}>"
        for name, value in fields.items()
        if NAME.fullmatch(name)
        for text in _texts(value)
    )


def _texts(value: Any) -> Iterator[str]:
    """Yield what stands in the elements of one name: a list has one for each of its values."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        yield _inner(value)
    elif isinstance(value, bool):
        yield str(value).lower()
    else:
        yield "" if value is None else escape(str(value))

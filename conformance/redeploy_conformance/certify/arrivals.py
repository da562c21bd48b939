"""What arrived at the certifying server, byte for byte, and whether it is right (C1, C2)."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from redeploy_conformance.wire.signatures import (
    canonical_request_v3,
    parse_authorization_v3,
    signature_v1,
    signature_v3,
    string_to_sign_v1,
    string_to_sign_v3,
)

VERSION = "2014-05-26"
ACTION = "RedeployInstance"
METHODS = ("GET", "POST")
"""How a call may be sent, to the path / (page META of the operation)."""
LOOKS = re.compile(r"(Describe|List|Get|Query)[A-Z]\w*", re.ASCII)
"""How operations are called that change nothing."""
HERE = "127.0.0.1"
"""Where calls are sent to."""

CURRENT = 120.0
"""Seconds by which a timestamp may be off: the clocks here are the same."""
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
"""How a timestamp is written; some official clients add milliseconds."""


@dataclass(eq=False)
class Arrival:
    """One request as it came: when (seconds, rising), at which server, its bytes.

    ``answer`` is what was answered, as evidence shows it; ``plain``, that it came without TLS
    where TLS was asked for; ``unread``, that the server cut it off and no more than what the
    kernel held is known; ``moment_here`` the time of day when it came.
    """

    at: float
    server: str
    raw: bytes
    plain: bool = False
    unread: bool = False
    answer: str = ""
    moment_here: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def whole(self) -> bool:
        """Whether all of the request came."""
        head, end, body = self.raw.partition(b"\r\n\r\n")
        return bool(end) and not self.unread and len(body) >= content_length(head)

    @property
    def headed(self) -> bool:
        """Whether its headers came."""
        return b"\r\n\r\n" in self.raw

    @property
    def dated(self) -> bool:
        """Whether all came that says when it was made, with which nonce: by V1 that may be the body."""
        in_query = "Timestamp" in dict(self.query)
        return self.whole or (self.headed and (bool(self.authorization) or in_query))

    @cached_property
    def head(self) -> list[str]:
        """The request line and the header lines."""
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")

    @cached_property
    def body(self) -> bytes:
        """What came after the headers."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @cached_property
    def method(self) -> str:
        """GET, POST, …"""
        return self.head[0].partition(" ")[0]

    @cached_property
    def target(self) -> str:
        """Path and query, as sent."""
        return self.head[0].split(" ")[1] if " " in self.head[0] else ""

    @cached_property
    def headers(self) -> dict[str, str]:
        """Header values by lower-case name."""
        pairs = (line.partition(":") for line in self.head[1:])
        return {name.lower(): value.strip() for name, _, value in pairs}

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the query."""
        return _pairs(urlsplit(self.target).query)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The parameters of a form body."""
        kind = self.headers.get("content-type", "").lower()
        return _pairs(self.body.decode("latin-1")) if "form" in kind else []

    @cached_property
    def params(self) -> dict[str, str]:
        """All parameters, those of the body last."""
        return dict([*self.query, *self.form])

    @property
    def authorization(self) -> str:
        """The V3 header, or nothing."""
        return self.headers.get("authorization", "")

    @property
    def signatures(self) -> set[str]:
        """The signatures that it carries, as a message might repeat them."""
        found = {self.params.get("Signature", "")}
        found.add(self.authorization.rpartition("Signature=")[2])
        return {one for one in found if len(one) > 8}

    @property
    def signed(self) -> bool:
        """Whether it carries credentials of any kind."""
        return bool(self.signatures or "AccessKeyId" in self.params)

    def values(self, name: str) -> list[str]:
        """Return the different values of a parameter: a call that has two names neither."""
        pairs = (*self.query, *self.form)
        return list(dict.fromkeys(value for key, value in pairs if key == name))

    def said(self, header: str, param: str) -> str | None:
        """Return what it says of itself: V3 says it in a header, V1 in a parameter."""
        if self.authorization:
            return self.headers.get(header)
        if "Signature" in self.params:
            return self.params.get(param)
        return self.headers.get(header) or self.params.get(param)

    @property
    def action(self) -> str | None:
        """The operation that it names."""
        return self.said("x-acs-action", "Action")

    @property
    def looks(self) -> bool:
        """Whether it is of another operation, one that changes nothing."""
        return LOOKS.fullmatch(self.action or "") is not None

    @property
    def nonce(self) -> str | None:
        """What makes it the only one of its kind."""
        return self.said("x-acs-signature-nonce", "SignatureNonce")

    @property
    def of_http_1_0(self) -> bool:
        """Whether it is of the older version, whose answers come without chunks."""
        return self.head[0].endswith(" HTTP/1.0")

    @property
    def keeps(self) -> bool:
        """Whether the connection may stay open for another: who says close may wait for the end."""
        words = self.headers.get("connection", "").lower().split(",")
        return not self.of_http_1_0 and "close" not in map(str.strip, words)

    @property
    def wants_xml(self) -> bool:
        """Whether it is to be answered in XML: V1 is, unless it asks for something else."""
        by_v1 = "Signature" in self.params and not self.authorization
        return by_v1 and self.params.get("Format", "").lower() in ("", "xml")

    @property
    def moment(self) -> datetime | None:
        """The time that it says it was made, None if it says none that can be read."""
        text = self.said("x-acs-date", "Timestamp") or ""
        try:
            return datetime.fromisoformat(text) if STAMP.fullmatch(text) else None
        except ValueError:
            return None


def content_length(head: bytes) -> int:
    """Return how many bytes of a body the header lines announce."""
    value = header_of(head, b"content-length")
    return int(value) if value.isdigit() else 0


def header_of(head: bytes, wanted: bytes) -> bytes:
    """Return a header's value in small letters, without the blanks that may surround it."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == wanted:
            return value.strip().lower()
    return b""


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def wrong_request(
    one: Arrival, instance_id: str, force_stop: bool | None, key_id: str, secret: str
) -> Iterator[tuple[str, str]]:
    """Yield (expected, observed) for all that is wrong with a request (C1)."""
    path = urlsplit(one.target).path
    if one.method not in METHODS or path != "/":
        yield "a GET or POST of '/'", f"{one.method} of {path!r}"
    version = one.said("x-acs-version", "Version")
    for name, wanted, seen in (
        ("Action", ACTION, one.action),
        ("Version", VERSION, version),
        ("InstanceId", instance_id, one.params.get("InstanceId")),
    ):
        if seen != wanted:
            yield f"{name} {wanted!r}", repr(seen)
        elif len(several := one.values(name)) > 1:
            yield f"{name} {wanted!r}", " and ".join(map(repr, several))
    sent = one.params.get("ForceStop")
    if force_stop is None:
        if sent is not None:
            yield "no ForceStop, since none was set", f"ForceStop={sent}"
    elif (sent or "").lower() != str(force_stop).lower() and not (
        sent is None and force_stop is False  # what absent means is open
    ):
        yield f"ForceStop {str(force_stop).lower()}", f"ForceStop={sent}"
    if len({value.lower() for value in one.values("ForceStop")}) > 1:
        yield "one ForceStop", " and ".join(map(repr, one.values("ForceStop")))
    host = one.headers.get("host", HERE)
    if host.partition(":")[0] != HERE:
        yield f"the host {HERE}, as the endpoint has it", repr(host)
    problem = wrong_signature(one, key_id, secret)
    if problem is not None:
        yield "a valid signature over exactly what was sent", problem


def wrong_signature(one: Arrival, key_id: str, secret: str) -> str | None:
    """Return what is wrong with the signature, None if nothing is."""
    if one.authorization:
        return _wrong_v3(one, key_id, secret)
    given = one.params.get("Signature")
    if given is None:
        return "no signature"
    for name, wanted in (
        ("AccessKeyId", key_id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
    ):
        if one.params.get(name) != wanted:
            return f"{name} {one.params.get(name)!r}, not {wanted!r}"
    text = string_to_sign_v1(one.method, [*one.query, *one.form])
    good = signature_v1(secret, text) == given
    return None if good else f"a V1 signature of something else than {text!r}"


def _wrong_v3(one: Arrival, key_id: str, secret: str) -> str | None:
    try:
        credential, names, given = parse_authorization_v3(one.authorization)
    except ValueError as error:
        return str(error)
    if credential != key_id:
        return f"the credential {credential!r}, not {key_id!r}"
    digest = one.headers.get("x-acs-content-sha256", "")
    if digest != hashlib.sha256(one.body).hexdigest():
        return "x-acs-content-sha256 is not the hash of the body in lower-case digits"
    loose = {name for name in one.headers if name.startswith("x-acs-")} | {"host"}
    if not loose <= set(names):
        return f"not signed: {', '.join(sorted(loose - set(names)))}"
    path = urlsplit(one.target).path or "/"
    # Bytes beyond ASCII in a header may be meant as either of the two.
    in_utf8 = {
        name: value.encode("latin-1").decode("utf-8", "replace")
        for name, value in one.headers.items()
    }
    texts = [
        canonical_request_v3(one.method, path, one.query, headers, list(names), digest)
        for headers in (one.headers, in_utf8)
    ]
    good = [signature_v3(secret, string_to_sign_v3(text)) for text in texts]
    if given in good:
        return None
    if given.lower() in good:
        return "the right V3 signature in upper-case digits, where lower case is documented"
    return f"a V3 signature of something else than {texts[0]!r}"


def stale(one: Arrival) -> tuple[str, str] | None:
    """Return (expected, observed) if a request is not of the time it came at (C2)."""
    moment = one.moment
    if moment is None:
        return "a timestamp in UTC", "none that can be read"
    off = abs((one.moment_here - moment).total_seconds())
    if off > CURRENT:
        return "the current time in UTC", f"{off:.0f} s from it"
    return None

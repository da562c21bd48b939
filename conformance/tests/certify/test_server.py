"""The certifying server answers as it is told, and keeps what came byte for byte."""

import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import HTTPResponse, IncompleteRead
from urllib.parse import urlsplit

import pytest

from redeploy_conformance.certify import tls
from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import MAIN
from redeploy_conformance.certify.playing import Key
from redeploy_conformance.certify.replies import Answer, Script, http, success
from redeploy_conformance.certify.server import PLAIN, SHUT, Role, Served, serving
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpResponse

ASK = b"POST /?a=1 HTTP/1.1\r\nhost: here\r\ncontent-length: 3\r\n\r\nabc"


@contextmanager
def served(
    *given: Answer, role: Role = PLAIN
) -> Iterator[tuple[socket.socket, Served]]:
    """A connection to a server with these answers, and what arrives there."""
    with (
        serving(lambda _: {MAIN: Script(given)}, {MAIN: role}) as (there, what),
        socket.create_connection(_address(there[MAIN]), 10) as connection,
    ):
        yield connection, what


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def answer(connection: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    data = b""
    while part := connection.recv(65536):
        data += part
    return data


def test_nobody_listens_at_a_port_that_is_shut_and_nobody_else_has_it() -> None:
    with serving(lambda _: {MAIN: Script()}, {MAIN: SHUT}) as (there, what):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(_address(there[MAIN]), 10)
        with pytest.raises(OSError, match="in use"):
            socket.create_server(_address(there[MAIN]))
    assert what.arrivals == []


def test_a_request_of_another_certification_is_none_of_this_one() -> None:
    own, other = Key().access_key_id, Key().access_key_id
    make = {MAIN: Script((success(TaskId="t-first"), success(TaskId="t-second")))}
    with serving(lambda _: make, {MAIN: PLAIN}, own) as (there, what):
        for key_id, came in ((other, False), (own.lower(), True), ("nobody", True)):
            with socket.create_connection(_address(there[MAIN]), 10) as connection:
                connection.sendall(ASK.replace(b"a=1", f"a={key_id}".encode()))
                assert bool(answer(connection)) is came
    assert [one.params["a"] for one in what.arrivals] == [own.lower(), "nobody"]
    assert "t-first" in what.arrivals[0].answer


OWN, OTHER_RUN = Key().access_key_id, Key().access_key_id


@pytest.mark.parametrize(
    ("sent", "late"),
    [
        (ASK, 1),
        (ASK.replace(b"a=1", f"a={OWN}".encode()), 1),
        (ASK.replace(b"a=1", f"a={OTHER_RUN}".encode()), 0),
        (b"\x16\x03\x01 TLS", 0),
    ],
    ids=["nobody's", "its own", "of another", "TLS"],
)
def test_what_comes_late_is_a_request_of_this_client(sent: bytes, late: int) -> None:
    make = {MAIN: Script((success(),))}
    with serving(lambda _: make, {MAIN: PLAIN}, OWN) as (there, what):
        pass
    with socket.create_connection(_address(there[MAIN]), 10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert answer(connection) == b""
    assert len(what.late) == late


def test_what_is_sent_behind_a_request_makes_no_reset_of_an_answer() -> None:
    given = replace(success(), late=0.4)
    with served(given) as (connection, _):
        connection.sendall(ASK)
        time.sleep(0.1)
        connection.sendall(b"\r\nand more")
        time.sleep(0.6)  # else it might be read before the reset comes
        assert answer(connection) == given.whole


def test_an_answer_comes_as_it_was_written() -> None:
    given = success()
    with served(given) as (connection, what):
        connection.sendall(ASK)
        assert answer(connection) == given.whole
    [arrival] = what.arrivals
    assert (arrival.raw, arrival.whole, arrival.server) == (ASK, True, MAIN)
    assert arrival.answer == given.whole.decode()


def test_a_part_of_an_answer() -> None:
    with served(Answer(b"0123456789", keep=0.4)) as (connection, _):
        connection.sendall(ASK)
        assert answer(connection) == b"0123"


def test_a_reset_when_the_request_was_read() -> None:
    with served(Answer(reset=True)) as (connection, what):
        connection.sendall(ASK)
        with pytest.raises(ConnectionResetError):
            answer(connection)
    assert [one.raw for one in what.arrivals] == [ASK]


def test_a_reset_before_the_request_is_read_knows_what_the_kernel_held() -> None:
    with served(Answer(unread=True)) as (connection, what):
        connection.sendall(ASK)
        with pytest.raises(ConnectionResetError):
            answer(connection)
    assert [(one.raw, one.unread, one.whole) for one in what.arrivals] == [
        (ASK, True, False)
    ]


def test_a_connection_that_stays_open_brings_the_next_request() -> None:
    first = Answer(http(200, "{}", stay=True), stay=True)
    with served(first, success()) as (connection, what):
        connection.sendall(ASK)
        assert connection.recv(65536) == first.whole
        connection.sendall(ASK)
        assert answer(connection) == success().whole
    assert [one.raw for one in what.arrivals] == [ASK, ASK]


CHUNKED = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
GET = b"GET /?Signature=s HTTP/1.1\r\nhost: here\r\n\r\n"


@pytest.mark.parametrize("first", [ASK, GET, CHUNKED])
@pytest.mark.parametrize(
    "given",
    [
        (success(),),
        (Answer(reset=True),),
        (Answer(http(200, "{}", stay=True), stay=True), success()),
    ],
)
def test_two_requests_in_one_packet_are_two(
    first: bytes, given: tuple[Answer, ...]
) -> None:
    with served(*given) as (connection, what):
        connection.sendall(first + GET + ASK)
        with suppress(ConnectionResetError):
            answer(connection)
    methods = [first[:4].strip().decode(), "GET", "POST"]
    assert [one.method for one in what.arrivals] == methods
    assert [one.body for one in what.arrivals][1:] == [b"", b"abc"]


def test_two_requests_that_are_not_read_are_two() -> None:
    with served(Answer(unread=True)) as (connection, what):
        connection.sendall(ASK + GET)
        with pytest.raises(ConnectionResetError):
            answer(connection)
    assert [one.raw for one in what.arrivals] == [ASK, GET]


@pytest.mark.parametrize(
    "ask",
    [
        ASK.replace(b"\r\nhost", b"\r\nConnection: TE, Close\r\nhost"),
        ASK.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
def test_a_connection_ends_where_the_request_says_so(ask: bytes) -> None:
    first = Answer(http(200, "{}", stay=True), stay=True)
    with served(first, success()) as (connection, _):
        connection.sendall(ask)
        assert answer(connection) == first.whole


def test_the_older_version_is_answered_without_chunks() -> None:
    with served(Answer(http(200, "[1, 2]", framing="chunks"))) as (connection, _):
        connection.sendall(ASK.replace(b"HTTP/1.1", b"HTTP/1.0"))
        head, _, body = answer(connection).partition(b"\r\n\r\n")
    assert (body, b"chunked" in head) == (b"[1, 2]", False)


def test_chunks_that_do_not_end_end_in_no_version() -> None:
    whole = http(200, '{"TaskId": "t-1"}', framing="chunks")[: -len("0\r\n\r\n")]
    for line in (b"GET / HTTP/1.0", b"GET /?Signature=s HTTP/1.1"):
        with served(Answer(whole)) as (connection, _):
            connection.sendall(line + b"\r\n\r\n")
            got = HTTPResponse(connection)
            got.begin()
            with pytest.raises(IncompleteRead):
                got.read()


def test_a_body_in_chunks_is_put_together() -> None:
    head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
    with served(success()) as (connection, what):
        connection.sendall(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        answer(connection)
    assert [one.body for one in what.arrivals] == [b"abcde"]


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"Transfer-Encoding:chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"Transfer-Encoding: \tChunked \r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"transfer-encoding: chunked\r\n\r\nzz\r\nabc", b"zzabc"),
        (b"Content-Length:3\r\n\r\nabc\r\n", b"abc"),
        (b"content-length: 3\r\n\r\nabcPOST ", b"abcPOST "),
    ],
)
def test_a_body_is_framed_as_http_allows_it(sent: bytes, body: bytes) -> None:
    with served(success()) as (connection, what):
        connection.sendall(b"\r\nPOST / HTTP/1.1\r\n" + sent)
        connection.shutdown(socket.SHUT_WR)
        answer(connection)
    assert [(one.method, one.body) for one in what.arrivals] == [("POST", body)]


def test_a_client_that_waits_for_100_is_told_to_go_on() -> None:
    with served(success()) as (connection, what):
        connection.sendall(ASK[:-7] + b"\r\nExpect:100-continue\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        answer(connection)
    assert [one.body for one in what.arrivals] == [b"abc"]


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("Format=XML&Signature=s", b"<"),
        ("Signature=s", b"<"),
        ("Format=json&Signature=s", b"{"),
        ("InstanceId=i", b"{"),
    ],
)
def test_who_asks_for_xml_is_answered_in_xml(query: str, form: bytes) -> None:
    for framing in ("length", "chunks", "close"):
        body = '{"TaskId": "t-<é>", "RequestId": null, "List": [1, true]}'
        with served(Answer(http(200, body, framing=framing))) as (connection, _):
            connection.sendall(f"GET /?{query} HTTP/1.1\r\n\r\n".encode())
            got = HTTPResponse(connection)
            got.begin()
            read = got.read()
        assert read[:1] == form
        assert got.headers["content-type"].startswith(
            "text/xml" if form == b"<" else "application/json"
        )
        if form == b"<":
            fields = decode_answer(HttpResponse(200, (), read)).fields
            assert fields == {"TaskId": "t-<é>", "RequestId": "", "List": ["1", "true"]}


def test_the_type_of_a_form_has_no_case() -> None:
    head = b"POST / HTTP/1.1\r\ncontent-type: Application/X-WWW-Form-URLEncoded\r\n\r\n"
    assert Arrival(0, MAIN, head + b"a=b").form == [("a", "b")]


def test_a_client_that_goes_away_half_way_leaves_no_whole_request() -> None:
    with served(success()) as (connection, what):
        linger = struct.pack("ii", 1, 0)
        connection.sendall(ASK[:-1])
        connection.shutdown(socket.SHUT_WR)
        answer(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert [one.whole for one in what.arrivals] == [False]


def test_plain_http_where_tls_was_asked_for_is_kept_as_such(
    certificates: tls.Certificates,
) -> None:
    for context in (certificates.trusted, None):
        role = Role(https=True, tls=context)
        with served(success(), role=role) as (connection, what):
            connection.sendall(ASK)
            assert answer(connection) == b""
        assert [(one.raw, one.plain) for one in what.arrivals] == [(ASK, True)]
        assert what.handshakes == 0


@pytest.mark.parametrize("name", ["self_signed", "unknown", "elsewhere", "expired"])
def test_only_the_certificate_to_be_trusted_is(
    certificates: tls.Certificates, name: str
) -> None:
    client = ssl.create_default_context(cafile=str(certificates.authority))
    role = Role(https=True, tls=getattr(certificates, name))
    with (
        served(success(), role=role) as (connection, what),
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        client.wrap_socket(connection, server_hostname="127.0.0.1")
    assert (what.arrivals, what.handshakes) == ([], 1)


def test_the_certificate_to_be_trusted_is(certificates: tls.Certificates) -> None:
    client = ssl.create_default_context(cafile=str(certificates.authority))
    role = Role(https=True, tls=certificates.trusted)
    with (
        served(success(), role=role) as (connection, what),
        client.wrap_socket(connection, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(ASK)
        assert secure.recv(65536) == success().whole
    assert [(one.raw, one.plain) for one in what.arrivals] == [(ASK, False)]


def test_a_nonce_and_a_time_are_read_from_both_schemes() -> None:
    v1 = Arrival(0, MAIN, b"GET /?SignatureNonce=n&Timestamp=2026-01-31T12%3A00%3A00Z ")
    v3 = Arrival(
        0,
        MAIN,
        b"GET / HTTP/1.1\r\nx-acs-signature-nonce: n\r\nx-acs-date: 2026-01-31T12:00:00Z\r\n\r\n",
    )
    for one in (v1, v3):
        assert one.nonce == "n"
        assert one.moment is not None
        assert one.moment.isoformat() == "2026-01-31T12:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+08:00",
        "2026-01-31 12:00:00Z",
        "20260131T120000Z",
        "2026-13-31T12:00:00Z",
    ],
)
def test_a_time_that_is_not_in_utc_is_none(text: str) -> None:
    head = f"GET / HTTP/1.1\r\nx-acs-date: {text}\r\n\r\n"
    assert Arrival(0, MAIN, head.encode()).moment is None

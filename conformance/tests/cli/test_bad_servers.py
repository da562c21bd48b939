"""Targets that are no target: one sentence, exit code 4, no traceback, never a hang."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import pytest
import trustme

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.serve import serve

from .conftest import ONE, Command, answering, http, wrapped

TEN_MB = http("200 OK", "application/json", b"x" * 10_000_000)


def nothing(_: bytes) -> bytes | None:
    return b""


def close(_: bytes) -> bytes | None:
    return None


def html(_: bytes) -> bytes | None:
    return http("200 OK", "text/html", b"<html><body>It works!</body></html>")


def html_404(_: bytes) -> bytes | None:
    return http("404 Not Found", "text/html", b"<html>nothing here</html>")


def garbage(_: bytes) -> bytes | None:
    return b"\x00\xff\x16garbage\r\n\r\n"


def half(_: bytes) -> bytes | None:
    return http("200 OK", "application/json", b'{"protocol": "redeploy')[:-5]


def half_json(_: bytes) -> bytes | None:
    return http("200 OK", "application/json", b'{"protocol": "redeploy')


def redirect(_: bytes) -> bytes | None:
    return http("302 Found", "text/plain", b"", "location: http://127.0.0.1:1/else")


def ten_mb(_: bytes) -> bytes | None:
    return TEN_MB


def not_zipped(_: bytes) -> bytes | None:
    return http("200 OK", "application/json", b"{}", "content-encoding: gzip")


def error_500(_: bytes) -> bytes | None:
    return http("500 Internal Server Error", "text/plain", b"oops")


def another_document(_: bytes) -> bytes | None:
    return http("200 OK", "application/json", b'{"hello": "world"}')


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (nothing, "connection broke"),
        (close, "connection broke"),
        (html, "not JSON (text/html)"),
        (html_404, "does not speak the ECS wire protocol"),
        (garbage, "connection broke"),
        (half, "connection broke"),
        (half_json, "not JSON"),
        (redirect, "redirected to http://127.0.0.1:1/else"),
        (ten_mb, "more than 4 MiB"),
        (not_zipped, "connection broke"),
        (error_500, "does not speak the ECS wire protocol: HTTP 500"),
        (another_document, "not as its schema says"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_server_of_another_kind(
    redeploy: Command, reply: Callable[[bytes], bytes | None], told: str
) -> None:
    with answering(reply) as url:
        ran = redeploy("run", url)
    assert ran.code == 4
    assert told in ran.err
    assert url.removeprefix("http://") in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_dead_port(redeploy: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ran = redeploy("run", f"http://127.0.0.1:{port}")
    assert ran.code == 4
    assert f"127.0.0.1:{port}" in ran.err


def test_a_server_without_tls(redeploy: Command) -> None:
    with answering(html) as url:
        ran = redeploy("run", url.replace("http:", "https:"))
    assert ran.code == 4
    assert "SSL" in ran.err


def test_a_file_of_authorities_that_is_none(
    redeploy: Command, statement: Callable[[str], str]
) -> None:
    path = statement('[endpoint]\nurl = "https://127.0.0.1:1"\nca_file = "no.pem"\n')
    ran = redeploy("run", path)
    assert ran.code == 2
    assert "no.pem" in ran.err


def test_a_server_that_hangs(
    redeploy: Command, statement: Callable[[str], str]
) -> None:
    def hang(_: bytes) -> bytes | None:
        time.sleep(8)
        return None

    with answering(hang) as url:
        path = statement(f'[endpoint]\nurl = "{url}"\n[bounds]\nanswer_seconds = 1\n')
        begun = time.monotonic()
        ran = redeploy("run", path, timeout=60)
    assert ran.code == 4
    assert "no answer within 1 s" in ran.err
    assert time.monotonic() - begun < 20


def test_a_server_that_drips(
    redeploy: Command, statement: Callable[[str], str]
) -> None:
    """Each byte comes in time, the whole never does."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def drip() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
                for _ in range(40):
                    connection.sendall(b" ")
                    time.sleep(0.25)
        except OSError:
            return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    path = statement(f'[endpoint]\nurl = "{url}"\n[bounds]\nanswer_seconds = 1\n')
    ran = redeploy("run", path, timeout=60)
    listener.close()
    assert ran.code == 4
    assert "no whole answer within 1 s" in ran.err


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The emulator behind TLS, with a certificate of an authority that nobody knows."""
    folder = tmp_path_factory.mktemp("tls")
    authority, certificate = folder / "authority.pem", folder / "server.pem"
    made = trustme.CA()
    made.cert_pem.write_to_path(authority)
    made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        certificate
    )
    urls: Queue[str] = Queue()
    threading.Thread(
        target=serve,
        args=(Emulator(),),
        kwargs={"ready": urls.put, "ssl_certfile": certificate},
        daemon=True,
    ).start()
    return urls.get(timeout=10), authority


def test_a_certificate_that_nobody_vouches_for(
    redeploy: Command, secured: tuple[str, Path]
) -> None:
    ran = redeploy("run", secured[0])
    assert ran.code == 4
    assert "certificate verify failed" in ran.err
    assert secured[0] in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_certificate_of_another_host(
    redeploy: Command, secured: tuple[str, Path], statement: Callable[[str], str]
) -> None:
    url = secured[0].replace("127.0.0.1", "localhost")
    path = statement(f'[endpoint]\nurl = "{url}"\nca_file = "{secured[1]}"\n')
    ran = redeploy("run", path)
    assert ran.code == 4
    assert "Hostname mismatch" in ran.err


def test_a_certificate_of_the_authority_that_the_statement_names(
    redeploy: Command, secured: tuple[str, Path], statement: Callable[[str], str]
) -> None:
    url, authority = secured
    path = statement(f'[endpoint]\nurl = "{url}"\nca_file = "{authority}"\n')
    ran = redeploy("run", path, *ONE)
    assert ran.code == 3
    assert ran.result is not None
    assert "A3" in [c["id"] for c in ran.result["clauses"] if c["verdict"] == "pass"]


def test_a_bad_answer_in_the_middle_leaves_what_was_found(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    """The control plane turns into somebody's web page: trouble of the run, not a verdict."""
    module(
        wrapped(
            """
            if self.count > 400 and request.target.startswith("/redeploy-control"):
                page = b"<html>Bad gateway</html>"
                return HttpResponse(502, (("content-type", "text/html"),), page)
            """
        )
    )
    ran = redeploy("run", "mine:make")
    assert ran.code == 1
    assert ran.result is not None
    assert {one["clause"] for one in ran.result["findings"]} == {"S1"}
    assert sum(one["verdict"] == "pass" for one in ran.result["clauses"]) > 10


def test_an_exception_of_the_targets_own_is_no_failure_of_the_suite(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    module(
        wrapped(
            """
            if self.count > 400:
                raise RuntimeError("out of paper")
            """
        )
    )
    ran = redeploy("run", "mine:make")
    assert ran.code == 4
    assert ran.result is not None
    said = {one["text"] for one in ran.result["problems"]}
    assert any("send raised RuntimeError: out of paper" in text for text in said)
    assert sum(one["verdict"] == "pass" for one in ran.result["clauses"]) > 10

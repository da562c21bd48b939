"""What the tests of the command share: the real command, and small servers that misbehave."""

import json
import socket
import subprocess
import sysconfig
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from warm import warm

from redeploy_schemas.validation import problems

COMMAND = Path(sysconfig.get_path("scripts")) / "redeploy-conformance"
RESULT = "redeploy-conformance-result.json"
ENVIRONMENT = {
    "PATH": f"{COMMAND.parent}:/usr/bin:/bin",
    "COLUMNS": "100",
    "HYPOTHESIS_NO_PLUGINS": "1",
}
ONE = ("--clause", "A3")
"""Cases enough for a verdict where the verdict is not the point."""


@dataclass(frozen=True)
class Ran:
    """What one run of the command came to."""

    code: int
    out: str
    err: str
    result: dict[str, Any] | None

    @property
    def said(self) -> str:
        return self.out + self.err


Command = Callable[..., Ran]


def run_in(folder: Path, *words: str, timeout: float = 120, **env: str) -> Ran:
    """Run the command in a folder; a result that it wrote is valid and says the exit code."""
    path = folder / RESULT
    old = path.stat().st_mtime_ns if path.exists() else None
    done = subprocess.run(
        [*warm(), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**ENVIRONMENT, **env},
    )
    assert "Traceback" not in done.stdout + done.stderr
    result = None
    if path.exists() and path.stat().st_mtime_ns != old:
        result = read_result(path)
        assert result["exit_code"] == done.returncode
    return Ran(done.returncode, done.stdout, done.stderr, result)


def read_result(path: Path) -> dict[str, Any]:
    """Return what a result file says; it is as its schema says."""
    result: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert problems("run/result", result) == []
    return result


@pytest.fixture
def redeploy(tmp_path: Path) -> Command:
    """Run the command in a folder of its own."""
    return partial(run_in, tmp_path)


@pytest.fixture
def module(tmp_path: Path) -> Callable[[str], None]:
    """Write a module ``mine`` beside the run."""

    def write(text: str) -> None:
        (tmp_path / "mine.py").write_text(textwrap.dedent(text), "utf-8")

    return write


def wrapped(body: str) -> str:
    """Return a module with a transport around the emulator: ``body`` answers ``request``."""
    return WRAPPED.replace("BODY", textwrap.indent(textwrap.dedent(body), " " * 8))


WRAPPED = """\
import json

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.wire.http import HttpResponse


class Made:
    count = 0

    def __init__(self):
        self.inner = DirectTransport(Emulator().asgi)

    def send(self, request, timeout):
        self.count += 1
BODY
        return self.inner.send(request, timeout)


def make():
    return Made()
"""


@contextmanager
def served(*words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Serve the emulator by the command; give its base URL and its process."""
    process = subprocess.Popen(
        [str(COMMAND), "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("serving on ").strip(), process
    finally:
        process.kill()
        process.communicate(timeout=10)


@contextmanager
def answering(reply: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """Serve whatever ``reply`` makes of a request, then close; None closes at once."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                data = connection.recv(65536)
                whole = reply(data) if data else None
                if whole is not None:
                    connection.sendall(whole)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def http(status: str, kind: str, body: bytes, *more: str) -> bytes:
    """Return one HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"content-type: {kind}", "connection: close"]
    head += [f"content-length: {len(body)}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.fixture
def statement(tmp_path: Path) -> Callable[[str], str]:
    """Write a conformance statement; return its path."""

    def write(text: str) -> str:
        path = tmp_path / "target.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write

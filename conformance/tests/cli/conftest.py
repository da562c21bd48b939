"""What the tests of the command share: the real command, and small servers that misbehave."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from redeploy_schemas.validation import problems

COMMAND = Path(sys.executable).with_name("redeploy-conformance")
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


@pytest.fixture
def redeploy(tmp_path: Path) -> Callable[..., Ran]:
    """Run the command in a folder of its own; its result file, if any, is valid."""

    def run(*words: str, timeout: float = 120, **env: str) -> Ran:
        done = subprocess.run(
            [str(COMMAND), *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={"PATH": f"{COMMAND.parent}:/usr/bin:/bin", "COLUMNS": "100", **env},
        )
        path = tmp_path / "redeploy-conformance-result.json"
        result = None
        if path.exists():
            result = json.loads(path.read_text("utf-8"))
            assert problems("run/result", result) == []
            assert result["exit_code"] == done.returncode
        assert "Traceback" not in done.stdout + done.stderr
        return Ran(done.returncode, done.stdout, done.stderr, result)

    return run


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

"""A client adapter as a process: started, asked line by line, and ended with all that it started."""

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from redeploy_conformance.certify.told import Kind, Told
from redeploy_schemas.validation import problems

CARD_SECONDS = 60.0
"""How long a program may take to introduce itself: virtual machines warm up."""

SILENT_SECONDS = 5.0
"""Seconds without an identity card after which it is said what is waited for."""

LONGEST = 1 << 26
"""Bytes of the longest line that is read."""

QUIET = 0.02
"""Seconds without a word on standard error after which a call has said all."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

ELSEWHERE = "Asia/Shanghai"
"""The time zone that adapters run in, so that local time is never UTC by chance."""


MARK = "REDEPLOY_CONFORMANCE_ADAPTER"
"""The variable of the environment by which all that an adapter starts is known."""


class AdapterError(Exception):
    """The adapter cannot be used; the message says why, in one sentence."""


class Adapter:
    """One running adapter; its lines come through threads, since a pipe cannot be waited for."""

    def __init__(
        self,
        command: Sequence[str],
        say: Callable[[str], None] | None = None,
        proxy: str | None = None,
    ) -> None:
        """Start it and read its identity card; ``say`` is told when that takes long.

        ``proxy`` is the address of one that its environment names.

        Raises:
            AdapterError: it does not start, or does not introduce itself as the protocol says.
        """
        self.mark = secrets.token_hex(8)
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(proxy) | {MARK: self.mark},
                start_new_session=True,
            )
        except OSError as error:
            raise AdapterError(
                f"it cannot be started: {error.strerror or error}"
            ) from None
        self.lines: queue.Queue[bytes | None] = queue.Queue()
        self.printed = bytearray()
        self.printed_at = time.monotonic()
        self.threads = [
            threading.Thread(target=one, daemon=True)
            for one in (self._read_lines, self._read_errors)
        ]
        for thread in self.threads:
            thread.start()
        self.number = 0
        try:
            self.card = self._card(say)
        except BaseException:
            self.end()
            raise

    def ask(self, request: dict[str, Any], limit: float) -> Told:
        """Return what the adapter tells of a call; ``limit`` are the seconds it may take.

        After a crash, a hang or rubbish the process is not used again: ``usable`` says so.
        """
        self.number += 1
        begun = time.monotonic()
        extra = self._waiting()
        if extra is not None:
            return self._lost(Kind.RUBBISH, f"a line that nobody asked for: {extra}")
        line = json.dumps({"id": self.number, **request}, ensure_ascii=False)
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            return self._lost(Kind.CRASH, self._ended())
        try:
            got = self.lines.get(timeout=limit)
        except queue.Empty:
            return self._lost(Kind.HANG, f"no answer within {limit:g} s")
        seconds = time.monotonic() - begun
        if got is None:
            return self._lost(Kind.CRASH, self._ended())
        wrong, answer = self._answer(got)
        if wrong is not None:
            return self._lost(
                Kind.RUBBISH, f"a line that is no answer: {_cut(got)} ({wrong})"
            )
        return Told(Kind(answer["outcome"]), answer, "", self._stderr(), seconds)

    @property
    def usable(self) -> bool:
        """Whether it can be asked again."""
        return self.process.poll() is None

    def end(self, patience: float = 0.0) -> int | None:
        """End it, after it had the time to end by itself; return its exit code if it did."""
        if self.process.stdin is not None:
            with suppress(OSError):  # it has ended already
                self.process.stdin.close()
        code = None
        if patience:
            try:
                code = self.process.wait(patience)
            except subprocess.TimeoutExpired:
                code = None
        self._kill()
        self.process.wait()
        for thread in self.threads:
            thread.join(2)
        return code

    def rest(self) -> str:
        """Return what was printed on standard error since the last call; all of it, once it ended."""
        return self._taken()

    def left(self) -> str | None:
        """Return a line that is there though nobody asked for it, None if there is none."""
        return self._waiting()

    def _kill(self) -> None:
        try:
            if sys.platform == "win32":
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it, and all of its session, have ended already
        for pid in _marked(self.mark):
            # It may have ended meanwhile.
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def _card(self, say: Callable[[str], None] | None) -> dict[str, Any]:
        line = self._first_line(say)
        if line is None:
            raise AdapterError(f"it wrote no identity card but {self._ended()}")
        card = _json(line)
        if card is None:
            raise AdapterError(
                f"its first line is not an identity card but {_cut(line)}"
            )
        wrong = problems("client/card", card)
        if wrong:
            raise AdapterError(f"its identity card is not right: {'; '.join(wrong)}")
        return dict(card)

    def _first_line(self, say: Callable[[str], None] | None) -> bytes | None:
        early = min(SILENT_SECONDS, CARD_SECONDS)
        with suppress(queue.Empty):
            return self.lines.get(timeout=early)
        if say is not None:
            say(f"waiting for its identity card, for {CARD_SECONDS:g} s at most")
        try:
            return self.lines.get(timeout=CARD_SECONDS - early)
        except queue.Empty:
            raise AdapterError(
                f"it wrote no identity card within {CARD_SECONDS:g} s; an adapter writes one "
                "as its first line, before it is asked anything"
            ) from None

    def _answer(self, line: bytes) -> tuple[str | None, dict[str, Any]]:
        answer = _json(line)
        if answer is None:
            return "not JSON in UTF-8", {}
        wrong = problems("client/answer", answer)
        if wrong:
            return "; ".join(wrong), {}
        if answer["id"] != self.number:
            return f"it has the id {answer['id']}, the request had {self.number}", {}
        return None, dict(answer)

    def _waiting(self) -> str | None:
        try:
            line = self.lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:
            self.lines.put(None)
            return None
        return _cut(line)

    def _lost(self, kind: Kind, text: str) -> Told:
        self.end()
        return Told(kind, {}, text, self._taken())

    def _ended(self) -> str:
        try:
            code = self.process.wait(5)
        except subprocess.TimeoutExpired:
            return "closed its standard output"
        for thread in self.threads:
            thread.join(2)
        how = f"the signal {-code}" if code < 0 else f"exit code {code}"
        lines = self.printed.decode("utf-8", "replace").splitlines()
        # The lines of a stack are indented, in every language.
        said = [line for line in lines if line.strip() and not line[0].isspace()]
        return f"ended with {how}" + (f": {said[-1][:300]}" if said else "")

    def _stderr(self) -> str:
        """Return what was printed for this call, when no more comes."""
        until = time.monotonic() + 10 * QUIET
        while time.monotonic() < until:
            silent = time.monotonic() - self.printed_at
            if silent >= QUIET:
                break
            time.sleep(QUIET - silent)
        return self._taken()

    def _taken(self) -> str:
        data = bytes(self.printed)
        del self.printed[: len(data)]
        return data.decode("utf-8", "replace")

    def _read_lines(self) -> None:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline(LONGEST):
            self.printed_at = time.monotonic()
            self.lines.put(line)
        self.lines.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        while part := os.read(self.process.stderr.fileno(), 65536):
            self.printed += part
            self.printed_at = time.monotonic()


def _marked(mark: str) -> Iterator[int]:
    """Yield the processes whose environment has this mark, whatever their session; none but on Linux."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def _environment(proxy: str | None) -> dict[str, str]:
    """Return the environment of adapters: no proxy stands between them and the server, or this one."""
    here = dict(os.environ) | {"TZ": ELSEWHERE}
    names = [*PROXIES, *map(str.lower, PROXIES)]
    for name in (*names, "NO_PROXY", "no_proxy"):
        here.pop(name, None)
    if proxy is not None:
        return here | dict.fromkeys(names, proxy)
    return here | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")


def _json(line: bytes) -> Any:
    """Return the document of a line, None if it is none; half a surrogate pair is shown as such."""
    try:
        document = json.loads(line.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return document
    return {name: _text(value) for name, value in document.items()}


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _text(value: Any) -> Any:
    """Return a text that can be written; whatever is no text, as it is."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _cut(line: bytes) -> str:
    text = repr(line.decode("utf-8", "replace").rstrip("\n"))
    return text if len(text) <= 200 else f"{text[:200]}…"

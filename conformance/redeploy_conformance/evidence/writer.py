"""The trace writer: one line for each thing that a verdict rests on, there at once."""

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from redeploy_conformance.evidence.lines import TRACE_FORMAT
from redeploy_conformance.evidence.secrets import Secrets, signatures_of
from redeploy_conformance.evidence.setting import Setting
from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.parallel import Span, at_once
from redeploy_conformance.planning.notation import to_json
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.targets.base import UnreachableError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Record
from redeploy_schemas.vocabulary import RunVerdict

T = TypeVar("T")
SIGNER = re.compile(r"Credential=([^,]+)")
"""The id of the access key in the header of a V3 signature."""


class TraceWriter:
    """Writes the lines of one process of a run (see ``Watcher``); times are seconds of the run."""

    def __init__(self, path: Path, worker: str = "main") -> None:
        """Begin an empty file.

        Raises:
            OSError: the file cannot be written.
        """
        self._file = path.open("w", encoding="ascii")
        self._worker = worker
        self._sessions = 0
        self._begun = time.monotonic()
        self._secrets = Secrets()
        self._lock = threading.Lock()
        self._job = threading.local()

    def header(
        self, start: Record, setting: Setting, **more: Mapping[str, Any]
    ) -> None:
        """Write the first line: who is judged, by what, under what settings."""
        document = {"format": TRACE_FORMAT, "worker": self._worker}
        self._line("header", document | start.to_json() | setting.to_json() | more)

    def session(self, *, counted: bool) -> int:
        """Write that a session begins, and return its number."""
        self._sessions += 1
        self._line("session", {"n": self._sessions, "counted": counted})
        return self._sessions

    def step(self, steps: Sequence[Step]) -> None:
        """Write the steps that are about to be carried out."""
        self._line("step", {"steps": [to_json(one) for one in steps]})

    def exchange(
        self, request: HttpRequest, answer: HttpResponse | Exception, seconds: float
    ) -> None:
        """Write a request and its answer, without secrets and signatures."""
        signed = signatures_of(request)
        headers = dict(request.headers)
        sent = request.body.decode("utf-8", "replace")
        document: dict[str, Any] = {
            "at": round(time.monotonic() - self._begun, 6),
            "seconds": round(seconds, 6),
            "method": request.method,
            "target": self._secrets.out_of(request.target, signed),
        }
        if "x-acs-action" in headers:
            document["action"] = headers["x-acs-action"]
        signer = SIGNER.search(headers.get("authorization", ""))
        if signer is not None:
            document["key"] = signer[1]
        if sent:
            document["body"] = self._secrets.out_of(sent, signed)
        job = getattr(self._job, "name", None)
        if job is not None:
            document["job"] = job
        if isinstance(answer, Exception):
            document["problem"] = self._secrets.out_of(str(answer), signed)
            document["reached"] = not isinstance(answer, UnreachableError)
        else:
            document |= self._answer(answer, signed)
        self._line("exchange", document)

    def _answer(self, answer: HttpResponse, signed: tuple[str, ...]) -> dict[str, Any]:
        kind = dict(answer.headers).get("content-type", "")
        document: dict[str, Any] = {"status": answer.status, "type": kind}
        try:
            text = answer.body.decode()
        except UnicodeDecodeError:
            document["bytes"] = base64.b64encode(answer.body).decode()
            return document
        self._secrets.learn_from(text)
        document["answer"] = self._secrets.out_of(text, signed)
        return document

    def clock(self, now: float) -> None:
        """Write a reading of the real clock; its zero means nothing."""
        job = getattr(self._job, "name", None)
        self._line("clock", {"now": now} | ({} if job is None else {"job": job}))

    def at_once(self, jobs: Sequence[Sequence[Callable[[], T]]]) -> list[Span[T]]:
        """Do jobs at once, mark each exchange with its job, and write when each began and ended."""

        def marked(row: int, column: int, job: Callable[[], T]) -> Callable[[], T]:
            def run() -> T:
                self._job.name = f"{row}.{column}"
                return job()

            return run

        spans = at_once(
            [
                [marked(row, column, job) for column, job in enumerate(several)]
                for row, several in enumerate(jobs)
            ]
        )
        self._line("spans", {"spans": [[one.begun, one.ended] for one in spans]})
        return spans

    def done(
        self, observed: Sequence[str], clauses: Sequence[str], problem: str | None
    ) -> None:
        """Write what the suite made of the steps: to be compared, never to be believed."""
        out = self._secrets.out_of
        document: dict[str, Any] = {"observed": [out(one) for one in observed]}
        document["clauses"] = list(clauses)
        if problem is not None:
            document["problem"] = out(problem)
        self._line("done", document)

    def secret(self, text: str) -> None:
        """Learn a text that must never be written down."""
        self._secrets.learn(text)

    def finding(self, case: str, clause: str, session: int) -> None:
        """Write that a violation was found, and the session that shows it."""
        self._line("finding", {"case": case, "clause": clause, "session": session})

    def case(self, report: CaseReport) -> None:
        """Write that a case is over."""
        self._line(
            "case",
            {
                "name": report.name,
                "clauses": list(report.clauses),
            },
        )

    def asked(self, stopping: bool) -> bool:
        """Return whether no further case is to be begun, and write it where that is so."""
        if stopping:
            self._line("stop", {})
        return stopping

    def end(self, verdict: RunVerdict, seconds: float, *, complete: bool) -> None:
        """Write the last line of a run in one process, and close the file."""
        said = {"verdict": verdict.words, "exit_code": int(verdict), "crashes": []}
        self._line("end", {"complete": complete, "seconds": seconds, **said})
        self._file.close()

    def close(self) -> None:
        """Close the file, without the last line, which only the whole run can write."""
        self._file.close()

    def _line(self, record: str, document: dict[str, Any]) -> None:
        text = json.dumps({"record": record, **document}, separators=(",", ":"))
        with self._lock:
            try:
                self._file.write(text + "\n")
                self._file.flush()
            except OSError as error:
                name = self._file.name
                raise OSError(error.errno, error.strerror, name) from error

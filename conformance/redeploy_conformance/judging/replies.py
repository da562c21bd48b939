"""Answers as the contract sees them, and the clauses that bind every answer (R1–R5)."""

from enum import Enum

import msgspec

from redeploy_conformance.wire.answers import Answer
from redeploy_schemas.contract import Contract

OF_THE_POLICY = ("Forbidden", "NoPermission", "Unauthorized")
"""How codes begin that refuse a caller; which one is open (U1c)."""


NO_ERROR = ("", "ok", "200", "success")
"""Codes that tell of no error, in whatever case: other services put one beside what they return."""


class Kind(Enum):
    """What an answer says became of a call."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    THROTTLED = "throttled"
    INTERNAL = "internal error"
    UNKNOWN = "nobody knows"


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer to one call; ``status`` None when none came, and then ``problem`` says why."""

    kind: Kind
    status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None
    task_id: str | None = None
    problem: str | None = None

    def __str__(self) -> str:
        """Return the answer as a trace shows it."""
        if self.status is None:
            return f"no answer: {self.problem}"
        if self.kind is Kind.ACCEPTED:
            return f"{self.status}, {f'TaskId {self.task_id}' if self.task_id else 'no TaskId'}"
        return f"{self.status} {self.code or self.problem or 'without a code'}"


class Flaw(msgspec.Struct, frozen=True):
    """A clause that an answer breaks by itself, whatever the state."""

    clause: str
    expected: str
    observed: str


def read(answer: Answer) -> Reply:
    """Return the reply that a decoded answer is."""
    fields = answer.fields or {}
    code = _text(fields.get("Code"))
    code = None if code is not None and code.lower() in NO_ERROR else code
    return Reply(
        _kind(answer.status, code, _text(fields.get("TaskId"))),
        answer.status,
        code,
        _text(fields.get("Message")),
        _text(fields.get("RequestId")),
        _text(fields.get("TaskId")),
        answer.problem,
    )


def unanswered(problem: str) -> Reply:
    """Return the reply that stands for an answer that never came."""
    return Reply(Kind.UNKNOWN, problem=problem)


def _kind(status: int, code: str | None, task_id: str | None) -> Kind:
    """Tell an answer's meaning by what it carries, so that a wrong status is one flaw, not two."""
    if code is None and (task_id or 200 <= status < 300):
        return Kind.ACCEPTED
    if status == 429 or (code or "").startswith("Throttling"):
        return Kind.THROTTLED
    if code == "InternalError":
        return Kind.INTERNAL
    return Kind.REJECTED if status < 500 else Kind.UNKNOWN


def flaws(contract: Contract, reply: Reply) -> list[Flaw]:
    """Return what is wrong with an answer to RedeployInstance by itself (R1–R3, R5).

    A 5xx answer may be a gateway's, except with a code of the page: then its status is wrong.
    """
    row = contract.error_by_code.get(reply.code or "")
    if reply.status is None or (reply.kind is Kind.UNKNOWN and row is None):
        return []
    if reply.kind is Kind.ACCEPTED:
        missing = [
            name
            for name, value in (
                ("TaskId", reply.task_id),
                ("RequestId", reply.request_id),
            )
            if not value
        ]
        wanted = "TaskId and RequestId, both non-empty strings"
        if missing:
            what = f"{' and '.join(missing)} missing, empty or no string"
            return [Flaw("R1", wanted, what)]
        if not 200 <= reply.status < 300:
            return [Flaw("R1", "HTTP 2xx with a TaskId", f"HTTP {reply.status}")]
        return []
    found = []
    if row is None and 200 <= reply.status < 300:
        found.append(Flaw("R1", "no error code in HTTP 2xx", str(reply)))
    if row is not None and row.http_status != reply.status:
        wanted = f"{row.http_status} {row.code}"
        found.append(Flaw("R2", wanted, f"{reply.status} {row.code}"))
    if row is not None and not _says(reply.message, row.message):
        wanted = "some text" if row.message == "%s" else row.message
        found.append(Flaw("R3", wanted, str(reply.message)))
    if reply.task_id:
        found.append(Flaw("R5", "no TaskId in a rejection", reply.task_id))
    return found


def _says(message: str | None, text: str) -> bool:
    return bool(message) if text == "%s" else message == text


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

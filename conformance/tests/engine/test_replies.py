"""What an answer says became of a call, and what is wrong with it by itself (R1–R3, R5)."""

from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.replies import Kind, Reply, flaws, read
from redeploy_conformance.planning.steps import Create, Together
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.answers import Answer
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import load

TASK = {"RequestId": "R-1", "TaskId": "t-1"}
BUSY, LOCKED = "IncorrectInstanceStatus", "InstanceLockedForSecurity"


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (200, TASK, Kind.ACCEPTED),
        (200, {}, Kind.ACCEPTED),
        (299, None, Kind.ACCEPTED),
        (300, {}, Kind.REJECTED),
        (199, {}, Kind.REJECTED),
        (302, TASK, Kind.ACCEPTED),  # a task was begun, whatever the status
        (500, TASK, Kind.ACCEPTED),
        (200, TASK | {"Code": BUSY}, Kind.REJECTED),
        (200, TASK | {"Code": ""}, Kind.ACCEPTED),  # these tell of no error
        (200, TASK | {"Code": "OK"}, Kind.ACCEPTED),
        (200, TASK | {"Code": "Success"}, Kind.ACCEPTED),
        (200, TASK | {"Code": "200"}, Kind.ACCEPTED),
        (403, {"Code": BUSY}, Kind.REJECTED),
        (499, {}, Kind.REJECTED),
        (429, {}, Kind.THROTTLED),
        (429, {"Code": "InternalError"}, Kind.THROTTLED),
        (400, {"Code": "Throttling"}, Kind.THROTTLED),
        (503, {"Code": "Throttling.User"}, Kind.THROTTLED),
        (500, {"Code": "InternalError"}, Kind.INTERNAL),
        (400, {"Code": "InternalError"}, Kind.INTERNAL),
        (500, {"Code": BUSY}, Kind.UNKNOWN),
        (502, None, Kind.UNKNOWN),
        (400, {"Code": 7, "TaskId": 7}, Kind.REJECTED),
    ],
)
def test_what_became_of_a_call(
    status: int, fields: dict[str, object] | None, kind: Kind
) -> None:
    assert read(Answer(status, fields, None)).kind is kind


def test_what_is_no_text_is_not_read() -> None:
    fields = {"Code": ["x"], "Message": 1, "RequestId": None, "TaskId": {}}
    assert read(Answer(403, fields, "odd")) == Reply(Kind.REJECTED, 403, problem="odd")
    fields = {"Code": "c", "Message": "m", "RequestId": "r", "TaskId": "t"}
    assert read(Answer(403, fields, None)) == Reply(
        Kind.REJECTED, 403, "c", "m", "r", "t"
    )


def text_of(code: str) -> str:
    return load().error_by_code[code].message


@pytest.mark.parametrize(
    ("status", "fields", "clauses"),
    [
        (200, TASK, []),
        (299, TASK, []),
        (300, TASK, ["R1"]),
        (199, TASK, ["R1"]),
        (200, {"RequestId": "R-1"}, ["R1"]),
        (200, {"TaskId": "t-1"}, ["R1"]),
        (200, TASK | {"TaskId": ""}, ["R1"]),
        (403, {"Code": BUSY, "Message": text_of(BUSY)}, []),
        (400, {"Code": BUSY, "Message": text_of(BUSY)}, ["R2"]),
        (403, {"Code": BUSY, "Message": text_of(BUSY) + "."}, ["R3"]),
        (403, {"Code": BUSY}, ["R3"]),
        (403, {"Code": BUSY, "Message": text_of(BUSY), "TaskId": "t-1"}, ["R5"]),
        (403, {"Code": LOCKED, "Message": text_of(LOCKED)}, []),
        (403, {"Code": "Some.Code"}, []),
        (200, {"Code": "Some.Code"}, ["R1"]),
        (299, {"Code": "Some.Code"}, ["R1"]),
        (300, {"Code": "Some.Code"}, []),
        (200, {"Code": BUSY, "Message": text_of(BUSY)}, ["R2"]),
        (503, {"Code": BUSY, "Message": text_of(BUSY)}, ["R2"]),
        (503, {"Code": "Some.Code"}, []),
        (503, {}, []),
        (429, {"Code": "Some.Code"}, []),
    ],
)
def test_what_is_wrong_with_an_answer_by_itself(
    status: int, fields: dict[str, object], clauses: list[str]
) -> None:
    found = flaws(load(), read(Answer(status, fields, None)))
    assert [one.clause for one in found] == clauses


@pytest.mark.parametrize(("message", "clauses"), [("", ["R3"]), ("any text", [])])
def test_a_message_that_the_page_leaves_open_is_some_text(
    message: str, clauses: list[str]
) -> None:
    row = next(one for one in load().errors if one.message == "%s")
    reply = Reply(Kind.REJECTED, row.http_status, row.code, message, "R-1")
    assert [one.clause for one in flaws(load(), reply)] == clauses


class Racing:
    """A transport that gives refusals another status than the page."""

    def __init__(self, inner: DirectTransport) -> None:
        self.inner = inner

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = self.inner.send(request, timeout)
        return replace(answer, status=409) if answer.status == 403 else answer

    def close(self) -> None:
        self.inner.close()


def test_answers_to_concurrent_calls_are_looked_at_like_others() -> None:
    emulator = Emulator()
    transport = Racing(DirectTransport(emulator.asgi))
    declared = Statement(read_lag_seconds=0.0)
    bench = set_up(Target("racing", "embedded", transport, declared), load())
    steps = (
        Create("i1", (), (("SystemMaintenance.Reboot", "Inquiring"),)),
        Together(("i1",), 2),
    )
    found = perform(bench, steps, Ledger()).violations
    assert [one.clause for one in found] == ["R2"]

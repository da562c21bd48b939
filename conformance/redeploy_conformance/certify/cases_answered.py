"""Cases with an answer that the contract knows: successes, errors, throttling (C3, C4, C6)."""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

from redeploy_conformance.certify.case import Case, answers
from redeploy_conformance.certify.drawn import drawn
from redeploy_conformance.certify.expectations import (
    Accepted,
    Compressed,
    CutWhenThrottled,
    Digits,
    Failed,
    Refused,
    Throttled,
    WithoutTask,
)
from redeploy_conformance.certify.replies import (
    JSON,
    REQUEST_ID,
    TASK_ID,
    Answer,
    Headers,
    accepted,
    error,
    http,
    refused,
    success,
)
from redeploy_schemas.contract import Contract, ErrorRow
from redeploy_strategies import clients

OURS = Accepted(TASK_ID, REQUEST_ID)
HARD = "No <event> \"e-1\" & 'e-2' at 100% of {0} \\ é 实例"
"""A message that is hard to quote, to format, and to encode."""
LONG_TEXT = (
    "The instance has events," + " none of those that allow it," * 200 + " today."
)
"""A message that is longer than those of the page."""

LONG_ID = "t-" + "0123456789" * 12
LONG_REQUEST = f"{REQUEST_ID}-{REQUEST_ID}"
LOWER_ID = REQUEST_ID.lower()
"""Ids of other shapes than in the examples: those are open (R6)."""

DIGITS = "12345678901234567890"
SOON: Headers = (("retry-after", "1"),)
"""What errors beside the table say besides: that nobody knows what became of a 503 stays so."""

HINT = 300
"""Milliseconds after which a throttled caller may come again."""

PATIENT = 120.0
"""Seconds that a throttled call may take: whoever waits longer each time needs some."""

REFUSALS = 4
"""Throttled requests before one is accepted: enough to see whether a delay grows."""


def successes(seed: int, count: int) -> Iterator[Case]:
    """Yield every form of success, planned and drawn."""
    fields = {"TaskId": TASK_ID, "RequestId": REQUEST_ID}
    unknown: dict[str, Any] = {
        "Extra": "text",
        "Count": 7,
        "Flag": True,
        "Nothing": None,
        "List": [1, {}, []],
        "Nested": {"TaskId": "t-another", "RequestId": "another"},
    }
    forms = {
        "plain": http(200, accepted()),
        "unknown-fields": http(200, accepted(**unknown)),
        "unknown-fields-first": http(200, json.dumps({**unknown, **fields})),
        "spread-over-lines": http(200, json.dumps(fields, indent=4)),
        "status-202": http(202, accepted()),
        "in-chunks": http(200, accepted(), framing="chunks"),
        "without-length": http(200, accepted(), framing="close"),
    }
    forms |= {
        f"unknown-{name.lower()}": http(200, json.dumps({name: value, **fields}))
        for name, value in unknown.items()
    }
    for name, data in forms.items():
        yield _success(name, Answer(data), OURS)
    for name, task_id in {
        "digits-as-text": DIGITS,
        "beyond-ascii": "t-é-实例-😀",
        "with-quotes": 't-"quoted"\\/',
        "encoded-in-many-ways": "t-%41%2B&lt;b&amp;e\u0301",
        "blanks-around": " t-ab ",
    }.items():
        yield _success(name, success(TaskId=task_id), Accepted(task_id, REQUEST_ID))
    shapes = success(TaskId=LONG_ID, RequestId=LOWER_ID)
    yield _success("ids-of-other-shapes", shapes, Accepted(LONG_ID, LOWER_ID))
    longer = success(RequestId=LONG_REQUEST)
    yield _success("a-longer-request-id", longer, Accepted(TASK_ID, LONG_REQUEST))
    for number, (task_id, request_id, more) in enumerate(
        drawn(clients.successes(), count, seed), 1
    ):
        body = json.dumps(
            {"TaskId": task_id, "RequestId": request_id, **more},
            ensure_ascii=bool(number % 2),
        )
        ids = Accepted(task_id, request_id)
        yield _success(f"drawn-{number}", Answer(http(200, body)), ids)
    letters = json.dumps(
        {"TaskId": "t-é-实例", "RequestId": REQUEST_ID}, ensure_ascii=False
    )
    # JSON is in UTF-8, whether that is said or not.
    for name, kind in (("as-it-is", JSON), ("without-charset", "application/json")):
        yield _success(
            f"beyond-ascii-{name}",
            Answer(http(200, letters, kind)),
            Accepted("t-é-实例", REQUEST_ID),
        )
    yield from _odd_ids()
    plain = accepted().encode()
    for coding, data in (
        ("gzip", gzip.compress(plain)),
        ("deflate", zlib.compress(plain)),
    ):
        packed = http(200, data, headers=(("content-encoding", coding),))
        expected = Compressed(OURS, coding)
        yield Case(
            f"success/{coding}", "C3", expected, answers(Answer(packed)), once=True
        )


def _success(name: str, answer: Answer, ids: Accepted) -> Case:
    return Case(f"success/{name}", "C3", ids, answers(answer), once=True)


def _odd_ids() -> Iterator[Case]:
    number = http(200, accepted().replace(f'"{TASK_ID}"', DIGITS))
    yield Case(
        "success/digits-as-number",
        "C3",
        Digits(DIGITS),
        answers(Answer(number)),
        once=True,
    )
    odd: dict[str, Any] = {"null": None, "empty": ""}
    for name, value in odd.items():
        answer = success(TaskId=value)
        yield Case(
            f"no-task/{name}", "C3m", WithoutTask(name), answers(answer), once=True
        )
    missing = Answer(http(200, json.dumps({"RequestId": REQUEST_ID})))
    yield Case(
        "no-task/missing", "C3m", WithoutTask("missing"), answers(missing), once=True
    )


def errors(contract: Contract, seed: int, count: int) -> Iterator[Case]:
    """Yield each error of the table, planned and drawn, and a few beside it."""
    for row in contract.errors:
        message = (
            "There are no maintenance events found on the instance."
            if row.message == "%s"
            else row.message
        )
        yield _error(f"error/{row.code}", row, message, REQUEST_ID, {})
        if row.message == "%s":
            name = f"error/{row.code}/text-of-all-kinds"
            yield _error(name, row, HARD, REQUEST_ID, {})
            yield _error(f"error/{row.code}/long-text", row, LONG_TEXT, REQUEST_ID, {})
        for number, (text, request_id, more) in enumerate(
            drawn(clients.errors(row), count, seed), 1
        ):
            name = f"error/{row.code}/drawn-{number}"
            yield _error(name, row, text, request_id, more)
    row = next(one for one in contract.errors if one.code == "IncorrectInstanceStatus")
    for framing in ("chunks", "close"):
        body = http(row.http_status, refused(row.code, row.message), framing=framing)
        yield Case(
            f"error/{row.code}/framed-by-{framing}",
            "C4",
            Refused(row.code, row.message, row.http_status, REQUEST_ID),
            answers(Answer(body)),
        )
    denied = {"AuthAction": "ecs:RedeployInstance", "PolicyType": "AccountLevel"}
    text = "User not authorized to operate on the specified resource."
    for code, status, more in (
        ("Forbidden.RAM", 403, {"AccessDeniedDetail": denied}),
        ("MissingInstanceId", 400, {}),
        ("OperationConflict", 409, {}),
        ("ServiceUnavailable", 503, {}),
    ):
        answer = Answer(http(status, refused(code, text, **more), headers=SOON))
        yield Case(
            f"error-beside/{code}",
            "C5" if status >= 500 else "C4",
            Failed(),
            answers(answer),
            once=status >= 500,
        )


def _error(
    name: str, row: ErrorRow, message: str, request_id: str, more: dict[str, Any]
) -> Case:
    body = refused(row.code, message, **{**more, "RequestId": request_id})
    return Case(
        name,
        "C4",
        Refused(row.code, message, row.http_status, request_id),
        answers(Answer(http(row.http_status, body))),
        once=row.http_status >= 500,
    )


def throttling() -> Iterator[Case]:
    """Yield throttled calls: with and without a hint when to come again."""
    hint: Headers = (("x-acs-retry-after", str(HINT)),)
    text = "Request was denied due to request throttling."
    for name, status, code, headers in (
        ("Throttling", 400, "Throttling", ()),
        ("Throttling.User", 400, "Throttling.User", ()),
        ("Throttling.Api", 400, "Throttling.Api", ()),
        ("429", 429, "Throttling.User", ()),
        ("Throttling-hinted", 400, "Throttling", hint),
        ("Throttling.User-hinted", 400, "Throttling.User", hint),
        ("429-hinted", 429, "Throttling.User", hint),
    ):
        refusal = error(status, code, text, headers)
        yield Case(
            f"throttled/{name}",
            "C6",
            Throttled(REFUSALS),
            answers(*[refusal] * REFUSALS, success()),
            limit=PATIENT,
        )
    cut = (error(400, "Throttling", text), Answer(reset=True))
    yield Case("throttled/then-cut", "C5", CutWhenThrottled(), answers(*cut))

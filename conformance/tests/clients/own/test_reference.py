"""The suite's own client: what it sends, and what it makes of each answer."""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.certify.client import LONGEST, Client
from redeploy_schemas.contract import load
from redeploy_schemas.validation import problems

from .conftest import ACCEPTED, REQUEST, SECRET, TASK, Ask, Serve, accepted, http
from .conftest import refused as refusal

BODY = json.dumps({"TaskId": TASK, "RequestId": REQUEST})
RUN = Path(__file__).parents[3] / "clients" / "reference" / "run"
XML = "<Error><RequestId>R</RequestId><Code>DiskError</Code></Error>"


def failed(message: str, status: int | None, kind: str) -> dict[str, Any]:
    return {
        "outcome": "error",
        "code": None,
        "message": message,
        "http_status": status,
        "request_id": None,
        "class": kind,
    }


def refused(status: int, code: str | None, message: str) -> dict[str, Any]:
    known = {"code": code, "request_id": REQUEST}
    return {**failed(message, status, "RefusedError"), **known}


def rubbish(status: int) -> dict[str, Any]:
    told = f"an answer that is no JSON object (HTTP {status})"
    return failed(told, status, "BrokenAnswerError")


def broken(message: str) -> dict[str, Any]:
    return failed(message, 200, "BrokenAnswerError")


def cut(kind: str) -> dict[str, Any]:
    told = f"the connection broke before a whole answer: {kind}"
    return failed(told, None, "ConnectionBrokenError")


# What a server answers, and what the client makes of it.
ANSWERS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "success": (accepted(), ACCEPTED),
    "unknown fields": (accepted(More={"a": [1]}, Note="äöü 中"), ACCEPTED),
    "20 digits": (
        accepted(TaskId=12345678901234567891),
        {**ACCEPTED, "task_id": "12345678901234567891"},
    ),
    "202": (http(202, BODY), ACCEPTED),
    "another kind": (http(200, BODY, "content-type: text/plain"), ACCEPTED),
    "byte order mark": (http(200, b"\xef\xbb\xbf" + BODY.encode()), ACCEPTED),
    "no length": (f"HTTP/1.1 200 Said\r\n\r\n{BODY}".encode(), ACCEPTED),
    "chunks": (
        b"HTTP/1.1 200 Said\r\ntransfer-encoding: chunked\r\n\r\n"
        + f"{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n".encode(),
        ACCEPTED,
    ),
    "no task": (http(200, '{"RequestId":"R"}'), broken("a success without a TaskId")),
    "empty task": (accepted(TaskId=""), broken("a success without a TaskId")),
    "task null": (accepted(TaskId=None), broken("a success without a TaskId")),
    "task list": (accepted(TaskId=[1]), broken("a success without a TaskId")),
    "no request id": (
        http(200, '{"TaskId":"t-1"}'),
        broken("a success without a RequestId"),
    ),
    "code at 200": (
        accepted(Code="IncorrectInstanceStatus", Message="no"),
        refused(200, "IncorrectInstanceStatus", "no"),
    ),
    "403 without a code": (refusal(403, None, "no"), refused(403, None, "no")),
    "throttled": (
        refusal(400, "Throttling.User", "slow"),
        refused(400, "Throttling.User", "slow"),
    ),
    "request id in the header": (
        http(403, '{"Code":"C","Message":"M"}', f"x-acs-request-id: {REQUEST}"),
        refused(403, "C", "M"),
    ),
    "empty": (http(200, ""), rubbish(200)),
    "page": (http(200, "<html>ok</html>"), rubbish(200)),
    "502 page": (http(502, "<html>no</html>"), rubbish(502)),
    "XML": (http(403, XML), rubbish(403)),
    "list": (http(200, "[1]"), rubbish(200)),
    "text": (http(200, '"ok"'), rubbish(200)),
    "no number": (http(200, BODY[:-1] + ',"N":NaN}'), rubbish(200)),
    "half": (http(200, BODY[:40]), rubbish(200)),
    "no Unicode": (http(200, b'{"TaskId":"\xff","RequestId":"R"}'), rubbish(200)),
    "deep": (http(200, "[" * 100_000), rubbish(200)),
    "compressed": (
        http(200, gzip.compress(BODY.encode()), "content-encoding: gzip"),
        rubbish(200),
    ),
    "redirect to nowhere": (http(302, ""), rubbish(302)),
    "too long": (
        http(200, BODY[:-1] + ',"More":"' + "x" * LONGEST + '"}'),
        broken("the answer is too long to read"),
    ),
    "shorter than said": (
        http(200, BODY + " " * 300)[:-200],
        broken("the answer is cut short"),
    ),
    "chunks without an end": (
        b"HTTP/1.1 200 Said\r\ntransfer-encoding: chunked\r\n\r\n"
        + f"{len(BODY):x}\r\n{BODY}\r\n".encode(),
        cut("IncompleteRead"),
    ),
    "no HTTP": (b"hello there\r\n\r\n", cut("BadStatusLine")),
    "nothing at all": (b"", cut("RemoteDisconnected")),
    **{
        row.code: (
            refusal(row.http_status, row.code, row.message),
            refused(row.http_status, row.code, row.message),
        )
        for row in load().errors
    },
}


@pytest.mark.parametrize("name", ANSWERS)
def test_it_makes_of_each_answer_what_the_contract_says(
    ask: Ask, serve: Serve, name: str
) -> None:
    given, wanted = ANSWERS[name]
    told = ask(Client(), serve(given))
    assert told.answer == wanted
    assert (len(told.requests), told.wrong) == (1, [])
    assert SECRET not in told.printed


@pytest.mark.parametrize("kept", [0, 10, -200])
def test_a_cut_is_an_error_and_no_reason_to_send_again(
    ask: Ask, serve: Serve, kept: int
) -> None:
    given = http(200, BODY + " " * 300)[:kept]
    told = ask(Client(), serve(given, reset=True))
    # How much comes before a reset is the system's affair.
    assert told.answer["class"] in ("ConnectionBrokenError", "BrokenAnswerError")
    assert (told.answer["code"], told.answer["request_id"]) == (None, None)
    assert len(told.requests) == 1


@pytest.mark.parametrize("signature", ["v1", "v3"])
@pytest.mark.parametrize("force_stop", [None, False, True])
@pytest.mark.parametrize(
    "instance_id",
    ["i-bp1", " a+b*c~d%e/f ", "é中😀", "&=?#", "A%20b", "\x00\n\x7f\u2028"],
)
def test_it_sends_what_was_asked_for(
    ask: Ask, serve: Serve, signature: str, force_stop: bool | None, instance_id: str
) -> None:
    more = {} if force_stop is None else {"force_stop": force_stop}
    told = ask(Client(signature), serve(), instance_id=instance_id, **more)
    stops = {} if force_stop is None else {"ForceStop": str(force_stop).lower()}
    wanted = {"Action": "RedeployInstance", "InstanceId": instance_id, **stops}
    assert (told.sent(), told.wrong) == ([wanted], [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("elsewhere", [True, False])
def test_it_follows_no_redirect(
    ask: Ask, serve: Serve, status: int, elsewhere: bool
) -> None:
    other = serve()
    there = f"{other.url()}/elsewhere" if elsewhere else "/elsewhere"
    told = ask(Client(), serve(http(status, "", f"location: {there}"), accepted()))
    assert told.answer == rubbish(status)
    assert (len(told.requests), other.asked) == (1, [])


def test_it_trusts_only_a_server_that_is_vouched_for(
    ask: Ask, serve: Serve, trusted: Any
) -> None:
    context, file = trusted
    known = ask(Client(), serve(tls=context), ca_file=str(file))
    assert (known.answer, known.wrong) == (ACCEPTED, [])
    unknown = ask(Client(), serve(tls=context))
    why = "no trusted connection: SSLCertVerificationError"
    assert unknown.answer == failed(why, None, "UntrustedError")
    assert unknown.requests == []


@pytest.mark.parametrize("secured", [False, True])
@pytest.mark.parametrize("how", [{"late": 10.0}, {"trickle": 0.1}])
def test_it_waits_until_the_deadline_and_no_longer(
    ask: Ask, serve: Serve, trusted: Any, secured: bool, how: dict[str, float]
) -> None:
    context, file = trusted
    more = {"ca_file": str(file)} if secured else {}
    server = serve(tls=context if secured else None, **how)
    told = ask(Client(), server, deadline_seconds=0.5, **more)
    assert told.answer == {
        "outcome": "timeout",
        "message": "there was no whole answer before the deadline",
        "class": "DeadlineError",
    }
    assert 0.4 < told.seconds < 5.0  # the whole would take 10 s
    assert len(told.requests) == 1


def test_where_nobody_listens_is_an_error(ask: Ask, serve: Serve) -> None:
    gone = serve()
    address = gone.url()
    gone.close()
    told = ask(Client(), serve(), endpoint=address)
    why = "no connection: ConnectionRefusedError"
    assert told.answer == failed(why, None, "ConnectionBrokenError")


def test_it_is_an_adapter_that_needs_nothing_installed() -> None:
    asked = {
        "id": 3,
        "endpoint": "http://127.0.0.1:1",
        "region": "cn-hangzhou",
        "access_key_id": "testid",
        "access_key_secret": SECRET,
        "instance_id": "\ud800",
        "deadline_seconds": 1.0,
    }
    again = {**asked, "id": 4, "instance_id": "i-中"}
    done = subprocess.run(
        [RUN, "--signature", "v1"],
        input=f"{json.dumps(asked)}\n{json.dumps(again)}\n",
        capture_output=True,
        text=True,
        timeout=20,
    )
    card, first, second = map(json.loads, done.stdout.splitlines())
    assert problems("client/card", card) == []
    assert (card["library"], card["signature"]) == ("redeploy-conformance", "v1")
    told = {"id": 3, "outcome": "unsupported", "message": "the id is no Unicode text"}
    assert first == told
    assert (second["id"], second["class"]) == (4, "ConnectionBrokenError")
    assert (done.returncode, SECRET in done.stderr) == (0, False)


def test_a_faulty_client_that_there_is_not_is_wrong_usage() -> None:
    done = subprocess.run(
        [RUN, "--fault", "nothing"], capture_output=True, text=True, timeout=20
    )
    said = "There is no faulty client 'nothing': --list-faults names them.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)

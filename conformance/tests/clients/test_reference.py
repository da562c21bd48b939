"""The suite's own client: what it sends, what it makes of each answer, and its faulty kin."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.certify import replies
from redeploy_conformance.certify.arrivals import stale, wrong_request
from redeploy_conformance.certify.client import LONGEST, Client
from redeploy_conformance.certify.faulty import FAULTY, VARIANTS
from redeploy_conformance.certify.reference import answer
from redeploy_conformance.certify.replies import Answer, Script, http
from redeploy_conformance.certify.server import serving
from redeploy_conformance.certify.tls import NoCertificateError, self_signed
from redeploy_schemas.clients import client_clauses
from redeploy_schemas.contract import load
from redeploy_schemas.validation import problems

SECRET = "a-secret-that-nobody-may-see"
TASK, REQUEST = replies.TASK_ID, replies.REQUEST_ID
BODY = json.dumps({"TaskId": TASK, "RequestId": REQUEST})
RUN = Path(__file__).parents[2] / "clients" / "reference" / "run"

ACCEPTED = {"outcome": "success", "task_id": TASK, "request_id": REQUEST}


@dataclass(frozen=True)
class Situation:
    """One call, and what its server does; ``other`` is another server, reached by redirect."""

    answers: tuple[Answer, ...] = (replies.success(),)
    instance_id: str = "i-bp1reference"
    force_stop: bool | None = None
    deadline_seconds: float = 5.0
    secured: str = "no"
    redirect: str | None = None


@dataclass
class Told:
    """What came of it: the answer, what arrived, what was printed and how long it took."""

    answer: dict[str, Any] = field(default_factory=dict)
    seen: list[Any] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)
    printed: str = ""
    nonces: list[str | None] = field(default_factory=list)
    seconds: float = 0.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path] | None:
    """A server's context and the file that vouches for it, None where none can be made."""
    try:
        return self_signed(tmp_path_factory.mktemp("tls"))
    except NoCertificateError:
        return None


@pytest.fixture
def call(
    certificate: tuple[ssl.SSLContext, Path] | None, capfd: pytest.CaptureFixture[str]
) -> Callable[[Client, Situation], Told]:
    """Make a call in a situation."""

    def make(client: Client, one: Situation) -> Told:
        if one.secured != "no" and certificate is None:
            pytest.skip("the TLS cases need the openssl command")
        context = certificate[0] if certificate and one.secured != "no" else None

        def scripts(addresses: Mapping[str, str]) -> dict[str, Script]:
            there = f"{addresses[one.redirect or 'main']}/elsewhere"
            moved = http(302, "", headers=(("location", there),))
            answers = (moved, *one.answers) if one.redirect else one.answers
            return {"main": Script(answers), "other": Script(one.answers)}

        told = Told()
        capfd.readouterr()
        with serving(scripts, {"main": context, "other": None}) as (addresses, served):
            asked = {
                "endpoint": addresses["main"],
                "access_key_id": "testid",
                "access_key_secret": SECRET,
                "instance_id": one.instance_id,
                "deadline_seconds": one.deadline_seconds,
            }
            if one.force_stop is not None:
                asked["force_stop"] = one.force_stop
            if one.secured == "vouched for" and certificate is not None:
                asked["ca_file"] = str(certificate[1])
            before = time.monotonic()
            told.answer = answer(client, asked)
            told.seconds = time.monotonic() - before
        arrivals = served.arrivals
        told.printed = capfd.readouterr().err
        told.nonces = [arrival.nonce for arrival in arrivals]
        for arrival in arrivals:
            told.seen.append((arrival.server, arrival.action, arrival.params))
            told.wrong += wrong_request(
                arrival, one.instance_id, one.force_stop, SECRET
            )
            told.wrong += [stale(arrival)] if stale(arrival) else []
        assert problems("client/answer", {"id": 1, **told.answer}) == []
        return told

    return make


def sent(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the operation itself."""
    own = ("InstanceId", "ForceStop")
    return {name: params[name] for name in own if name in params}


def broken(message: str, status: int | None, kind: str) -> dict[str, Any]:
    return {
        "outcome": "error",
        "code": None,
        "message": message,
        "http_status": status,
        "request_id": None,
        "class": kind,
    }


def refused(status: int, code: str | None, message: str) -> dict[str, Any]:
    return {
        "outcome": "error",
        "code": code,
        "message": message,
        "http_status": status,
        "request_id": REQUEST,
        "class": "RefusedError",
    }


def rubbish(status: int) -> dict[str, Any]:
    told = f"an answer that is no JSON object (HTTP {status})"
    return broken(told, status, "BrokenAnswerError")


def nothing(message: str) -> dict[str, Any]:
    return broken(message, 200, "BrokenAnswerError")


def cut(kind: str) -> dict[str, Any]:
    told = f"the connection broke before a whole answer: {kind}"
    return broken(told, None, "ConnectionBrokenError")


# What a server answers, and what the client makes of it.
ANSWERS: dict[str, tuple[Answer, dict[str, Any]]] = {
    "success": (replies.success(), ACCEPTED),
    "unknown fields": (replies.success(More={"a": [1]}, Note="äöü 中"), ACCEPTED),
    "20 digits": (
        replies.success(TaskId=12345678901234567890),
        {**ACCEPTED, "task_id": "12345678901234567890"},
    ),
    "202": (http(202, BODY), ACCEPTED),
    "another kind": (http(200, BODY, "text/plain"), ACCEPTED),
    "byte order mark": (http(200, b"\xef\xbb\xbf" + BODY.encode()), ACCEPTED),
    "no task": (http(200, '{"RequestId":"R"}'), nothing("a success without a TaskId")),
    "empty task": (replies.success(TaskId=""), nothing("a success without a TaskId")),
    "task null": (replies.success(TaskId=None), nothing("a success without a TaskId")),
    "task list": (replies.success(TaskId=[1]), nothing("a success without a TaskId")),
    "no request id": (
        http(200, '{"TaskId":"t-1"}'),
        nothing("a success without a RequestId"),
    ),
    "code at 200": (
        replies.success(Code="IncorrectInstanceStatus", Message="no"),
        refused(200, "IncorrectInstanceStatus", "no"),
    ),
    "403 without a code": (replies.error(403, None, "no"), refused(403, None, "no")),
    "throttled": (
        replies.error(400, "Throttling.User", "slow"),
        refused(400, "Throttling.User", "slow"),
    ),
    "empty": (http(200, ""), rubbish(200)),
    "page": (http(200, "<html>ok</html>", "text/html"), rubbish(200)),
    "502 page": (http(502, "<html>no</html>", "text/html"), rubbish(502)),
    "XML": (replies.xml_error(403, "DiskError", "no"), rubbish(403)),
    "list": (http(200, "[1]"), rubbish(200)),
    "text": (http(200, '"ok"'), rubbish(200)),
    "no number": (http(200, BODY[:-1] + ',"N":NaN}'), rubbish(200)),
    "half": (http(200, BODY[:40]), rubbish(200)),
    "no Unicode": (http(200, b'{"TaskId":"\xff","RequestId":"R"}'), rubbish(200)),
    "deep": (http(200, "[" * 100_000), rubbish(200)),
    "compressed": (replies.zipped(), rubbish(200)),
    "redirect to nowhere": (http(302, ""), rubbish(302)),
    "too long": (
        http(200, BODY[:-1] + ',"More":"' + "x" * LONGEST + '"}'),
        nothing("the answer is too long to read"),
    ),
    "shorter than said": (
        Answer(http(200, BODY + " " * 300).whole[:-200]),
        nothing("the answer is cut short"),
    ),
    "no HTTP": (Answer(b"hello there\r\n\r\n"), cut("BadStatusLine")),
    "nothing at all": (Answer(b""), cut("RemoteDisconnected")),
    **{
        row.code: (
            replies.error(row.http_status, row.code, row.message),
            refused(row.http_status, row.code, row.message),
        )
        for row in load().errors
    },
}


@pytest.mark.parametrize("name", ANSWERS)
def test_it_makes_of_each_answer_what_the_contract_says(call: Any, name: str) -> None:
    given, wanted = ANSWERS[name]
    told = call(Client(), Situation((given,)))
    assert told.answer == wanted
    assert (len(told.seen), told.wrong) == (1, [])
    assert SECRET not in told.printed


@pytest.mark.parametrize(
    "given",
    [
        http(200, BODY + " " * 300, keep=0.8),
        http(200, BODY, keep=0.1),
        http(200, BODY, keep=0.0),
    ],
    ids=["in the body", "in the head", "before the answer"],
)
def test_a_cut_is_an_error_and_no_reason_to_send_again(
    call: Any, given: Answer
) -> None:
    told = call(Client(), Situation((given,)))
    # How much comes before a reset is the system's affair.
    assert told.answer["class"] in ("ConnectionBrokenError", "BrokenAnswerError")
    assert (told.answer["code"], told.answer["request_id"]) == (None, None)
    assert len(told.seen) == 1


@pytest.mark.parametrize("signature", ["v1", "v3"])
@pytest.mark.parametrize("force_stop", [None, False, True])
@pytest.mark.parametrize(
    "instance_id", ["i-bp1", " a+b*c~d%e/f ", "é中😀", "&=?#", "A%20b", "\x00\n\x7f"]
)
def test_it_sends_what_was_asked_for(
    call: Any, signature: str, force_stop: bool | None, instance_id: str
) -> None:
    told = call(
        Client(signature), Situation(instance_id=instance_id, force_stop=force_stop)
    )
    ((server, action, params),) = told.seen
    assert (server, action, told.wrong) == ("main", "RedeployInstance", [])
    known = {"InstanceId": instance_id}
    if force_stop is not None:
        known["ForceStop"] = str(force_stop).lower()
    assert sent(params) == known


@pytest.mark.parametrize("redirect", ["main", "other"])
def test_it_follows_no_redirect(call: Any, redirect: str) -> None:
    told = call(Client(), Situation(redirect=redirect))
    assert told.answer == rubbish(302)
    assert len(told.seen) == 1


def test_it_trusts_only_a_server_that_is_vouched_for(call: Any) -> None:
    assert call(Client(), Situation(secured="vouched for")).answer == ACCEPTED
    told = call(Client(), Situation(secured="yes"))
    why = "no trusted connection: SSLCertVerificationError"
    assert told.answer == broken(why, None, "UntrustedError")
    assert told.seen == []


TRICKLE = b"HTTP/1.1 200 Said\r\ncontent-type: application/json\r\n\r\n" + BODY.encode()


@pytest.mark.parametrize("secured", ["no", "vouched for"])
def test_it_waits_until_the_deadline_and_no_longer(call: Any, secured: str) -> None:
    late = replace(replies.success(), late=10.0)
    told = call(Client(), Situation((late,), deadline_seconds=0.5, secured=secured))
    assert told.answer == {
        "outcome": "timeout",
        "message": "there was no whole answer before the deadline",
        "class": "DeadlineError",
    }
    assert 0.4 < told.seconds < 5.0
    assert len(told.seen) == 1


def test_it_does_not_wait_for_an_answer_that_trickles() -> None:
    def trickle(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            for one in TRICKLE:
                connection.sendall(bytes([one]))
                time.sleep(0.1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, args=(listener,), daemon=True).start()
        asked = {
            "endpoint": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "access_key_id": "testid",
            "access_key_secret": SECRET,
            "instance_id": "i-1",
            "deadline_seconds": 0.5,
        }
        before = time.monotonic()
        told = answer(Client(), asked)
        assert time.monotonic() - before < 5.0  # the whole would take over 10 s
    assert told["outcome"] == "timeout"


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


# What tells each faulty client from the client that is right.
SITUATIONS = {
    "plain": Situation(),
    "blanks": Situation(instance_id=" I-é中 +*~% "),
    "forced": Situation(force_stop=True),
    "digits": Situation((replies.success(TaskId=12345678901234567891),)),
    "unknown fields": Situation((replies.success(More=1),)),
    **{name: Situation((given,)) for name, (given, _) in ANSWERS.items()},
    "404": Situation((replies.error(404, "InvalidInstanceId.NotFound", "no"),)),
    "half an answer": Situation((http(200, BODY[:40]),)),
    "cut": Situation((http(200, BODY, keep=0.0),)),
    "late": Situation((replace(replies.success(), late=2.0),), deadline_seconds=0.4),
    "here": Situation(redirect="main"),
    "there": Situation(redirect="other"),
    "self-signed": Situation(secured="yes"),
}


def observed(call: Any, client: Client, one: Situation) -> Any:
    """What a judge may look at of two calls, without what changes from call to call."""
    first, second = call(client, one), call(client, one)
    printed = first.printed + second.printed
    leaks = SECRET in printed or "Signature=" in printed
    known = [n for n in first.nonces + second.nonces if n]
    return (
        first.answer,
        [(server, action, sent(params)) for server, action, params in first.seen],
        [expected for expected, _ in first.wrong],
        leaks,
        len(known) - len(set(known)),
        len(known) == len(first.seen) + len(second.seen),
        first.seconds > 1.5,
    )


@pytest.fixture(scope="module")
def right() -> dict[str, Any]:
    """What the client that is right does, by situation, as far as it was asked."""
    return {}


@pytest.mark.parametrize("fault", FAULTY)
def test_each_faulty_client_does_something_else(
    call: Any, right: dict[str, Any], fault: str
) -> None:
    for name, one in SITUATIONS.items():
        if name not in right:
            right[name] = observed(call, Client(), one)
        try:
            seen = observed(call, FAULTY[fault].client(), one)
        except (ValueError, AttributeError, TypeError):
            assert fault == "crashes-on-rubbish"
            return
        if seen != right[name]:
            return
    pytest.fail(f"{fault} does in every situation what the right client does")


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("force_stop", [None, True])
def test_each_legal_variant_makes_a_right_call(
    call: Any, name: str, force_stop: bool | None
) -> None:
    told = call(VARIANTS[name].client(), Situation(force_stop=force_stop))
    assert (told.answer, told.wrong, len(told.seen)) == (ACCEPTED, [], 1)


def test_every_clause_that_can_fail_has_a_faulty_client() -> None:
    known = {clause.id for clause in client_clauses() if clause.required}
    assert {id for one in FAULTY.values() for id in one.clauses} == known
    assert len(FAULTY) >= 30

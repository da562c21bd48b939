"""Each faulty client does something else than the client that is right; the legal ones do not."""

import atexit
import gzip
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

from redeploy_conformance.certify.client import Client
from redeploy_conformance.certify.faulty import FAULTY, VARIANTS, of_repeats
from redeploy_schemas.clients import client_clauses

from .conftest import (
    ACCEPTED,
    REQUEST,
    SECRET,
    Ask,
    Serve,
    Server,
    accepted,
    http,
    refused,
)

ID = " I-é中 +*~% "
BODY = accepted().partition(b"\r\n\r\n")[2].decode()


def moved(serve: Serve, there: str) -> Server:
    return serve(http(302, "", f"location: {there}"), accepted())


# By what the clients are told apart: a server, and what is asked.
SITUATIONS: dict[str, tuple[Callable[[Serve], Server], dict[str, Any]]] = {
    "plain": (lambda serve: serve(), {}),
    "hard to encode": (lambda serve: serve(), {"instance_id": ID}),
    "long id": (lambda serve: serve(), {"instance_id": "i-" + "0" * 99}),
    "forced": (lambda serve: serve(), {"force_stop": True}),
    "digits": (lambda serve: serve(accepted(TaskId=12345678901234567891)), {}),
    "other shapes": (
        lambda serve: serve(accepted(TaskId="t-" + "0" * 99, RequestId="ab")),
        {},
    ),
    "long text": (lambda serve: serve(refused(403, "DiskError", "x " * 300)), {}),
    "very long text": (lambda serve: serve(refused(403, "DiskError", "x " * 3000)), {}),
    "304": (lambda serve: serve(http(304, "")), {}),
    "packed": (
        lambda serve: serve(
            http(200, gzip.compress(BODY.encode()), "content-encoding: gzip")
        ),
        {},
    ),
    "unknown fields": (lambda serve: serve(accepted(More=1)), {}),
    "blanks": (lambda serve: serve(accepted(TaskId=" t ")), {}),
    "a longer id": (lambda serve: serve(accepted(RequestId=REQUEST * 2)), {}),
    "array": (lambda serve: serve(http(200, f"[{BODY}]")), {}),
    "text": (lambda serve: serve(http(200, json.dumps(BODY))), {}),
    "within": (lambda serve: serve(http(200, f'{{"Data": {BODY}}}')), {}),
    "403": (lambda serve: serve(refused(403, "DiskError", "The disk.")), {}),
    "404": (lambda serve: serve(refused(404, "InvalidInstanceId.NotFound", "x")), {}),
    "500": (lambda serve: serve(refused(500, "InternalError", "x")), {}),
    "throttled": (lambda serve: serve(refused(400, "Throttling.User", "x")), {}),
    "403 without a code": (lambda serve: serve(refused(403, None, "x")), {}),
    "error at 200": (lambda serve: serve(refused(200, "DiskError", "x")), {}),
    "empty": (lambda serve: serve(http(200, "")), {}),
    "ids at 500": (lambda serve: serve(http(500, BODY)), {}),
    "more behind": (lambda serve: serve(http(200, BODY + "{}")), {}),
    "more around": (lambda serve: serve(http(200, f"<!-- {BODY} -->")), {}),
    "letters": (lambda serve: serve(http(200, BODY.replace("bp1", "é实"))), {}),
    "no charset": (
        lambda serve: serve(
            http(200, BODY.replace("bp1", "é实")).replace(b";charset=utf-8", b"")
        ),
        {},
    ),
    "an error without a length": (
        lambda serve: serve(
            refused(403, "DiskError", "x").replace(b"content-length", b"x-length")
        ),
        {},
    ),
    "come again": (lambda serve: serve(http(503, "", "retry-after: 1")), {}),
    "capitals": (lambda serve: serve(), {"access_key_id": "TestId"}),
    "a text to quote": (lambda serve: serve(refused(403, "DiskError", "<&>")), {}),
    "page": (lambda serve: serve(http(502, "<html></html>")), {}),
    "half": (lambda serve: serve(http(200, '{"TaskId": "t-bp1')), {}),
    "shorter": (lambda serve: serve(http(200, BODY + " " * 9)[:-9]), {}),
    "cut": (lambda serve: serve(b""), {}),
    "cut when forced": (lambda serve: serve(b""), {"force_stop": True}),
    "here": (lambda serve: moved(serve, "/elsewhere"), {}),
    "there": (lambda serve: moved(serve, f"{serve().url()}/elsewhere"), {}),
    "late": (lambda serve: serve(late=1.5), {"deadline_seconds": 0.4}),
    "trickle": (lambda serve: serve(trickle=0.01), {"deadline_seconds": 0.4}),
}


OF_THEIR_OWN = ("unknown authority", "cut over TLS", "to https", "nobody")
"""Situations that need more than a server and what is asked."""


class AtOnce:
    """A timer that does not wait."""

    def __init__(
        self, seconds: float, do: Callable[..., Any], args: tuple[Any, ...] = ()
    ) -> None:
        self.start = partial(do, *args)


@pytest.fixture
def observe(
    ask: Ask, serve: Serve, trusted: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Client, str], Any]:
    """What a judge may look at of two calls, without what changes from call to call."""
    # What is put off, until the process ends or until later, is done at once.
    monkeypatch.setattr(of_repeats, "Timer", AtOnce)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    # Calls are made a second after one another.
    seconds = count()
    monkeypatch.setattr(
        Client, "now", lambda _: datetime.now(UTC) + timedelta(seconds=next(seconds))
    )
    monkeypatch.setattr(
        atexit, "register", lambda do, *words, **more: do(*words, **more)
    )

    def look(client: Client, name: str) -> Any:
        if name == "unknown authority":
            server, asked = serve(tls=trusted[0]), {}
        elif name == "cut over TLS":
            server = serve(b"", tls=trusted[0])
            asked = {"ca_file": str(trusted[1])}
        elif name == "to https":
            server = moved(serve, f"{serve(tls=trusted[0]).url()}/elsewhere")
            asked = {"ca_file": str(trusted[1])}
        elif name == "nobody":
            held = socket.socket()
            held.bind(("127.0.0.1", 0))
            server, asked = Server(listener=held), {}
        else:
            make, asked = SITUATIONS[name]
            server = make(serve)
        first = ask(client, server, **asked)
        second = ask(client, server, **asked)
        printed = first.printed + second.printed
        nonces = [one.nonce for one in second.requests if one.nonce]
        return (
            first.answer,
            first.sent(),
            first.wrong,
            SECRET in printed or "Signature=" in printed,
            any(SECRET.encode() in one.raw for one in first.requests),
            len(nonces) - len(set(nonces)),
            len(second.requests) - len(nonces),
            len({one.moment for one in second.requests}),
            first.seconds > 1.0,
        )

    return look


@pytest.fixture(scope="module")
def right() -> dict[str, Any]:
    """What the client that is right does, by situation, as far as it was asked."""
    return {}


@pytest.mark.parametrize("fault", FAULTY)
def test_each_faulty_client_does_something_else(
    observe: Callable[[Client, str], Any], right: dict[str, Any], fault: str
) -> None:
    for name in (*SITUATIONS, *OF_THEIR_OWN):
        if name not in right:
            right[name] = observe(Client(), name)
        try:
            seen = observe(FAULTY[fault].client(), name)
        except ValueError:
            assert fault == "crashes-on-rubbish"
            return
        if seen != right[name]:
            return
    pytest.fail(f"{fault} does in every situation what the right client does")


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_right_client_does_the_same_again(
    observe: Callable[[Client, str], Any], name: str
) -> None:
    assert observe(Client(), name) == observe(Client(), name)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("force_stop", [None, True])
@pytest.mark.parametrize("signature", ["v1", "v3"])
def test_each_legal_variant_makes_a_right_call(
    ask: Ask, serve: Serve, name: str, force_stop: bool | None, signature: str
) -> None:
    more = {} if force_stop is None else {"force_stop": force_stop}
    told = ask(VARIANTS[name].client(signature), serve(), **more)
    assert (told.answer, told.wrong, len(told.requests)) == (ACCEPTED, [], 1)


def test_every_clause_that_can_fail_has_a_faulty_client() -> None:
    known = {clause.id for clause in client_clauses() if clause.required}
    assert {id for one in FAULTY.values() for id in one.clauses} == known
    assert len(FAULTY) >= 30

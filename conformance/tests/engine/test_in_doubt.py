"""Answers that never arrive: the call may have been accepted or not, and nobody is blamed for it."""

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Redeploy,
    Settle,
    Together,
)
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.running.session import Run
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target, UnansweredError
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract

Make = Callable[..., Bench]
READY = Create("i1", (), (("SystemMaintenance.Reboot", "Inquiring"),))
TOLD_BY_ANSWERS = ("A1", "A2", "A3", "A4", "A6", "A7", "A9", "R1", "R2", "R5", "U1")


def is_redeploy(request: HttpRequest) -> bool:
    named = (
        f"{request.target} {request.body!r} {dict(request.headers).get('x-acs-action')}"
    )
    return "RedeployInstance" in named


class Cutter:
    """A transport that loses answers to redeploys, before or after they took effect."""

    def __init__(self, inner: DirectTransport, share: float, seed: int) -> None:
        self.inner = inner
        self.share = share
        self.chance = random.Random(seed)
        self.cut = 0

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        if not is_redeploy(request) or self.chance.random() >= self.share:
            return self.inner.send(request, timeout)
        self.cut += 1
        if self.chance.random() < 0.5:
            self.inner.send(request, timeout)
        raise UnansweredError("the connection broke")

    def close(self) -> None:
        self.inner.close()


def cut_off(make: Make, emulator: Emulator, share: float, seed: int) -> Bench:
    bench = make(emulator)
    cutter = Cutter(DirectTransport(emulator.asgi), share, seed)
    object.__setattr__(bench.target, "transport", cutter)
    return bench


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))]
)
def test_no_plan_blames_an_implementation_for_lost_answers(
    contract: Contract, bench_of: Make, seed: int
) -> None:
    bench = cut_off(bench_of, Emulator(), 0.5, seed)
    for case in plan(contract):
        doable = possible(case, bench.offer.parts)
        if doable is not None and not case.clauses[0].startswith("Q"):
            run = perform(bench, doable.steps, Ledger())
            assert run.violations == [], name(contract, case)
    assert bench.target.transport.cut > 50  # type: ignore[attr-defined]


def test_lost_answers_of_many_calls_do_not_multiply_what_is_believed(
    bench_of: Make,
) -> None:
    bench = cut_off(bench_of, Emulator(), 0.5, 1)
    session = bench.session(Ledger())
    again = (Advance(8.0), Redeploy("i1", force=False)) * 40
    assert session.perform((READY, *again)).violations == []
    assert len(session.oracle.worlds["i1"]) < 1_000


def test_what_only_answers_tell_is_not_counted_when_none_arrives(
    contract: Contract, bench_of: Make
) -> None:
    bench, ledger = cut_off(bench_of, Emulator(), 1.0, 0), Ledger()
    for case in plan(contract)[::2]:
        doable = possible(case, bench.offer.parts)
        if doable is not None and not case.clauses[0].startswith("Q"):
            perform(bench, doable.steps, ledger)
    assert {
        clause: ledger.times(clause) for clause in TOLD_BY_ANSWERS
    } == dict.fromkeys(TOLD_BY_ANSWERS, 0)


def test_a_lie_in_what_is_seen_later_is_caught_all_the_same(bench_of: Make) -> None:
    bench = cut_off(bench_of, FAULTS["neighbour-moved"].build(), 1.0, 1)
    steps = (READY, Create("i2"), Redeploy("i1"), Look(), Settle())
    seen = {
        one.clause
        for _ in range(6)
        for one in perform(bench, steps, Ledger()).violations
    }
    assert "L9" in seen


def test_lost_answers_among_concurrent_calls_stay_pending(bench_of: Make) -> None:
    for seed in range(6):
        bench = cut_off(bench_of, Emulator(), 0.5, seed)
        steps = (READY, Together(("i1",), 4, looks=3), Look(), Settle())
        assert perform(bench, steps, Ledger()).violations == []


@contextmanager
def cutting_server(emulator: Emulator, mode: str) -> Iterator[str]:
    """Serve an emulator over sockets; redeploys lose their connection as ``mode`` says."""
    inner = DirectTransport(emulator.asgi)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                answer(connection)

    def answer(connection: socket.socket) -> None:
        request = received(connection)
        if request is None:
            return
        redeploy = is_redeploy(request)
        if redeploy and mode == "before":
            return
        reply = inner.send(request, 5.0)
        head = f"HTTP/1.1 {reply.status} X\r\nconnection: close\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(reply.body)}\r\n\r\n"
        whole = head.encode() + reply.body
        if redeploy:
            whole = b"" if mode == "after" else whole[: -len(reply.body) // 2]
        connection.sendall(whole)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def received(connection: socket.socket) -> HttpRequest | None:
    """Read one whole request."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = tuple(
        (key.lower(), value.strip())
        for key, _, value in (line.partition(":") for line in lines)
    )
    length = int(dict(headers).get("content-length", "0"))
    while len(body) < length:
        body += connection.recv(65536)
    return HttpRequest(method, target, headers, body)


@pytest.mark.parametrize("mode", ["before", "after", "half"])
def test_connections_cut_on_a_real_socket(contract: Contract, mode: str) -> None:
    with cutting_server(Emulator(), mode) as url:
        declared = Statement(url=url, read_lag_seconds=0.0)
        target = Target("cut", "http", HttpTransport(url), declared)
        bench = set_up(target, contract)
        run: Run = perform(bench, (READY, Redeploy("i1"), Look(), Settle()), Ledger())
        target.transport.close()
    assert (run.violations, run.problem) == ([], None)
    assert run.done[1].observed.startswith("no answer")
    left = run.done[2].after["i1"]
    assert {world.in_flight for world in left} == {mode != "before"}
    if mode == "before":  # it may still take effect
        assert all(world.doubt for world in left)

"""A clock that does not go on as it was told is the control plane's fault, and nobody else's."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.control_parts import ControlParts, Reply
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Advance, Create, Look
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract


class Clocked:
    """The emulator, whose clock is told otherwise than it is."""

    def __init__(self, told: Callable[[float], float]) -> None:
        self.inner, self.told = DirectTransport(Emulator().asgi), told

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = self.inner.send(request, timeout)
        if "/redeploy-control/" not in request.target:
            return answer
        document: Any = json.loads(answer.body)
        if "now" in document:
            document["now"] = self.told(document["now"])
        return HttpResponse(
            answer.status, answer.headers, json.dumps(document).encode()
        )

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize(
    ("told", "broken"),
    [
        (lambda now: now, []),
        (lambda now: float(int(now)), []),  # whole seconds
        (lambda now: now * 2, []),  # somebody else turns it too
        (lambda now: 0.0, ["S1"]),
        (lambda now: now / 2, ["S1"]),
    ],
)
def test_a_clock_that_stays_behind_breaks_its_offer(
    contract: Contract, told: Callable[[float], float], broken: list[str]
) -> None:
    said = Statement(read_lag_seconds=0.0)
    bench = set_up(Target("x", "embedded", Clocked(told), said), contract)
    steps = (Create("i1"), Advance(10.5), Look(), Advance(10.5), Look())
    run = perform(bench, steps, Ledger())
    assert ([one.clause for one in run.violations], run.problem) == (broken, None)
    for one in run.violations:
        assert "was turned by 10.5 s" in one.observed


class ToldAhead(ControlParts):
    """Tells with a new account what its clock will show in a while."""

    def add_account(self, asked: Any) -> Reply:
        status, fields = super().add_account(asked)
        return status, {**fields, "now": self.world.clock.now + 5}


def test_what_was_told_with_an_account_is_not_said_to_have_been_shown(
    contract: Contract,
) -> None:
    transport = DirectTransport(
        Emulator(parts=replace(Parts(), control=ToldAhead)).asgi
    )
    bench = set_up(Target("x", "embedded", transport, Statement()), contract)
    run = perform(bench, (Create("i1"), Advance(10.0)), Ledger())
    assert [one.clause for one in run.violations] == ["S1"]
    assert "was told by POST accounts to show" in run.violations[0].observed

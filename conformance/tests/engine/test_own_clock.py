"""A run on a clock of its own: the same verdict, whatever others do to the common one."""

from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import perform_case
from redeploy_conformance.finding.touring import perform_tour
from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import load

CONTRACT = load()
LATER = (
    "rejected-call-takes-effect-later",
    "throttled-call-takes-effect-later",
    "forged-call-takes-effect-later",
    "success-puts-old-locks-back",
    "event-closed-an-hour-late",
    "second-success-ends-stopped",
)
"""Faults that show some time after a call: on the clock of whoever called."""


class Disturbed(DirectTransport):
    """Somebody else turns the common clock before each request."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator.asgi)
        self.clock = emulator.world.clock

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        self.clock.advance(7.0)
        return super().send(request, timeout)


def on_its_own_clock(emulator: Emulator, transport: DirectTransport) -> Bench:
    statement = Statement(read_lag_seconds=0.0)
    bench = set_up(Target("mine", "embedded", transport, statement), CONTRACT)
    bench.take_clock()
    assert (bench.unsound, bench.alone) == ("", True)
    return bench


@pytest.mark.parametrize("fault", LATER)
def test_what_shows_later_is_caught(fault: str) -> None:
    emulator = FAULTS[fault].build()
    bench = on_its_own_clock(emulator, DirectTransport(emulator.asgi))
    mine = FAULTS[fault].clauses
    blamed: set[str] = set()
    for case in plan(CONTRACT):
        if set(case.clauses) & {*mine, "L10"} and not blamed & set(mine):
            _, run = perform_case(bench, name(CONTRACT, case), case)
            blamed |= {one.clause for one in run.violations}
    assert blamed & set(mine)


def test_a_correct_one_conforms_while_others_turn_the_common_clock() -> None:
    emulator = Emulator()
    bench = on_its_own_clock(emulator, DirectTransport(emulator.asgi))
    bench.api.target = replace(bench.target, transport=Disturbed(emulator))
    _, report, run = perform_tour(bench)
    assert (run.violations, run.problem) == ([], None)
    assert report.ledger.times("L3") > 0


def test_leaving_takes_what_was_made_away() -> None:
    emulator = Emulator()
    others = emulator.world.add_account()
    bench = on_its_own_clock(emulator, DirectTransport(emulator.asgi))
    perform_tour(bench)
    assert len(emulator.world.accounts) > 1
    bench.leave_clock()
    assert list(emulator.world.accounts) == [others.account_id]

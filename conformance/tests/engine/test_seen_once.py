"""A violation that shows once, or now and then, is reported all the same, and says how often."""

import json
from collections.abc import Callable

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import findings, perform
from redeploy_conformance.finding.touring import looked_into, perform_tour
from redeploy_conformance.finding.walking import perform_walks
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Redeploy
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Finding

Make = Callable[..., Bench]
READY = Create("i1", (), (("SystemMaintenance.Reboot", "Inquiring"),))


class NowAndThen:
    """A transport to an implementation that leaves the TaskId out, of these accepted calls only."""

    def __init__(self, inner: DirectTransport, when: Callable[[int], bool]) -> None:
        self.inner = inner
        self.when = when
        self.accepted = 0
        self.shown = 0

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = self.inner.send(request, timeout)
        try:
            fields = json.loads(answer.body)
        except ValueError:
            return answer
        if "TaskId" not in fields:
            return answer
        self.accepted += 1
        if not self.when(self.accepted):
            return answer
        self.shown += 1
        del fields["TaskId"]
        return HttpResponse(answer.status, answer.headers, json.dumps(fields).encode())

    def close(self) -> None:
        self.inner.close()


def flaky(make: Make, when: Callable[[int], bool]) -> tuple[Bench, NowAndThen]:
    bench, emulator = make(Emulator()), Emulator()
    transport = NowAndThen(DirectTransport(emulator.asgi), when)
    object.__setattr__(bench.target, "transport", transport)
    return bench, transport


def by_case(bench: Bench) -> list[Finding]:
    steps = (READY, *(Redeploy("i1"),) * 2)
    return findings(bench, "case", perform(bench, steps, Ledger()), "")


def by_tour(bench: Bench) -> list[Finding]:
    through, _, run = perform_tour(bench)
    return looked_into(bench, through, run, "it")


def by_walks(bench: Bench) -> list[Finding]:
    _, run = perform_walks(bench, 0, 1)
    return findings(bench, "walk", run, "", drawn=True)


def told(found: list[Finding]) -> list[tuple[str, int, int]]:
    return [(one.clause, one.reproduced, one.attempts) for one in found]


@pytest.mark.parametrize("way", [by_case, by_tour, by_walks])
def test_what_shows_once_and_never_again_is_reported(
    bench_of: Make, way: Callable[[Bench], list[Finding]]
) -> None:
    bench, transport = flaky(bench_of, lambda count: count == 1)
    found = way(bench)
    assert told(found) == [("R1", 0, 3)]
    assert found[0].steps
    assert transport.shown == 1


@pytest.mark.parametrize("way", [by_case, by_tour, by_walks])
@pytest.mark.parametrize("every", [2, 3, 5])
def test_what_shows_now_and_then_is_reported_with_how_often(
    bench_of: Make, way: Callable[[Bench], list[Finding]], every: int
) -> None:
    bench, transport = flaky(bench_of, lambda count: count % every == 1)
    found = way(bench)
    assert [one.clause for one in found] == ["R1"]
    assert found[0].attempts == 3
    assert found[0].reproduced < 3
    assert transport.shown > found[0].reproduced


def test_what_is_wrong_by_chance_is_tried_on_its_instance_alone(bench_of: Make) -> None:
    """A server drawn from three is the one before now and then, and seldom in the same place of a tour."""
    (found,) = by_tour(bench_of(FAULTS["only-three-hosts"].build()))
    assert found.clause == "L4"
    assert len(found.steps) <= 12
    assert 0 < found.reproduced < found.attempts

"""A call that by itself changes what nobody asked for is the cause of what is seen after another."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.investigate import cause, findings, perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Settle,
    Step,
)
from redeploy_conformance.running.bench import Bench

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
MADE = Create("i1", (), (REBOOT,), ending="succeed")
FAILS = Create("i1", (), (REBOOT,), ending="fail")
LOCKED = Patch("i1", (("lock_reasons", ("financial",)),))
AGAIN = Raise("i1", *REBOOT)
FORGED = Redeploy("i1", forgery="wrong key")
BY_ITSELF = ["create", "redeploy", "settle"]


@pytest.mark.parametrize(
    ("fault", "steps", "seen", "told"),
    [
        (
            "bad-signature-takes-effect",
            (MADE, FORGED, Redeploy("i1"), Look()),
            "L1",
            ("U4", BY_ITSELF),
        ),
        (
            "forged-call-takes-effect-later",
            (MADE, LOCKED, Redeploy("i1"), FORGED, Advance(45), Settle()),
            "L3",
            ("U4", BY_ITSELF),
        ),
        (
            "rejected-call-closes-events",
            (FAILS, Redeploy("i1"), Redeploy("i1"), Settle()),
            "E6",
            ("L10", ["create", "redeploy", "look"]),
        ),
        (
            "same-host-after-success",
            (MADE, FORGED, Redeploy("i1"), Settle()),
            "L4",
            None,
        ),
        (
            "second-success-ends-stopped",
            (MADE, Redeploy("i1"), Settle(), AGAIN, Redeploy("i1"), Settle()),
            "L3",
            None,
        ),
    ],
)
def test_it_is_told_in_place_of_the_other(
    bench_of: Callable[..., Bench],
    fault: str,
    steps: tuple[Step, ...],
    seen: str,
    told: tuple[str, list[str]] | None,
) -> None:
    bench = bench_of(FAULTS[fault].build())
    run = perform(bench, steps, Ledger())
    assert [one.clause for one in run.violations] == [seen]
    (found,) = findings(bench, "walk", run, "", drawn=True)
    kinds = [one["step"] for one in found.steps]
    assert (found.clause, kinds) == (told or (seen, kinds))
    assert found.reproduced == found.attempts == 3


def test_what_is_broken_without_that_call_too_is_not_put_down_to_it(
    bench_of: Callable[..., Bench],
) -> None:
    forged, host = (
        FAULTS[one].parts
        for one in ("bad-signature-takes-effect", "same-host-after-success")
    )
    bench = bench_of(Emulator(parts=replace(forged, redeploys=host.redeploys)))
    steps = (MADE, FORGED, Redeploy("i1"), Settle())
    for without, clause in (
        ((MADE, FORGED, Settle()), "U4"),
        (steps[:1] + steps[2:], "L4"),
    ):
        [violation] = perform(bench, without, Ledger()).violations
        assert violation.clause == clause
    assert cause(bench, steps, violation) is None


TWICE = (MADE, Redeploy("i1"), Redeploy("i1"), Settle())


@pytest.mark.parametrize(
    ("fault", "steps", "told"),
    [
        ("rejected-call-changes-event-type", TWICE, ("L10", ("L9",))),
        ("success-changes-event-type", TWICE, ("L9", ())),
    ],
)
def test_of_a_redeploy_and_a_call_turned_down_the_one_it_needs_is_to_blame(
    bench_of: Callable[..., Bench],
    fault: str,
    steps: tuple[Step, ...],
    told: tuple[str, tuple[str, ...]],
) -> None:
    two = replace(MADE, events=(("SystemMaintenance.Stop", "Inquiring"), REBOOT))
    bench = bench_of(FAULTS[fault].build())
    run = perform(bench, (two, *steps[1:]), Ledger())
    [seen] = run.violations
    assert (seen.clause, seen.instead) == ("L9", ("L10",))
    (found,) = findings(bench, "case", run, "")
    assert (found.clause, found.instead) == told

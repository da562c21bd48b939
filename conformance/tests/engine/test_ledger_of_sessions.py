"""What short sessions confirm, tell and walk, each count of it: neither less nor more than was shown.

The counts are those of the steps below, not of the plan: only a change of the contract or of
judgement changes them.
"""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Settle,
    Simulate,
    Step,
)
from redeploy_conformance.results.conclude import Gathered
from redeploy_conformance.running.api import Offer
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
FAILURE = ("SystemFailure.Reboot", "Scheduled")
SUCCEED, FAIL = {"ending": "succeed"}, {"ending": "fail"}
LOCAL = ("storage", "local")
RATE = 5
"""Calls in 60 s, so that few calls reach the limit."""


def ledger_of(contract: Contract, steps: Iterable[Step]) -> dict[str, str]:
    """Return what a session brought on the reference emulator, in words."""
    eased = replace(contract, quota_calls=RATE)
    emulator = Emulator(Settings(quota=RATE))
    declared = Statement(read_lag_seconds=0.0)
    target = Target("emulator", "embedded", DirectTransport(emulator.asgi), declared)
    ledger = Ledger()
    run = perform(set_up(target, eased), tuple(steps), ledger)
    assert (run.violations, run.problem, run.skipped) == ([], None, None)
    ledger.held = +ledger.held
    for key in [one for one in ledger.held if one[0] == "S1"]:
        del ledger.held[key]  # how a session is set up is not what is asked here
    brought = {
        "held": in_words(ledger.held),
        "told": in_words(ledger.told),
        "precedence": in_words(ledger.precedence),
        "walked": in_words(ledger.moves),
    }
    return {what: words for what, words in brought.items() if words}


def in_words(counts: dict[tuple[str, ...], int]) -> str:
    rows = sorted((" ".join(filter(None, key)), n) for key, n in counts.items())
    return ", ".join(f"{words} x{n}" for words, n in rows)


SESSIONS: dict[str, tuple[tuple[Step, ...], dict[str, str]]] = {
    "a success": (
        (
            Create(
                "i1", (), (REBOOT, ("SystemFailure.Reboot", "Executing")), **SUCCEED
            ),
            Create("i2"),
            Redeploy("i1"),
            Look(),
            Redeploy("i1"),
            Settle(),
            Look(),
        ),
        {
            "held": (
                "A15 x2, A2 in_flight x1, A2 status x1, A8 IncorrectInstanceStatus x1, A9 x1, "
                "D2 x1, E1 SystemMaintenance.Reboot x1, E1 SystemMaintenance.Reboot Inquiring "
                "x1, E3 SystemFailure.Reboot x1, L1 x1, L10 x4, L11 x1, L3 x1, L4 x1, L7 x1, "
                "L8 Running x1, L8 Stopping x1, L9 x1, R1 x1, R2 IncorrectInstanceStatus x1, "
                "R3 IncorrectInstanceStatus x1, R4 x2, R5 x1"
            ),
            "told": (
                "E1c Executed x1, E1x unchanged x1, L11a orderly x1, L4f old x1, L8l fresh "
                "x1, R6 as-in-examples x1"
            ),
            "walked": (
                "Running Running Running accepted x1, Running Running Stopping seen x1, "
                "Running Stopping Running succeeds x1, Running Stopping Stopping rejected x1"
            ),
        },
    ),
    "a failure of a stopped one": (
        (
            Create("i1", (("status", "Stopped"),), (REBOOT,), **FAIL),
            Redeploy("i1", force=True),
            Look(),
            Settle(),
        ),
        {
            "held": (
                "A15 x1, A9 x1, E1 SystemMaintenance.Reboot Inquiring x1, E6 "
                "SystemMaintenance.Reboot x1, L2 x1, L5 x1, L6 x1, L7 x1, L8 Starting x1, L8 "
                "Stopped x1, R1 x1, R4 x1, R5 x1"
            ),
            "told": (
                "E1x unchanged x1, L4f old x1, L8l fresh x1, R6 as-in-examples x1"
            ),
            "walked": (
                "Stopped Starting Stopped fails x1, Stopped Stopped Starting seen x1, Stopped "
                "Stopped Stopped accepted x1"
            ),
        },
    ),
    "events of every kind on local disks": (
        (
            Create(
                "i1",
                (("local_disk", "damaged"), LOCAL),
                (REBOOT, FAILURE, ("SystemMaintenance.Stop", "Inquiring")),
                **SUCCEED,
            ),
            Simulate("i1", "SystemMaintenance.Reboot"),
            Redeploy("i1", force=False),
            Raise("i1", *REBOOT),
            Settle(),
        ),
        {
            "held": (
                "A15 x1, A9 x1, D1 x1, D2 x1, D3 x1, E1 SystemMaintenance.Reboot x1, E1 "
                "SystemMaintenance.Reboot Inquiring x1, E2 SystemFailure.Reboot x1, E2 "
                "SystemMaintenance.Stop x1, E4 SystemMaintenance.Reboot x1, L11 x1, L3 x1, L4 "
                "x1, L7 x1, L8 Running x1, R1 x1, R4 x1, R5 x1"
            ),
            "told": ("A6d accept x1, E1c Executed x1, R6 as-in-examples x1"),
            "walked": (
                "Running Running Running accepted x1, Running Running Running succeeds x1"
            ),
        },
    ),
    "the gap of an isolated disk, ended twice": (
        (
            Create("i1", (("local_disk", "isolated"), LOCAL), **SUCCEED),
            Redeploy("i1"),
            Advance(700.0),
            Redeploy("i1"),
            Look(),
        ),
        {
            "held": (
                "A13 x1, A15 x2, D1 x1, D2 x1, D3 x1, L10 x1, L11 x1, L3 x1, L4 x1, L7 x1, L8 "
                "Running x1, R1 x1, R2 InvalidOperation.RedeployInstance x1, R3 "
                "InvalidOperation.RedeployInstance x1, R4 x2, R5 x1"
            ),
            "told": ("A10 refuse x1, L11a orderly x1, R6 as-in-examples x1"),
            "walked": (
                "Running Running Running accepted x1, Running Running Running rejected x1, "
                "Running Running Running succeeds x1"
            ),
        },
    ),
    "rejections": (
        (
            Create(
                "i1",
                (("lock_reasons", ("security",)), ("tenancy", "dedicated-host")),
                (REBOOT,),
            ),
            Create("j1", (), (REBOOT,), account="a2"),
            Redeploy("i1"),
            Redeploy("i1", malformed="ForceStop is a word"),
            Look(),
            Patch("i1", (("lock_reasons", ()),)),
            Redeploy("i1"),
            Redeploy("j1", by="a1"),
            Look(),
        ),
        {
            "held": (
                "A1 exists x1, A14 x3, A15 x2, A4 tenancy x1, A8 InvalidInstanceId.NotFound "
                "x1, A8 InvalidOperation.RedeployInstance x1, L10 x4, R2 "
                "InstanceLockedForSecurity x1, R2 InvalidInstanceId.NotFound x1, R2 "
                "InvalidOperation.RedeployInstance x1, R3 InstanceLockedForSecurity x1, R3 "
                "InvalidInstanceId.NotFound x1, R3 InvalidOperation.RedeployInstance x1, R4 "
                "x4"
            ),
            "told": ("A5 InvalidOperation.RedeployInstance x1"),
            "precedence": ("A3 A4 x1"),
            "walked": ("Running Running rejected x4"),
        },
    ),
    "refusals": (
        (
            Create("i1", (), (REBOOT,)),
            Redeploy("i1", policy="nothing granted"),
            Redeploy("i1", forgery="wrong key"),
            Look(),
        ),
        {
            "held": ("L10 x1, R4 x2, U1 x1, U4 x2"),
            "told": ("U1c 403 Forbidden.RAM x1"),
            "walked": ("Running Running rejected x2"),
        },
    ),
    "nothing to respond to": (
        (
            Create("i1"),
            Create("i2"),
            Redeploy("i1"),
            Simulate("i2", "SystemMaintenance.Reboot"),
            Redeploy("i2"),
            Look(),
        ),
        {
            "held": (
                "A15 x2, L10 x2, R2 InvalidOperation.RedeployInstance x2, R3 "
                "InvalidOperation.RedeployInstance x2, R4 x2"
            ),
            "told": ("A10 refuse x1, E5 refuse x1"),
            "walked": ("Running Running rejected x2"),
        },
    ),
    "more than the rate": (
        (
            Create("i1", (), (REBOOT,), count=13, **SUCCEED),
            Create("j1", (), (REBOOT,), account="a2"),
            Create("k1", (), (REBOOT,)),
            Redeploy("i1", count=13),
            Redeploy("j1"),
            Advance(61.5),
            Redeploy("k1"),
        ),
        {
            "held": (
                "A15 x7, A9 x7, E1 SystemMaintenance.Reboot Inquiring x7, Q1 x1, Q2 x8, Q5 "
                "x1, Q6 x1, R1 x7, R4 x15, R5 x7"
            ),
            "told": ("Q4c 400 Throttling.User x8, R6 as-in-examples x7"),
            "walked": ("Running Running Running accepted x7"),
        },
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_brings_just_this(contract: Contract, name: str) -> None:
    steps, brought = SESSIONS[name]
    assert ledger_of(contract, steps) == brought


def test_a_clause_holds_as_often_as_its_rows_together(contract: Contract) -> None:
    gathered = Gathered(contract, Offer("mine", "1", "cn-hangzhou", frozenset(Part)))
    gathered.ledger.confirm([("L1", "Stopped")] * 2 + [("L1", "Running"), ("L1", "")])
    gathered.ledger.confirm([("L12", "")])
    told = {one.id: (one.held, one.rows) for one in gathered.clauses()}
    assert told["L1"] == (4, {"Running": 1, "Stopped": 2})
    assert (told["L12"], told["L2"]) == ((1, {}), (0, {}))

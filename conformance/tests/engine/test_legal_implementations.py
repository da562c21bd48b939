"""Implementations that are right, and do what the emulator does not: no run may say a word against them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.envelopes import Envelopes
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.settings import ATTRIBUTES, Settings
from redeploy_conformance.emulator.state import Instance, Principal
from redeploy_conformance.finding.investigate import perform, perform_case
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.planner import name, plan
from redeploy_conformance.planning.steps import (
    Advance,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Release,
    Script,
    Settle,
    Step,
)
from redeploy_conformance.results.conclude import wavers
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.wire.http import HttpResponse
from redeploy_schemas.contract import Contract

REBOOT = ("SystemMaintenance.Reboot", "Inquiring")
STEPS: tuple[Step, ...] = (
    Create("i1", (), (REBOOT,) * 12),
    *(Create(f"i{n}") for n in range(2, 14)),
    Script("i1", "fail"),
    Redeploy("i1"),
    Look(),
    Settle(),
    Patch("i2", (("lock_reasons", ("security",)),)),
    Raise("i2", *REBOOT),
    Redeploy("i2"),
    Look(),
    Release("i3"),
    Look(),
)
"""Something of everything, on more instances and with more events than a short page holds."""


class ShortPages(Observations):
    """Lists ten rows at most, however many are asked for."""

    def instances(self, call: Call, principal: Principal) -> dict[str, object]:
        call.params["PageSize"] = "10"
        return super().instances(call, principal)

    def events(self, call: Call, principal: Principal) -> dict[str, object]:
        call.params["PageSize"] = "10"
        return super().events(call, principal)


class NoTotal(Observations):
    """Does not say how many rows there are."""

    def events(self, call: Call, principal: Principal) -> dict[str, object]:
        shown = super().events(call, principal)
        return {key: one for key, one in shown.items() if key != "TotalCount"}


class OddIds(Ids):
    """Makes ids of signs that mean something in an address."""

    made = 0

    def odd(self, start: str) -> str:
        self.made += 1
        return f"{start}/ %2F?&=#ü{self.made}"

    def account_id(self) -> str:
        return self.odd("a")

    def instance_id(self) -> str:
        return self.odd("i-")

    def event_id(self) -> str:
        return self.odd("e-")


class NoError(Envelopes):
    """Fills the fields of an error with nothing where there is none."""

    def success(self, call: Call, fields: dict[str, object]) -> HttpResponse:
        return super().success(call, {**fields, "Code": "", "Message": ""})


@pytest.mark.parametrize(
    "parts",
    [
        {"observations": ShortPages},
        {"observations": NoTotal},
        {"ids": OddIds},
        {"envelopes": NoError},
    ],
    ids=lambda parts: next(iter(parts.values())).__name__,
)
def test_nothing_is_said_against_it(
    bench_of: Callable[..., Bench], parts: dict[str, Any]
) -> None:
    bench = bench_of(Emulator(parts=replace(Parts(), **parts)))
    run = perform(bench, STEPS, Ledger())
    assert (run.violations, run.problem, run.skipped) == ([], None, None)
    assert len(run.done) == len(STEPS)


@pytest.mark.parametrize("closing", ["Executed", "Avoided"])
@pytest.mark.parametrize("raised", ["kept", "closed"])
@pytest.mark.parametrize("several", ["all", "one"])
def test_events_may_be_closed_as_soon_as_the_call_is_accepted(
    bench_of: Callable[..., Bench], closing: str, raised: str, several: str
) -> None:
    """The page does not say when; after a failure they are as before (E1x, E6)."""
    chosen: dict[str, Any] = {
        "event_in_flight": "closed",
        "closing_status": closing,
        "raised_in_flight": raised,
        "several_events": several,
    }
    two = (REBOOT, ("SystemMaintenance.Redeploy", "Scheduled"))
    steps: tuple[Step, ...] = (
        Create("i1", (), (REBOOT,), ending="succeed"),
        Create("i2", (), two, ending="succeed"),
        Create("i3", (), two, ending="fail"),
        *(Redeploy(f"i{n}") for n in (1, 2, 3)),
        Look(),
        Raise("i1", *REBOOT),
        Raise("i3", *REBOOT),
        Advance(12.0),
        Look(),
        Settle(),
    )
    ledger = Ledger()
    bench = bench_of(Emulator(Settings(**chosen)))
    run = perform(bench, steps, ledger)
    assert (run.violations, run.problem) == ([], None)
    assert {word for clause, word in ledger.told if clause == "E1x"} == {"closed"}


@pytest.mark.parametrize("word", ["Executing", "closed"])
def test_an_event_that_is_taken_up_may_be_missed_by_a_second_call(
    bench_of: Callable[..., Bench], word: str
) -> None:
    """Where a missing event comes first, its code wins over that of the status (A11)."""
    order = ("no-event", *(one for one in ATTRIBUTES if one != "no-event"))
    chosen: dict[str, Any] = {"event_in_flight": word, "precedence": order}
    made = Create("i1", (), (REBOOT,), ending="succeed")
    steps: tuple[Step, ...] = (made, Redeploy("i1"), Redeploy("i1"), Look(), Settle())
    run = perform(bench_of(Emulator(Settings(**chosen))), steps, Ledger())
    assert (run.violations, run.problem) == ([], None)
    assert "InvalidOperation" in run.done[2].observed


class OnePage(Observations):
    """Takes no notice of page numbers, and counts more rows than there are."""

    def events(self, call: Call, principal: Principal) -> dict[str, object]:
        call.params.pop("PageNumber", None)
        return {**super().events(call, principal), "TotalCount": 1000}


def test_pages_that_bring_nothing_new_are_the_last(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(Emulator(parts=replace(Parts(), observations=OnePage)))
    run = perform(bench, (Create("i1", (), (REBOOT,)), Look()), Ledger())
    assert (run.violations, run.problem) == ([], None)
    assert bench.api.requests < 15


class OnlyTheFirst(Observations):
    """Takes no notice of page numbers: what does not fit on the first page is never shown."""

    def events(self, call: Call, principal: Principal) -> dict[str, object]:
        call.params.pop("PageNumber", None)
        return super().events(call, principal)


def test_what_is_on_a_page_that_cannot_be_had_is_nobodys_violation(
    bench_of: Callable[..., Bench],
) -> None:
    """The contract is of one operation; that another does not page is a problem of the run."""
    bench = bench_of(Emulator(parts=replace(Parts(), observations=OnlyTheFirst)))
    many = Create("i1", (), (REBOOT,), count=100)
    run = perform(bench, (many, Look(), Raise("i100", *REBOOT), Look()), Ledger())
    assert (run.violations, run.problem) == (
        [],
        "DescribeInstanceHistoryEvents shows on page 2 what was on page 1, though it counts "
        "101 rows: it does not heed PageNumber",
    )


def test_a_redeploy_may_be_over_in_a_moment(
    bench_of: Callable[..., Bench], contract: Contract
) -> None:
    """What a case is for comes about before the first turn of the clock."""
    short = {"stopping": 0.5, "stopped": 0.0, "starting": 0.5}
    settings = Settings(**{f"{leg}_seconds": time for leg, time in short.items()})  # type: ignore[arg-type]
    bench = bench_of(Emulator(settings))
    for case in plan(contract):
        if case.clauses[0] == "A2":
            report, run = perform_case(bench, name(contract, case), case)
            assert (run.violations, report.idle) == ([], ()), report.name


class LooksForItFirst(RedeployCalls):
    """Looks for the instance before it asks what the caller may do."""

    def admit(self, principal: Principal, instance_id: str) -> Instance:
        self.find(principal, instance_id)
        return super().admit(principal, instance_id)


@pytest.mark.parametrize(("declared", "broken"), [({}, []), ({"U3": "same"}, ["U3"])])
def test_a_refusal_may_depend_on_whether_there_is_an_instance_and_not_on_its_state(
    bench_of: Callable[..., Bench],
    contract: Contract,
    declared: dict[str, str],
    broken: list[str],
) -> None:
    emulator = Emulator(parts=replace(Parts(), calls=LooksForItFirst))
    bench, ledger, wrong = bench_of(emulator, choices=declared), Ledger(), list[str]()
    for case in plan(contract):
        if "U3" in case.clauses:
            run = perform(bench, case.steps, ledger)
            wrong += [one.clause for one in run.violations]
    assert wrong == broken
    words = {word for clause, word in ledger.told if clause == "U3"}
    assert words == {"same", "existence: reveals"}
    assert not wavers(words)
    assert wavers({"existence: same", "existence: reveals"})
    assert wavers({"a: code", "another: code"})  # codes are the target's own (A5)

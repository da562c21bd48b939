"""A stop between two cases may answer events by itself: nothing is judged by what comes of that."""

import pytest

from redeploy_conformance.emulator.power import Power
from redeploy_conformance.emulator.state import Instance

from .conftest import ACCEPTS, LISTED, MakeAccount, passed, run_on


def test_a_stop_that_answers_an_event_accuses_nobody(
    account_of: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    errand = Power._errand

    def answering(
        self: Power, instance: Instance, *way: tuple[str, float] | str
    ) -> None:
        errand(self, instance, *way)
        for event in self.world.open_events(instance):
            event.status = "Avoided"

    monkeypatch.setattr(Power, "_errand", answering)
    account = account_of(count=1, settings=ACCEPTS)
    said = {**LISTED, "read_lag_seconds": None}
    result = run_on(account, clauses=("E4",), statement=said)
    assert (result.findings, result.problems) == ((), ())
    assert {"E4", "L3", "L7", "L8"} <= passed(result)

"""Ids are kept over all sessions of a bench, a bounded number of them."""

import time

import pytest

from redeploy_conformance.judging import recent
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.recent import MOST_IDS, Recent
from redeploy_conformance.planning.steps import Create, Redeploy
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.targets.find import find
from redeploy_schemas.contract import Contract

MADE = Create("i1", events=(("SystemMaintenance.Reboot", "Inquiring"),))


def test_a_long_run_does_not_keep_every_id(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST_IDS", 6)
    bench = set_up(find("embedded", contract), contract)
    for _ in range(5):
        session = bench.session(Ledger())
        session.perform((Create("i1"), Redeploy("i1"), Redeploy("i1")))
        assert session.run.problem is None
        assert session.run.violations == []
    assert len(bench.request_ids) == 6


def test_an_id_of_an_earlier_session_is_seen_again(contract: Contract) -> None:
    bench = set_up(find("embedded:task-id-reused", contract), contract)
    found: list[Violation] = []
    for _ in range(60):
        run = bench.session(Ledger()).perform((MADE, Redeploy("i1")))
        found += run.violations
    assert {one.clause for one in found} == {"R5"}
    told = {one.observed.partition(" ")[2] for one in found}
    assert told == {"a second time, 1 TaskId after the first"}


def test_it_is_told_how_much_later_an_id_comes_again() -> None:
    seen = recent.Recent()
    for one in ("a", "b", "c", "a"):
        seen.add(one)
    assert seen.again("c", "answer") == "c a second time, 1 answer after the first"
    assert seen.again("a", "answer") == "a a second time, 3 answers after the first"


def test_ids_are_forgotten_after_many() -> None:
    ids = Recent()
    for number in range(MOST_IDS + 2):
        ids.add(str(number))
    assert len(ids) == MOST_IDS
    assert ("0" in ids, "2" in ids) == (False, True)
    told = "2 a second time, 100,000 things after the first"
    assert ids.again("2", "thing") == told


def test_an_id_of_long_ago_is_found_at_once() -> None:
    ids = Recent()
    for number in range(MOST_IDS):
        ids.add(str(number))
    begun = time.process_time()
    for number in range(MOST_IDS):
        ids.again(str(number), "thing")
    assert time.process_time() - begun < 5

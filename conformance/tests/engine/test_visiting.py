"""Whoever only looks in at a server that others use leaves nothing behind there."""

import threading
from queue import Queue

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.serve import serve
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Create, Redeploy
from redeploy_conformance.running.bench import visiting
from redeploy_conformance.targets.find import find
from redeploy_schemas.contract import Contract


@pytest.mark.parametrize("stopped", [False, True])
def test_it_is_left_as_it_was_found(contract: Contract, stopped: bool) -> None:
    emulator, urls = Emulator(), Queue[str]()
    threading.Thread(
        target=serve, args=(emulator,), kwargs={"ready": urls.put}, daemon=True
    ).start()
    target = find(urls.get(timeout=20), contract)
    others = emulator.world.add_account()

    def visit() -> None:
        with visiting(target, contract) as bench:
            run = perform(bench, (Create("i1"), Redeploy("i1")), Ledger())
            assert run.problem is None
            assert len(emulator.world.accounts) > 1
            if stopped:
                raise KeyboardInterrupt

    if stopped:
        with pytest.raises(KeyboardInterrupt):
            visit()
    else:
        visit()
    assert list(emulator.world.accounts.values()) == [others]

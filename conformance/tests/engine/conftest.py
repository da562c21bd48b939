"""What the tests of the engine share: the contract, and a bench with any emulator on it."""

from collections.abc import Callable

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.handler import HandlerTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import Contract, load


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load()


@pytest.fixture
def bench_of(contract: Contract) -> Callable[..., Bench]:
    def make(emulator: Emulator, **statement: object) -> Bench:
        declared = Statement(**{"read_lag_seconds": 0.0, **statement})  # type: ignore[arg-type]
        transport = HandlerTransport(emulator.handle)
        target = Target("emulator", "embedded", transport, declared)
        return set_up(target, contract)

    return make

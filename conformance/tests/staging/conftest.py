"""A double in virtual time, and runs on it: a day of redeploys in less than a second."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.emulator.state import Event, Instance
from redeploy_conformance.staging.beginning import begin, go_on
from redeploy_conformance.staging.double import Double, TurnedClock, Weather
from redeploy_conformance.staging.fence import FenceError
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.serving import EVENT, NOTICE
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Transport, UnansweredError
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.records import Result

from .served import QUICK, SCALE, TAG, Recording, Served, served

URL = "https://ecs.test"
LONG = EmulatorSettings(
    stopping_seconds=60.0, stopped_seconds=10.0, starting_seconds=80.0
)
"""Redeploys take as long as real ones do."""
ACCEPTS = replace(LONG, no_event="accept", simulated_only="accept")
LISTED = {"choices": {"L13": "listed"}}


@dataclass
class Account:
    """A double, and what is needed to run on it."""

    double: Double
    folder: Path
    contract: Contract
    said: list[str] = field(default_factory=list)

    @property
    def clock(self) -> TurnedClock:
        return TurnedClock(self.double)

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    def transport(self) -> Transport:
        return DirectTransport(self.double.asgi)

    def wallet(self) -> Credentials:
        return Credentials(self.double.key.access_key_id, self.double.key.secret)

    def settings(self, **fields: Any) -> Settings:
        declared = {"read_lag_seconds": 0.0, "redeploy_seconds": 300.0}
        statement = Statement(
            name="an account",
            url=URL,
            region="cn-hangzhou",
            control=None,
            **(declared | fields.pop("statement", {})),
        )
        given: dict[str, Any] = {
            "statement": statement,
            "instances": (),
            "tag": TAG,
            "redeploys": 40,
            "minutes": 600.0,
        }
        return Settings(**(given | fields))

    def begin(
        self, settings: Settings | None = None, transport: Transport | None = None
    ) -> Staging:
        return begin(
            self.contract,
            settings or self.settings(),
            transport or self.transport(),
            self.wallet,
            self.journal,
            self.said.append,
            self.clock,
        )

    def go_on(
        self, transport: Transport | None = None, *, judging: bool = True
    ) -> Staging:
        return go_on(
            self.contract,
            lambda settings: transport or self.transport(),
            self.wallet,
            self.journal,
            self.said.append,
            self.clock,
            judging=judging,
        )

    def shown(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Status and open events of every instance there is."""
        return {
            one.instance_id: (
                one.status,
                tuple(event.event_type for event in self.double.world.open_events(one)),
            )
            for one in self.double.account.instances.values()
        }


class Watching:
    """A transport that keeps what passes."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        self.requests.append(request)
        return self.inner.send(request, timeout)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: whoever tests that lines are synced sees to it himself."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load()


class Deaf(Watching):
    """Answers to these operations get lost on their way."""

    actions: tuple[str, ...] = ()

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = super().send(request, timeout)
        if read(request).action in self.actions:
            raise UnansweredError("the connection broke")
        return answer


def run_on(
    account: Account, transport: Transport | None = None, **fields: Any
) -> Result:
    """Run all of it, put everything back, and return the result."""
    run = account.begin(account.settings(**fields), transport)
    with run.journal:
        run.carry_out(run.plan())
        left = run.restore()
        return run.result(left, complete=True)


def passed(result: Result) -> set[str]:
    """Return the clauses that held."""
    return {one.id for one in result.clauses if one.verdict == "pass"}


def with_events(account: Account) -> Account:
    """Raise an event on each instance of the account, but for the one that is nobody's business."""
    for one in list(account.double.account.instances.values())[:-1]:
        announced(account, one)
    return account


def announced(account: Account, one: Instance, kind: str = EVENT[0]) -> Event:
    """Raise an event of a type that the provider has planned for after any run."""
    event = account.double.world.add_event(one, kind, EVENT[1])
    event.not_before = moment(account, NOTICE)
    return event


def moment(account: Account, seconds: float) -> str:
    """Return so many seconds from now, as the service writes a moment."""
    at = datetime.fromtimestamp(account.clock.wall() + seconds, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


MakeAccount = Callable[..., Account]


@pytest.fixture
def account_of(tmp_path: Path, contract: Contract) -> MakeAccount:
    """Make an account: ``count`` tagged instances, and one that is nobody's business."""

    def make(
        count: int = 2,
        settings: EmulatorSettings = LONG,
        parts: Parts | None = None,
        **options: Any,
    ) -> Account:
        double = Double(settings, clock="virtual", parts=parts, **options)
        for n in range(count):
            double.put("Running" if n % 2 == 0 else "Stopped", dict([TAG]))
        double.put("Running", {"purpose": "production"})
        return Account(double, tmp_path, contract)

    return make


@pytest.fixture
def trouble() -> float:
    """The share of answers that are errors of the service, and of refusals."""
    return 0.0


@pytest.fixture
def account(tmp_path: Path, trouble: float) -> Iterator[Served]:
    double = Recording(
        QUICK,
        time_scale=SCALE,
        weather=Weather(latency=0.002, errors=trouble, refusals=trouble, lost=trouble),
        seed=3,
    )
    double.asked = []
    double.put("Running", dict([TAG]))
    double.put("Stopped", dict([TAG]))
    double.put("Running", {"purpose": "production"})
    with served(tmp_path, double) as made:
        yield made


class Fenced:
    """A run that is about to begin, and what gets past its fence."""

    def __init__(self, account: Account, **fields: Any) -> None:
        self.account = account
        self.watching = Watching(account.transport())
        self.run: Staging = account.begin(account.settings(**fields), self.watching)
        self.inside, self.stopped, self.outside = (
            one.instance_id for one in account.double.account.instances.values()
        )

    def ask(self, action: str, *params: tuple[str, str]) -> dict[str, Any]:
        answer = self.run.api.call(action, params, self.account.wallet())
        return dict(answer.fields or {})

    def refused(self, action: str, *params: tuple[str, str]) -> str:
        """Ask, and return why nothing that changes anything left."""
        before = len(self.writes)
        with pytest.raises(FenceError) as caught:
            self.ask(action, *params)
        assert len(self.writes) == before
        return str(caught.value)

    @property
    def writes(self) -> list[HttpRequest]:
        return [one for one in self.watching.requests if read(one).writes]


@pytest.fixture
def fenced(account_of: MakeAccount) -> Iterator[Callable[..., Fenced]]:
    made: list[Fenced] = []

    def make(emulator: Any = LONG, **fields: Any) -> Fenced:
        made.append(Fenced(account_of(settings=emulator), **fields))
        return made[-1]

    yield make
    for one in made:
        one.run.journal.close()

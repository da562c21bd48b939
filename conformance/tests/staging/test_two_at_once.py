"""Two calls at once that are both accepted, since the first redeploy was over before the second came."""

import json
import threading
from collections.abc import Callable

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.steps import Redeploy, Take
from redeploy_conformance.running.session import Run
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.session import StagingSession
from redeploy_conformance.targets.base import UnansweredError
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import LISTED, Account, Watching, run_on

QUICK = EmulatorSettings(
    no_event="accept",
    simulated_only="accept",
    stopping_seconds=3,
    stopped_seconds=7,
    starting_seconds=7,
)
REFUSAL = {"Code": "Throttling.User", "Message": "busy", "RequestId": "R"}


class Held(Watching):
    """Of calls at once, the second is refused by a rate limit until the first redeploy is over."""

    refusals = 0
    first: threading.Thread | None = None

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        mine = threading.current_thread()
        at_once = mine is not threading.main_thread()
        if at_once and read(request).action == "RedeployInstance":
            self.first = self.first or mine
            if mine is not self.first and self.refusals < 3:
                self.refusals += 1
                answer = {**REFUSAL, "RequestId": f"REFUSED-{self.refusals}"}
                kind = (("content-type", "application/json"),)
                return HttpResponse(400, kind, json.dumps(answer).encode())
        return super().send(request, timeout)


class Upwards(Redeploys):
    """Redeploys whose tasks are numbered upwards."""

    number, by = 500, 1

    def task_id(self) -> str:
        self.number += self.by
        return f"t-{self.number}"


class Downwards(Upwards):
    """Redeploys whose tasks are numbered downwards."""

    by = -1


@pytest.mark.parametrize("numbered", [Upwards, Downwards])
def test_the_end_of_the_first_is_not_taken_for_that_of_the_second(
    account_of: Callable[..., Account], numbered: type[Redeploys]
) -> None:
    account = account_of(count=1, settings=QUICK, parts=Parts(redeploys=numbered))
    held = Held(account.transport())
    result = run_on(account, held, clauses=("L12",), poll_seconds=1.0, statement=LISTED)
    assert held.refusals == 3
    assert result.findings == ()


class Lost(Watching):
    """The answer to the second call is lost on its way."""

    calls = 0

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = super().send(request, timeout)
        if read(request).action == "RedeployInstance":
            self.calls += 1
            if self.calls == 2:
                raise UnansweredError("the connection broke")
        return answer


def test_the_task_of_an_earlier_call_says_nothing_of_one_without_an_answer(
    account_of: Callable[..., Account],
) -> None:
    account = account_of(count=1, settings=QUICK)
    (first, *_) = account.shown()
    run = account.begin(account.settings(), Lost(account.transport()))
    with run.journal:
        session = StagingSession(
            run.api, run.offer, account.contract, run.wallet, run.settings, "run"
        )
        session.ids["i1"] = first
        session.enter(Run(), Ledger())
        followed = []
        for one in (Take("i1"), Redeploy("i1"), Redeploy("i1")):
            session.do(one)
            followed.append("i1" in session.tasks)
            account.clock.sleep(30.0)
    assert session.run.problem is None
    assert followed == [False, True, False]

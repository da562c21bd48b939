"""Somebody else acts on the account meanwhile."""

from collections.abc import Callable

from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Result

from .conftest import LONG, MakeAccount, Watching


class Meanwhile(Watching):
    """Lets something happen before the first request of an operation."""

    action = "RedeployInstance"
    happens: Callable[[], None] | None = None

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        if read(request).action == self.action and self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return super().send(request, timeout)


def finished(run: Staging) -> Result:
    with run.journal:
        run.carry_out(run.plan())
        return run.result(run.restore(), complete=True)


def test_an_instance_that_somebody_is_starting_is_not_taken(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=LONG)
    watching = Meanwhile(account.transport())
    one = next(iter(account.double.account.instances.values()))

    def reboot() -> None:
        one.place("Starting")

    watching.action = "DescribeInstances"
    run = account.begin(account.settings(clauses=("A1",)), watching)
    plan = run.plan()
    watching.happens = reboot
    with run.journal:
        run.carry_out(plan)
        result = run.result([], complete=True)
    assert result.findings == ()
    assert [x.text for x in result.problems] == [
        f"{one.instance_id} is Starting by itself"
    ]


def test_what_no_request_of_the_run_moved_is_left_alone(
    account_of: MakeAccount,
) -> None:
    account = account_of(count=1, settings=LONG)
    watching = Watching(account.transport())
    run = account.begin(account.settings(clauses=("U4",)), watching)
    one = next(iter(account.double.account.instances.values()))
    with run.journal:
        run.carry_out(run.plan())
        one.place("Stopped")  # its owner does, after the last look
        assert run.restore() == []
    assert one.status == "Stopped"
    assert any("is left alone" in said for said in account.said)
    assert "StartInstance" not in [read(asked).action for asked in watching.requests]

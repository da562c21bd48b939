"""A request that is refused, and done all the same: looks are believed, and it is put back."""

import json

import pytest

from redeploy_conformance.emulator.app import Parts
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.leaving import left_behind
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.settings import RUN_TAG
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

from .conftest import ACCEPTS, LONG, Account, MakeAccount, Watching
from .test_late_looks import Hiding

STOP = (("ForceStop", "false"), ("StoppedMode", "KeepCharging"))
LATER = "2027-03-01T00:00:00Z"
LAUNCH = {"InstanceType": "ecs.g6.large", "ImageId": "img"}


class Denying(Watching):
    """Denies the first requests of an operation, after they were done."""

    action = ""
    status = 403
    code = "OperationDenied"
    times = 1

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = super().send(request, timeout)
        if read(request).action != self.action or not self.times:
            return answer
        self.times -= 1
        body = json.dumps({"Code": self.code, "Message": "no", "RequestId": "r"})
        return HttpResponse(self.status, answer.headers, body.encode())


def denying(account: Account, action: str, status: int = 403) -> Denying:
    made = Denying(account.transport())
    made.action, made.status = action, status
    if status == 429:
        made.code = "Throttling.User"
    return made


def power(run: Staging, action: str, instance: str) -> None:
    """Ask for a start or a stop, which is refused in the end."""
    more = STOP if action == "StopInstance" else ()
    with pytest.raises(SetUpError):
        run.api.ask(action, [("InstanceId", instance), *more], run.wallet())


@pytest.mark.parametrize("status", [403, 409, 429])
@pytest.mark.parametrize("action", ["StopInstance", "StartInstance"])
def test_a_start_or_a_stop_is_put_back(
    account_of: MakeAccount, action: str, status: int
) -> None:
    account = account_of(settings=LONG)
    before = account.shown()
    instance = list(before)[action == "StartInstance"]
    run = account.begin(transport=denying(account, action, status))
    with run.journal:
        power(run, action, instance)
    account.clock.sleep(200.0)
    assert account.shown() != before
    again = account.go_on(judging=False)
    with again.journal:
        assert again.restore() == []
    assert account.shown() == before
    assert not again.leftovers.alone
    assert "was refused, and may have done that: it is put back" in account.said[-1]


def test_a_stop_that_was_refused_and_not_done_is_nothing_to_put_back(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=LONG)
    first = next(iter(account.double.account.instances.values()))
    run = account.begin()
    with run.journal:
        run.fence.admit(
            first.instance_id, run.reader.describe([first.instance_id], run.wallet())[0]
        )
        first.place("Stopped")  # its owner does: what is asked for then moved nothing
        power(run, "StopInstance", first.instance_id)
        assert run.restore() == []
    assert (first.status, run.leftovers.alone) == ("Stopped", True)


def test_of_a_refused_stop_it_is_not_known_until_somebody_looks(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=LONG)
    first = next(iter(account.shown()))
    run = account.begin(transport=denying(account, "StopInstance"))
    told = []
    with run.journal:
        power(run, "StopInstance", first)
        for status in (None, "Stopped", "Running"):
            if status is not None:
                run.fence.seen.looked(first, status, account.clock.now())
            told.append(left_behind(run.past, run.fence.seen).lines())
    assert told == [
        [
            f"not known: {first} was Running, and nobody has looked since the last request"
        ],
        [f"left behind: {first} was Running and is Stopped"],
        [],
    ]


def test_a_refused_redeploy_is_not_said_to_be_no_request_of_the_run(
    account_of: MakeAccount,
) -> None:
    account = account_of(settings=LONG)
    first = next(iter(account.double.account.instances.values()))
    run = account.begin()
    params = [("InstanceId", first.instance_id)]
    with run.journal:
        with pytest.raises(SetUpError):
            run.api.ask("RedeployInstance", params, run.wallet())
        first.place("Stopped")
        assert run.restore() == []
    assert "no request of the run that was accepted did that" in account.said[-1]


@pytest.mark.parametrize("status", [400, 403, 429])
def test_an_instance_that_was_made_is_deleted(
    account_of: MakeAccount, status: int
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    transport = denying(account, "RunInstances", status)
    run = account.begin(account.settings(launch=LAUNCH), transport)
    params = [("RegionId", "cn-hangzhou"), ("Amount", "1")]
    params += [("InstanceChargeType", "PostPaid"), ("AutoReleaseTime", LATER)]
    params += [("Tag.1.Key", RUN_TAG), ("Tag.1.Value", run.past.run)]
    with run.journal:
        with pytest.raises(SetUpError):
            run.api.ask("RunInstances", params, run.wallet())
        assert len(account.shown()) == len(before) + 1
        assert left_behind(run.past, run.fence.seen).unseen != []
        assert run.restore() == []
    assert account.shown() == before


@pytest.mark.parametrize("status", [403, 429])
def test_a_simulated_event_is_canceled(account_of: MakeAccount, status: int) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()
    transport = denying(account, "CreateSimulatedSystemEvents", status)
    transport.times = 9
    run = account.begin(transport=transport)
    params = [("RegionId", "cn-hangzhou"), ("InstanceId.1", next(iter(before)))]
    params += [("EventType", "SystemMaintenance.Reboot"), ("NotBefore", LATER)]
    with run.journal:
        with pytest.raises(SetUpError):
            run.api.ask("CreateSimulatedSystemEvents", params, run.wallet())
        assert account.shown() != before
        assert run.restore() == []
    assert account.shown() == before


def test_two_instances_that_were_made_where_one_was_denied_are_both_deleted(
    account_of: MakeAccount,
) -> None:
    """The first is not listed yet when it is asked for again."""
    account = account_of(settings=ACCEPTS, parts=Parts(observations=Hiding))
    account.clock.sleep(1000.0)
    before = account.shown()
    transport = denying(account, "RunInstances", 429)
    lag = {"read_lag_seconds": 60.0}
    run = account.begin(account.settings(launch=LAUNCH, statement=lag), transport)
    params = [("RegionId", "cn-hangzhou"), ("Amount", "1")]
    params += [("InstanceChargeType", "PostPaid"), ("AutoReleaseTime", LATER)]
    params += [("Tag.1.Key", RUN_TAG), ("Tag.1.Value", run.past.run)]
    with run.journal:
        run.api.ask("RunInstances", params, run.wallet())
        assert len(account.shown()) == len(before) + 2
        assert run.restore() == []
    assert account.shown() == before

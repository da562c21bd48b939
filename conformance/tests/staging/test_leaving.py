"""What is said of what is left: known, not known, or nothing where nothing was touched."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.leaving import NOT_LISTED, left_behind
from redeploy_conformance.staging.running import Staging

from .conftest import ACCEPTS, LONG, Account, Deaf, MakeAccount
from .served import Served, redeploying, statement_of, wait_for

STOP = (("ForceStop", "false"), ("StoppedMode", "KeepCharging"))
LATER = "2027-01-01T00:00:00Z"


@dataclass
class Begun:
    """A run on two instances, and what it would say if it ended now."""

    run: Staging
    deaf: Deaf
    first: str = field(init=False)
    account: Account

    def __post_init__(self) -> None:
        self.first = next(iter(self.account.shown()))

    def ask(self, action: str, *params: tuple[str, str], lost: bool = False) -> Any:
        self.deaf.actions = (action,) if lost else ()
        try:
            return self.run.api.ask(action, params, self.account.wallet())
        except SetUpError:
            return {}

    def simulate(self, *, lost: bool = False) -> Any:
        return self.ask(
            "CreateSimulatedSystemEvents",
            ("RegionId", "cn-hangzhou"),
            ("InstanceId.1", self.first),
            ("EventType", "SystemMaintenance.Reboot"),
            ("NotBefore", LATER),
            lost=lost,
        )

    def look(self) -> None:
        status = self.account.shown()[self.first][0]
        self.run.fence.seen.looked(self.first, status, self.account.clock.now())

    def told(self) -> list[str]:
        return left_behind(self.run.past, self.run.fence.seen).lines()


@pytest.fixture
def begun(account_of: MakeAccount) -> Iterator[Callable[..., Begun]]:
    runs: list[Begun] = []

    def make(**fields: Any) -> Begun:
        account = account_of(settings=fields.pop("emulator", ACCEPTS))
        deaf = Deaf(account.transport())
        run = account.begin(account.settings(**fields), deaf)
        runs.append(Begun(run, deaf, account))
        return runs[-1]

    yield make
    for one in runs:
        one.run.journal.close()


def test_of_what_only_refused_nothing_is_said(begun: Callable[..., Begun]) -> None:
    one = begun(emulator=LONG)
    one.ask("RedeployInstance", ("InstanceId", one.first))
    assert one.first in one.run.past.before
    assert one.told() == []


def test_a_redeploy_that_was_accepted_is_known_to_be_under_way(
    begun: Callable[..., Begun],
) -> None:
    one = begun()
    one.ask("RedeployInstance", ("InstanceId", one.first))
    under_way = [
        f"left behind: {one.first} was Running, and a redeploy of it is under way"
    ]
    assert one.told() == under_way
    one.look()
    assert one.told() == [f"left behind: {one.first} was Running and is Stopping"]
    one.account.clock.sleep(200.0)
    one.run.fence.note("settled", instance=one.first)
    one.look()
    assert one.told() == []


def test_a_redeploy_without_an_answer_is_not_known(begun: Callable[..., Begun]) -> None:
    one = begun()
    one.ask("RedeployInstance", ("InstanceId", one.first), lost=True)
    assert one.told() == [
        f"not known: {one.first} was Running, and a redeploy of it may be under way"
    ]


def test_a_stop_is_known_once_it_was_looked_at(begun: Callable[..., Begun]) -> None:
    one = begun()
    one.look()  # what was seen before tells nothing
    one.account.clock.sleep(1.0)
    one.ask("StopInstance", ("InstanceId", one.first), *STOP)
    unknown = f"{one.first} was Running, and nobody has looked since the last request"
    assert one.told() == [f"not known: {unknown}"]
    one.account.clock.sleep(200.0)
    one.look()
    assert one.told() == [f"left behind: {one.first} was Running and is Stopped"]
    assert one.run.restore() == []
    assert one.told() == []


def test_a_look_that_may_be_of_before_tells_nothing(
    begun: Callable[..., Begun],
) -> None:
    one = begun()
    one.ask("StopInstance", ("InstanceId", one.first), *STOP)
    seen = one.run.fence.seen
    seen.looked(one.first, "Running", one.account.clock.now() - 1.0)
    assert one.told()[0].startswith("not known: ")


@pytest.mark.parametrize(
    ("lost", "said"),
    [(False, []), (True, ["not known: whether {} is canceled: no answer came"])],
)
def test_simulated_events(
    begun: Callable[..., Begun], lost: bool, said: list[str]
) -> None:
    one = begun()
    made = one.simulate()
    (event,) = made["EventIdSet"]["EventId"]
    words = f"simulated event {event} on {one.first}"
    assert one.told() == [f"left behind: {words}"]
    cancel = (("RegionId", "cn-hangzhou"), ("EventId.1", event))
    one.ask("CancelSimulatedSystemEvents", *cancel, lost=lost)
    assert one.told() == [text.format(words) for text in said]


def test_a_simulated_event_without_an_answer_is_not_known(
    begun: Callable[..., Begun],
) -> None:
    one = begun()
    one.simulate(lost=True)
    assert one.told() == [
        f"not known: whether a simulated SystemMaintenance.Reboot was made on {one.first}: "
        "no answer told, and no look"
    ]


@pytest.mark.parametrize("lost", [False, True])
def test_an_instance_of_its_own(begun: Callable[..., Begun], lost: bool) -> None:
    one = begun(launch={"InstanceType": "ecs.g6.large", "ImageId": "img"})
    own = [("Amount", "1"), ("InstanceChargeType", "PostPaid")]
    own += [("AutoReleaseTime", LATER), ("Tag.1.Key", "redeploy-conformance-run")]
    own += [("Tag.1.Value", one.run.past.run), ("RegionId", "cn-hangzhou")]
    one.ask("RunInstances", *own, lost=lost)
    *_, made = one.account.double.account.instances
    if lost:
        assert one.told() == [
            "not known: whether an instance was made: no answer told, and no look"
        ]
        return
    assert one.told() == [f"left behind: {made}, which the run made"]
    seen, there = one.run.fence.seen, one.told()
    seen.looked(made, "Running", one.account.clock.now())
    one.ask("DeleteInstance", ("InstanceId", made), ("Force", "true"))
    assert one.told() == []
    for shown, told in (("Running", there), (NOT_LISTED, [])):
        seen.looked(made, shown, one.account.clock.now())
        assert one.told() == told


def test_events_that_nobody_could_look_at_are_not_called_left_behind(
    begun: Callable[..., Begun],
) -> None:
    one = begun()
    one.simulate()
    one.deaf.actions = ("DescribeInstanceHistoryEvents",)
    (why,) = one.run.restore()
    assert one.run.leftovers.left == []
    assert why.startswith(
        f"{one.first}: whether simulated events of the run are open still: "
    )


def test_of_an_instance_that_nobody_can_look_at_nobody_says_that_it_is_not_listed(
    begun: Callable[..., Begun],
) -> None:
    one = begun(emulator=LONG)
    one.ask("RedeployInstance", ("InstanceId", one.first))  # refused: it moves nothing
    del one.account.double.operations["DescribeInstances"]
    with pytest.raises(SetUpError):
        one.run.restore()
    assert not one.run.past.restored
    assert "not listed" not in " ".join(one.account.said)


def test_restore_of_an_account_out_of_reach_calls_nothing_left_behind(
    account: Served,
) -> None:
    process = account.start("stage", statement_of(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: redeploying(journal))
    process.kill()
    process.communicate(timeout=10)
    text = journal.read_text()
    journal.write_text(text.replace(account.url, "https://127.0.0.1:9"))
    code, _, err = account.run("restore", journal.name)
    assert (code, "left behind" in err) == (4, False), err
    assert "not known: " in err
    assert f"put back with: redeploy-conformance restore {journal.name}" in err

"""The fence: what never leaves, whoever asks for it."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redeploy_conformance.emulator.app import Handler, Parts
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.state import Instance
from redeploy_conformance.running.api import Manner
from redeploy_conformance.running.session import ABSENT
from redeploy_conformance.staging.access import carries, tagged
from redeploy_conformance.staging.double import Double
from redeploy_conformance.staging.fence import FenceError
from redeploy_conformance.staging.requests import READS, WRITES, read
from redeploy_conformance.staging.settings import RUN_TAG
from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signing import build_request
from redeploy_schemas.contract import Contract, load

from .conftest import LONG, TAG, Account, Fenced, MakeAccount, Watching

LATER = "2027-01-01T00:00:00Z"


def test_an_instance_that_is_neither_named_nor_tagged_is_out_of_reach(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    out = one.outside
    why = f"{out} is neither named nor tagged for this run"
    assert one.refused("RedeployInstance", ("InstanceId", out)) == why
    assert one.refused("StartInstance", ("InstanceId", out)) == why
    simulate = (("InstanceId.1", out), ("EventType", "x"), ("NotBefore", LATER))
    assert one.refused("CreateSimulatedSystemEvents", *simulate) == why
    both = (("InstanceId.1", one.inside), ("InstanceId.2", out))
    assert one.refused("CreateSimulatedSystemEvents", *both, *simulate[1:]) == why
    assert one.refused("DeleteInstance", ("InstanceId", one.inside)) == (
        f"{one.inside} was not made by this run"
    )


def test_the_tag_is_read_again_before_every_write(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    assert "Code" in one.ask("RedeployInstance", ("InstanceId", one.inside))
    one.account.double.world.instances[one.inside].tags.clear()
    assert one.refused("RedeployInstance", ("InstanceId", one.inside)).endswith(
        "is neither named nor tagged for this run"
    )


class Elsewhere(Observations):
    """Lists every instance as one of another region."""

    def show_instance(self, instance: Instance) -> dict[str, object]:
        return {**super().show_instance(instance), "RegionId": "cn-beijing"}


def test_an_instance_of_another_region_is_out_of_reach(
    account_of: MakeAccount,
) -> None:
    account = account_of(parts=Parts(observations=Elsewhere))
    first, second, _ = account.shown()
    run = account.begin(account.settings(instances=(first,)))
    with run.journal:
        for one in (first, second):  # named, and tagged
            params = [("InstanceId", one)]
            with pytest.raises(FenceError, match="is not listed in cn-hangzhou"):
                run.api.ask("RedeployInstance", params, run.wallet())
        assert list(tagged(run.reader, run.wallet(), *TAG)) == []


@pytest.mark.parametrize(
    "tags",
    [None, "purpose", [], ["purpose"], [{"TagKey": TAG[0], "TagValue": TAG[1]}]],
)
def test_tags_of_another_shape_are_none(tags: object) -> None:
    assert not carries({"Tags": tags}, *TAG)
    assert not carries({"Tags": {"Tag": tags and "purpose"}}, *TAG)


def test_a_named_instance_is_inside_without_a_tag(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    account = one.account
    account.folder = account.folder / "named"
    account.folder.mkdir()
    two = Fenced(account, tag=None, instances=(one.outside,))
    assert "Code" in two.ask("RedeployInstance", ("InstanceId", two.outside))
    assert two.refused("RedeployInstance", ("InstanceId", two.inside)).endswith(
        "is neither named nor tagged for this run"
    )
    two.run.journal.close()


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ((("InstanceId", "{in}"), ("InstanceId", "{out}")), "a parameter comes twice"),
        ((("InstanceId", "{in}"), ("instanceid", "{out}")), "a parameter comes twice"),
        ((("InstanceId", "{in}"), ("InstanceId.1", "{out}")), "more than one instance"),
        ((("Action", "DeleteInstance"), ("InstanceId", "{in}")), "not name one oper"),
        ((("InstanceId", "{in} "),), "is not listed"),
    ],
)
def test_a_request_that_can_be_read_in_two_ways_does_not_leave(
    fenced: Callable[..., Fenced], params: tuple[tuple[str, str], ...], why: str
) -> None:
    one = fenced()
    filled = [
        (name, text.replace("{in}", one.inside).replace("{out}", one.outside))
        for name, text in params
    ]
    assert why in one.refused("RedeployInstance", *filled)


def test_a_form_is_read_like_a_query(fenced: Callable[..., Fenced]) -> None:
    one = fenced()
    request = build_request(
        [("InstanceId", one.outside)],
        action="StopInstance",
        credentials=one.account.wallet(),
        host="ecs.test",
        place="form",
    )
    with pytest.raises(FenceError):
        one.run.fence.send(request, 5.0)
    assert one.writes == []


@pytest.mark.parametrize("action", ["RebootInstance", "TagResources", "ModifyDiskSpec"])
def test_an_operation_that_no_case_needs_does_not_leave(
    fenced: Callable[..., Fenced], action: str
) -> None:
    one = fenced()
    assert one.refused(action, ("InstanceId", one.inside)) == (
        f"{action} is no operation that a run may use"
    )


def test_the_id_of_nobody_leaves_only_while_it_is_nobodys(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    gone = one.ask("RedeployInstance", ("InstanceId", ABSENT))
    assert gone["Code"] == "InvalidInstanceId.NotFound"
    world = one.account.double.world
    somebody = world.instances.pop(one.outside)
    somebody.instance_id = ABSENT
    one.account.double.account.instances[ABSENT] = somebody
    assert "is one" in one.refused("RedeployInstance", ("InstanceId", ABSENT))


def test_local_disks_need_a_consent_of_their_own(fenced: Callable[..., Fenced]) -> None:
    one = fenced()
    one.account.double.world.instances[one.inside].storage = "local"
    assert "has local disks" in one.refused(
        "RedeployInstance", ("InstanceId", one.inside)
    )


def test_with_consent_local_disks_may_be_lost(fenced: Callable[..., Fenced]) -> None:
    one = fenced(local_disks=True)
    one.account.double.world.instances[one.inside].storage = "local"
    assert "Code" in one.ask("RedeployInstance", ("InstanceId", one.inside))


def test_where_a_row_says_nothing_of_local_disks_the_list_of_disks_does(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    double = one.account.double
    row = double.observations.show_instance(double.world.instances[one.inside])
    assert "LocalStorageAmount" not in row
    redeploy = ("RedeployInstance", ("InstanceId", one.inside))
    for kinds in ([], ["cloud_essd", "local_ssd_pro"], ["elastic_ephemeral_disk"]):
        double.operations["DescribeDisks"] = listing(kinds)
        assert "and a redeploy wipes them" in one.refused(*redeploy)
    double.operations["DescribeDisks"] = listing(["cloud", "cloud_auto"])
    assert "Code" in one.ask(*redeploy)


def test_who_may_not_look_disks_up_can_still_put_back(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    del one.account.double.operations["DescribeDisks"]
    start = ("StartInstance", ("InstanceId", one.stopped))
    assert "may have local disks" in one.refused(*start)
    one.run.fence.settings = replace(one.run.fence.settings, local_disks=True)
    one.ask(*start)
    one.run.fence.settings = replace(one.run.fence.settings, local_disks=False)
    assert "Code" in one.ask(*start)  # it was let in once


def listing(kinds: list[str]) -> Handler:
    """Return an operation that lists disks of these kinds."""
    disks = [{"DiskId": f"d-{n}", "Category": kind} for n, kind in enumerate(kinds)]
    return lambda call, principal: {"Disks": {"Disk": disks}}


def test_what_is_locked_and_runs_is_not_stopped(fenced: Callable[..., Fenced]) -> None:
    one = fenced()
    for key in (one.inside, one.stopped):
        one.account.double.world.instances[key].lock_reasons = ("security",)
    stop = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
    assert one.refused("StopInstance", ("InstanceId", one.inside), *stop) == (
        f"{one.inside} is locked (security): once stopped it could not be started again"
    )
    assert one.writes == []
    one.ask("StopInstance", ("InstanceId", one.stopped), *stop)
    assert len(one.writes) == 1


def test_no_more_redeploys_than_allowed_come_about(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced(replace(LONG, no_event="accept"), redeploys=1)
    assert "TaskId" in one.ask("RedeployInstance", ("InstanceId", one.inside))
    assert one.refused("RedeployInstance", ("InstanceId", one.stopped)) == (
        "of the 1 redeploy allowed none is left"
    )


def test_a_rejected_call_gives_its_redeploy_back(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced(redeploys=1)
    for _ in range(3):
        answer = one.ask("RedeployInstance", ("InstanceId", one.inside))
        assert answer["Code"] == "InvalidOperation.RedeployInstance"
    assert one.run.past.redeploys == 0


def test_nothing_is_begun_when_the_minutes_are_over(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced(minutes=1.0)
    one.account.clock.sleep(61.0)
    assert one.refused("RedeployInstance", ("InstanceId", one.inside)) == (
        "the time allowed, 1 minute, is over"
    )
    keep = (("ForceStop", "false"), ("StoppedMode", "KeepCharging"))
    assert "Code" not in one.ask("StopInstance", ("InstanceId", one.inside), *keep)


def test_an_instance_is_only_stopped_in_order_and_keeps_its_place(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    assert "KeepCharging" in one.refused("StopInstance", ("InstanceId", one.inside))
    for word in ("true", "True", "1", ""):
        hard = (("ForceStop", word), ("StoppedMode", "KeepCharging"))
        why = one.refused("StopInstance", ("InstanceId", one.inside), *hard)
        assert "in order" in why


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("StopInstance", "forcestop"),
        ("StopInstance", "ConfirmStop"),
        ("StartInstance", "InitLocalDisk"),
        ("CreateSimulatedSystemEvents", "TriggerRealOps"),
        ("DeleteInstance", "TerminateSubscription"),
    ],
)
def test_a_parameter_that_no_case_gives_does_not_leave(
    fenced: Callable[..., Fenced], action: str, name: str
) -> None:
    one = fenced()
    why = one.refused(action, ("InstanceId", one.inside), (name, "true"))
    assert why == f"{action} was not sent: {name} is no parameter that a run gives it"


@pytest.mark.parametrize(
    "given",
    [
        {"InstanceChargeType": "PrePaid"},
        {"InstanceChargeType": "PostPaid"},
        {"AutoReleaseTime": LATER},
    ],
)
def test_an_instance_that_could_not_be_deleted_again_is_not_made(
    fenced: Callable[..., Fenced], given: dict[str, str]
) -> None:
    one = fenced(launch={"ImageId": "img"})
    run = one.run.past.run
    own = {"Amount": "1", "Tag.1.Key": RUN_TAG, "Tag.1.Value": run, **given}
    assert one.refused("RunInstances", *own.items()) == (
        "only an instance that can be deleted again may be made"
    )


def test_calls_wait_for_the_share_of_the_rate_limit(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced(share=0.01)  # five calls a minute
    begun = one.account.clock.now()
    for _ in range(11):
        one.ask("RedeployInstance", ("InstanceId", one.inside))
    assert 120.0 <= one.account.clock.now() - begun < 121.0


def test_only_events_of_the_run_are_canceled(fenced: Callable[..., Fenced]) -> None:
    one = fenced()
    double = one.account.double
    theirs = double.world.add_event(
        double.world.instances[one.inside], "SystemMaintenance.Reboot", "Scheduled"
    )
    assert "not made by this run" in one.refused(
        "CancelSimulatedSystemEvents", ("EventId.1", theirs.event_id)
    )


def test_an_instance_is_made_only_where_that_was_asked_for(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced()
    assert "--launch was not given" in one.refused("RunInstances", ("Amount", "1"))


def test_every_write_is_in_the_journal_and_on_the_disk_before_it_leaves(
    account_of: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_of()
    synced: list[bytes] = []

    def spy(file: int) -> None:
        synced.append(account.journal.read_bytes())

    monkeypatch.setattr(os, "fsync", spy)

    class Checking(Watching):
        def send(self, request: HttpRequest, timeout: float) -> Any:
            asked = read(request)
            if asked.writes:
                last = json.loads(synced[-1].splitlines()[-1])
                assert (last["line"], last["action"]) == ("write", asked.action)
                assert last["instances"] == list(asked.instances)
                befores = [
                    line["instance"]
                    for line in map(json.loads, synced[-1].splitlines())
                    if line["line"] == "before"
                ]
                assert set(asked.instances) - {ABSENT} <= set(befores)
            return super().send(request, timeout)

    checking = Checking(account.transport())
    run = account.begin(transport=checking)
    with run.journal:
        run.carry_out(run.plan())
        assert run.restore() == []
    assert sum(read(one).writes for one in checking.requests) > 20


CONTRACT: Contract = load()
ATTACK = st.tuples(
    st.sampled_from([*WRITES, "RebootInstance", "describeinstances"]),
    st.lists(
        st.tuples(
            st.sampled_from(
                ["InstanceId", "InstanceId.1", "instanceid", "InstanceIds", "EventId.1"]
            ),
            st.integers(0, 5),
        ),
        max_size=3,
    ),
    st.sampled_from(["v1 query", "v1 form", "v3 query", "v3 form"]),
)


@settings(
    max_examples=30,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    inside=st.lists(st.sampled_from(["Running", "Stopped"]), min_size=1, max_size=3),
    outside=st.lists(st.sampled_from(["Running", "Stopped"]), min_size=1, max_size=3),
    accept=st.booleans(),
    redeploys=st.integers(0, 20),
    attacks=st.lists(ATTACK, max_size=6),
)
def test_whatever_is_run_no_write_leaves_for_an_instance_outside(
    tmp_path_factory: pytest.TempPathFactory,
    inside: list[str],
    outside: list[str],
    accept: bool,
    redeploys: int,
    attacks: list[tuple[str, list[tuple[str, int]], str]],
) -> None:
    choice = replace(LONG, no_event="accept") if accept else LONG
    double = Double(choice, clock="virtual")
    mine = {double.put(one, dict([TAG])).instance_id for one in inside}
    theirs = [double.put(one) for one in outside]
    account = Account(double, Path(tmp_path_factory.mktemp("run")), CONTRACT)
    watching = Watching(account.transport())
    run = account.begin(account.settings(redeploys=redeploys), watching)
    before = account.shown()
    ids = [*sorted(mine), *(one.instance_id for one in theirs)]
    with run.journal:
        for action, params, wire in attacks:
            filled = [(name, ids[n % len(ids)]) for name, n in params]
            try:
                run.api.call(action, filled, account.wallet(), Manner(wire=wire))
            except FenceError:
                continue
        run.carry_out(run.plan())
        assert run.restore() == []
    for request in watching.requests:
        asked = read(request)
        if asked.writes:
            assert set(asked.instances) <= mine | {ABSENT}
        else:
            assert asked.action in READS
    assert account.shown() == before
    assert [one.redeploys for one in theirs] == [0] * len(theirs)
    assert sum(one.redeploys for one in double.account.instances.values()) <= redeploys

"""RAM policies."""

import json
from typing import Any

import pytest

from redeploy_conformance.emulator.authority import read_policy


def policy(effect: str, action: Any, resource: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return {"Version": "1", "Statement": [statement]}


def outcome(bench: Any, *policies: Any) -> str:
    instance = bench.instance()
    named = json.dumps(policies).replace("ME", bench.account_id)
    user = bench.user(*json.loads(named.replace("IT", instance)))
    return str(bench.redeploy(instance, by=user))


ME = "acs:ecs:cn-hangzhou:ME:instance/IT"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("ecs:RedeployInstance", ME, True),
        ("ecs:*", "*", True),
        ("*", "acs:ecs:*:*:instance/*", True),
        ("ecs:Redeploy*", "acs:ecs:*:ME:*", True),
        ("ecs:RedeployInstanc?", ME, True),
        (["ecs:StopInstance", "ecs:RedeployInstance"], ["x", ME], True),
        ("ecs:StopInstance", "*", False),
        ("ecs:Redeploy", "*", False),
        ("ecs:RedeployInstance", "acs:ecs:cn-beijing:ME:instance/*", False),
        ("ecs:RedeployInstance", "acs:ecs:*:1:instance/*", False),
        ("ecs:RedeployInstance", "acs:ecs:*:ME:instance/i-none", False),
        ("ecs:RedeployInstance", "acs:ecs:*:ME:disk/*", False),
        ("ecs:RedeployInstance", "acs.ecs:cn-hangzhou:ME:instance/IT", False),
    ],
)
def test_what_a_policy_matches(
    bench: Any, action: Any, resource: Any, allowed: bool
) -> None:
    expected = "accepted" if allowed else "Forbidden.RAM"
    assert outcome(bench, policy("Allow", action, resource)) == expected


def test_nothing_is_allowed_without_a_policy(bench: Any) -> None:
    assert outcome(bench) == "Forbidden.RAM"


def test_a_deny_wins(bench: Any) -> None:
    allow, deny = policy("Allow", "*", "*"), policy("Deny", "ecs:RedeployInstance", ME)
    assert outcome(bench, allow, deny) == "Forbidden.RAM"
    assert outcome(bench, deny, allow) == "Forbidden.RAM"
    other = policy("Deny", "ecs:RedeployInstance", "acs:ecs:*:*:instance/i-none")
    assert outcome(bench, allow, other) == "accepted"


def test_every_operation_asks(bench: Any) -> None:
    instance = bench.instance()
    nobody = bench.user()
    one = ("InstanceId", instance)
    calls: list[tuple[str, tuple[tuple[str, str], ...]]] = [
        (action, (one,))
        for action in (
            "RedeployInstance",
            "StartInstance",
            "StopInstance",
            "RebootInstance",
            "DeleteInstance",
            "DescribeInstanceHistoryEvents",
        )
    ]
    calls += [
        ("DescribeInstances", ()),
        ("DescribeInstances", (("InstanceIds", json.dumps([instance])),)),
        ("DescribeTasks", ()),
        ("RunInstances", ()),
        ("CreateInstance", ()),
        ("CancelSimulatedSystemEvents", (("EventId.1", "e"),)),
        (
            "CreateSimulatedSystemEvents",
            (
                ("EventType", "SystemFailure.Stop"),
                ("NotBefore", "2099-01-01T00:00:00Z"),
                ("InstanceId.1", instance),
            ),
        ),
    ]
    for action, params in calls:
        answer = bench.call(action, *params, by=nobody)
        assert answer.get("Code") == "Forbidden.RAM", action


@pytest.mark.parametrize("reveals", ["same", "reveals"])
def test_what_a_refusal_reveals(make_bench: Any, reveals: str) -> None:
    bench = make_bench(refusal_reveals=reveals)
    nobody = bench.user()
    pending = bench.redeploy(bench.instance(status="Pending"), by=nobody)
    unknown = bench.redeploy("i-none", by=nobody)
    fine = bench.instance()
    assert bench.redeploy(fine, by=nobody) == "Forbidden.RAM"
    assert bench.status(fine) == "Running"
    if reveals == "same":
        assert (pending, unknown) == ("Forbidden.RAM", "Forbidden.RAM")
    else:
        assert pending == "IncorrectInstanceStatus"
        assert unknown == "InvalidInstanceId.NotFound"


@pytest.mark.parametrize(
    "document",
    [
        None,
        {"Version": "2", "Statement": []},
        {"Version": "1"},
        {"Version": "1", "Statement": [7]},
        policy("Maybe", "*", "*"),
        policy("Allow", [], "*"),
        policy("Allow", "*", [1]),
        {
            "Version": "1",
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}
            ],
        },
    ],
)
def test_a_policy_that_is_not_understood_is_no_policy(
    bench: Any, document: Any
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_policy(document)
    asked = {"account_id": bench.account_id, "policies": [document]}
    assert bench.control("POST", "principals", asked)[0] == 400

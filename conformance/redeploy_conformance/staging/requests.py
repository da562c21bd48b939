"""What a request asks for, read from its bytes: nobody upstream needs to be trusted about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from redeploy_conformance.wire.http import HttpRequest

REDEPLOY = "RedeployInstance"
LAUNCH = "RunInstances"
SIMULATE = "CreateSimulatedSystemEvents"
WITHDRAW = "CancelSimulatedSystemEvents"
DELETE = "DeleteInstance"
START = "StartInstance"
POWER = (START, "StopInstance")
MOVING = (REDEPLOY, *POWER)
"""Operations that change the status of an instance."""
WRITES = (REDEPLOY, *POWER, DELETE, LAUNCH, SIMULATE, WITHDRAW)
"""Operations that change something and may be sent at all."""
READS = (
    "DescribeInstances",
    "DescribeInstanceHistoryEvents",
    "DescribeDisks",
    "DescribeTasks",
)
COMMON = {"action", "format", "regionid", "signaturemethod", "signatureversion"}
COMMON |= {"timestamp", "version"}
TAKEN = {
    "StartInstance": {"InstanceId"},
    "StopInstance": {"InstanceId", "ForceStop", "StoppedMode"},
    DELETE: {"InstanceId", "Force"},
    SIMULATE: {"InstanceId", "EventType", "NotBefore"},
    WITHDRAW: {"EventId"},
}
"""The parameters that an operation may be given here; others could do more than is meant."""
_UNTOLD = {"signature", "signaturenonce", "securitytoken", "accesskeyid"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its operation, the instances and events it names, the other parameters.

    ``doubtful`` says why it cannot be told for sure what the request asks for, if so.
    """

    action: str
    instances: tuple[str, ...]
    events: tuple[str, ...]
    params: Mapping[str, str]
    doubtful: str | None = None

    @property
    def writes(self) -> bool:
        """Whether the operation may change something."""
        return self.action not in READS


def read(request: HttpRequest) -> Asked:
    """Return what a request asks for, wherever in it a server may look for that."""
    path, _, query = request.target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    headers = [(name.lower(), value) for name, value in request.headers]
    actions = {value for name, value in headers if name == "x-acs-action"}
    actions |= {value for name, value in pairs if name.lower() == "action"}
    names = [name.lower() for name, _ in pairs]
    return Asked(
        action=next(iter(actions)) if len(actions) == 1 else "",
        instances=_values(pairs, "instanceid"),
        events=_values(pairs, "eventid"),
        params={name: value for name, value in pairs if name.lower() not in _UNTOLD},
        doubtful=_doubt(path, actions, names),
    )


def _values(pairs: list[tuple[str, str]], kind: str) -> tuple[str, ...]:
    """Return the values of ``InstanceId``, ``InstanceId.1``, … in whatever case; blank ones not."""
    return tuple(
        value
        for name, value in pairs
        if name.lower().partition(".")[0] == kind and value
    )


def _doubt(path: str, actions: set[str], names: list[str]) -> str | None:
    if path != "/":
        return f"its path is {path}"
    if len(actions) != 1:
        return "it does not name one operation"
    if len(set(names)) < len(names):
        return "a parameter comes twice"
    return None


def strange(asked: Asked) -> Iterator[str]:
    """Yield the parameters of a request that a run never gives its operation."""
    taken = TAKEN.get(asked.action)
    for name in asked.params if taken is not None else ():
        if name.lower() not in COMMON and name.partition(".")[0] not in (taken or ()):
            yield name

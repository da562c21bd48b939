"""The shapes of what neighbouring operations answer, as far as looks and set-ups rest on them.

What else an answer holds is nobody's business here: the contract is of one operation. Which values
are right is not asked either: a status that nobody knows is for the oracle to judge.
"""

import re
from typing import Literal, TypeAlias

import msgspec

OTHER_TEXT = re.compile(r"^Invalid enum value '.*'(?= - at |$)", re.DOTALL)
UNREAD = "answered what cannot be read"
"""What the problem of a run says of such an answer."""
Nothing: TypeAlias = Literal[""] | None
"""What stands for an element without content: null, or in XML no text."""


class _Lock(msgspec.Struct):
    LockReason: str | None = None


class _Locks(msgspec.Struct):
    LockReason: list[_Lock | Nothing] | Nothing = None


class _Host(msgspec.Struct):
    DedicatedHostId: str | None = None


class InstanceRow(msgspec.Struct):
    """A row of DescribeInstances."""

    InstanceId: str
    Status: str
    OperationLocks: _Locks | Nothing = None
    DedicatedHostAttribute: _Host | Nothing = None


class _Instances(msgspec.Struct):
    Instance: list[InstanceRow] | Nothing = None


class _DescribeInstances(msgspec.Struct):
    Instances: _Instances | Nothing = None


class _Disk(msgspec.Struct):
    DiskId: str
    Category: str | None = None


class _Disks(msgspec.Struct):
    Disk: list[_Disk] | Nothing = None


class _DescribeDisks(msgspec.Struct):
    Disks: _Disks | Nothing = None


class _Named(msgspec.Struct):
    Name: str


class _Event(msgspec.Struct, kw_only=True):
    InstanceId: str | None = None  # events of other resources have none
    EventId: str
    EventType: _Named
    EventCycleStatus: _Named


class _Events(msgspec.Struct):
    InstanceSystemEventType: list[_Event] | Nothing = None


class _DescribeInstanceHistoryEvents(msgspec.Struct):
    InstanceSystemEventSet: _Events | Nothing = None


class _Task(msgspec.Struct):
    TaskId: str
    TaskStatus: str | None = None
    TaskAction: str | None = None


class _Tasks(msgspec.Struct):
    Task: list[_Task] | Nothing = None


class _DescribeTasks(msgspec.Struct):
    TaskSet: _Tasks | Nothing = None


class _InstanceIds(msgspec.Struct):
    InstanceIdSet: list[str] | Nothing = None


class _RunInstances(msgspec.Struct):
    InstanceIdSets: _InstanceIds | Nothing = None


class _EventIds(msgspec.Struct):
    EventId: list[str] | Nothing = None


class _CreateSimulatedSystemEvents(msgspec.Struct):
    EventIdSet: _EventIds | Nothing = None


SHAPES: dict[str, type[msgspec.Struct]] = {
    one.__name__.removeprefix("_"): one
    for one in (
        _DescribeInstances,
        _DescribeInstanceHistoryEvents,
        _DescribeDisks,
        _DescribeTasks,
        _RunInstances,
        _CreateSimulatedSystemEvents,
    )
}
"""By operation; others answer nothing that is read."""


def misshapen(action: str, fields: object) -> str | None:
    """Return what is wrong with the shape of a successful answer; None where nothing is."""
    shape = SHAPES.get(action)
    return None if shape is None else unlike(fields, shape)


def unlike(value: object, shape: type[msgspec.Struct]) -> str | None:
    """Return in what a value is not of a shape; None where it is."""
    try:
        msgspec.convert(value, shape)
    except UnicodeEncodeError:
        return "a text in it has half of a pair of surrogates"
    except msgspec.ValidationError as error:
        # That an empty text is taken for nothing, in XML, is no help to whoever reads this.
        told = str(error).replace("str | ", "")
        return OTHER_TEXT.sub("Expected an object or a list, got a text", told)
    return None

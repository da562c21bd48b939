"""The fence: the only way out for requests, which lets none pass that a run has no business with.

It stands at the transport and reads the bytes of each request, so that no case and no rule can step
around it. What changes something is verified by a read, written to the journal, and then sent.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from redeploy_conformance.judging.views import event_of, view
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.running.session import ABSENT
from redeploy_conformance.staging.access import (
    StagingApi,
    Wallet,
    carries,
    listed_in,
    local_disks,
    made_at,
    made_by,
    tagged,
    wiped,
    within,
)
from redeploy_conformance.staging.journal import Journal
from redeploy_conformance.staging.leaving import Sightings
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.requests import (
    DELETE,
    LAUNCH,
    MOVING,
    REDEPLOY,
    SIMULATE,
    WITHDRAW,
    WRITES,
    Asked,
    read,
    strange,
)
from redeploy_conformance.staging.settings import RUN_TAG, Settings
from redeploy_conformance.staging.share import Share
from redeploy_conformance.targets.base import (
    Transport,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract

STABLE = ("Running", "Stopped")
Row = Mapping[str, Any]


class FenceError(SetUpError):
    """A request was not let out; the message says why. It never left."""


@dataclass(slots=True)
class Fence:
    """A transport that lets reads pass, and of what changes something only what is within limits.

    ``api`` reads past the fence; the answers of the service are taken from ``inner``. ``seen`` is what
    looks showed since. Once it is ``shut`` nothing leaves that changes something.
    """

    inner: Transport
    api: StagingApi
    wallet: Wallet
    settings: Settings
    contract: Contract
    journal: Journal
    past: Past
    seen: Sightings = field(default_factory=Sightings)
    shut: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _share: Share = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing sent."""
        self._share = Share(self.contract, self.settings.share, self.api)

    @property
    def host(self) -> str:
        """The Host that requests are signed for."""
        return str(getattr(self.inner, "host", "ecs.test"))

    def note(self, line: str, **fields: Any) -> None:
        """Write a line of the journal, and enter it."""
        with self._lock:
            self.past.take(self.journal.append(line, **fields))

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer to one request (see ``Transport``).

        Raises:
            FenceError: it was not let out.
        """
        asked = read(request)
        if asked.doubtful is not None:
            raise FenceError(f"a request was not sent: {asked.doubtful}")
        if not asked.writes:
            return self.inner.send(request, timeout)
        if asked.action not in WRITES:
            raise FenceError(f"{asked.action} is no operation that a run may use")
        for name in strange(asked):
            raise FenceError(
                f"{asked.action} was not sent: {name} is no parameter that a run gives it"
            )
        with self._lock:
            looked = CHECKS[asked.action](self, asked)
            if self.shut:  # threads of calls made at once outlive whoever began them
                raise FenceError("the run was ended at once")
            number = self.past.writes + 1
            self.note(
                "write",
                number=number,
                action=asked.action,
                instances=list(asked.instances),
                events=list(asked.events),
                params=dict(asked.params),
                looked=looked,
            )
            if asked.action in (*MOVING, DELETE):
                for one in asked.instances:
                    self.seen.asked(one, self.api.monotonic())
        try:
            answer = self.inner.send(request, timeout)
        except (UnansweredError, UnreachableError):
            self.note(
                "answer", number=number, status=None, code=None, task=None, made=[]
            )
            raise
        self._answered(number, asked, answer)
        return answer

    def close(self) -> None:
        """Close the transport behind the fence."""
        self.inner.close()

    def _answered(self, number: int, asked: Asked, answer: HttpResponse) -> None:
        fields = decode_answer(answer).fields or {}
        made: list[object] = []
        if asked.action == SIMULATE:
            made = listed_in(fields, "EventIdSet", "EventId")
        elif asked.action == LAUNCH:
            made = listed_in(fields, "InstanceIdSets", "InstanceIdSet")
        code, task = fields.get("Code"), fields.get("TaskId")
        self.note(
            "answer",
            number=number,
            status=answer.status,
            code=code if isinstance(code, str) else None,
            task=task if isinstance(task, str) and task else None,
            made=[one for one in made if isinstance(one, str) and one],
        )

    # ------------------------------------------------------------------ what may be done

    def _redeploy(self, asked: Asked) -> dict[str, str | None]:
        looked: dict[str, str | None] = {}
        if len(asked.instances) > 1:
            raise FenceError("a redeploy was not sent: it names more than one instance")
        for one in asked.instances:
            if one == ABSENT:
                if self._row(one) is not None:
                    raise FenceError(f"{one} stands for no instance, and is one")
                looked[one] = None
            else:
                looked |= self._within(asked)
        self._in_time()
        if any(looked.values()) and self.past.redeploys >= self.settings.redeploys:
            raise FenceError(
                f"of the {count(self.settings.redeploys, 'redeploy')} allowed none is left"
            )
        self._share.wait()
        return looked

    def _power(self, asked: Asked) -> dict[str, str | None]:
        if asked.action == "StopInstance":
            mode = asked.params.get("StoppedMode")
            if mode != "KeepCharging" or asked.params.get("ForceStop") != "false":
                raise FenceError(
                    "an instance is only stopped in order, and with KeepCharging: "
                    "otherwise it could lose data, its address or its place"
                )
        return self._within(asked)

    def _delete(self, asked: Asked) -> dict[str, str | None]:
        if len(asked.instances) != 1:
            raise FenceError("DeleteInstance was not sent: it names no one instance")
        row = self._row(asked.instances[0])
        if row is None or not self._own(asked.instances[0], row):
            raise FenceError(f"{asked.instances[0]} was not made by this run")
        return {asked.instances[0]: _status(row)}

    def _launch(self, asked: Asked) -> dict[str, str | None]:
        self._in_time()
        if not self.settings.launch:
            raise FenceError("no instance may be made: --launch was not given")
        made = tagged(self.api, self.wallet(), RUN_TAG, self.past.run)
        if self.past.launched or any(made):
            raise FenceError("one instance was made already")
        params = asked.params
        tag = (params.get("Tag.1.Key"), params.get("Tag.1.Value"))
        if params.get("Amount") != "1" or tag != (RUN_TAG, self.past.run):
            raise FenceError("only one instance, with the run's tag, may be made")
        if params.get("InstanceChargeType") != "PostPaid" or not params.get(
            "AutoReleaseTime"
        ):
            raise FenceError("only an instance that can be deleted again may be made")
        return {}

    def _simulate(self, asked: Asked) -> dict[str, str | None]:
        self._in_time()
        return self._within(asked)

    def _withdraw(self, asked: Asked) -> dict[str, str | None]:
        own = set(self.past.events)
        if not own.issuperset(asked.events):
            for one in self.past.unsure:
                own |= made_at(
                    self.api, self.wallet, one.instance, one.type, one.not_before
                ).keys()
        foreign = [one for one in asked.events if one not in own]
        if foreign or not asked.events:
            raise FenceError(
                f"{', '.join(foreign) or 'no event'}: not made by this run"
            )
        return {}

    # ------------------------------------------------------------------ where, when, how often

    def _within(self, asked: Asked) -> dict[str, str | None]:
        """Verify by a read, made now, that every instance of a request is inside the fence."""
        if not asked.instances:
            raise FenceError(f"{asked.action} was not sent: it names no instance")
        looked: dict[str, str | None] = {}
        for one in asked.instances:
            row = self._row(one)
            if row is None:
                raise FenceError(f"{one} is not listed in {self.settings.region}")
            self.admit(one, row)
            if asked.action == "StopInstance":
                self._startable(one, row)
            looked[one] = _status(row)
        return looked

    def _startable(self, instance: str, row: Row) -> None:
        """Make sure that an instance which ran can be started again: what is locked cannot."""
        before = self.past.before.get(instance)
        locks = view(row, {}, None).get("lock_reasons")
        if locks and before is not None and before.status == "Running":
            raise FenceError(
                f"{instance} is locked ({', '.join(sorted(locks))}): once stopped it could not be "
                "started again"
            )

    def admit(self, instance: str, row: Row) -> None:
        """Make sure that an instance is inside, and keep what it looked like before.

        Raises:
            FenceError: it is not.
        """
        own = self._own(instance, row)
        tag = self.settings.tag
        named = instance in self.settings.instances
        if not (own or named or (tag is not None and carries(row, *tag))):
            raise FenceError(f"{instance} is neither named nor tagged for this run")
        admitted = own or instance in self.past.before
        if not self.settings.local_disks:
            if not admitted:
                row = self.api.with_disks(row, self.wallet())
            has = local_disks(row)
            if has or (has is None and not admitted):
                raise FenceError(f"{instance} {wiped(has)}")
        if admitted:
            return
        status = _status(row)
        if status not in STABLE:
            raise FenceError(
                f"{instance} is {status}: begin when it is Running or Stopped"
            )
        events = [
            event_id
            for _, event_id, (_, shown) in map(
                event_of, self.api.events(self.wallet(), instance)
            )
            if shown in self.contract.open_event_statuses
        ]
        self.note("before", instance=instance, status=status, events=events)

    def _own(self, instance: str, row: Row) -> bool:
        """Whether the run made an instance that carries its tag: by its id, where that is known.

        Who makes another one like it may copy its tags: they tell only where one has them.
        """
        past = self.past
        if not made_by(row, past.run) or instance in past.launched:
            return made_by(row, past.run)
        several = tagged(self.api, self.wallet(), RUN_TAG, past.run)
        unknown = {str(one["InstanceId"]) for one in several} - set(past.launched)
        return past.launching and unknown == {instance}

    def _row(self, instance: str) -> Row | None:
        """Return what DescribeInstances shows of an instance of the region now."""
        rows = self.api.describe([instance], self.wallet())
        found = [
            row
            for row in rows
            if row.get("InstanceId") == instance and within(row, self.api.region)
        ]
        return found[0] if found else None

    def _in_time(self) -> None:
        if self.past.seconds(self.api.clock.wall()) > self.settings.minutes * 60:
            allowed = count(self.settings.minutes, "minute")
            raise FenceError(f"the time allowed, {allowed}, is over")


CHECKS: Mapping[str, Callable[[Fence, Asked], dict[str, str | None]]] = {
    REDEPLOY: Fence._redeploy,
    "StartInstance": Fence._power,
    "StopInstance": Fence._power,
    DELETE: Fence._delete,
    LAUNCH: Fence._launch,
    SIMULATE: Fence._simulate,
    WITHDRAW: Fence._withdraw,
}
"""What makes sure that a request is within limits, and returns what its instances look like."""


def _status(row: Row) -> str:
    return str(row.get("Status"))

"""Faults in what an answer carries."""

import time
from dataclasses import replace

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.envelopes import Envelopes
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.request import Call
from redeploy_conformance.emulator.state import (
    Account,
    Event,
    Instance,
    Principal,
    Task,
)
from redeploy_conformance.faults.registry import fault
from redeploy_conformance.wire.http import HttpResponse


@fault("task-id-missing", "R1")
class TaskIdMissing(RedeployCalls):
    """An accepted call is answered without a TaskId."""

    def answer(self, task_id: str) -> dict[str, object]:
        return {}


@fault("task-id-empty", "R1")
class TaskIdEmpty(RedeployCalls):
    """An accepted call is answered with an empty TaskId."""

    def answer(self, task_id: str) -> dict[str, object]:
        return {"TaskId": ""}


@fault("task-id-is-a-number", "R1")
class TaskIdNumber(RedeployCalls):
    """An accepted call is answered with a TaskId that is no string."""

    def answer(self, task_id: str) -> dict[str, object]:
        return {"TaskId": int.from_bytes(task_id.encode()[-6:])}


@fault("accepted-with-http-400", "R1")
class AcceptedWith400(Envelopes):
    """An accepted call is answered with HTTP status 400."""

    def success(self, call: Call, fields: dict[str, object]) -> HttpResponse:
        answer = super().success(call, fields)
        return replace(answer, status=400) if "TaskId" in fields else answer


def _other_status(code: str, status: int) -> None:
    @fault(
        f"http-{status}-for-{code.replace('.', '-').lower()}",
        "R2",
        sentence=f"{code} is answered with HTTP status {status}.",
    )
    class OtherStatus(Envelopes):
        def error_status(self, error: ApiError) -> int:
            return status if error.code == code else super().error_status(error)


_other_status("IncorrectInstanceStatus", 400)
_other_status("InstanceLockedForSecurity", 400)
_other_status("DiskError", 409)
_other_status("InstanceExpiredOrInArrears", 400)
_other_status("InvalidOperation.RedeployInstance", 400)
_other_status("InvalidInstanceId.NotFound", 403)
_other_status("InternalError", 503)
_other_status("InvalidOperation.RedeployInstance", 200)


def _other_text(code: str, text: str, said: str) -> None:
    @fault(f"text-of-{code.replace('.', '-').lower()}", "R3", sentence=said)
    class OtherText(Envelopes):
        def message(self, error: ApiError) -> str:
            return text if error.code == code else super().message(error)


_other_text(
    "IncorrectInstanceStatus",
    "The current status of the instance does not support this operation.",
    "The text of IncorrectInstanceStatus speaks of the instance.",
)
_other_text(
    "InvalidInstanceId.NotFound",
    "The InstanceId provided does not exist in our records",
    "The text of InvalidInstanceId.NotFound lacks its full stop.",
)
_other_text(
    "InvalidOperation.RedeployInstance",
    "",
    "The text of InvalidOperation.RedeployInstance is empty.",
)
_other_text(
    "InstanceLockedForSecurity",
    "The specified operation is denied as your instance is locked for security reasons",
    "The text of InstanceLockedForSecurity lacks its full stop.",
)


@fault("request-id-missing-in-errors", "R4")
class RequestIdMissing(Envelopes):
    """An error is answered without a RequestId."""

    def error_fields(
        self, call: Call, error: ApiError, request_id: str
    ) -> dict[str, object]:
        fields = super().error_fields(call, error, request_id)
        del fields["RequestId"]
        return fields


@fault("request-id-repeated", "R4")
class RequestIdRepeated(Ids):
    """Every fortieth answer has the RequestId of the one before."""

    drawn = 0
    last = ""

    def request_id(self) -> str:
        self.drawn += 1
        if self.drawn % 40:
            self.last = super().request_id()
        return self.last


@fault("task-id-reused", "R5")
class TaskIdReused(Ids):
    """Every third accepted call has the TaskId of the one before."""

    drawn = 0
    last = ""

    def task_id(self) -> str:
        self.drawn += 1
        if self.drawn % 3:
            self.last = super().task_id()
        return self.last


@fault("rejected-call-has-task-id", "R5")
class RejectedHasTaskId(Envelopes):
    """A rejected call is answered with a TaskId."""

    def error_fields(
        self, call: Call, error: ApiError, request_id: str
    ) -> dict[str, object]:
        task_id = self.world.ids.task_id()
        return {**super().error_fields(call, error, request_id), "TaskId": task_id}


@fault("id-shape-alternates", "R6")
class ShapeAlternates(Ids):
    """The RequestId has another shape in every second answer."""

    drawn = 0

    def request_id(self) -> str:
        self.drawn += 1
        drawn = super().request_id()
        return drawn if self.drawn % 2 else drawn.replace("-", "").lower()


@fault("no-text-for-a-dedicated-host", "R3")
class NoTextForDedicatedHost(Admission):
    """The rejection for a dedicated host has an empty text."""

    def dedicated_host_error(self) -> ApiError:
        error = super().dedicated_host_error()
        error.message = ""
        return error


@fault("no-text-without-an-event", "R3")
class NoTextWithoutEvent(Admission):
    """The rejection for want of an event has an empty text."""

    def check_events(self, instance: Instance) -> ApiError | None:
        error = super().check_events(instance)
        if error is not None:
            error.message = ""
        return error


@fault("task-id-missing-when-forced", "R1")
class TaskIdMissingForced(RedeployCalls):
    """An accepted call with ForceStop true is answered without a TaskId."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        fields = super().start(principal, instance, force_stop)
        return {} if force_stop else fields


@fault("task-id-empty-when-stopped", "R1")
class TaskIdEmptyStopped(RedeployCalls):
    """An accepted call on a Stopped instance is answered with an empty TaskId."""

    def start(
        self, principal: Principal, instance: Instance, force_stop: bool | None
    ) -> dict[str, object]:
        stopped = instance.status == "Stopped"
        fields = super().start(principal, instance, force_stop)
        return {"TaskId": ""} if stopped else fields


@fault("request-id-missing-when-forced", "R1", "R4")
class RequestIdMissingForced(Envelopes):
    """An accepted call with ForceStop true is answered without a RequestId."""

    def render(
        self,
        call: Call,
        status: int,
        root: str,
        content: dict[str, object],
        request_id: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> HttpResponse:
        if status == 200 and call.params.get("ForceStop") == "true":
            content = {name: content[name] for name in content if name != "RequestId"}
        return super().render(call, status, root, content, request_id, headers)


class _RequestIdMissing(Envelopes):
    """One whose errors of one kind are without a RequestId."""

    def error_fields(
        self, call: Call, error: ApiError, request_id: str
    ) -> dict[str, object]:
        fields = super().error_fields(call, error, request_id)
        if self.without(error):
            del fields["RequestId"]
        return fields

    def without(self, error: ApiError) -> bool:
        raise NotImplementedError


@fault("request-id-missing-in-http-400", "R4")
class RequestIdMissing400(_RequestIdMissing):
    """An error with HTTP status 400 is answered without a RequestId."""

    def without(self, error: ApiError) -> bool:
        return error.status == 400


@fault("request-id-missing-in-http-404", "R4")
class RequestIdMissing404(_RequestIdMissing):
    """An error with HTTP status 404 is answered without a RequestId."""

    def without(self, error: ApiError) -> bool:
        return error.status == 404


@fault("request-id-missing-when-throttled", "R4", "Q4")
class RequestIdMissingThrottled(_RequestIdMissing):
    """A throttled call is answered without a RequestId."""

    def without(self, error: ApiError) -> bool:
        return error.code.startswith("Throttling")


@fault("request-id-of-the-time", "R4")
class RequestIdOfTime(Ids):
    """The RequestId is the time in milliseconds."""

    def request_id(self) -> str:
        return f"r-{time.time_ns() // 1_000_000}"


@fault("internal-error-has-task-id", "R5")
class InternalErrorHasTaskId(Envelopes):
    """An InternalError is answered with a TaskId."""

    def error_fields(
        self, call: Call, error: ApiError, request_id: str
    ) -> dict[str, object]:
        fields = super().error_fields(call, error, request_id)
        if error.code != "InternalError":
            return fields
        return {**fields, "TaskId": self.world.ids.task_id()}


@fault("task-id-of-one-byte", "R5")
class TaskIdOfOneByte(Ids):
    """TaskIds are counted in one byte: after 256 they come again."""

    drawn = 0

    def task_id(self) -> str:
        self.drawn += 1
        return f"t-{self.drawn % 256}"


class _TaskNamed(Redeploys):
    """One that has its own names for tasks."""

    def add_task(self, account: Account, instance: Instance) -> Task:
        name = self.name_of_task(account, instance)
        task = super().add_task(account, instance)
        del account.tasks[task.task_id]
        task.task_id = name
        account.tasks[name] = task
        return task

    def name_of_task(self, account: Account, instance: Instance) -> str:
        raise NotImplementedError


@fault("task-id-of-the-instance", "R5")
class TaskIdOfInstance(_TaskNamed):
    """The TaskId is made of the id of the instance."""

    def name_of_task(self, account: Account, instance: Instance) -> str:
        return f"t-{instance.instance_id}"


@fault("task-id-of-the-second", "R5")
class TaskIdOfSecond(_TaskNamed):
    """The TaskId is the second in which the call was accepted."""

    def name_of_task(self, account: Account, instance: Instance) -> str:
        return f"t-{int(account.clock.now)}"


@fault("task-id-counted-per-account", "R5")
class TaskIdPerAccount(_TaskNamed):
    """Every account's tasks are counted from one."""

    def name_of_task(self, account: Account, instance: Instance) -> str:
        return f"t-{len(account.tasks) + 1}"


@fault("closed-event-is-executing", "E1")
class ClosedIsExecuting(Redeploys):
    """An event that was responded to shows Executing afterwards."""

    def close_event(self, event: Event) -> None:
        event.status, event.restore = "Executing", None

"""Faults in what an answer carries."""

from dataclasses import replace

from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.envelopes import Envelopes
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.emulator.request import Call
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

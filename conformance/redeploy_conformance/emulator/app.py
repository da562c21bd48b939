"""The emulator: one object that holds a whole region and answers requests."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from redeploy_conformance.emulator.admission import Admission
from redeploy_conformance.emulator.asgi import AsgiApp
from redeploy_conformance.emulator.authority import Authority
from redeploy_conformance.emulator.calls import RedeployCalls
from redeploy_conformance.emulator.clock import Clock, ClockKind
from redeploy_conformance.emulator.control import PREFIX, Control
from redeploy_conformance.emulator.control_parts import ControlParts
from redeploy_conformance.emulator.envelopes import Envelopes
from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.ids import Ids
from redeploy_conformance.emulator.limiter import Limiter
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.power import Power
from redeploy_conformance.emulator.redeploys import Redeploys
from redeploy_conformance.emulator.request import Call, read_call
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.emulator.signatures import Signatures
from redeploy_conformance.emulator.simulated import SimulatedEvents
from redeploy_conformance.emulator.state import Principal, World
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

VERSION: Final = "2014-05-26"
Handler = Callable[[Call, Principal], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes an emulator is made of. A deliberately broken emulator is one whose
    parts include a subclass."""

    ids: type[Ids] = Ids
    signatures: type[Signatures] = Signatures
    authority: type[Authority] = Authority
    limiter: type[Limiter] = Limiter
    admission: type[Admission] = Admission
    redeploys: type[Redeploys] = Redeploys
    calls: type[RedeployCalls] = RedeployCalls
    observations: type[Observations] = Observations
    envelopes: type[Envelopes] = Envelopes
    control: type[ControlParts] = ControlParts


class Emulator:
    """A region of the service, in memory.

    `clock` is "virtual" (moved by the control protocol only) or "real" (`time_scale`
    times as fast as the computer's clock). `wall` tells the time that signatures are
    judged by, in seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: ClockKind = "virtual",
        time_scale: float = 1.0,
        parts: Parts | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings = settings or Settings()
        parts = parts or Parts()
        self.world = World(settings, Clock(clock, time_scale), parts.ids, wall)
        self.signatures = parts.signatures(self.world)
        self.authority = parts.authority(self.world)
        self.limiter = parts.limiter(self.world)
        self.admission = parts.admission(self.world)
        self.redeploys = parts.redeploys(self.world, self.admission)
        self.calls = parts.calls(
            self.world, self.limiter, self.authority, self.admission, self.redeploys
        )
        self.observations = parts.observations(self.world, self.authority)
        self.envelopes = parts.envelopes(self.world)
        self.control = Control(self.world, self.limiter, parts.control)
        self.operations = self._operations()
        self.asgi = AsgiApp(self.handle, settings.max_body_bytes)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request of the public API or of the control protocol. May be called
        from several threads."""
        if len(request.body) > self.settings.max_body_bytes:
            return HttpResponse(413, (("content-type", "text/plain"),), b"")
        with self.world.lock:
            self.world.clock.settle()
            if _is_control(request.target):
                return self.control.handle(request)
            return self.answer(read_call(request))

    def answer(self, call: Call) -> HttpResponse:
        """Answer a call of the public API."""
        try:
            return self.envelopes.success(call, self.perform(call))
        except ApiError as error:
            return self.envelopes.error(call, error)

    def perform(self, call: Call) -> dict[str, object]:
        """The fields of the answer. Raises ApiError when the call is rejected."""
        if call.method not in ("GET", "POST"):
            raise ApiError(
                403, "UnsupportedHTTPMethod", "This http method is not supported."
            )
        operation = self.operations.get(call.action) if call.path == "/" else None
        if operation is None:
            raise ApiError(
                404,
                "InvalidAction.NotFound",
                "Specified api is not found, please check your url and method.",
            )
        if call.version != VERSION:
            raise ApiError(
                400, "InvalidVersion", "Specified parameter Version is not valid."
            )
        return operation(call, self.signatures.authenticate(call))

    def _operations(self) -> dict[str, Handler]:
        show = self.observations
        power = Power(self.world, self.authority, show)
        simulated = SimulatedEvents(self.world, self.authority, show)
        return {
            "RedeployInstance": self.calls.handle,
            "DescribeInstances": show.instances,
            "DescribeInstanceHistoryEvents": show.events,
            "DescribeTasks": show.tasks,
            "RunInstances": power.run,
            "CreateInstance": power.create,
            "StartInstance": power.start,
            "StopInstance": power.stop,
            "RebootInstance": power.reboot,
            "DeleteInstance": power.delete,
            "CreateSimulatedSystemEvents": simulated.create,
            "CancelSimulatedSystemEvents": simulated.cancel,
        }


def _is_control(target: str) -> bool:
    return target.startswith(PREFIX) and target[len(PREFIX) :][:1] in ("", "/", "?")

"""A double of a real account: the reference emulator as a service that does not know of tests.

Its control plane is shut, time is real (and may be shortened), answers take their time, some are
errors of the service or of a gateway, some are refusals of a rate limit that others use up, some get
lost, and some redeploys take long. It is set up from inside the process, before it is served.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from redeploy_conformance.emulator.app import Emulator, Handler, Parts
from redeploy_conformance.emulator.asgi import HungUp
from redeploy_conformance.emulator.clock import ClockKind
from redeploy_conformance.emulator.control import PREFIX
from redeploy_conformance.emulator.errors import ApiError, internal_error, throttled
from redeploy_conformance.emulator.observations import Observations
from redeploy_conformance.emulator.paging import cut, page
from redeploy_conformance.emulator.redeploys import Phases, Redeploys
from redeploy_conformance.emulator.request import Call, read_call
from redeploy_conformance.emulator.settings import Outcome, Settings
from redeploy_conformance.emulator.state import Instance, Principal
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

NOT_FOUND = HttpResponse(404, (("content-type", "text/plain"),), b"")
BAD_GATEWAY = HttpResponse(
    502, (("content-type", "text/html"),), b"<html><h1>502 Bad Gateway</h1></html>"
)
SLOW = 4.0
"""How many times as long a slow redeploy takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What befalls calls: ``latency`` in seconds, the others as shares of all calls.

    ``errors`` are answered 500, 502 or 503, and ``lost`` not at all: half of either have taken
    effect all the same. ``refusals`` are throttled. ``slow`` is a share of the redeploys.
    """

    latency: float = 0.0
    errors: float = 0.0
    refusals: float = 0.0
    lost: float = 0.0
    slow: float = 0.0


class Double(Emulator):
    """An account with a key, ``key``, and whatever instances are ``put`` into it."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: ClockKind = "real",
        time_scale: float = 1.0,
        parts: Parts | None = None,
        weather: Weather | None = None,
        seed: int = 0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Make the account, empty."""
        self._weather = weather or Weather()
        self._draw = random.Random(seed)
        self._drawing = threading.Lock()
        parts = parts or Parts()
        slow = _slowed(parts.redeploys, lambda: self._drawn() < self._weather.slow)
        terse = _terse(parts.observations)
        super().__init__(
            settings,
            clock=clock,
            time_scale=time_scale,
            parts=replace(parts, redeploys=slow, observations=terse),
            wall=wall,
        )
        self.account = self.world.add_account()
        self.key: Principal = self.world.add_principal(self.account, None)

    def put(
        self,
        status: str = "Running",
        tags: Mapping[str, str] | None = None,
        **attributes: Any,
    ) -> Instance:
        """Return an instance that was in the account all along."""
        instance = self.world.add_instance(self.account, status)
        instance.tags = dict(tags or {})
        for name, value in attributes.items():
            setattr(instance, name, value)
        return instance

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request of the public API, after a while, and not always well."""
        if request.target.startswith(PREFIX):
            return NOT_FOUND
        weather = self._weather
        if weather.latency:
            time.sleep(weather.latency)
        fate, effect, kind = self._drawn(), self._drawn() < 0.5, self._drawn()
        if fate < weather.errors + weather.lost:
            if effect:
                super().handle(request)
            if fate < weather.lost:
                raise HungUp
            return self._failed(request, kind)
        if fate < weather.errors + weather.lost + weather.refusals:
            return self._error(request, throttled("400 Throttling.User", 1000))
        return super().handle(request)

    def disks(self, call: Call, principal: Principal) -> dict[str, object]:
        """DescribeDisks, of one instance."""
        self.observations.check_region(call)
        self.authority.require(principal, "ecs:DescribeDisks", "disk/*")
        instance_id = call.params.get("InstanceId", "")
        held = principal.account.instances.get(instance_id)
        local = ["local_ssd_pro"] if held and held.storage == "local" else []
        kinds = ["cloud_essd", *local] if held else []
        paged = page(call, len(kinds))
        shown = [
            {"DiskId": f"d-{instance_id[2:]}-{n}", "Category": kind}
            for n, kind in enumerate(kinds)
        ]
        return {**paged.fields, "Disks": {"Disk": cut(shown, paged)}}

    def _operations(self) -> dict[str, Handler]:
        return {**super()._operations(), "DescribeDisks": self.disks}

    def _drawn(self) -> float:
        with self._drawing:
            return self._draw.random()

    def _failed(self, request: HttpRequest, kind: float) -> HttpResponse:
        if kind < 0.2:
            return BAD_GATEWAY
        if kind < 0.4:
            text = "The request has failed due to a temporary failure of the server."
            return self._error(request, ApiError(503, "ServiceUnavailable", text))
        return self._error(request, internal_error())

    def _error(self, request: HttpRequest, error: ApiError) -> HttpResponse:
        with self.world.lock:  # ids are drawn under it
            return self.envelopes.error(read_call(request), error)


class TurnedClock:
    """The clock of a double in virtual time: to wait is to turn it on."""

    def __init__(self, double: Double) -> None:
        """Take the double whose clock is turned."""
        self.double = double

    def now(self) -> float:
        """Return the seconds of its clock."""
        return self.double.world.clock.now

    def wall(self) -> float:
        """Return the seconds since 1970 that its clock stands for."""
        return 1_800_000_000.0 + self.now()

    def sleep(self, seconds: float) -> None:
        """Turn its clock."""
        with self.double.world.lock:
            self.double.world.clock.advance(seconds)


def _terse(base: type[Observations]) -> type[Observations]:
    """Return observations that say of local disks only where there are some, like the real ones."""

    class Terse(base):  # type: ignore[misc, valid-type]
        """Observations as they are, some rows without what is zero."""

        def show_instance(self, instance: Instance) -> dict[str, object]:
            """Leave out what an instance without local disks does not have."""
            shown: dict[str, object] = super().show_instance(instance)
            if instance.storage != "local":
                del shown["LocalStorageAmount"], shown["LocalStorageCapacity"]
            return shown

    return Terse


def _slowed(base: type[Redeploys], slow: Callable[[], bool]) -> type[Redeploys]:
    """Return redeploys of which some take ``SLOW`` times as long."""

    class Slowed(base):  # type: ignore[misc, valid-type]
        """Redeploys as they are, some slow."""

        def path(self, instance: Instance, outcome: Outcome) -> Phases:
            """Draw whether this one is slow."""
            phases: Phases = super().path(instance, outcome)
            if not slow():
                return phases
            return tuple((status, seconds * SLOW) for status, seconds in phases)

    return Slowed

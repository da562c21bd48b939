"""A double of a real account: the reference emulator as a service that does not know of tests.

Its control plane is shut, time is real (and may be shortened), answers take their time, some are
errors of the service and some are refusals of a rate limit that others use up. It is set up from
inside the process, before it is served.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from redeploy_conformance.emulator.app import Emulator, Parts
from redeploy_conformance.emulator.clock import ClockKind
from redeploy_conformance.emulator.control import PREFIX
from redeploy_conformance.emulator.errors import internal_error, throttled
from redeploy_conformance.emulator.request import read_call
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.emulator.state import Instance, Principal
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

NOT_FOUND = HttpResponse(404, (("content-type", "text/plain"),), b"")


class Double(Emulator):
    """An account with a key, ``key``, and whatever instances are ``put`` into it.

    ``latency`` is in seconds; ``errors`` and ``refusals`` are the shares of calls that answer 500,
    with or without having taken effect, and that are throttled.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: ClockKind = "real",
        time_scale: float = 1.0,
        parts: Parts | None = None,
        latency: float = 0.0,
        errors: float = 0.0,
        refusals: float = 0.0,
        seed: int = 0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Make the account, empty."""
        super().__init__(
            settings, clock=clock, time_scale=time_scale, parts=parts, wall=wall
        )
        self.account = self.world.add_account()
        self.key: Principal = self.world.add_principal(self.account, None)
        self._latency, self._errors, self._refusals = latency, errors, refusals
        self._draw = random.Random(seed)
        self._drawing = threading.Lock()

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
        time.sleep(self._latency)
        with self._drawing:
            fate, after = self._draw.random(), self._draw.random() < 0.5
        if fate < self._errors:
            if after:
                super().handle(request)
            return self.envelopes.error(read_call(request), internal_error())
        if fate < self._errors + self._refusals:
            refusal = throttled("400 Throttling.User", 1000)
            return self.envelopes.error(read_call(request), refusal)
        return super().handle(request)

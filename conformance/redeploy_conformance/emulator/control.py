"""The control protocol on HTTP: paths, bodies, the token."""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, unquote

from redeploy_conformance.emulator.control_parts import (
    ControlError,
    ControlParts,
    Reply,
)
from redeploy_conformance.emulator.limiter import Limiter
from redeploy_conformance.emulator.state import World
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

PREFIX: Final = "/redeploy-control/v1"


class Control:
    """Serves the protocol. The keys of the routes are methods and path segments, with
    `{}` for any id."""

    def __init__(
        self,
        world: World,
        limiter: Limiter,
        control_parts: type[ControlParts] = ControlParts,
    ) -> None:
        self.world = world
        parts = control_parts(world, limiter)
        self._routes: dict[tuple[str, ...], Callable[..., Reply]] = {
            ("GET",): parts.discovery,
            ("POST", "accounts"): parts.add_account,
            ("POST", "principals"): parts.add_principal,
            ("POST", "instances"): parts.add_instances,
            ("GET", "instances"): parts.inspect,
            ("PATCH", "instances", "{}"): parts.change_instance,
            ("DELETE", "instances", "{}"): parts.release,
            ("POST", "instances", "{}", "events"): parts.add_event,
            ("PUT", "instances", "{}", "next-redeploy"): parts.next_redeploy,
            ("GET", "clock"): parts.clock,
            ("POST", "clocks"): parts.add_clock,
            ("POST", "clock", "advance"): parts.advance,
            ("POST", "internal-errors"): parts.internal_error,
            ("POST", "reset"): parts.reset,
        }
        self._paths = {key[1:] for key in self._routes}

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Serve one request whose path begins with the prefix."""
        try:
            self.check_token(request)
            status, fields = self._serve(request)
        except ControlError as error:
            status, fields = error.status, {"error": str(error)}
        return HttpResponse(
            status,
            (("content-type", "application/json"),),
            json.dumps(fields).encode(),
        )

    def check_token(self, request: HttpRequest) -> None:
        """Raise unless the request carries the token, where there is one."""
        token = self.world.settings.control_token
        if token is None:
            return
        headers = {name.lower(): value for name, value in request.headers}
        given = headers.get("authorization", "")
        expected = f"Bearer {token}".encode()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), expected):
            raise ControlError(401, "The control protocol asks for a bearer token.")

    def _serve(self, request: HttpRequest) -> Reply:
        path, _, query = request.target.partition("?")
        segments = [unquote(one) for one in path[len(PREFIX) :].split("/") if one]
        method = request.method.upper()
        pattern = tuple(
            "{}" if place == 1 and segments[0] == "instances" else segment
            for place, segment in enumerate(segments)
        )
        route = self._routes.get((method, *pattern))
        if route is None:
            if pattern in self._paths:
                raise ControlError(405, f"The path does not take {method}.")
            raise ControlError(404, "There is no such path.")
        names = segments[1:2] if "{}" in pattern else []
        if method == "GET":
            asked = {key: values[0] for key, values in parse_qs(query).items()}
            return route(asked, *names)
        return route(_body(request), *names)


def _body(request: HttpRequest) -> Mapping[str, object]:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise ControlError(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise ControlError(400, "The body is not a JSON object.")
    return body

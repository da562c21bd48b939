"""Clients that send a call again (C5, C6)."""

import time
from contextlib import suppress
from dataclasses import replace
from threading import Timer

from redeploy_conformance.certify.client import (
    BrokenAnswerError,
    Call,
    CallError,
    Client,
    ConnectionBrokenError,
    DeadlineError,
    Success,
    UntrustedError,
)
from redeploy_conformance.certify.faulty.registry import faulty
from redeploy_conformance.wire.http import HttpRequest, HttpResponse


def throttled(error: CallError) -> bool:
    """Whether the service said that there were too many calls."""
    return (error.code or "").startswith("Throttling")


class Again(Client):
    """Sends a call again after some errors; the tries share the deadline."""

    tries = 2

    def again(self, error: CallError) -> bool:
        """Whether to send the call again after an error."""
        raise NotImplementedError

    def pause(self, sent: int) -> float:
        """Return the seconds to wait, when the call was sent so many times."""
        return 0.0

    def redeploy(self, call: Call) -> Success:
        part = replace(call, deadline_seconds=call.deadline_seconds / self.tries)
        for sent in range(1, self.tries):
            try:
                return super().redeploy(part)
            except CallError as error:
                if not self.again(error):
                    raise
            time.sleep(self.pause(sent))
        return super().redeploy(part)


@faulty("retries-timeouts", "C5")
class RetriesTimeouts(Again):
    """Sends a call again that was not answered in time."""

    def again(self, error: CallError) -> bool:
        return isinstance(error, DeadlineError)


@faulty("retries-server-errors", "C5")
class RetriesServerErrors(Again):
    """Sends a call again that was answered by a 5xx."""

    def again(self, error: CallError) -> bool:
        return (error.http_status or 0) >= 500


@faulty("retries-cuts", "C5")
class RetriesCuts(Again):
    """Sends a call again when the connection was cut."""

    def again(self, error: CallError) -> bool:
        return isinstance(error, ConnectionBrokenError)


@faulty("sends-again-later", "C5")
class SendsAgainLater(Client):
    """Sends a call again, when it has told already that it was accepted."""

    def redeploy(self, call: Call) -> Success:
        done = super().redeploy(call)
        Timer(0.2, lambda: self.send(call, self.request(call))).start()
        return done


@faulty("sends-again-when-it-failed", "C5")
class SendsAgainWhenItFailed(Client):
    """Sends a call that failed once more in the background, more than a second later."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except (ConnectionBrokenError, BrokenAnswerError):
            later = Timer(1.5, self.once_more, (call,))
            later.daemon = True
            later.start()
            raise

    def once_more(self, call: Call) -> None:
        with suppress(CallError):
            self.send(call, self.request(call))


class RetriesSomeCuts(Client):
    """Sends some calls again when the connection was cut."""

    def some(self, call: Call) -> bool:
        raise NotImplementedError

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        try:
            return super().send(call, request)
        except ConnectionBrokenError as error:
            if isinstance(error, UntrustedError) or not self.some(call):
                raise
            return super().send(call, self.request(call))


@faulty("retries-cuts-when-forced", "C5")
class RetriesCutsWhenForced(RetriesSomeCuts):
    """Sends a call again when the connection was cut, where ForceStop is set."""

    def some(self, call: Call) -> bool:
        return bool(call.force_stop)


@faulty("retries-cuts-over-tls", "C5")
class RetriesCutsOverTls(RetriesSomeCuts):
    """Sends a call again when the connection was cut, where it is one with TLS."""

    def some(self, call: Call) -> bool:
        return call.endpoint.startswith("https:")


@faulty("comes-again-when-told-to", "C5")
class ComesAgainWhenToldTo(Client):
    """Sends a call again that was answered by a 503 with a Retry-After."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        answer = super().send(call, request)
        if answer.status == 503 and "retry-after" in dict(answer.headers):
            return super().send(call, self.request(call))
        return answer


@faulty("retries-rubbish", "C5")
class RetriesRubbish(Again):
    """Sends a call again when it cannot read the answer."""

    def again(self, error: CallError) -> bool:
        return isinstance(error, BrokenAnswerError)


@faulty("sends-twice", "C5")
class SendsTwice(Client):
    """Sends each call twice, to be on the safe side."""

    def redeploy(self, call: Call) -> Success:
        super().redeploy(call)
        return super().redeploy(call)


@faulty("same-request-again", "C5", "C2")
class SameRequestAgain(Client):
    """Sends the very same request again, nonce and all, when the connection was cut."""

    def send(self, call: Call, request: HttpRequest) -> HttpResponse:
        try:
            return super().send(call, request)
        except ConnectionBrokenError:
            return super().send(call, request)


@faulty("hammers-when-throttled", "C6")
class Hammers(Again):
    """Sends a throttled call again at once, and again."""

    tries = 6

    def again(self, error: CallError) -> bool:
        return throttled(error)


@faulty("throttled-steady-pace", "C6")
class SteadyPace(Hammers):
    """Sends a throttled call again and again at the same pace."""

    def pause(self, sent: int) -> float:
        return 0.3


@faulty("throttled-shrinking-pace", "C6")
class ShrinkingPace(Hammers):
    """Sends a throttled call again and again, each time sooner."""

    def pause(self, sent: int) -> float:
        return 0.4 * 0.5**sent


@faulty("throttled-in-bursts", "C6")
class InBursts(Hammers):
    """Sends a throttled call again after longer and longer pauses, but several times at once."""

    def pause(self, sent: int) -> float:
        return (0.1, 0.0, 0.0, 0.2, 0.0)[sent - 1]


@faulty("throttled-then-retries-cuts", "C5")
class ThrottledThenRetriesCuts(Hammers):
    """Sends a throttled call again, ever later, and again when it is cut then."""

    tries = 4

    def redeploy(self, call: Call) -> Success:
        self.throttled = False
        return super().redeploy(call)

    def again(self, error: CallError) -> bool:
        self.throttled = self.throttled or throttled(error)
        return throttled(error) or (
            self.throttled and isinstance(error, ConnectionBrokenError)
        )

    def pause(self, sent: int) -> float:
        return 0.2 * 2.0**sent


@faulty("throttled-as-success", "C6")
class ThrottledAsSuccess(Client):
    """Takes a throttled call for a success."""

    def redeploy(self, call: Call) -> Success:
        try:
            return super().redeploy(call)
        except CallError as error:
            if not throttled(error):
                raise
            return Success(None, error.request_id)

"""An application in this process that ends a program, or a test, ends neither this one nor its loop."""

from collections.abc import Iterator

import pytest

from redeploy_conformance.targets.asgi import (
    Application,
    LoopTransport,
    Message,
    Receive,
    Send,
)
from redeploy_conformance.targets.base import UnansweredError
from redeploy_conformance.wire.http import HttpRequest

REQUEST = HttpRequest("GET", "/", (), b"")


def raising(error: BaseException) -> Application:
    """Return an application that raises at first, and answers from then on."""
    left = [error]

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if left:
            raise left.pop()
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    return app


@pytest.fixture
def transports() -> Iterator[list[LoopTransport]]:
    made: list[LoopTransport] = []
    yield made
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no"), "ValueError: no"),
        (TimeoutError("theirs"), "TimeoutError: theirs"),
        (SystemExit(0), "SystemExit: 0"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (pytest.skip.Exception("bye"), "Skipped: bye"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_it_is_no_answer_and_the_next_request_is_answered(
    transports: list[LoopTransport], error: BaseException, told: str
) -> None:
    transport = LoopTransport(raising(error))
    transports.append(transport)
    with pytest.raises(UnansweredError) as caught:
        transport.send(REQUEST, 5.0)
    assert str(caught.value) == f"the application raised {told}"
    assert transport.send(REQUEST, 5.0).status == 204

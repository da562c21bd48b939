"""What is wrong with an adapter, before anything is said about its library."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import DEADLINE, INSTANCE, MAIN
from redeploy_conformance.certify.driver import Adapter, AdapterError
from redeploy_conformance.certify.playing import REGION, Key
from redeploy_conformance.certify.replies import Answer, Script, error, success
from redeploy_conformance.certify.server import PLAIN, serving
from redeploy_conformance.certify.told import Kind, Told

ENDING = 5.0
"""Seconds within which an adapter ends when its standard input does."""

CALLS: tuple[tuple[str, Answer, dict[str, Any], Kind], ...] = (
    ("a plain call", success(), {}, Kind.SUCCESS),
    ("a call with force_stop", success(), {"force_stop": True}, Kind.SUCCESS),
    (
        "an id beyond ASCII",
        success(TaskId="t-é实"),
        {"instance_id": "i-é实例"},
        Kind.SUCCESS,
    ),
    (
        "a call that is refused",
        error(404, "InvalidInstanceId.NotFound", "There is no such instance."),
        {},
        Kind.ERROR,
    ),
)
"""What an adapter is asked for, what the server answers, and what it should tell."""


def wrong_with(
    command: Sequence[str], limit: float, say: Callable[[str], None] | None = None
) -> Iterator[str]:
    """Yield what is wrong with an adapter, a sentence each; ``limit`` in seconds per call.

    ``say`` is told when its identity card takes long.

    Raises:
        AdapterError: it cannot be started, or its identity card is not right.
    """
    adapter = Adapter(command, say)
    key = Key()
    try:
        for what, answer, more, wanted in CALLS:
            if not adapter.usable:
                adapter.end()
                adapter = Adapter(command, say)
            with serving(
                lambda _, given=answer: {MAIN: Script((given,))},  # type: ignore[misc]
                {MAIN: PLAIN},
            ) as (addresses, served):
                request = {
                    "endpoint": addresses[MAIN],
                    "region": REGION,
                    "access_key_id": key.access_key_id,
                    "access_key_secret": key.secret,
                    "instance_id": INSTANCE,
                    "deadline_seconds": DEADLINE,
                    **more,
                }
                told = adapter.ask(request, limit)
                with served.lock:
                    arrivals = list(served.arrivals)
            scheme = adapter.card["signature"]
            for text in _wrong(told, arrivals, wanted, key, scheme):
                yield f"{what}: {text}"
    finally:
        code = adapter.end(ENDING) if adapter.usable else 0
    extra = adapter.left()
    if extra is not None:
        yield f"it writes a line that nobody asked for: {extra}"
    if code is None:
        yield f"it does not end within {ENDING:g} s when its standard input does"
    elif code:
        yield f"it ends with exit code {code} when its standard input does"


def _wrong(
    told: Told, arrivals: Sequence[Arrival], wanted: Kind, key: Key, scheme: str
) -> Iterator[str]:
    if told.lost:
        yield told.words
        return
    if told.kind is Kind.UNSUPPORTED:
        return  # the adapter says so itself
    if not arrivals:
        yield f"no request reached the endpoint, and it told {told.words}"
        return
    if told.kind is not wanted:
        yield f"the answer was {_named(wanted)}, and it told {told.words}"
    first = arrivals[0]
    used = "v3" if first.authorization else "v1"
    if used != scheme:
        yield f"its identity card says {scheme}, and the request is signed by {used}"
    if key.access_key_id not in first.raw.decode("latin-1"):
        yield "the request does not carry the access_key_id that was handed over"


def _named(wanted: Kind) -> str:
    return "a success" if wanted is Kind.SUCCESS else "an error"


__all__ = ["AdapterError", "wrong_with"]

"""What is wrong with an adapter, before anything is said about its library."""

from collections.abc import Callable, Iterator, Sequence

from redeploy_conformance.certify.case import Case, answers
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.driver import Adapter, AdapterError
from redeploy_conformance.certify.expectations import Digits, Failed
from redeploy_conformance.certify.playing import Key, Played, Slot, play
from redeploy_conformance.certify.replies import error, success
from redeploy_conformance.certify.told import Kind

ENDING = 5.0
"""Seconds within which an adapter ends when its standard input does."""

NUMERIC = success(TaskId=12345678)
"""What a library makes of it is judged later; the adapter hands a text over, or nothing."""

REFUSAL = error(404, "InvalidInstanceId.NotFound", "There is no such instance.")
CALLS: tuple[tuple[Case, Kind | None], ...] = (
    (Case("a plain call", "C3", OURS, answers(success())), Kind.SUCCESS),
    (
        Case("a call with force_stop", "C1", OURS, answers(success()), force_stop=True),
        Kind.SUCCESS,
    ),
    (
        Case("a TaskId that is a number", "C3", Digits("12345678"), answers(NUMERIC)),
        None,
    ),
    (
        Case(
            "an id beyond ASCII",
            "C1",
            OURS,
            answers(success(TaskId="t-é实")),
            instance_id="i-é实例",
        ),
        Kind.SUCCESS,
    ),
    (Case("a call that is refused", "C4", Failed(), answers(REFUSAL)), Kind.ERROR),
)
"""What an adapter is asked for, and what it should tell: None where that is the library's."""


def wrong_with(
    command: Sequence[str], say: Callable[[str], None] | None = None
) -> Iterator[str]:
    """Yield what is wrong with an adapter, a sentence each.

    ``say`` is told when its identity card takes long.

    Raises:
        AdapterError: it cannot be started, or its identity card is not right.
    """
    adapter, key = Adapter(command, say), Key()
    slot = Slot(command, adapter)
    try:
        for case, wanted in CALLS:
            adapter = slot.ready()
            played = play(case, slot, key)
            for text in _wrong(played, wanted, key, adapter.card["signature"]):
                yield f"{case.name}: {text}"
    finally:
        code = adapter.end(ENDING) if adapter.usable else 0
    extra = adapter.left()
    if extra is not None:
        yield f"it writes a line that nobody asked for: {extra}"
    if code is None:
        yield f"it does not end within {ENDING:g} s when its standard input does"
    elif code:
        yield f"it ends with exit code {code} when its standard input does"


def _wrong(played: Played, wanted: Kind | None, key: Key, scheme: str) -> Iterator[str]:
    told, arrivals = played.told[0], played.all_arrivals
    if told.lost:
        yield told.words
        return
    if told.kind is Kind.UNSUPPORTED:
        if played.case is CALLS[0][0]:
            yield "it is told as unsupported, and so nothing could be judged"
        return  # of the others the adapter says so itself
    if not arrivals:
        yield f"no request reached the endpoint, and it told {told.words}"
        return
    if wanted is not None and told.kind is not wanted:
        yield f"the answer was {_named(wanted)}, and it told {told.words}"
    first = arrivals[0]
    used = "v3" if first.authorization else "v1"
    if used != scheme:
        yield f"its identity card says {scheme}, and the request is signed by {used}"
    if played.case.force_stop and "ForceStop" not in first.params:
        yield "the request does not carry the force_stop that was handed over"
    if key.access_key_id not in first.raw.decode("latin-1"):
        yield "the request does not carry the access_key_id that was handed over"


def _named(wanted: Kind) -> str:
    return "a success" if wanted is Kind.SUCCESS else "an error"


__all__ = ["AdapterError", "wrong_with"]

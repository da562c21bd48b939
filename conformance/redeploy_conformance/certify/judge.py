"""What there is to say of a case, and of all cases together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from redeploy_conformance.certify.arrivals import Arrival, stale, wrong_request
from redeploy_conformance.certify.case import Check
from redeploy_conformance.certify.cases_answered import HINT, OURS, REFUSALS
from redeploy_conformance.certify.expectations import (
    Compressed,
    Throttled,
    led_elsewhere,
)
from redeploy_conformance.certify.hiding import found, signs, tells
from redeploy_conformance.certify.playing import Key, Played
from redeploy_conformance.certify.told import Kind

AT_ONCE = 0.05
"""Seconds within which a call is sent again without a delay."""

ABOUT = 0.95
"""The part of a hint after which it was waited for: clocks differ a little."""

SEVERAL = 3
"""Resends of one call that come at once, all together: then no other case excuses it."""

INSTANT = 0.02
"""Seconds within which a call is sent again at once in most cases, if within ``AT_ONCE`` in all."""

MANY = 4
"""Cases of which one may be an exception."""

SHRUNK = 0.8
"""The last delay is less than this part of the first where delays shrink."""

GROWN = 1.25
"""The last delay is this many times the first where delays grow, or each is longer by ``AT_ONCE``."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One check of one case."""

    played: Played
    check: Check


def judge(played: Played, key: Key) -> Iterator[Judged]:
    """Yield every check of one case, except those that need all cases."""
    if played.trouble is None:
        checks = [
            *_ends(played),
            *_requests(played, key),
            *_once(played),
            *_goes_on(played),
        ]
        yield from (Judged(played, one) for one in checks)
    told = [*_secrets(played, key), *_sent(played, key)]
    yield from (Judged(played, one) for one in told)


def judge_all(played: Sequence[Played]) -> Iterator[Judged]:
    """Yield the checks over all cases: nonces, late requests, and the pace of throttled calls."""
    yield from _nonces(played)
    yield from _late(played)
    for hinted in (False, True):
        yield from _pace([one for one in played if _throttled(one, hinted)], hinted)


def _ends(played: Played) -> Iterator[Check]:
    case = played.case
    for told, before in zip(played.told, played.arrivals[:-1], strict=False):
        # Whoever sends twice has had the next call's answer: that is judged by the count.
        if len(before) < 2:
            yield from OURS.judge(told, before)
    told, arrivals = played.told[-1], played.arrivals[-1]
    if told.kind is Kind.SUCCESS and case.reaches and not arrivals:
        yield Check("C7", "an error, since no request was answered", told.words)
        return
    if told.lost:
        yield Check(_lost(played), "an answer of the adapter", told.words)
        return
    yield from case.expected.judge(told, arrivals)


def _lost(played: Played) -> str:
    """Return the clause that a call without an end breaks."""
    about = played.case.about
    expected = played.case.expected
    if isinstance(expected, Compressed) and not expected.asked_for(played.arrivals[-1]):
        return "C7"
    if about in ("C1", "C2"):
        return "C3"  # it was answered with a success
    return about if about in ("C3", "C4", "C6") else "C7"


def _requests(played: Played, key: Key) -> Iterator[Check]:
    case = played.case
    for one in played.all_arrivals:
        if one.plain or led_elsewhere(one):
            continue
        if one.dated:
            late = stale(one)
            yield Check("C2", *late) if late else Check("C2", "the current time")
        if not one.whole:
            continue
        asked = (case.instance_id, case.force_stop, key.access_key_id, key.secret)
        wrong = list(wrong_request(one, *asked))
        yield from (Check("C1", *pair) for pair in wrong)
        if not wrong:
            yield Check("C1", "the request that was asked for")
        if case.force_stop is not None:
            sent = one.params.get("ForceStop", "left out")
            yield Check("C1b", choice=f"{str(case.force_stop).lower()}: {sent}")


def _once(played: Played) -> Iterator[Check]:
    if not played.case.once:
        return
    for arrivals in played.arrivals:
        if arrivals:
            count = len(arrivals)
            seen = None if count == 1 else f"{count} requests"
            yield Check("C5", "one request", seen)


def _goes_on(played: Played) -> Iterator[Check]:
    """Judge whether a later call says that it was made later (C2)."""
    if not played.case.pause:
        return
    # The last of each: a call that is sent again late comes before the next one.
    times = [one.moment for call in played.arrivals for one in call[-1:]]
    for before, after in pairwise(times):
        if before is not None and after is not None:
            same = f"the time of a call {played.case.pause:g} s before"
            seen = None if after > before else same
            yield Check("C2", "the current time of each call", seen)


def _secrets(played: Played, key: Key) -> Iterator[Check]:
    for told in played.told:
        text = "\n".join(told.texts())
        in_log = _in_log(told.stderr, played, key)
        where = "on standard error" if in_log else "in the message"
        if tells(key.secret, text):
            seen = f"the secret {where}"
        elif found(played.signatures, text):
            seen = f"the signature {where}"
        elif not played.with_looks and signs(text):
            # Nobody has seen that request: whoever reads this could send it.
            seen = "the signature of a request that was not sent"
        else:
            seen = None
        what = "no secret and no signature in what is told"
        yield Check("C8", what, f"{seen}: {told.words}" if seen else None)


def judge_ends(played: Sequence[Played], key: Key) -> Iterator[Judged]:
    """Yield what processes told only when they ended, of whatever call (C8)."""
    sent = {text for one in played for text in one.signatures}
    for one in played:
        if tells(key.secret, one.after):
            seen = "the secret on standard error, when the process ended"
        elif found(sent, one.after):
            seen = "a signature on standard error, when the process ended"
        else:
            continue
        what = "no secret and no signature in what is told"
        yield Judged(one, Check("C8", what, seen))


def _sent(played: Played, key: Key) -> Iterator[Check]:
    """Judge what is in the requests: a signature is there so that the secret need not be."""
    for one in played.with_looks:
        if tells(key.secret, one.raw.decode("latin-1")):
            yield Check("C8", "no secret in a request", "the secret in a request")


def _in_log(stderr: str, played: Played, key: Key) -> bool:
    return tells(key.secret, stderr) or found(played.signatures, stderr) is not None


def _late(played: Iterable[Played]) -> Iterator[Judged]:
    """Judge what was sent when the outcome of a call had been told (C5)."""
    for one in played:
        again = [late for late in one.late if not late.looks]
        if one.case.once and again and len(one.arrivals[-1]) + len(again) > 1:
            seconds = max(0.0, again[0].at - one.over)
            seen = f"another {seconds:.1f} s after its outcome was told"
            yield Judged(one, Check("C5", "one request", seen))


def _nonces(played: Iterable[Played]) -> Iterator[Judged]:
    seen: dict[str, Played] = {}
    for one in played:
        for arrival in one.with_looks:
            if not arrival.dated or arrival.plain or led_elsewhere(arrival):
                continue
            yield Judged(one, _nonce(arrival, one, seen))
            if arrival.nonce:
                seen.setdefault(arrival.nonce, one)


def _nonce(arrival: Arrival, played: Played, seen: dict[str, Played]) -> Check:
    wanted = "a nonce that no other request of the run has"
    if not arrival.nonce:
        return Check("C2", wanted, "no nonce")
    first = seen.get(arrival.nonce)
    if first is not None:
        where = "this case" if first is played else f"case {first.case.name}"
        return Check("C2", wanted, f"the nonce of an earlier request of {where}")
    return Check("C2", wanted)


def _throttled(played: Played, hinted: bool) -> bool:
    return (
        isinstance(played.case.expected, Throttled)
        and played.case.name.endswith("hinted") is hinted
        and played.trouble is None
    )


def _pace(played: Sequence[Played], hinted: bool) -> Iterator[Judged]:
    """Judge how fast throttled calls were sent again, by what nearly all cases have in common.

    A machine that is busy makes single delays longer, and a client may draw each by chance.
    """
    again = {one.case.name: gaps for one in played if (gaps := _gaps(one.all_arrivals))}
    if not again:
        return
    wanted = "a growing delay before it is sent again"
    told = _delays(max(again.values(), key=len))
    hammered = _at_once(list(again.values())) or _grows_not(list(again.values()))
    if hinted:
        wanted += f", or the {HINT} ms of the hint"
        least = median(min(gaps) for gaps in again.values())
        hammered = hammered and least < ABOUT * HINT / 1000
    for one in played:
        gaps = again.get(one.case.name, [])
        at_once = len(gaps) >= SEVERAL and sum(gaps) < AT_ONCE
        if gaps:
            seen = told if hammered else _delays(gaps) if at_once else None
            yield Judged(one, Check("C6", wanted, seen))


def _at_once(several: Sequence[Sequence[float]]) -> bool:
    """Whether the first delay is none in most cases, or a later one in all of many."""
    firsts = [gaps[0] for gaps in several]
    later = [[gaps[n] for gaps in several if n < len(gaps)] for n in range(1, REFUSALS)]
    return (median(firsts) < INSTANT and max(firsts) < AT_ONCE) or any(
        len(same) >= MANY and max(same) < INSTANT for same in later
    )


def _grows_not(several: Sequence[Sequence[float]]) -> bool:
    """Whether delays stay the same in all cases, or in all of many but one, or shrink in all."""
    several = [gaps for gaps in several if gaps[1:]]
    # What making a request takes is a part of each delay, and hides how that grows.
    steps = [later - one for gaps in several for one, later in pairwise(gaps)]
    if not steps or min(steps) >= AT_ONCE:
        return False
    growth = [gaps[-1] / max(gaps[0], AT_ONCE) for gaps in several]
    shrunk = [one for one in growth if one < SHRUNK]
    steady = [one for one in growth if SHRUNK <= one < GROWN]
    exceptions = 1 if len(growth) >= MANY else 0
    return len(shrunk) == len(growth) or len(steady) >= len(growth) - exceptions


def _delays(gaps: Sequence[float]) -> str:
    return f"delays of {', '.join(f'{gap:.2f}' for gap in gaps)} s"


def _gaps(arrivals: Sequence[Arrival]) -> list[float]:
    return [later.at - one.at for one, later in pairwise(arrivals)]

"""The rate limit as a set of admissible limiters: what every one of them lets through or refuses.

The source names a rate and no algorithm, so judgement rests on two bounds (Q1, Q2) and the three
usual algorithms are simulated only to tell which of them this one behaves like (Q3).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from redeploy_conformance.judging.replies import Flaw
from redeploy_conformance.judging.world import Told
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract

BURST = 10.0
"""Seconds back from a call in which it is part of one burst, in real time."""
SLACK = 0.05
"""Share of the rate by which a burst may be over, since nobody's clocks agree."""
MARGIN = 1.0
"""Seconds around the window's edge in which a call may count or not (ruling on Q1)."""


@dataclass(slots=True)
class Quota:
    """The calls of one account, and what they say of its limiter; times in seconds, rising."""

    contract: Contract
    calls: list[float] = field(default_factory=list)
    passed: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    throttled: bool = False
    rejected: int = 0
    unsure: bool = False
    """Whether calls were made of which nobody knows if they count: an error of the service, or no answer."""
    candidates: tuple["Limiter", ...] | None = None
    overfull: list[tuple[float, float]] = field(default_factory=list)

    def under(self, now: float) -> bool:
        """Whether one more call keeps the caller within the documented rate (Q1)."""
        return self._made(now, -MARGIN) < self.contract.quota_calls

    def last(self, now: float) -> bool:
        """Whether one more call is the last within the documented rate (Q1)."""
        return self.under(now) and (
            self._made(now, MARGIN) == self.contract.quota_calls - 1
        )

    def _made(self, now: float, margin: float) -> int:
        """Return how many calls were made within the rate's seconds, less a margin."""
        edge = now - self.contract.quota_seconds + margin
        return len(self.calls) - bisect_right(self.calls, edge)

    def exhausted(self, now: float, stepped: bool) -> bool:
        """Whether no admissible limiter would let one more call through (Q2)."""
        limit = self.contract.quota_calls
        if stepped and len(self.passed) - bisect_left(self.passed, now) >= limit:
            return True
        edge = now - self.contract.quota_seconds + MARGIN
        if len(self.passed) - bisect_right(self.passed, edge) >= 2 * limit:
            return True
        return not stepped and self._overfull_apart(now)

    def _overfull_apart(self, now: float) -> bool:
        """Whether two bursts went over the rate where no fixed window begins in both (Q2).

        More than the rate in one burst is right only if a new window began in it; windows begin at
        the same second of each period, so a burst elsewhere in the period must stay below.
        """
        begun = self._overfull(now)
        if begun is None:
            return False
        period = self.contract.quota_seconds
        return any(
            now - first > period
            and (begun - last) % period + (now - begun) + (last - first) < period
            for first, last in self.overfull
        )

    def _overfull(self, now: float) -> float | None:
        """Return when the burst up to now began, if more passed in it than the rate allows."""
        start = bisect_right(self.passed, now - BURST)
        if start == len(self.passed):
            return None
        limit, seconds = self.contract.quota_calls, self.contract.quota_seconds
        gained = (now - self.passed[start]) * limit / seconds
        over = len(self.passed) - start >= limit * (1 + SLACK) + gained
        return self.passed[start] if over else None

    def _note_overfull(self, now: float) -> None:
        begun = self._overfull(now)
        if begun is None:
            return
        if self.overfull and begun <= self.overfull[-1][1]:
            begun, _ = self.overfull.pop()
        self.overfull.append((begun, now))

    def insisted(self, now: float) -> bool:
        """Whether more calls were made than any admissible limiter lets through (Q2)."""
        return self._made(now, MARGIN) >= 2 * self.contract.quota_calls

    def silent(self, now: float) -> bool:
        """Whether the account has made no call for a whole window."""
        return self._made(now, -MARGIN) == 0

    def note(self, now: float, *, throttled: bool, accepted: bool) -> None:
        """Enter a call, and drop the limiters that would have answered otherwise.

        Until the first refusal, or the first call over the rate, every limiter lets everything
        through: they are asked from then on.
        """
        if self.candidates is None and (throttled or (accepted and self._over(now))):
            self.candidates = tuple(all_limiters(self.contract))
            for then in self.passed:
                self.candidates = _agreeing(self.candidates, then, throttled=False)
        self.calls.append(now)
        self.throttled = self.throttled or throttled
        if throttled:
            self.refused.append(now)
        self.rejected += not accepted and not throttled
        if accepted:
            self.passed.append(now)
            self._note_overfull(now)
        if self.candidates is not None and (accepted or throttled):
            self.candidates = _agreeing(self.candidates, now, throttled=throttled)

    def note_unsure(self, now: float) -> None:
        """Enter a call that was made, and that a limiter may have counted or not (ruling on A12)."""
        self.calls.append(now)
        self.unsure = True

    def _over(self, now: float) -> bool:
        """Whether one more call is more than the rate within its seconds."""
        edge = now - self.contract.quota_seconds
        recent = len(self.passed) - bisect_right(self.passed, edge)
        return recent >= self.contract.quota_calls

    def told(self, now: float, *, throttled: bool) -> list[Told]:
        """Return the choices that the last call shows: which limiter (Q3), what it counts (Q6r).

        A limiter can be told only where no call was rejected, since those may count or not.
        """
        if self.unsure:
            return []
        if self.rejected == 0:
            kinds = {one.kind for one in self.candidates or ()}
            return [("Q3", kind) for kind in kinds] if len(kinds) == 1 else []
        limit = self.contract.quota_calls
        if throttled and len(self.passed) + MARGIN < limit:
            return [("Q6r", "counted")]
        at_once = len(self.calls) - bisect_left(self.calls, now)
        return [("Q6r", "free")] if not throttled and at_once > limit else []


def _agreeing(
    candidates: tuple["Limiter", ...], now: float, *, throttled: bool
) -> tuple["Limiter", ...]:
    """Return the limiters that answer a call as it was answered, after it."""
    tried = (one.call(now) for one in candidates)
    return tuple(later for passes, later in tried if passes is not throttled)


def judge(
    quotas: dict[str, Quota],
    account: str,
    now: float,
    *,
    throttled: bool,
    accepted: bool,
    stepped: bool,
) -> tuple[list[Flaw], list[str]]:
    """Return what one answer breaks of Q1–Q6, and the clauses that it confirms."""
    quota = quotas[account]
    wrong: list[Flaw] = []
    held: list[str] = []
    others = [one for name, one in quotas.items() if name != account and one.throttled]
    if throttled and quota.under(now):
        clause = "Q5" if quota.throttled else "Q6" if others else "Q1"
        seen = f"throttled with {count(len(quota.calls), 'call')} before"
        wrong.append(Flaw(clause, "not throttled under the documented rate", seen))
    elif throttled and (quota.exhausted(now, stepped) or quota.insisted(now)):
        held.append("Q2")
    elif accepted and quota.exhausted(now, stepped):
        seen = f"accepted after {count(len(quota.passed), 'accepted call')}"
        wrong.append(Flaw("Q2", "throttled", seen))
    elif not throttled:
        if quota.last(now):
            held.append("Q1")
        if quota.throttled and quota.silent(now):
            held.append("Q5")
        if others and not quota.throttled:
            held.append("Q6")
    quota.note(now, throttled=throttled, accepted=accepted)
    return wrong, held


class Limiter(msgspec.Struct, frozen=True):
    """A simulated limiter: its kind, its state, and a pure step."""

    kind: str
    calls: int
    seconds: float
    phase: float = 0.0
    times: tuple[float, ...] = ()
    level: float = 0.0
    since: float | None = None

    def call(self, now: float) -> tuple[bool, "Limiter"]:
        """Return whether a call passes now, and the limiter after it."""
        if self.kind == "token-bucket":
            gone = 0.0 if self.since is None else now - self.since
            level = max(0.0, self.level - gone * self.calls / self.seconds)
            passes = level + 1 <= self.calls + 1e-6
            return passes, replace(self, level=level + passes, since=now)
        if self.kind == "fixed-window":
            window = (now - self.phase) // self.seconds
            level = self.level if self.since == window else 0.0
            passes = level < self.calls
            return passes, replace(self, level=level + passes, since=window)
        return self._slide(now)

    def _slide(self, now: float) -> tuple[bool, "Limiter"]:
        """Count by instants, so that a burst costs nothing: ``times`` are (time, count) pairs."""
        live = [
            (at, count)
            for at, count in zip(self.times[::2], self.times[1::2], strict=True)
            if at > now - self.seconds
        ]
        passes = sum(count for _, count in live) < self.calls
        if passes and live and live[-1][0] == now:
            live[-1] = (now, live[-1][1] + 1)
        elif passes:
            live.append((now, 1))
        flat = tuple(number for pair in live for number in pair)
        return passes, replace(self, times=flat)


def all_limiters(contract: Contract) -> Iterable[Limiter]:
    """Yield the three usual limiters; the fixed window with a start at each second."""
    calls, seconds = contract.quota_calls, contract.quota_seconds
    yield Limiter("sliding-window", calls, seconds)
    yield Limiter("token-bucket", calls, seconds)
    for phase in range(0, int(seconds), 5):
        yield Limiter("fixed-window", calls, seconds, phase=phase + 0.5)
    yield Limiter("fixed-window", calls, seconds, phase=0.0)

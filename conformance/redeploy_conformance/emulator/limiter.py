"""The rate limit: 500 calls in 60 seconds, per account, by one of three algorithms."""

from collections import deque
from collections.abc import Iterable
from math import ceil
from typing import Final, Protocol

from redeploy_conformance.emulator.errors import ApiError, throttled
from redeploy_conformance.emulator.state import Account, World

_TINY = 1e-9


class Bucket(Protocol):
    """What one caller has used. All moments are seconds of the redeploy clock."""

    def admits(self, now: float, quota: int, window: float) -> bool:
        """Whether one more call may pass."""
        ...

    def count(self, now: float, quota: int, window: float) -> None:
        """A call has used its share."""
        ...


class SlidingWindow:
    """At most `quota` calls in any window that ends now. A call exactly one window
    ago no longer counts."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()

    def admits(self, now: float, quota: int, window: float) -> bool:
        """See Bucket."""
        while self._calls and self._calls[0] <= now - window:
            self._calls.popleft()
        return len(self._calls) < quota

    def count(self, now: float, quota: int, window: float) -> None:
        """See Bucket."""
        self._calls.append(now)


class FixedWindow:
    """At most `quota` calls in each window of a grid."""

    def __init__(self) -> None:
        self._window = -1
        self._used = 0

    def admits(self, now: float, quota: int, window: float) -> bool:
        """See Bucket."""
        current = int(now // window)
        if current != self._window:
            self._window, self._used = current, 0
        return self._used < quota

    def count(self, now: float, quota: int, window: float) -> None:
        """See Bucket."""
        self._used += 1


class TokenBucket:
    """`quota` tokens at first; they come back evenly, all of them in one window."""

    def __init__(self) -> None:
        self._tokens: float | None = None
        self._filled = 0.0

    def admits(self, now: float, quota: int, window: float) -> bool:
        """See Bucket."""
        tokens = float(quota) if self._tokens is None else self._tokens
        tokens += (now - self._filled) * quota / window
        self._tokens, self._filled = min(float(quota), tokens), now
        return self._tokens >= 1.0 - _TINY

    def count(self, now: float, quota: int, window: float) -> None:
        """See Bucket."""
        self._tokens = (quota if self._tokens is None else self._tokens) - 1.0


BUCKETS: Final[dict[str, type[Bucket]]] = {
    "sliding-window": SlidingWindow,
    "fixed-window": FixedWindow,
    "token-bucket": TokenBucket,
}


class Limiter:
    """Counts the RedeployInstance calls of every caller."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._buckets: dict[str, Bucket] = {}

    def arrive(self, account: Account, instance_id: str) -> None:
        """A call has come in. Raises the refusal when there is no room for it."""
        bucket = self.bucket(account, instance_id)
        now = account.clock.now
        if not bucket.admits(now, self.quota(), self.window()):
            raise self.refusal()
        if self.world.settings.rejected_calls == "counted":
            bucket.count(now, self.quota(), self.window())

    def accepted(self, account: Account, instance_id: str) -> None:
        """A call that came in has been accepted."""
        if self.world.settings.rejected_calls == "free":
            bucket = self.bucket(account, instance_id)
            bucket.count(account.clock.now, self.quota(), self.window())

    def scope(self, account: Account, instance_id: str) -> str:
        """Whose quota a call uses: the account's."""
        return account.account_id

    def quota(self) -> int:
        """How many calls a window holds."""
        return self.world.settings.quota

    def window(self) -> float:
        """How long a window is, in seconds."""
        return self.world.settings.window_seconds

    def bucket(self, account: Account, instance_id: str) -> Bucket:
        """What the caller has used."""
        scope = self.scope(account, instance_id)
        found = self._buckets.get(scope)
        if found is None:
            found = self._buckets[scope] = BUCKETS[self.world.settings.limiter]()
        return found

    def refusal(self) -> ApiError:
        """The answer to a call for which there is no room."""
        milliseconds = ceil(self.window() * 1000)
        return throttled(self.world.settings.throttle_answer, milliseconds)

    def reset(self) -> None:
        """Forget what everybody has used."""
        self._buckets.clear()

    def forget(self, accounts: Iterable[Account]) -> None:
        """Forget what accounts that are gone have used."""
        for account in accounts:
            self._buckets.pop(account.account_id, None)

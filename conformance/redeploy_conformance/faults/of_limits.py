"""Faults in the rate limit."""

from functools import cached_property

from redeploy_conformance.emulator.errors import ApiError
from redeploy_conformance.emulator.limiter import Bucket, Limiter, TokenBucket
from redeploy_conformance.emulator.state import Account
from redeploy_conformance.faults.registry import fault

NEVER = float("inf")


@fault("quota-of-499", "Q1")
class OneTooFew(Limiter):
    """The five hundredth call is throttled."""

    def quota(self) -> int:
        return super().quota() - 1


@fault("window-twice-as-long", "Q1", "Q5")
class LongWindow(Limiter):
    """The quota is for 120 seconds instead of 60."""

    def window(self) -> float:
        return 2 * super().window()


@fault("quota-for-each-second", "Q2")
class ShortWindow(Limiter):
    """The quota is for one second instead of 60."""

    def window(self) -> float:
        return 1.0


@fault("never-throttled", "Q2")
class NeverThrottled(Limiter):
    """There is no rate limit."""

    def arrive(self, account: Account, instance_id: str) -> None:
        return


@fault("quota-of-600", "Q2")
class TooMany(Limiter):
    """600 calls pass instead of 500."""

    def quota(self) -> int:
        return super().quota() * 6 // 5


@fault("throttled-once-only", "Q2")
class ThrottledOnce(Limiter):
    """After one throttled call the quota of the account is whole again."""

    def refusal(self) -> ApiError:
        self.reset()
        return super().refusal()


@fault("throttled-without-a-code", "Q4")
class NoCode(Limiter):
    """A throttled call is answered without an error code."""

    def refusal(self) -> ApiError:
        return ApiError(403, "", "Too many calls.")


@fault("quota-never-recovers", "Q5")
class NeverRecovers(Limiter):
    """A quota once used up stays used up."""

    def window(self) -> float:
        return 1e12


@fault("quota-per-instance", "Q6", "Q2")
class PerInstance(Limiter):
    """Every instance has a quota of its own."""

    def scope(self, account: Account, instance_id: str) -> str:
        return instance_id


@fault("other-accounts-throttled", "Q6", "Q1")
class Shared(Limiter):
    """All accounts share one quota."""

    def scope(self, account: Account, instance_id: str) -> str:
        return "all"


@fault("quota-whole-after-another-account", "Q6", "Q2")
class OneAtATime(Limiter):
    """Only the account that called last has used anything."""

    def arrive(self, account: Account, instance_id: str) -> None:
        for scope in [one for one in self._buckets if one != account.account_id]:
            del self._buckets[scope]
        super().arrive(account, instance_id)


@fault("throttled-for-two-minutes", "Q5")
class TwoMinutes(Limiter):
    """Once an account was throttled, it is so for two minutes."""

    def arrive(self, account: Account, instance_id: str) -> None:
        until = self.until.get(account.account_id, 0.0)
        if account.clock.now < until:
            raise self.refusal()
        try:
            super().arrive(account, instance_id)
        except ApiError:
            self.until[account.account_id] = account.clock.now + 120.0
            raise

    @cached_property
    def until(self) -> dict[str, float]:
        return {}


@fault("quota-of-5000", "Q2")
class TenTimesTooMany(Limiter):
    """5000 calls pass instead of 500."""

    def quota(self) -> int:
        return super().quota() * 10


@fault("window-a-tenth-too-long", "Q1", "Q5")
class SlightlyLongWindow(Limiter):
    """The quota is for 66 seconds instead of 60."""

    def window(self) -> float:
        return super().window() * 1.1


@fault("throttled-for-ever", "Q5")
class ThrottledForEver(Limiter):
    """Once an account was throttled, it is so for ever."""

    throttled: frozenset[str] = frozenset()

    def arrive(self, account: Account, instance_id: str) -> None:
        if account.account_id in self.throttled:
            raise self.refusal()
        try:
            super().arrive(account, instance_id)
        except ApiError:
            self.throttled |= {account.account_id}
            raise


class Saving(TokenBucket):
    """A bucket without a rim."""

    def admits(self, now: float, quota: int, window: float) -> bool:
        before = float(quota) if self._tokens is None else self._tokens
        self._tokens = before + (now - self._filled) * quota / window
        self._filled = now
        return self._tokens >= 1.0


@fault("bucket-fills-without-end", "Q2")
class NoRim(Limiter):
    """What an account does not use is saved up for it."""

    def bucket(self, account: Account, instance_id: str) -> Bucket:
        scope = self.scope(account, instance_id)
        return self._buckets.setdefault(scope, Saving())


@fault("never-throttled-again-after-recovery", "Q2")
class FreeAfterRecovery(Limiter):
    """An account that was throttled a minute ago or more is never throttled again."""

    def arrive(self, account: Account, instance_id: str) -> None:
        if account.clock.now >= self.free_from.get(account.account_id, NEVER):
            return
        try:
            super().arrive(account, instance_id)
        except ApiError:
            over = account.clock.now + self.window()
            self.free_from.setdefault(account.account_id, over)
            raise

    @cached_property
    def free_from(self) -> dict[str, float]:
        return {}

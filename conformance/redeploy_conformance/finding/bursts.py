"""What the reports show of the rate limit: the calls of accounts that came near it."""

from collections import Counter
from collections.abc import Iterator, Mapping

from redeploy_conformance.judging.limiter import Quota, all_limiters
from redeploy_schemas.records import Burst, BurstPoint


def bursts(quotas: Mapping[str, Quota]) -> Iterator[Burst]:
    """Yield the calls of each account that was throttled, or that used up its quota."""
    for quota in quotas.values():
        if quota.refused or len(quota.calls) >= quota.contract.quota_calls:
            yield _burst(quota)


def _burst(quota: Quota) -> Burst:
    first = quota.calls[0]
    made, passed, refused = (
        Counter(int(then - first) for then in times)
        for times in (quota.calls, quota.passed, quota.refused)
    )
    limiters = quota.candidates
    if limiters is None:
        limiters = tuple(all_limiters(quota.contract))
    return Burst(
        case="",
        points=tuple(
            BurstPoint(
                at=float(at),
                accepted=passed[at],
                rejected=count - passed[at] - refused[at],
                throttled=refused[at],
            )
            for at, count in sorted(made.items())
        ),
        limiters=tuple(dict.fromkeys(one.kind for one in limiters)),
    )

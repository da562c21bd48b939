"""Simulated events of a run, canceled whichever process of it made them, or may have made them."""

from redeploy_conformance.judging.views import event_of
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.access import StagingApi, made_at
from redeploy_conformance.staging.fence import Fence
from redeploy_conformance.staging.leaving import Leftovers
from redeploy_conformance.staging.requests import WITHDRAW
from redeploy_conformance.staging.waits import ATTEMPTS, Waits, until


def clear(
    api: StagingApi, fence: Fence, instance: str, late: float, told: Leftovers
) -> Waits:
    """Cancel the run's simulated events of an instance, and tell of those that stay open.

    A look may be ``late`` by so many seconds, and not show yet what was made or canceled.
    """
    trouble: str | None = None
    if not _canceled(fence, instance):
        yield from _shown(fence, instance, late)
    for _ in range(ATTEMPTS):
        try:
            still = _still_open(api, fence, instance)
            if still and _canceled(fence, instance):  # or so an old look says
                yield from _shown(fence, instance, late)
                still = _still_open(api, fence, instance)
        except SetUpError as error:
            trouble = str(error)
            yield
            continue
        if not still:
            return
        params = [("RegionId", api.region)]
        params += [(f"EventId.{n}", one) for n, one in enumerate(still, 1)]
        try:
            api.ask(WITHDRAW, params, fence.wallet())
            trouble = None
        except SetUpError as error:
            trouble = str(error)
        yield
        yield from _shown(fence, instance, late)
    try:
        still = _still_open(api, fence, instance)
    except SetUpError as error:
        told.unseen.append(
            f"{instance}: whether simulated events of the run are open still: {error}"
        )
        return
    if still:
        told.left.append(f"{instance}: {', '.join(still)} open still: {trouble}")


def _canceled(fence: Fence, instance: str) -> bool:
    """Whether it was answered of every event of an instance that it is canceled."""
    past = fence.past
    own = {event for event, home in past.events.items() if home == instance}
    return own <= past.canceled and all(one.instance != instance for one in past.unsure)


def _shown(fence: Fence, instance: str, late: float) -> Waits:
    """Wait until looks show what the last request about simulated events came to."""
    asked = fence.past.events_at.get(instance, 0.0)
    return until(fence, min(asked, fence.api.clock.wall()) + late)  # if set back


def _still_open(api: StagingApi, fence: Fence, instance: str) -> list[str]:
    past, wallet = fence.past, fence.wallet
    own = {event for event, home in past.events.items() if home == instance}
    for one in past.unsure:
        if one.instance == instance:
            own |= made_at(api, wallet, instance, one.type, one.not_before).keys()
    if not own:
        return []
    return [
        event_id
        for _, event_id, (_, status) in map(event_of, api.events(wallet(), instance))
        if event_id in own and status in fence.contract.open_event_statuses
    ]

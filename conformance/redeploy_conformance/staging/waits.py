"""Waiting side by side: works that yield where they wait, and one look that serves them all."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TypeAlias

from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.staging.access import task_status
from redeploy_conformance.staging.fence import STABLE, Fence
from redeploy_conformance.staging.pace import Pace

Waits: TypeAlias = Iterator[None]
"""Work that yields wherever it has to wait for the next look."""
Wishes: TypeAlias = Iterator[float | None]
"""The same, which yields when a look may well show what it waits for, None if it does not know."""
ATTEMPTS = 5
"""How often a start or a stop is asked for before it counts as impossible."""
ERRAND = 120.0
"""Seconds that a start or a stop is given, and that a plan counts for it; until it is seen may take longer."""
PATIENCE = 3.0
"""How many times as long as declared a redeploy is waited for that is known to be under way."""
LOST_AFTER = 8
"""Shared looks in a row that failed, after which the account counts as out of reach."""
AGAIN = 4.0
"""How many shortest pauses between looks pass before something is asked for again."""


def together(
    works: Mapping[str, Wishes],
    look: Callable[[list[str]], bool],
    pace: Pace,
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Let works go on side by side: each until it waits, then one look for all, and so on.

    ``look`` says whether anything has changed.
    """
    waiting = _going_on(works, works)
    while waiting:
        sleep(pace.wait(now(), [one for one in waiting.values() if one is not None]))
        if look(list(waiting)):
            pace.hurry()
        waiting = _going_on(works, waiting)


def _going_on(
    works: Mapping[str, Wishes], keys: Iterable[str]
) -> dict[str, float | None]:
    """Let works go on; return when those that are not over wish for a look."""
    wishes = {key: next(works[key], "over") for key in keys}
    return {key: one for key, one in wishes.items() if not isinstance(one, str)}


def until(fence: Fence, moment: float) -> Waits:
    """Wait until a moment, in seconds since 1970: then looks show what came before."""
    while fence.api.clock.wall() < moment:
        yield


def bring(
    fence: Fence, status: str, shown: Callable[[], str | None], ask: Callable[[], None]
) -> Iterator[str | None]:
    """Wait until an instance shows a status, and ``ask`` for it where it stays in the other.

    A look may be late: nothing counts as impossible by one that may be of before. The last value is
    what went wrong, None where nothing did.
    """
    clock, pause = fence.api.clock, fence.settings.poll_seconds * AGAIN
    late = fence.settings.late
    asked, since = 0, clock.now()
    while True:
        now, seen = clock.now(), shown()
        if seen == status:
            return
        if seen in STABLE and (asked == 0 or now - since >= pause):
            if asked < ATTEMPTS:
                asked, since = asked + 1, now
                ask()
            elif now - since >= pause + late:
                yield f"it stays {seen}, though {status} was asked for {asked} times"
                return
        elif now - since > ERRAND + pause + late:
            yield f"it is {seen or 'not listed'}, and does not come to be {status}"
            return
        yield None


def calm(
    fence: Fence, instance: str, bound: float, late: float
) -> Generator[None, None, bool]:
    """Wait until a redeploy that may be under way must have ended, and every look shows it.

    A status alone does not tell: a redeploy passes through Stopped. A look may be ``late`` by so
    many seconds; ``bound`` counts that in. One whose task is under way still is waited for longer;
    returns whether it is so in the end.
    """
    flying = fence.past.flying.get(instance)
    if flying is None:
        return False
    wall = fence.api.clock.wall
    end, last = flying.since + bound, flying.since + PATIENCE * bound
    over = still = False
    while True:
        if flying.task is not None and not over:
            before, shown = still, _shown(fence, flying.task)
            still = shown == "Processing"
            over = shown in ("Finished", "Failed")
            if over:  # just now, where it was not a moment ago
                end = wall() + late if before else min(end, wall() + late)
        if wall() >= (last if still else end):
            break
        yield
    if not still:
        fence.note("settled", instance=instance)
    return still


def rest(
    fence: Fence, instance: str, shown: Callable[[], str | None], late: float
) -> Waits:
    """Wait until a start or a stop that may be under way is over, and every look shows it."""
    since = fence.past.errands.get(instance)
    if since is None:
        return
    wall = fence.api.clock.wall
    while (asked := wall()) < since + late + ERRAND:
        yield
        if asked >= since + late and shown() in STABLE:
            return


def _shown(fence: Fence, task: str) -> str | None:
    try:
        return task_status(fence.api, fence.wallet, task)
    except SetUpError:
        return None  # nobody knows: wait on

"""What a run may still spend: before each case, and after a call that took effect though refused."""

from collections.abc import Iterable

from redeploy_conformance.planning import steps as step
from redeploy_conformance.staging.cases import StagingCase, at_stake, redeploys
from redeploy_conformance.staging.declining import Declined, too_late, used_up
from redeploy_conformance.staging.fence import STABLE, Fence
from redeploy_conformance.staging.planning import Plan, worst_seconds
from redeploy_conformance.staging.posts import Post
from redeploy_conformance.staging.session import StagingSession


def too_much(
    plan: Plan,
    fence: Fence,
    session: StagingSession,
    post: Post,
    case: StagingCase,
    posts: Iterable[Post],
) -> Declined | None:
    """Return why a case does not fit into what is left, if so; reserve what it may cost, if not."""
    settings, past = plan.settings, fence.past
    need = at_stake(plan.contract, case)
    others = sum(_owed(fence, session, one) for one in posts if one is not post)
    if need and past.redeploys + others + need > settings.redeploys:
        return used_up(settings)
    left = settings.minutes * 60 - past.seconds(fence.api.clock.wall())
    if worst_seconds(plan.contract, case, settings) > left:
        return too_late(settings)
    post.reserved = redeploys(plan.contract, case)
    post.spent = _spent(fence, session, post)
    return None


def _owed(fence: Fence, session: StagingSession, post: Post) -> int:
    """Return how many redeploys a case under way may still come to, beside those it has cost."""
    return max(0, post.reserved - (_spent(fence, session, post) - post.spent))


def _spent(fence: Fence, session: StagingSession, post: Post) -> int:
    return fence.past.spent[session.ids.get(post.lane.key, "")]


def count_what_moved(fence: Fence, session: StagingSession, post: Post) -> None:
    """Count the calls that were refused, where a look shows something that nobody asked for.

    On a broken target one of them may have taken effect all the same.
    """
    key, past = post.lane.key, fence.past
    instance, last = session.ids.get(key, ""), post.run.done[-1].step
    shown = isinstance(last, step.Look) and key in last.keys
    moves = post.seen.get("status", STABLE[0]) not in STABLE
    shown = shown or (moves and instance not in past.flying)
    if shown and any(one > post.still for one in past.pardoned.get(instance, [])):
        fence.note("moved", instance=instance, after=post.still)

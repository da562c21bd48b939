"""Who is done stands by: an instance whose cases are over is looked at while others are redeployed (L9)."""

from collections.abc import Iterable

from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning import steps as step
from redeploy_conformance.running.session import Run
from redeploy_conformance.staging.fence import STABLE
from redeploy_conformance.staging.posts import Post
from redeploy_conformance.staging.session import StagingSession


def stand_by(session: StagingSession, post: Post, posts: Iterable[Post]) -> None:
    """Let an instance be looked at from now on, where another one still has cases to come.

    One that an earlier process was done with is taken for that as it is now.
    """
    key, worlds = post.lane.key, session.oracle.worlds
    others = [one for one in posts if one is not post]
    if (
        post.over
        or post.stuck
        or all(one.idle for one in others)
        or key not in session.ids
    ):
        return
    if key not in worlds:
        quiet = Run()
        session.enter(quiet, Ledger())
        session.do(step.Take(key))
    post.idle = key in worlds and all(
        one.flight is None and one.status in STABLE for one in worlds[key]
    )


def others_changed(session: StagingSession, post: Post, posts: Iterable[Post]) -> bool:
    """Judge what the shared look showed of those that stand by, while a redeploy was under way.

    Not before every look shows what came after its call.
    """
    if session.since_call(post.lane.key, post.at) < session.late:
        return False
    for other in posts:
        key = other.lane.key
        if other.idle and other.seen and session.looked(key, other.seen, post.at):
            other.idle = False
            session.let_go(key)
    return bool(post.run.violations)

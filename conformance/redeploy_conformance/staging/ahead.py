"""While only events may be seen late, an instance is started or stopped for its next case already."""

from redeploy_conformance import steps as step
from redeploy_conformance.api import SetUpError
from redeploy_conformance.staging.posts import Post
from redeploy_conformance.staging.session import StagingSession
from redeploy_conformance.staging.waits import Wishes


def wanted(post: Post) -> step.Bring | None:
    """Return what the next case begins with, where that is a status the instance does not have."""
    first = None if post.next is None else post.next.steps[0]
    if isinstance(first, step.Bring) and first.status != post.seen.get("status"):
        return first
    return None


def go_ahead(session: StagingSession, post: Post, one: step.Bring) -> Wishes:
    """Ask for what the next case begins with, and judge all but the status when no read is late any more."""
    key = post.lane.key
    session.ahead(one)
    end = session.now + session.late  # by then looks show that it was asked for, too
    while True:
        yield end
        if not post.seen or post.at <= end:
            continue
        session.enter(post.run, post.ledger)
        try:
            session.looked(key, session.with_events(key, post.seen), post.at)
        except SetUpError:
            continue  # the next look has it
        return

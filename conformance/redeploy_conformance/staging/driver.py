"""The driver: every instance goes its own way through its cases, and one look serves them all.

Nothing here runs in parallel but the redeploys themselves. Nothing is undone in a ``finally``: what
is cut short is undone from the journal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from redeploy_conformance.alive import so_far
from redeploy_conformance.finding.investigate import CaseReport, findings
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.redact import scrubbed
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Run
from redeploy_conformance.staging.cases import (
    Act,
    Meanwhile,
    StagingCase,
    redeploys,
)
from redeploy_conformance.staging.clearing import clear
from redeploy_conformance.staging.declining import ENDED, GONE, STUCK, Declined
from redeploy_conformance.staging.disturbance import excused
from redeploy_conformance.staging.fence import STABLE, Fence
from redeploy_conformance.staging.leaving import Leftovers
from redeploy_conformance.staging.pace import Pace
from redeploy_conformance.staging.planning import Plan
from redeploy_conformance.staging.posts import Post
from redeploy_conformance.staging.preparing import HOME
from redeploy_conformance.staging.reckoning import count_what_moved, too_much
from redeploy_conformance.staging.session import StagingSession
from redeploy_conformance.staging.standing_by import others_changed, stand_by
from redeploy_conformance.staging.tracing import Witness
from redeploy_conformance.staging.usual import Awaited, Usual
from redeploy_conformance.staging.waits import (
    LOST_AFTER,
    Waits,
    Wishes,
    bring,
    calm,
    rest,
    together,
    until,
)


class OutOfReachError(Exception):
    """The service does not answer any more; the message says how."""


@dataclass(slots=True)
class Driver:
    """Carries out a plan on one account; ``tell`` is given a line for each case that is over.

    ``looks`` are the moments of the shared looks, ``declined`` the cases that were not begun, and
    ``remedies`` says by reason what would help.
    """

    session: StagingSession
    bench: Bench
    fence: Fence
    plan: Plan
    reproduce: Callable[[StagingCase, str], str]
    tell: Callable[[str], None]
    witness: Witness | None = None
    stopping: bool = False
    looks: list[float] = field(default_factory=list)
    declined: list[CaseReport] = field(init=False)
    remedies: dict[str, str] = field(default_factory=dict)
    _posts: dict[str, Post] = field(init=False)
    _usual: Usual = field(init=False)
    _failed: int = 0
    _waiting: list[str] = field(default_factory=list)
    _done: int = 0

    def __post_init__(self) -> None:
        """Prepare; nothing is asked yet."""
        self._usual = Usual(self.plan.settings.poll_seconds)
        self.declined = []
        for case, why in self.plan.left_out:
            self._decline(case, why)
        self._posts = {lane.key: Post(lane) for lane in self.plan.lanes}

    def stop(self) -> None:
        """Begin no further case; those under way are seen to their end."""
        self.stopping = True

    def run(self) -> None:
        """Carry the plan out.

        Raises:
            OutOfReachError: the service does not answer any more.
        """
        for key, post in self._posts.items():
            if post.lane.instance:
                self.session.ids[key] = post.lane.instance
                self.session.oracle.homes[key] = HOME
        together(
            {key: self._lane(post) for key, post in self._posts.items()},
            self._look,
            Pace(self.plan.settings.poll_seconds),
            self.session.api.monotonic,
            self.session.api.sleep,
        )

    def _look(self, keys: list[str]) -> bool:
        """Look once for all lanes that wait; return whether anything has changed."""
        begun, self._waiting = self.session.api.monotonic(), keys
        self.looks.append(begun)
        self.session.api.exchanges.clear()
        known = [
            key
            for key, post in self._posts.items()
            if key in self.session.ids and (key in keys or post.idle)
        ]
        try:
            views = self.session.glance(known)
        except SetUpError as error:
            self._failed += 1
            if self._failed >= LOST_AFTER:
                raise OutOfReachError(str(error)) from error
            for post in self._posts.values():
                post.seen = {}
            return True
        self._failed = 0
        changed = False
        for key, view in views.items():
            changed |= self._posts[key].seen.get("status") != view.get("status")
            self._posts[key].seen, self._posts[key].at = view, begun
            status = str(view.get("status", "not listed"))
            since = begun - self.session.late
            self.fence.seen.looked(self.session.ids[key], status, since)
        return changed

    def how_far(self, requests: int) -> str:
        """Return how much of the plan is done, and which instance waits for what."""
        total = sum(len(post.lane.cases) for post in self._posts.values())
        now = "; ".join(map(self._waits, self._waiting))
        return so_far(self._done, total, requests, now)

    def _waits(self, key: str) -> str:
        post = self._posts[key]
        status = post.seen.get("status", "not looked at yet")
        return f"{self.session.ids.get(key, key)} ({status}) {post.waits}".rstrip()

    # ------------------------------------------------------------------ one lane

    def _lane(self, post: Post) -> Wishes:
        yield from self._arrive(post)
        costly = False
        for case in post.lane.cases:
            if not costly and redeploys(self.plan.contract, case):
                costly = True
                yield None  # every lane makes the calls that cost nothing before any that does
            why = self._too_much(post, case)
            if why is None:
                yield from self._case(post, case)
            else:
                self._decline(case, why)
            self._done += 1
        stand_by(self.session, post, self._posts.values())

    def _decline(self, case: StagingCase, why: Declined) -> None:
        report = CaseReport(case.name, case.clauses, declined=why.reason)
        self.declined.append(report)
        self.remedies[why.reason] = why.remedy

    def _arrive(self, post: Post) -> Waits:
        """See to its end what an earlier process of the run left under way on an instance."""
        key = post.lane.key
        if key not in self.session.ids:
            return
        instance, left = self.session.ids[key], Leftovers()
        yield from self._calm(post)
        post.waits = "for a start or a stop to be over"
        yield from rest(
            self.fence, instance, lambda: post.seen.get("status"), self.session.late
        )
        post.waits = "for simulated events to be canceled"
        yield from clear(
            self.session.api, self.fence, instance, self.session.late, left
        )
        for one in left.lines():
            self.tell(one)

    def _too_much(self, post: Post, case: StagingCase) -> Declined | None:
        """Return why a case is not begun any more, if so; reserve what it may cost, if not."""
        witness, stopping = self.witness, self.stopping
        if stopping if witness is None else witness.asked(stopping):
            return ENDED
        if post.stuck:
            return STUCK
        if post.lost and post.unlisted:
            return GONE
        posts = self._posts.values()
        return too_much(self.plan, self.fence, self.session, post, case, posts)

    def _case(self, post: Post, case: StagingCase) -> Wishes:
        post.run, post.ledger, post.case = Run(), Ledger(), case
        if self.witness is not None:
            post.run.number = self.witness.session(counted=True)
        for one in case.steps:
            yield from self._step(post, one)
            if post.over:
                break
        if why := excused(self.session, post.run):
            post.run.violations.clear()
            post.run.problem = why
        if post.run.violations:  # kept, whatever happens while it is tidied up
            count_what_moved(self.fence, self.session, post)
            self._close(post, case)
        elif not post.over and not self.session.late:
            post.still = self.fence.past.writes
        if post.over:
            yield from self._tidy(post)
        if post.case is not None:
            self._close(post, case)

    def _close(self, post: Post, case: StagingCase) -> None:
        """Keep what a case has shown."""
        report = self._report(post, case)
        hidden = scrubbed(report.to_json(), self.session.api.secrets)
        self.fence.note("case", report=hidden)
        if self.witness is not None:
            self.witness.case(report)
        post.reserved, post.case = 0, None
        self.tell(scrubbed(f"{case.name}: {post.outcome}", self.session.api.secrets))

    def unfinished(self) -> list[CaseReport]:
        """Return what the cases under way have shown so far."""
        return [
            self._report(post, post.case)
            for post in self._posts.values()
            if post.case is not None
        ]

    def _report(self, post: Post, case: StagingCase) -> CaseReport:
        report = CaseReport(case.name, case.clauses, post.ledger)
        report.problem, report.lost = post.run.problem, post.run.lost
        report.skipped = post.run.skipped
        report.findings = [
            replace(one, reproduce=self.reproduce(case, one.clause))
            for one in findings(self.bench, case.name, post.run, "")
        ]
        report.steps = len(post.run.done)
        return report

    def _step(self, post: Post, one: Act) -> Wishes:
        key, session = post.lane.key, self.session
        if isinstance(one, Meanwhile):
            if key not in session.oracle.worlds or session.at_rest(key):
                return
            one = one.step
        if isinstance(one, step.Settle):
            yield from self._settle(post)
        elif isinstance(one, step.Bring):
            yield from self._bring(post, one)
        elif isinstance(one, step.Take):
            if key in session.oracle.worlds:  # nothing may have moved it since
                self._do(post, step.Look((key,)))
            if not post.over:
                self._do(post, one)
        elif not isinstance(one, step.Tasks) or key in session.tasks:
            if isinstance(one, step.Launch) and self.fence.past.launching:
                post.waits = "to see whether one was made before"
                yield from until(self.fence, self.fence.past.launch_at + session.late)
            self._do(post, one)
            if isinstance(one, step.Launch):  # maybe an earlier process made it
                yield from self._arrive(post)

    def _do(self, post: Post, one: Step) -> None:
        self.session.enter(post.run, post.ledger)
        self.session.do(one)

    def _bring(self, post: Post, one: step.Bring) -> Wishes:
        """Start or stop an instance, and wait until it is there."""
        post.waits = f"to be {one.status}"
        errand: Awaited | None = None

        def ask() -> None:
            nonlocal errand
            errand = self._usual.begin(one.name + one.status, self.session.now)
            self._do(post, one)

        ways = bring(self.fence, one.status, lambda: post.seen.get("status"), ask)
        for trouble in ways:
            if trouble is not None:
                post.lost = post.unlisted
                asked = [f" ({x.observed})" for x in post.run.done if x.step == one]
                post.run.problem = f"{one}: {trouble}{asked[-1] if asked else ''}"
            if post.over:
                return
            yield None if errand is None else errand.wish(post.at)
        if errand is not None:
            errand.over(post.at)

    def _settle(self, post: Post) -> Wishes:
        """Judge every look until no redeploy can be under way; stable ones with the events.

        A call that no answer came to leaves that open for ever: it is waited for as long as a
        redeploy may take.
        """
        key, session = post.lane.key, self.session
        post.waits = "for its redeploy to end"
        flight = self._usual.begin(session.under_way(key), session.called(key))
        while True:
            end = session.over(key)
            yield flight.wish(post.at) if end is None else end + session.late
            if not post.seen:
                continue
            session.enter(post.run, post.ledger)
            if not session.at_rest(key) and others_changed(
                session, post, self._posts.values()
            ):
                return
            try:
                stable = post.seen.get("status") in STABLE
                moving = stable and not session.at_rest(key)
                if moving and session.landed(key, post.seen, post.at):
                    continue  # the next look shows what it came to
                seen = session.with_events(key, post.seen)
                if session.looked(key, seen, post.at):
                    return
            except SetUpError as error:  # the next look has it, if there is one
                if session.since_call(key, post.at) < session.oracle.rules.bound:
                    continue
                post.run.problem = str(error)
                return
            waited = session.since_call(key, post.at) / session.oracle.rules.bound
            if session.at_rest(key) or (stable and waited >= 1):
                break
            if waited >= 2:
                status = post.seen.get("status", "not listed")
                post.run.problem = f"no answer came to a call, and it is {status} still"
                return
        flight.over(session.over(key) or post.at)
        self.fence.note("settled", instance=session.ids[key])

    # ------------------------------------------------------------------ after an early end

    def _tidy(self, post: Post) -> Waits:
        """Leave nothing of a case behind that the next one could trip over."""
        calls = (step.Redeploy, step.Together)
        if post.run.violations and isinstance(post.run.done[-1].step, calls):
            yield  # what was refused, and done all the same, shows by now
            count_what_moved(self.fence, self.session, post)
        yield from self._calm(post)
        self.session.let_go(post.lane.key)
        known = self.session.known.get(post.lane.key)
        if known is not None and known.simulated:
            quiet = Run()
            self.session.enter(quiet, Ledger())
            self.session.do(step.Withdraw(post.lane.key))
            post.run.problem = post.run.problem or quiet.problem

    def _calm(self, post: Post) -> Waits:
        instance = self.session.ids.get(post.lane.key)
        if instance is not None:
            post.waits = "for a redeploy that may be under way to be over"
            bound = self.session.oracle.rules.bound
            post.stuck = yield from calm(self.fence, instance, bound, self.session.late)

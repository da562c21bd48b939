"""The contract as a monitor over a log of what real callers did, whoever they are.

A log shows less than a run: nobody says in which state an instance began, other hands move it, and
other callers share its account. So the belief about an instance starts wide, is narrowed by looks
that are fresh, and is wide again once another operation has touched it. What follows a call that was
accepted is judged by the same oracle as a run. Memory holds the instances that are alive.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from redeploy_conformance.evidence.crossing import Ahead
from redeploy_conformance.evidence.decisions import (
    Decisions,
    Shown,
)
from redeploy_conformance.evidence.each_answer import Answers
from redeploy_conformance.evidence.hands import moved_by, moves, unmoved
from redeploy_conformance.evidence.knowledge import NOTHING, Beliefs
from redeploy_conformance.evidence.shown import TOLD_BY_A_LOG
from redeploy_conformance.evidence.sources import (
    READ_ONLY,
    Events,
    Page,
    Seen,
)
from redeploy_conformance.evidence.tally import Tally
from redeploy_conformance.evidence.watched import (
    NEVER,
    Watched,
    leaves_none_out,
    may_end_in,
)
from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import World
from redeploy_conformance.running.session import UNDECLARED_LAG
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result

USUAL = 600.0
"""Seconds in which a redeploy is over, as a rule: what is believed of it is forgotten then."""
ANSWERED = 10.0
"""Seconds after which a call of a trail, which tells when it came in, is answered."""
SWEEP = 10_000
"""Records after which instances that nobody asks for any more are forgotten."""
NO_ID = Call(barred="A14", silence="A14")
PLAIN_CALLS = {None: Call(), "true": Call(force=True), "false": Call(force=False)}
"""Calls as they are made nearly always, by their ForceStop."""
ALSO_SHOW = ("DescribeInstanceStatus", "DescribeInstanceAttribute")
"""Operations that show an instance in other shapes: what they show is not read, and newer than the look."""
NOWHERE: Belief = frozenset({World(exists=False)})
Place: TypeAlias = tuple[str, str]
"""A region, and an id or an account there."""


class Monitor:
    """Takes what logs show, in the order of time, and says what it means for the contract."""

    def __init__(
        self,
        contract: Contract,
        *,
        fresh: float,
        redeploy_seconds: float | None,
        wordless: bool,
    ) -> None:
        """Begin with nothing seen; ``fresh`` and ``redeploy_seconds`` are in seconds.

        Where nobody declares ``redeploy_seconds``, none is too long (L7). ``wordless`` where the log keeps
        no HTTP status, no message text as it was sent, and of times only the second.
        """
        self.contract = contract
        self.fresh = fresh
        self.redeploy_seconds = redeploy_seconds
        self.bound = (redeploy_seconds or USUAL) + UNDECLARED_LAG
        self.slack = ANSWERED if wordless else 0.0
        self.ahead = Ahead(lambda seen: moves(contract, seen))
        self.wordless = wordless
        self.tally = Tally(contract, TOLD_BY_A_LOG if wordless else frozenset())
        self.answers = Answers(contract, wordless=wordless)
        self.beliefs = Beliefs(contract)
        self.decisions = Decisions(contract)
        self.instances: dict[Place, Watched] = {}
        self.regions: set[str] = set()
        self.served: dict[str, set[str]] = {}

    def take(self, seen: Seen) -> None:
        """Take one request and its answer; what is crossed by others is judged when these are known."""
        self.ahead.enter(seen)
        while (one := self.ahead.ready()) is not None:
            self._next(one)

    def _next(self, seen: Seen) -> None:
        self.tally.record(seen)
        if seen.action == self.contract.operation:
            if seen.reply is not None:
                self._called(seen, seen.reply)
        elif seen.listed:
            self._listed(seen)
        elif seen.action.startswith(ALSO_SHOW):
            for one in self._named(seen):
                one.look, one.row, one.shown = NOTHING, None, NEVER
        elif seen.page is not None:
            self._events(seen, seen.page)
        elif not seen.action.startswith(READ_ONLY):
            self._touched(seen)
        if self.tally.records % SWEEP == 0:
            self._sweep()

    def damaged(self, text: str) -> None:
        """Note that a log could not be read to its end."""
        self.tally.problems.append(text)

    def result(self, kind: str, names: Sequence[str]) -> Result:
        """Return what the logs show; no request comes after it."""
        while (one := self.ahead.ready(rest=True)) is not None:
            self._next(one)
        return self.tally.result(
            kind, names, self.answers.ids.ledger, self.redeploy_seconds
        )

    @property
    def now(self) -> float:
        """When the log has come to."""
        return self.tally.last

    # ------------------------------------------------------------------ calls

    def _called(self, seen: Seen, reply: Reply) -> None:
        key = seen.params.get("InstanceId", "")
        one = self._watched(key, seen) if key else Watched(seen.begun)
        wrong = list(self.answers.judged(seen, reply))
        if not seen.whole or key != key.strip(' []"'):
            self._somewhere(key, seen, reply, wrong)
            return
        known = reply.code is None or reply.code in self.contract.error_by_code
        moving = not unmoved(self.contract, seen)
        if reply.kind is Kind.THROTTLED or (reply.kind is Kind.REJECTED and not known):
            # Who may not call, or too often, changes nothing; no log shows who may.
            if moving:
                self._may_move([one], seen)
        elif reply.kind is Kind.REJECTED or not wrong:
            wrong += self._decided(one, seen, reply)
        if wrong:
            one.forget()
            one.due = self.now + self.bound
            self.tally.note(key, seen, self._words(reply), wrong)
        one.called = max(one.called, seen.ended + self.slack * moving)
        if moving:
            others = (it for it in self._everywhere([key]) if it is not one)
            self._may_move(others, seen)

    def _somewhere(
        self, key: str, seen: Seen, reply: Reply, wrong: Sequence[Violation]
    ) -> None:
        """Take a call of which the log may have left out what it asked for, and of which instance."""
        self.tally.note(key, seen, self._words(reply), wrong)
        if not unmoved(self.contract, seen):
            self._may_move(self.instances.values(), seen)

    def _may_move(self, several: Iterable[Watched], seen: Seen) -> None:
        """Take a call that may be of any of several instances."""
        for one in several:
            one.forget()
            one.called = max(one.called, seen.ended + self.slack)
            one.due = max(one.due, self.now + self.bound)

    def _words(self, reply: Reply) -> str:
        """Return the answer as it is told, without an HTTP status that the log does not keep."""
        text = str(reply)
        return text.partition(" ")[2] if self.wordless else text

    def _decided(self, one: Watched, seen: Seen, reply: Reply) -> list[Violation]:
        """Judge what an answer says of the instance, and enter what it tells."""
        belief = self._belief(one, seen)
        call = self._meaning(seen.params)
        decision = self.decisions.answered(belief, call, reply.kind, reply.code)
        self.tally.meet(decision)
        # Another operation of about the same time may have come after the call, and move it too.
        apart = seen.begun >= one.touched and not self._crossed(call_key(seen), seen)
        one.flying = decision.after if decision.moves and apart else None
        one.watched = seen.ended if reply.kind is Kind.ACCEPTED else None
        if reply.kind is not Kind.REJECTED:
            one.look, one.row, one.due = NOTHING, None, self.now + self.bound
        return [replace(it, observed=self._words(reply)) for it in decision.wrong]

    def _belief(self, one: Watched, seen: Seen) -> Belief:
        """Return what may be true of an instance when a call reaches it."""
        alone = (
            seen.begun >= one.called
            and seen.begun >= one.shown[1]
            and not self._crossed(call_key(seen), seen)
        )
        if one.flying is not None and alone and seen.ended <= one.due:
            # It may have ended, and then the platform may have raised another event since.
            return self.decisions.either(one.flying, self.beliefs.of(NOTHING, True))
        one.flying = None
        fresh = (
            alone
            and seen.ended - one.shown[0] <= self.fresh
            and one.shown[0] >= one.touched + UNDECLARED_LAG
            and one.by == seen.caller
        )
        if not fresh:
            return self.beliefs.of(NOTHING, True)
        begins = seen.begun < one.first + self.bound or one.due > seen.begun
        belief = self.beliefs.of(one.look, begins)
        named = seen.params.get("RegionId", "")
        served = self.served.get(seen.region, set()) | ({named} if named else set())
        if seen.account and seen.region and len(served) <= 1:
            return belief
        # Of another account or region than the look, perhaps: there the id names nothing.
        return self.decisions.either(belief, NOWHERE)

    def _meaning(self, params: Mapping[str, str]) -> Call:
        """Return what the contract says of a call, apart from its instance."""
        if not params.get("InstanceId"):
            return NO_ID
        force = params.get("ForceStop")
        if force is None or force in PLAIN_CALLS:
            return PLAIN_CALLS[force]
        rows = {row.set.get("ForceStop"): row.clause for row in self.contract.malformed}
        lower = force.lower() in ("true", "false")
        clause = rows.get(force, "A14b" if lower else "A14")
        if self.contract.by_id[clause].required:
            return Call(barred=clause, silence=clause)
        taken, refused = (clause, "accepted"), (clause, "rejected")
        return Call(silence="A14", maybe=(taken, refused), unclear=True)

    # ------------------------------------------------------------------ looks

    def _listed(self, seen: Seen) -> None:
        if region := seen.params.get("RegionId"):
            self.served.setdefault(seen.region, set()).add(region)
        busy = self.ahead.busy(seen.ended)
        for row in seen.listed:
            one = self._watched(row.id, seen)
            if seen.begun < one.called or (busy and self._crossed(row.id, seen)):
                continue  # under way at the same time as a call: it may show either side of it
            if seen.begun < one.shown[1] and one.row != row:
                # Of two looks at once that differ, nobody knows which is the later one.
                one.look, one.row, one.shown = NOTHING, None, NEVER
                continue
            if one.flying is not None:
                self._look(row.id, one, seen, (row.status, None))
            if one.row is not row or one.by != seen.caller:
                one.look = replace(
                    NOTHING if one.by != seen.caller else one.look,
                    status=row.status,
                    tenancy=row.tenancy,
                    locks=row.locks,
                )
                one.row, one.by = row, seen.caller
            one.shown = (seen.begun, seen.ended)

    def _events(self, seen: Seen, page: Page) -> None:
        """Take a page of events; only one that leaves none out says what there is not."""
        whole = leaves_none_out(seen, page)
        for key, events in page:
            one = self.instances.get((seen.region, key))
            if one is None or seen.begun < one.called or self._crossed(key, seen):
                continue
            if one.flying is not None and whole:
                self._look(key, one, seen, (None, self._known(one, events)))
            self._enter(one, events, whole)
        asked = seen.params.get("InstanceId")
        if whole and asked and not page:
            one = self.instances.get((seen.region, asked))
            if one is not None and seen.begun >= one.called:
                self._enter(one, (), True)

    def _enter(self, one: Watched, events: Events, whole: bool) -> None:
        open_now = self.contract.open_event_statuses
        live = tuple(event for event in events if event[2] in open_now)
        if (one.look.events, one.look.whole) != (live, whole):
            one.look = replace(one.look, events=live, whole=whole)

    def _known(
        self, one: Watched, events: Sequence[tuple[str, str, str]]
    ) -> tuple[tuple[str, str, str], ...]:
        """Return the events that were there at the call: others may be raised by the platform."""
        worlds: Belief = one.flying or frozenset()
        ids = {event.id for world in worlds for event in world.events}
        return tuple(event for event in events if event[0] in ids)

    def _watched(self, key: str, seen: Seen) -> Watched:
        """Return what is kept of an instance."""
        one = self.instances.get((seen.region, key))
        if one is None:
            one = self.instances[seen.region, key] = Watched(seen.begun)
            self.regions.add(seen.region)
        return one

    def _everywhere(self, keys: Sequence[str]) -> list[Watched]:
        """Return what is kept of instances in every region: a region may have several addresses."""
        places = [(region, key) for region in self.regions for key in keys]
        return [self.instances[one] for one in places if one in self.instances]

    def _look(self, key: str, one: Watched, seen: Seen, shown: Shown) -> None:
        """Judge a look at an instance whose redeploy may be under way.

        One that should be over shows that it is not only by a status on the way that has been watched
        since the call: otherwise it may be another hand's, which no log shows.
        """
        if one.flying is None:
            return
        belief, late = one.flying, self.now >= one.due
        if shown[0] is not None:
            gap = one.watched is None or seen.begun - one.watched > self.fresh
            over = any(shown[0] in may_end_in(world) for world in belief)
            one.watched = None if gap or over else seen.ended
        declared = self.redeploy_seconds is not None
        if late and (shown[0] is None or one.watched is None or not declared):
            one.flying = None
            return
        if late:
            under_way = frozenset(world for world in belief if world.flight)
            belief = self.decisions.late(under_way)
        decision = self.decisions.looked(belief, shown)
        self.tally.meet(decision)
        wrong = [self._in_time(it) for it in decision.wrong]
        one.flying = decision.after if decision.moves and not wrong else None
        if wrong:
            one.look, one.row, one.due = NOTHING, None, self.now + self.bound
        self.tally.note(key, seen, shown[0] or "its events", wrong)

    def _in_time(self, wrong: Violation) -> Violation:
        """Return a violation with the seconds that are declared: beliefs hold no time."""
        if wrong.clause != "L7" or self.redeploy_seconds is None:
            return wrong
        expected = Rules(bound=self.redeploy_seconds).ended
        return replace(wrong, expected=expected)

    def _crossed(self, key: str, seen: Seen) -> bool:
        """Whether something else that may move an instance was under way at the same time."""
        slack = self.slack if seen.reply is not None else 0.0
        return self.ahead.crossed(key, seen.ended + slack)

    # ------------------------------------------------------------------ others

    def _touched(self, seen: Seen) -> None:
        """Forget what is known of the instances that another operation may have moved."""
        for one in self._named(seen):
            one.forget()
            one.touched = max(one.touched, seen.ended + self.slack)

    def _named(self, seen: Seen) -> Iterable[Watched]:
        """Return what is kept of the instances that a request may be about."""
        keys = moved_by(seen)
        return self.instances.values() if keys is None else self._everywhere(keys)

    def _sweep(self) -> None:
        """Forget the instances of which everything that was shown is too old to say anything."""
        edge = self.now - self.bound - self.fresh - UNDECLARED_LAG
        gone = [
            key
            for key, one in self.instances.items()
            if max(one.shown[1], one.called, one.touched, one.first) < edge
        ]
        for key in gone:
            del self.instances[key]


def call_key(seen: Seen) -> str:
    """Return the id of the instance that a call names."""
    return seen.params.get("InstanceId", "")

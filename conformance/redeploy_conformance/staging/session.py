"""The executor on a real account: what is called and seen there, and what of it can be judged."""

from collections.abc import Sequence

from msgspec.structs import replace

from redeploy_conformance.judging.belief import Belief, in_time
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.oracle import settled
from redeploy_conformance.judging.replies import OF_THE_POLICY, Kind, Reply
from redeploy_conformance.judging.sight import View
from redeploy_conformance.judging.views import event_of, in_a_word
from redeploy_conformance.judging.world import Flight, World
from redeploy_conformance.planning import steps as step
from redeploy_conformance.running import task_list
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.running.session import ABSENT, Done
from redeploy_conformance.staging.access import CALMING, task_status, throttled
from redeploy_conformance.staging.decide import SETTABLE, SHOWN
from redeploy_conformance.staging.fence import STABLE
from redeploy_conformance.staging.preparing import Landing, PreparingSession
from redeploy_conformance.staging.requests import REDEPLOY
from redeploy_conformance.wire.answers import WEB_PAGE
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.vocabulary import Ending

ENDINGS = {"Finished": Ending.SUCCEED, "Failed": Ending.FAIL}
"""What the status of a task says of its redeploy."""
OF_A_SUCCESS = ("L1", "L2", "L3", "L8", "L9", "L10")
"""Clauses of which one is broken where a success looks like a failure, unless its task is told wrongly."""
OF_A_FAILURE = ("E6", "L6", "L7")
"""Clauses that are broken where looks seem to be of a failure, or of no end."""
OF_THE_KEY = (
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "InvalidTimeStamp",
    "SignatureDoesNotMatch",
    "SignatureNonceUsed",
)
"""How codes begin that refuse a caller, or a key; what such a caller would have got nobody knows."""


class StagingSession(PreparingSession):
    """A session on a real account, whose answers may be late, lost, or due to the key alone."""

    def _of_nobody(self) -> str:
        """Return the one id that no case needs and the fence knows: none that looks like another's."""
        return ABSENT

    def at_rest(self, key: str) -> bool:
        """Whether no redeploy of an instance can be under way."""
        return settled(self.oracle.worlds[key])

    def under_way(self, key: str) -> str:
        """Return in words which redeploys of an instance may be under way, empty where none is."""
        flights = [one.flight for one in self.oracle.worlds[key] if one.flight]
        return " or ".join(sorted({one.origin for one in flights}))

    def over(self, key: str) -> float | None:
        """Return when the task of an instance was seen to be over, None where it was not."""
        landing = self._landing(key)
        return None if landing is None else landing.seen

    def called(self, key: str) -> float:
        """Return when an instance was last called on; before all time where it never was."""
        return self._called.get(key, float("-inf"))

    def since_call(self, key: str, now: float) -> float:
        """Return the seconds since the last call on an instance; without end where there was none."""
        return now - self.called(key)

    @property
    def _tasks_bind(self) -> bool:
        """Whether what a task shows may accuse anybody: only where that is declared (L13)."""
        return self.oracle.rules.declared.get("L13") == "listed"

    def _redeploy(self, one: step.Redeploy) -> tuple[str, list[Violation]]:
        """Call, and where tasks are declared to be listed, hold an acceptance against them (A2)."""
        earlier = self.tasks.get(one.key) if self._tasks_bind else None
        shown, wrong = super()._redeploy(one)
        if not wrong and earlier is not None and self.tasks.get(one.key) != earlier:
            self._doubled[one.key] = (earlier, self.now)
            wrong = self._at_once(one.key, self.now)
        return shown, wrong

    def _at_once(self, key: str, at: float) -> list[Violation]:
        """Return what is wrong with an acceptance whose forerunner was still under way (A2).

        ``at`` is when it was looked for; a read that may be late tells only of what was before.
        """
        earlier, accepted = self._doubled[key]
        if at < accepted + self.late:
            return []
        shown = self._task_shows(earlier)
        del self._doubled[key]
        if shown != "Processing":
            return []
        wanted = "rejected with IncorrectInstanceStatus"
        seen = f"accepted, while {earlier} was still Processing"
        return [Violation("A2", wanted, seen, key=key)]

    def _task_shows(self, task: str | None) -> str | None:
        """Return the status of a task, where tasks are looked up at all."""
        if task is None or not self.settings.tasks_tell:
            return None
        return task_status(self.api, self.wallet, task)

    def _landing(self, key: str) -> Landing | None:
        """Return how the last redeploy ended, where its task was seen to be over."""
        landing = self._landings.get(key)
        known = landing is not None and landing.task == self.tasks.get(key)
        return landing if known else None

    def _contradicted(self, key: str, at: float) -> list[Violation]:
        """Return what is wrong where a task ended in success, and looks show what only a failure does.

        ``at`` is when the last look was asked for; one that may be of before the end tells nothing.
        """
        landing = self._landing(key)
        if landing is None or landing.ending is not Ending.SUCCEED:
            return []
        if not self._tasks_bind:
            return []
        late = at < landing.seen + self.late
        if late or any(map(_may_succeed, self.oracle.worlds[key])):
            return []
        wanted = "Failed, as declared: looks showed what only a failure explains"
        seen = f"{landing.task} Finished"
        return [
            Violation(
                "L13", wanted, seen, instead=OF_A_SUCCESS, field="status", key=key
            )
        ]

    def _or_a_success(self, key: str, wrong: list[Violation]) -> list[Violation]:
        """Return violations by a failure, where its task says success, with what may be broken instead."""
        landing = self._landing(key)
        if landing is None or landing.ending is not Ending.SUCCEED:
            return wrong
        return [
            replace(one, instead=tuple(dict.fromkeys((*one.instead, *OF_A_SUCCESS))))
            if one.clause in OF_A_FAILURE
            else one
            for one in wrong
        ]

    def landed(self, key: str, seen: View, at: float) -> bool:
        """Whether only the next look shows what a redeploy came to whose task is over (L13).

        What is believed follows the task as soon as no look can show any more what was before: that
        is after as long as looks may be late, or when the look just ``seen`` is of the end. ``at`` is
        when that was asked for.
        """
        task, landing = self.tasks.get(key), self._landing(key)
        if task is not None and landing is None:
            ending = ENDINGS.get(self._task_shows(task) or "")
            if ending is not None:
                landing = self._landings[key] = Landing(task, ending, self.now)
        if landing is None:
            return False
        mine = [
            one
            for one in self.oracle.worlds[key]
            if one.flight is not None and one.flight.ending is landing.ending
        ]
        by_now = in_time(self.contract, frozenset(mine), self.now, self.oracle.rules)
        certain = landing.seen + self.late
        shown = at > certain or self._shows_end(by_now, seen)
        if not mine or not (shown or self.now >= certain):
            return False
        over = frozenset(one for one in by_now if one.flight is None)
        self.oracle.worlds[key] = over
        return not shown

    def _shows_end(self, worlds: Belief, seen: View) -> bool:
        """Whether a look shows the end of a success, and nothing else of it is to be judged.

        Looks never go back, so that one is of the end when no earlier place on the path shows the
        same. The events are another look, which may be late by itself.
        """
        if self.late and any(one.events for one in worlds):
            return False
        places = {
            (one.flight.ending, one.flight.origin, one.flight.at)
            for one in worlds
            if one.flight is not None and _shown(one, one.flight) == seen.get("status")
        }
        return bool(places) and all(
            ending is Ending.SUCCEED
            and at == len(self.contract.transition_from[origin].path) - 1
            for ending, origin, at in places
        )

    def _tasks(self, one: step.Tasks) -> tuple[str, list[Violation]]:
        """Look a task up; by then a redeploy may have ended, however short it was.

        Of one that is over the task may be told late, or be over a moment after the instance.
        """
        self.oracle.time_passes(self.now, (one.key,))
        shown, wrong = super()._tasks(one)
        if not wrong or not self.at_rest(one.key):
            return shown, wrong
        self.api.sleep(self.late + self.settings.poll_seconds)
        return super()._tasks(one)

    def _listed_tasks(self, key: Credentials, task: str) -> list[task_list.Shown]:
        """Return what is listed of a task; a refusal does not say that it is not.

        Raises:
            SetUpError: it could not be read.
        """
        params = [("RegionId", self.api.region), ("TaskIds", task)]
        return task_list.rows_of(self.api.ask("DescribeTasks", params, key), task)

    def _task_due(self, key: str) -> bool:
        """Whether a declared task list must show the task by now: not while it may be late."""
        return self.since_call(key, self.now) >= self.late

    def _task_status(self, key: str) -> tuple[str, ...]:
        """Return what a task list may show now, nothing where that is uncertain."""
        due, worlds = self._task_due(key), self.oracle.worlds[key]
        return task_list.expected(worlds, None) if due else ()

    def call(self, key: str, one: step.Redeploy) -> Reply:
        """Make one call; a refusal of the rate limit is waited for, since others may call too."""
        for pause in CALMING:
            self._calls(key)
            reply = super().call(key, one)
            if reply.kind is not Kind.THROTTLED and not _throttled(reply):
                self._calls(key)
                if reply.kind is not Kind.REJECTED:
                    self._effects.setdefault(key, []).append(reply.task_id)
                return self._judgeable(one, reply)
            self.api.again(REDEPLOY, str(reply), pause)
        raise SetUpError(
            f"the call was refused by a rate limit {len(CALMING)} times; "
            "somebody else may be using the account"
        )

    def _dispatch_one(self, one: step.Step) -> tuple[str, list[Violation]]:
        """Carry a step out, and follow the task of the one call that may have had an effect.

        Of several nobody knows which came last: one may have been held up, and have met the end of
        the other's redeploy. Of one without an answer nobody knows the task.
        """
        self._effects.clear()
        try:
            return super()._dispatch_one(one)
        finally:
            for key, tasks in self._effects.items():
                if len(tasks) == 1 and tasks[0] is not None:
                    self.tasks[key] = tasks[0]
                else:
                    self.tasks.pop(key, None)

    def _calls(self, key: str) -> None:
        """Keep when an instance was last called on, of calls made at once the last of all."""
        self._called[key] = max(self.now, self._called.get(key, float("-inf")))

    def _judgeable(self, one: step.Redeploy, reply: Reply) -> Reply:
        """Return a reply that tells something of the implementation.

        Raises:
            SetUpError: it may be due to the key, or to what nobody can see.
        """
        row = self.contract.error_by_code.get(reply.code or "")
        if reply.kind is Kind.INTERNAL and row and reply.message != row.message:
            # What all operations share words it otherwise than the page of this one.
            said = f"{reply.code}, though not in the words of the page"
            reply = replace(reply, kind=Kind.UNKNOWN, code=None, problem=said)
        code = reply.code or ""
        if code.startswith(OF_THE_POLICY):
            raise SetUpError(f"the key may not redeploy this instance: {reply}")
        if one.forgery is None and code.startswith(OF_THE_KEY):
            raise SetUpError(f"the key was not taken: {reply}")
        if (reply.problem or "").startswith(
            WEB_PAGE
        ) and reply.kind is not Kind.UNKNOWN:
            raise SetUpError(f"a gateway answered {reply.status}: {reply.problem}")
        crashed = reply.status == 500 and reply.kind is Kind.UNKNOWN
        if crashed and self._meaning(one).barred is not None:
            raise SetUpError(f"whether it is due to the call cannot be told: {reply}")
        for needed in self.contract.preconditions:
            seen = needed.attribute in SETTABLE | SHOWN
            if not seen and needed.code == reply.code:
                raise SetUpError(
                    f"the call was rejected with {reply.code}, and the public API used here "
                    "does not show whether that is true"
                )
        return reply

    def _views(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what can be seen of instances, with their events."""
        return {
            key: self.with_events(key, seen) for key, seen in self.glance(keys).items()
        }

    def with_events(self, key: str, seen: View) -> View:
        """Return a view with the events that are judged: the run's own, and those found before.

        Others may come and go by themselves at any time. Where it is not said that those found are
        real, nothing is known of how they go on, so that none are shown.
        """
        known = self.known.get(key)
        if known is None or seen.get("status") not in STABLE:
            return seen
        if known.found and not self.settings.events_are_real:
            return seen
        judged = known.found | known.simulated.keys()
        rows = self.api.events(self.wallet(), self.ids[key])
        events = {
            event_id: shown
            for _, event_id, shown in map(event_of, rows)
            if event_id in judged
        }
        return {**seen, "events": events}

    def looked(self, key: str, seen: View, at: float) -> list[Violation]:
        """Judge what a shared look showed of one instance, and enter it in the trace.

        ``at`` is when the look was asked for: what it shows may be no younger, and is not late yet.

        Raises:
            SetUpError: a task that is to be held against it could not be read.
        """
        doubled = self._at_once(key, at) if key in self._doubled else []
        before = dict(self.oracle.worlds)
        wrong = [
            *doubled,
            *self._or_a_success(key, self.oracle.looked({key: seen}, at)),
        ]
        wrong = wrong or self._contradicted(key, at)
        words = in_a_word(seen)
        looks = [one for one in self.run.done if isinstance(one.step, step.Look)]
        if (
            wrong
            or not looks
            or looks[-1] is not self.run.done[-1]
            or looks[-1].observed != words
        ):
            light = step.Look((key,), light="events" not in seen)
            if self.api.watcher is not None:
                self.api.watcher.step([light])
                self.api.watcher.done([words], [one.clause for one in wrong], None)
            after = dict(self.oracle.worlds)
            exchanges = tuple(self.api.exchanges)
            self.run.done.append(Done(light, words, before, after, exchanges))
        self.run.violations += wrong
        return wrong


def _shown(world: World, flight: Flight) -> str:
    return flight.origin if flight.at < 0 else world.status


def _may_succeed(world: World) -> bool:
    """Whether a redeploy may have ended in success, or may be about to."""
    if world.flight is None:
        return world.status == "Running"
    return world.flight.ending is not Ending.FAIL


def _throttled(reply: Reply) -> bool:
    return reply.status is not None and throttled(reply.status, reply.code or "")

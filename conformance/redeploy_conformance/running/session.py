"""The executor: carries abstract steps out on a target and asks the oracle about each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.meaning import meaning, permitted, statements
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle, settled
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.sight import View
from redeploy_conformance.judging.world import World
from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.steps import Step, keys_of
from redeploy_conformance.running import task_list
from redeploy_conformance.running.api import (
    Api,
    LostError,
    Offer,
    OfferError,
    SetUpError,
    UnreadError,
)
from redeploy_conformance.running.calling import Caller, NotApplicableError
from redeploy_conformance.running.clock import Clock
from redeploy_conformance.running.doubt import doubted
from redeploy_conformance.running.looking import Looker, shown
from redeploy_conformance.running.making import Maker
from redeploy_conformance.running.plane import Account, Plane
from redeploy_conformance.running.together import together
from redeploy_conformance.targets.statement import Statement, fresh
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Part, Written

UNDECLARED_LAG = 60.0
"""Seconds that a read is waited for where a statement says nothing of its lag (L8l)."""
POLLS = (0.05, 0.08, 0.11, 0.14)
"""Seconds to a second look while a redeploy is waited for: others in the next case, so that what shows
only briefly does not always fall between two looks."""
SLOWER = 1.2
ABSENT = "i-bp1nobody00000000000"
LONG = 12
"""Signs of an id that is not a mere count, whose lengths differ: real ones have some twenty."""


@dataclass(frozen=True, slots=True)
class Done:
    """One step as it went: what came, and the worlds before and after it by instance."""

    step: Step
    observed: str
    before: Mapping[str, frozenset[World]]
    after: Mapping[str, frozenset[World]]
    exchanges: Sequence[tuple[HttpRequest, HttpResponse | str]]


@dataclass(slots=True)
class Run:
    """What became of the steps of one case.

    ``problem`` is trouble of the set-up, ``lost`` that the target stopped answering; ``skipped``
    says why the case does not apply; ``number`` is the session's in the trace file. ``requests`` is how
    many the target had been sent when the first violation was seen, before that was doubted.
    """

    skipped: str | None = None
    lost: bool = False
    done: list[Done] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    problem: str | None = None
    number: int = 0
    requests: int = 0


def rules_for(statement: Statement, offer: Offer) -> Rules:
    """Return the rules of judgement that follow from what a target declares and offers."""
    certain = fresh(statement.read_lag_seconds, statement.choices)
    lag = 0.0 if certain else statement.read_lag_seconds or UNDECLARED_LAG
    return Rules(
        bound=statement.redeploy_seconds + lag,
        lags=not certain,
        stepped=Part.CLOCK in offer.parts,
        declared=dict(statement.choices),
    )


class Session:
    """One case on one target: fresh accounts, its own oracle, its own trace.

    ``doubts`` says whether a violation is held against the control plane first, which takes requests.
    """

    def __init__(
        self, api: Api, offer: Offer, contract: Contract, ledger: Ledger
    ) -> None:
        """Begin with nothing made and nothing known."""
        self.api = api
        self.doubts = True
        self.offer = offer
        self.contract = contract
        statement = api.target.statement
        self.oracle = Oracle(contract, rules_for(statement, offer), ledger)
        self.accounts: dict[str, Account] = {}
        self.ids: dict[str, str] = {}
        self.tasks: dict[str, str] = {}
        self.callers: dict[tuple[str, tuple[object, ...]], Credentials] = {}
        self.run = Run()
        self.plane = Plane(api, self.oracle)
        self.clock = Clock(api, self.plane, self.oracle)
        self.caller = Caller(api, contract)
        inspector = self.plane if Part.INSPECT in offer.parts else None
        self.looker = Looker(api, inspector, self.ids, self.oracle.homes, self._account)
        self.maker = Maker(
            api,
            self.plane,
            self.oracle,
            self.clock,
            self.looker,
            self.ids,
            self._account,
            lag=0.0 if statement.read_lag_seconds == 0 else UNDECLARED_LAG,
        )

    @property
    def now(self) -> float:
        """Seconds of the clock that redeploys run on."""
        return self.clock.now

    def perform(self, steps: Iterable[Step]) -> Run:
        """Carry steps out until the first violation or trouble; both are in the result."""
        for several in _batches(steps):
            if not self.do_together(several):
                break
        return self.run

    def do(self, one: Step) -> bool:
        """Carry one step out; False when it brought a violation or could not be done."""
        return self.do_together([one])

    def do_together(self, several: Sequence[Step]) -> bool:
        """Carry out one step, or several that ask for instances at once."""
        before = dict(self.oracle.worlds)
        self.api.exchanges.clear()
        watcher = self.api.watcher
        if watcher is not None:
            watcher.step(several)
        try:
            observed, wrong = self._dispatch(several)
            if wrong:
                self.run.requests = self.api.requests
                if self.doubts:
                    doubted(self.maker, wrong)
        except OfferError as error:
            error.key = error.key or getattr(several[0], "key", "")
            observed, wrong = [str(error)] * len(several), [not_as_offered(error)]
        except SetUpError as error:
            self.run.problem = str(error)
            self.run.lost = isinstance(error, LostError)
            observed, wrong = [f"could not be done: {error}"] * len(several), []
        except NotApplicableError as error:
            self.run.skipped = str(error)
            observed, wrong = [f"does not apply: {error}"] * len(several), []
        self.run.violations += wrong
        if watcher is not None:
            watcher.done(observed, [one.clause for one in wrong], self.run.problem)
        after, exchanges = dict(self.oracle.worlds), tuple(self.api.exchanges)
        for one, words in zip(several, observed, strict=True):
            self.run.done.append(Done(one, words, before, after, exchanges))
        return not wrong and not self.run.problem and not self.run.skipped

    def _dispatch(self, several: Sequence[Step]) -> tuple[list[str], list[Violation]]:
        if isinstance(several[0], step.Create):
            return self.maker.create(several), []
        observed, wrong = self._dispatch_one(several[0])
        return [observed], wrong

    def _dispatch_one(self, one: Step) -> tuple[str, list[Violation]]:
        match one:
            case step.Redeploy():
                return self._redeploy(one)
            case step.Look():
                return self._look(one.keys, light=one.light)
            case step.Settle():
                return self._settle()
            case step.Together():
                return together(self, one)
            case step.Advance():
                return f"it is {self.clock.advance(one.seconds):g} s", []
            case step.Tasks():
                return self._tasks(one)
            case step.Pause():
                self.api.sleep(one.seconds)
                return "done", []
            case _:
                return self._prepare(one), []

    def _prepare(self, one: Step) -> str:
        return self.maker.prepare(one)

    def _account(self, name: str) -> Account:
        if name not in self.accounts:
            self.accounts[name], now = self.plane.account()
            self.clock.told(now)
        return self.accounts[name]

    # ------------------------------------------------------------------ calls

    def _redeploy(self, one: step.Redeploy) -> tuple[str, list[Violation]]:
        answers = []
        for key in keys_of(one.key, one.count):
            begun = self.now
            reply = self.call(key, one)
            wrong = self.oracle.answered(
                key, self._meaning(one), reply, self.now, one.by, begun=begun
            )
            answers.append(f"{key}: {reply}" if one.count > 1 else str(reply))
            if wrong:
                return answers[-1], wrong
        return "; ".join(answers[-2:]), []

    def call(self, key: str, one: step.Redeploy) -> Reply:
        """Make one call on an instance, as the step says; return what came."""
        instance = self.bind(key)
        account = self._account(one.by or self.oracle.homes[key])
        caller = account.credentials
        if one.policy is not None or one.statements is not None:
            names = self._names(account, key)
            may = statements(self.contract, one, names)
            caller = self._caller(account, may, one.policy)
        reply = self.caller.call(one, instance, account.credentials, caller)
        if reply.kind is Kind.ACCEPTED and reply.task_id:
            self.tasks[key] = reply.task_id
        return reply

    def _caller(
        self, account: Account, may: Sequence[Mapping[str, str]], policy: str | None
    ) -> Credentials:
        """Return somebody who may do that; for no row of policies, who was made for it before in this case."""
        rows = self.contract.policy_cases
        forms = (row.written for row in rows if row.name == policy)
        who = (account.id, tuple(tuple(sorted(one.items())) for one in may))
        if policy is not None or who not in self.callers:
            written = next(forms, Written.STATEMENTS)
            self.callers[who] = self.plane.principal(account.id, may, written)
        return self.callers[who]

    def bind(self, key: str) -> str:
        """Return the id of an instance; a key that was never made stands for no instance."""
        if key not in self.ids:
            self._account("a1")
            self.ids[key] = self._of_nobody()
            self.oracle.add(key, "a1", World(exists=False))
        return self.ids[key]

    def _of_nobody(self) -> str:
        """Return an id that names no instance: where there is a long one, all but its last sign.

        Of a short one that may be counted the rest may name another instance, as ``i-1`` of ``i-12``.
        The second one of a case is that long one with its last sign once more.
        """
        homes = self.oracle.homes
        mine = [one for key, one in self.ids.items() if homes.get(key) == "a1"]
        first = mine[0].rstrip() if mine else ""
        near = (first[:-1].rstrip(), first + first[-1:])
        free = (x for x in near if len(x) >= LONG and x not in self.ids.values())
        return next(free, ABSENT)

    def _meaning(self, one: step.Redeploy) -> Call:
        """Return what the contract says of a call, apart from its instance."""
        own = one.statements is not None
        if own and one.by is None and one.forgery is None:
            account = self._account(self.oracle.homes[one.key])
            return permitted(self.contract, one, self._names(account, one.key))
        return meaning(self.contract, one)

    def _names(self, account: Account, key: str) -> dict[str, str]:
        """Return what policies name: what a call is about, and every instance of the case by its key."""
        return {
            **self.ids,
            "region": self.offer.region,
            "account": account.id,
            "instance": self.ids[key],
        }

    # ------------------------------------------------------------------ looks

    def _look(
        self, keys: Sequence[str], *, light: bool = False
    ) -> tuple[str, list[Violation]]:
        chosen = keys or [key for key in self.ids if key not in self.maker.launched]
        begun = self.now  # what is late now was late then; a slow answer is not (L7)
        if light:
            views = self.glance(chosen)
        else:
            views = self._views(chosen)
            self.maker.inspected(views)
        return shown(views), self.oracle.looked(views, begun)

    def glance(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what DescribeInstances alone shows of instances."""
        return self.looker.glance(keys)

    def _views(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what can be seen of instances, account by account."""
        return self.looker.views(keys)

    def _listed(
        self, account: Account, keys: Sequence[str]
    ) -> dict[str, Mapping[str, Any]]:
        return self.looker.listed(account, keys)

    def _settle(self) -> tuple[str, list[Violation]]:
        """Let redeploys end, and look; in real time, look until they have."""
        if self.clock.stepped:
            self.clock.advance(self.oracle.rules.bound)
            return self._look(())
        end = self.api.monotonic() + self.oracle.rules.bound
        pause = POLLS[self.api.waits % len(POLLS)]
        self.api.waits += 1
        while True:
            late = self.api.monotonic() > end
            seen, wrong = self._look(())
            done = all(settled(worlds) for worlds in self.oracle.worlds.values())
            if done and self.maker.cut_short:
                done = self.now >= self.maker.cut_short
            if wrong or done or late:
                return seen, wrong
            self.api.sleep(min(pause, 5.0))
            pause *= SLOWER

    def _tasks(self, one: step.Tasks) -> tuple[str, list[Violation]]:
        """Look a task up; what it should show binds only those who declare it (L13)."""
        task = self.tasks.get(one.key)
        if task is None:
            raise SetUpError(f"no accepted call on {one.key} gave a TaskId")
        key = self._account(self.oracle.homes[one.key]).credentials
        declared = self.oracle.rules.declared.get("L13")
        try:
            listed = self._listed_tasks(key, task)
        except UnreadError as error:
            if declared is not None:
                raise
            return str(error), []  # what it lists is open, and so is how
        seen = task_list.in_words(listed)
        word = "listed" if listed else "absent"
        self.oracle.ledger.tell([("L13", word)], f"{task}: {seen}")
        expected = self._task_status(one.key)
        name = self.contract.operation
        due = self._task_due(one.key)
        return seen, task_list.judged(declared, listed, name, expected, due=due)

    def _listed_tasks(self, key: Credentials, task: str) -> list[task_list.Shown]:
        """Return what is listed of a task; a target that lists none may answer what it likes."""
        return task_list.shown(self.api, key, task)

    def _task_due(self, key: str) -> bool:
        """Whether a declared task list must show the task by now; of a released instance it is open."""
        there = all(world.exists for world in self.oracle.worlds[key])
        return there and not self.oracle.rules.lags

    def _task_status(self, key: str) -> tuple[str, ...]:
        """Return what a declared task list may show now, nothing where that is uncertain.

        Where nobody said how a redeploy ends, and time does not stand still, its task may be over a
        moment later than the instance.
        """
        ended = self.maker.scripted.get(key)
        may = task_list.expected(self.oracle.worlds[key], ended)
        exact = ended or (self.clock.stepped and self._task_due(key))
        return may if exact or may != task_list.OVER else ()


def not_as_offered(error: OfferError) -> Violation:
    """Return the violation that a part is offered and does not work (S1)."""
    wanted = "each part that is offered works as the control protocol says"
    return Violation("S1", wanted, str(error), instead=error.instead, key=error.key)


def _batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield steps one by one, adjacent ones that make instances together."""
    for creates, several in groupby(steps, lambda one: isinstance(one, step.Create)):
        if creates:
            yield list(several)
        else:
            yield from ([one] for one in several)

"""The executor: carries abstract steps out on a target and asks the oracle about each."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from redeploy_conformance import steps as step
from redeploy_conformance.api import Api, LostError, Offer, OfferError, SetUpError
from redeploy_conformance.authority import allows
from redeploy_conformance.belief import View
from redeploy_conformance.ledger import Ledger
from redeploy_conformance.model import Call, Rules
from redeploy_conformance.oracle import Oracle, Violation, settled
from redeploy_conformance.replies import Kind, Reply, read, unanswered
from redeploy_conformance.steps import Case, Step
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.together import together
from redeploy_conformance.views import event_of, view
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signing import Credentials
from redeploy_conformance.world import Event, World
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending, Part

UNDECLARED_LAG = 60.0
"""Seconds that a read is waited for where a statement says nothing of its lag (L8l)."""
POLL = 0.2
ABSENT = "i-bp1nobody00000000000"


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
    says why the case does not apply; ``number`` is the session's in the trace file.
    """

    skipped: str | None = None
    lost: bool = False
    done: list[Done] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    problem: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a case made for itself."""

    id: str
    credentials: Credentials


def rules_for(statement: Statement, offer: Offer) -> Rules:
    """Return the rules of judgement that follow from what a target declares and offers."""
    fresh = statement.read_lag_seconds == 0 or statement.choices.get("L8l") == "fresh"
    lag = 0.0 if fresh else statement.read_lag_seconds or UNDECLARED_LAG
    return Rules(
        bound=statement.redeploy_seconds + lag,
        lags=not fresh,
        stepped=Part.CLOCK in offer.parts,
        declared=statement.choices,
    )


class NotApplicableError(Exception):
    """The implementation does not have what a case is about; the message says what."""


class Session:
    """One case on one target: fresh accounts, its own oracle, its own trace."""

    def __init__(
        self, api: Api, offer: Offer, contract: Contract, ledger: Ledger
    ) -> None:
        """Begin with nothing made and nothing known."""
        self.api = api
        self.offer = offer
        self.contract = contract
        statement = api.target.statement
        self.lag = 0.0 if statement.read_lag_seconds == 0 else UNDECLARED_LAG
        self.oracle = Oracle(contract, rules_for(statement, offer), ledger)
        self.accounts: dict[str, Account] = {}
        self.ids: dict[str, str] = {}
        self.tasks: dict[str, str] = {}
        self.scripted: dict[str, Ending] = {}
        self.launched: set[str] = set()
        """Made by RunInstances: how they go on from there is not this contract's."""
        self.run = Run()
        self._clock = 0.0
        if self.oracle.rules.stepped:
            named = f"?clock_id={quote(api.clock_id)}" if api.clock_id else ""
            shown = self._control("GET", f"clock{named}", None, "clock")
            self._clock = float(shown["now"])

    @property
    def now(self) -> float:
        """Seconds of the clock that redeploys run on."""
        return self._clock if self.oracle.rules.stepped else self.api.monotonic()

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
        except OfferError as error:
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
        for one, shown in zip(several, observed, strict=True):
            self.run.done.append(Done(one, shown, before, after, exchanges))
        return not wrong and not self.run.problem and not self.run.skipped

    def _dispatch(self, several: Sequence[Step]) -> tuple[list[str], list[Violation]]:
        if isinstance(several[0], step.Create):
            return self._create(several), []
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
                return self._advance(one.seconds), []
            case step.Tasks():
                return self._tasks(one)
            case step.Pause():
                self.api.sleep(one.seconds)
                return "done", []
            case _:
                return self._prepare(one), []

    # ------------------------------------------------------------------ set-up

    def _prepare(self, one: Step) -> str:
        match one:
            case step.Launch():
                return self._launch(one)
            case step.Script():
                path = f"instances/{self.ids[one.key]}/next-redeploy"
                self._control("PUT", path, {"outcome": one.ending}, "empty")
                self.scripted[one.key] = Ending(one.ending)
                self._change(one.key, next_ending=Ending(one.ending))
            case step.Patch():
                path = f"instances/{self.ids[one.key]}"
                self._control("PATCH", path, _document(one.spec), "empty")
                self._change(one.key, **_world(one.spec))
            case step.Release():
                path = f"instances/{self.ids[one.key]}"
                self._control("DELETE", path, None, "empty")
                self._change(one.key, exists=False, events=(), flight=None)
            case step.Raise():
                return self._raise(one)
            case step.Simulate():
                return self._simulate(one)
            case step.Break():
                account = self._account(one.account).id
                body = {"account_id": account, "effect": one.effect}
                self._control("POST", "internal-errors", body, "empty")
            case _:
                raise AssertionError(f"no way to do {one}")
        return "done"

    def _control(
        self, method: str, path: str, body: Mapping[str, Any] | None, schema: str
    ) -> dict[str, Any]:
        answer = self.api.control(method, path, body, f"control/{schema}")
        self.oracle.ledger.confirm([("S1", _part(method, path))])
        return answer

    def _change(self, key: str, **fields: Any) -> None:
        self.oracle.change(key, lambda world: replace(world, why=(), **fields))

    def _account(self, name: str) -> Account:
        if name not in self.accounts:
            made = self._control("POST", "accounts", self.api.timed, "account-answer")
            key = self._key(made)
            self.accounts[name] = Account(made["account_id"], key)
        return self.accounts[name]

    def _key(self, made: Mapping[str, Any]) -> Credentials:
        """Return a key that was made; its secret is kept out of whatever is written."""
        self.api.secrets.add(made["access_key_secret"])
        return Credentials(made["access_key_id"], made["access_key_secret"])

    def _create(self, several: Sequence[Step]) -> list[str]:
        """Make the instances of adjacent steps, with one request for each account."""
        made = [one for one in several if isinstance(one, step.Create)]
        for name in dict.fromkeys(one.account for one in made):
            mine = [one for one in made if one.account == name]
            specs = [spec for one in mine for spec in [_asked(one)] * one.count]
            body = {"account_id": self._account(name).id, "instances": specs}
            answer = self._control("POST", "instances", body, "instances-answer")
            rows = answer["instances"]
            if len(rows) != len(specs):
                raise OfferError(f"asked for {len(specs)} instances, got {len(rows)}")
            for one in mine:
                self._enter(one, rows[: one.count])
                rows = rows[one.count :]
        self._verify([key for one in made for key in keys_of(one.key, one.count)])
        return [
            f"made as {', '.join(self.ids[k] for k in keys_of(one.key, one.count)[:3])}"
            for one in made
        ]

    def _enter(self, one: step.Create, rows: Sequence[Mapping[str, Any]]) -> None:
        """Enter instances that were made, as they should be now."""
        for key, row in zip(keys_of(one.key, one.count), rows, strict=True):
            if len(row["event_ids"]) != len(one.events):
                raise OfferError("the control plane did not give an id for each event")
            self.ids[key] = row["instance_id"]
            known = tuple(
                Event(event_id, kind, status)
                for event_id, (kind, status) in zip(
                    row["event_ids"], one.events, strict=True
                )
            )
            ending = Ending(one.ending) if one.ending else None
            if ending is not None:
                self.scripted[key] = ending
            world = World(events=known, next_ending=ending, **_world(one.spec))
            self.oracle.add(key, one.account, world)

    def _launch(self, one: step.Launch) -> str:
        account = self._account("a1")
        params = [("RegionId", self.api.region), ("InstanceType", "ecs.g6.large")]
        params += [("ImageId", "img"), ("Amount", "1")]
        fields = self.api.ask("RunInstances", params, account.credentials)
        ids = (fields.get("InstanceIdSets") or {}).get("InstanceIdSet") or []
        if len(ids) != 1:
            raise SetUpError("RunInstances gave no instance id")
        self.ids[one.key] = ids[0]
        self.oracle.add(one.key, "a1", World())
        self.launched.add(one.key)
        shown = self.glance([one.key])[one.key]
        self.oracle.change(
            one.key, lambda world: replace(world, status=shown.get("status", "Pending"))
        )
        return f"made as {ids[0]}, {shown.get('status')}"

    def _verify(self, keys: Sequence[str]) -> None:
        """Make sure that what was asked for is there, and learn what cannot be asked for."""
        wrong = self._verified(keys)
        if wrong and self.lag:
            self._wait(self.lag)
            wrong = self._verified(keys)
        if wrong:
            first = wrong[0]
            raise SetUpError(
                "the instance was not made as asked: "
                f"expected {first.expected}, got {first.observed}"
            )

    def _verified(self, keys: Sequence[str]) -> list[Violation]:
        counted, self.oracle.ledger = self.oracle.ledger, Ledger()
        kept = dict(self.oracle.worlds)
        try:
            begun = self.now
            wrong = self.oracle.looked(self._views(keys), begun)
        finally:
            self.oracle.ledger = counted
        if wrong:
            self.oracle.worlds = kept
        return wrong

    def _raise(self, one: step.Raise) -> str:
        path = f"instances/{self.ids[one.key]}/events"
        body = {"type": one.type, "status": one.status}
        event_id = self._control("POST", path, body, "event-answer")["event_id"]
        self._add_event(one.key, Event(event_id, one.type, one.status))
        return f"raised as {event_id}"

    def _simulate(self, one: step.Simulate) -> str:
        later = datetime.now(UTC) + timedelta(days=2)
        params = [
            ("RegionId", self.api.region),
            ("InstanceId.1", self.ids[one.key]),
            ("EventType", one.type),
            ("NotBefore", later.strftime("%Y-%m-%dT%H:%M:%SZ")),
        ]
        key = self._account(self.oracle.homes[one.key]).credentials
        fields = self.api.ask("CreateSimulatedSystemEvents", params, key)
        ids = (fields.get("EventIdSet") or {}).get("EventId") or []
        if len(ids) != 1:
            raise SetUpError("CreateSimulatedSystemEvents gave no event id")
        rows = self.api.events(key, self.ids[one.key])
        shown = dict(event_of(row)[1:] for row in rows)
        if ids[0] not in shown:
            raise SetUpError("the simulated event is not in the event history")
        self._add_event(one.key, Event(ids[0], *shown[ids[0]], simulated=True))
        return f"made as {ids[0]}, {shown[ids[0]][1]}"

    def _add_event(self, key: str, event: Event) -> None:
        self.oracle.change(
            key, lambda world: replace(world, events=(*world.events, event))
        )

    def _tasks(self, one: step.Tasks) -> tuple[str, list[Violation]]:
        """Look a task up; what it should show binds only those who declare it (L13)."""
        task = self.tasks.get(one.key)
        if task is None:
            raise SetUpError(f"no accepted call on {one.key} gave a TaskId")
        key = self._account(self.oracle.homes[one.key]).credentials
        params = [("RegionId", self.api.region), ("TaskIds", task)]
        try:
            answer = self.api.call("DescribeTasks", params, key)
        except (UnansweredError, UnreachableError) as error:
            raise LostError(f"DescribeTasks: {error}") from error
        rows = ((answer.fields or {}).get("TaskSet") or {}).get("Task") or []
        shown = [row.get("TaskStatus") for row in rows if row.get("TaskId") == task]
        word = "listed" if shown else "absent"
        seen = " ".join(map(str, shown)) or "not listed"
        self.oracle.ledger.tell([("L13", word)], f"{task}: {seen}")
        expected = self._task_status(one.key)
        declared = self.oracle.rules.declared.get("L13")
        if declared == "absent" and shown:
            return seen, [Violation("L13", "not listed, as declared", seen)]
        if declared == "listed" and expected and seen != expected:
            return seen, [Violation("L13", f"{expected}, as declared", seen)]
        return seen, []

    def _task_status(self, key: str) -> str | None:
        """Return what a declared task list shows now, where that is certain."""
        worlds = self.oracle.worlds[key]
        if settled(worlds):
            ended = self.scripted.get(key)
            return {Ending.SUCCEED: "Finished", Ending.FAIL: "Failed", None: None}[
                ended
            ]
        return "Processing" if all(world.flight for world in worlds) else None

    # ------------------------------------------------------------------ calls

    def _redeploy(self, one: step.Redeploy) -> tuple[str, list[Violation]]:
        shown = []
        for key in keys_of(one.key, one.count):
            begun = self.now
            reply = self.call(key, one)
            wrong = self.oracle.answered(
                key, self._meaning(one), reply, self.now, one.by, begun=begun
            )
            shown.append(f"{key}: {reply}" if one.count > 1 else str(reply))
            if wrong:
                return shown[-1], wrong
        return "; ".join(shown[-2:]), []

    def call(self, key: str, one: step.Redeploy) -> Reply:
        """Make one call on an instance, as the step says; return what came."""
        params: dict[str, str] = {"InstanceId": self.bind(key)}
        if one.force is not None:
            params["ForceStop"] = str(one.force).lower()
        for row in self.contract.malformed:
            if row.name == one.malformed:
                params |= row.set
                params = {k: v for k, v in params.items() if k not in row.drop}
        account = self._account(one.by or self.oracle.homes[key])
        credentials = self._principal(one, account, key)
        if one.wire is not None:
            self._try_wire(one.wire, account.credentials)
        try:
            answer = self._forged(one, params, credentials)
        except UnansweredError as error:
            return unanswered(str(error))
        except UnreachableError as error:
            raise LostError(f"{self.contract.operation}: {error}") from error
        reply = read(answer)
        if reply.kind is Kind.ACCEPTED and reply.task_id:
            self.tasks[key] = reply.task_id
        return reply

    def bind(self, key: str) -> str:
        """Return the id of an instance; a key that was never made stands for no instance."""
        if key not in self.ids:
            self._account("a1")
            self.ids[key] = ABSENT
            self.oracle.add(key, "a1", World(exists=False))
        return self.ids[key]

    def _try_wire(self, wire: str, credentials: Credentials) -> None:
        """Make sure that a form of request is understood, before a refusal means anything."""
        region = [("RegionId", self.api.region)]
        try:
            answer = self.api.call("DescribeInstances", region, credentials, wire=wire)
        except (UnansweredError, UnreachableError) as error:
            raise LostError(f"DescribeInstances as {wire}: {error}") from error
        if answer.status >= 300:
            raise NotApplicableError(f"requests as {wire} are not understood")

    def _forged(
        self,
        one: step.Redeploy,
        params: Mapping[str, str],
        credentials: Credentials,
    ) -> Any:
        """Send the call, signed as the row says."""
        pairs = list(params.items())
        call = partial(self.api.call, self.contract.operation, wire=one.wire)
        ways = {row.name: row.signature for row in self.contract.forgeries}
        match ways.get(one.forgery or ""):
            case None:
                return call(pairs, credentials)
            case "wrong-secret":
                wrong = Credentials(credentials.access_key_id, "not-the-secret")
                return call(pairs, wrong)
            case "unknown-key":
                return call(pairs, Credentials("LTAInobody00000000000", "nothing"))
            case "missing":
                return call(pairs, None)
            case "altered":
                pairs = [
                    *(p for p in pairs if p[0] != "ForceStop"),
                    ("ForceStop", "false"),
                ]
                alter = (b"ForceStop=false", b"ForceStop=true")
                return call(pairs, credentials, alter=alter)
            case "stale":
                past = datetime.now(UTC) - timedelta(hours=1)
                return call(pairs, credentials, now=past)
            case "replayed":
                nonce = f"{time.time_ns():x}"
                region = [("RegionId", self.api.region)]
                for before in (nonce, None):
                    self.api.call(
                        "DescribeInstances",
                        region,
                        credentials,
                        nonce=before,
                        wire=one.wire,
                    )
                return call(pairs, credentials, nonce=nonce)
            case other:
                raise SetUpError(f"no way to sign as {other!r}")

    def _principal(self, one: step.Redeploy, account: Account, key: str) -> Credentials:
        if one.policy is None and not one.statements:
            return account.credentials
        statements = self._statements(one, account.id, self.ids[key])
        policies = [{"Version": "1", "Statement": statements}] if statements else []
        body = {"account_id": account.id, "policies": policies}
        made = self._control("POST", "principals", body, "principal-answer")
        return self._key(made)

    def _statements(
        self, one: step.Redeploy, account: str, instance: str
    ) -> list[dict[str, str]]:
        """Return a caller's statements, with the ids of the call filled in."""
        call = self._target_of(account, instance)
        if one.statements:
            names = ("Effect", "Action", "Resource")
            rows = [dict(zip(names, row, strict=True)) for row in one.statements]
        else:
            cases = self.contract.policy_cases
            row = next(row for row in cases if row.name == one.policy)
            rows = [dict(statement) for statement in row.statements]
        return [
            {name: text.format(**call) for name, text in statement.items()}
            for statement in rows
        ]

    def _target_of(self, account: str, instance: str) -> dict[str, str]:
        return {
            "region": self.offer.region,
            "account": account,
            "instance": instance,
        }

    def _meaning(self, one: step.Redeploy) -> Call:
        """Return what the contract says of a call, apart from its instance."""
        if one.by is not None:
            return Call(force=one.force, foreign=True)
        if one.forgery is not None:
            return Call(force=one.force, barred="U4", silence="U4")
        if one.statements:
            return self._permitted(one)
        for case in self.contract.policy_cases:
            if case.name == one.policy:
                if case.allowed:
                    return Call(force=one.force, granted=case.clause)
                return Call(force=one.force, barred=case.clause, silence="U1")
        for row in self.contract.malformed:
            if row.name == one.malformed:
                if self.contract.by_id[row.clause].required:
                    return Call(barred=row.clause, silence=row.clause)
                taken, refused = (row.clause, "accepted"), (row.clause, "rejected")
                return Call(silence="A14", maybe=(taken, refused), unclear=True)
        return Call(force=one.force)

    def _permitted(self, one: step.Redeploy) -> Call:
        """Return what the contract says of a call by its caller's own statements (U1, U2)."""
        account = self._account(self.oracle.homes[one.key]).id
        call = self._target_of(account, self.ids[one.key])
        rows = self._statements(one, account, self.ids[one.key])
        resource = self.contract.resource.format(**call)
        if allows(rows, self.contract.action, resource):
            return Call(force=one.force, granted="U2")
        return Call(force=one.force, barred="U2", silence="U1")

    # ------------------------------------------------------------------ looking and waiting

    def _look(
        self, keys: Sequence[str], *, light: bool = False
    ) -> tuple[str, list[Violation]]:
        chosen = keys or [key for key in self.ids if key not in self.launched]
        begun = self.now  # what is late now was late then; a slow answer is not (L7)
        views = self.glance(chosen) if light else self._views(chosen)
        wrong = self.oracle.looked(views, begun)
        shown = [f"{key} {_shown(seen)}" for key, seen in list(views.items())[:4]]
        return "; ".join(shown), wrong

    def glance(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what DescribeInstances alone shows of instances."""
        views: dict[str, View] = {}
        for name, mine in self._by_account(keys).items():
            listed = self._listed(self._account(name), mine)
            for key in mine:
                seen = view(listed.get(self.ids[key]), {}, None)
                seen.pop("events", None)
                views[key] = seen
        return views

    def _by_account(self, keys: Sequence[str]) -> dict[str, list[str]]:
        homes: dict[str, list[str]] = {}
        for key in keys:
            homes.setdefault(self.oracle.homes[key], []).append(key)
        return homes

    def _listed(
        self, account: Account, keys: Sequence[str]
    ) -> dict[str, Mapping[str, Any]]:
        ids = list(dict.fromkeys(self.ids[key] for key in keys))
        rows = self.api.describe(ids, account.credentials)
        return {str(row.get("InstanceId")): row for row in rows}

    def _views(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what can be seen of instances, account by account."""
        views: dict[str, View] = {}
        for name, mine in self._by_account(keys).items():
            account = self._account(name)
            listed = self._listed(account, mine)
            events: dict[str, dict[str, tuple[str, str]]] = {}
            for row in self.api.events(account.credentials):
                instance_id, event_id, shown = event_of(row)
                events.setdefault(instance_id, {})[event_id] = shown
            inspected = self._inspected(account)
            for key in mine:
                one = self.ids[key]
                views[key] = view(
                    listed.get(one), events.get(one, {}), inspected.get(one)
                )
        return views

    def _inspected(self, account: Account) -> dict[str, Mapping[str, Any]]:
        if Part.INSPECT not in self.offer.parts:
            return {}
        path = f"instances?account_id={account.id}"
        rows = self._control("GET", path, None, "inspect-answer")["instances"]
        return {row["instance_id"]: row for row in rows}

    def _advance(self, seconds: float) -> str:
        body = {"seconds": seconds, **self.api.timed}
        self._clock = float(
            self._control("POST", "clock/advance", body, "clock")["now"]
        )
        self.oracle.time_passes(self._clock)
        return f"it is {self._clock:g} s"

    def _settle(self) -> tuple[str, list[Violation]]:
        if self.oracle.rules.stepped:
            self._advance(self.oracle.rules.bound)
            return self._look(())
        end = self.api.monotonic() + self.oracle.rules.bound
        pause = POLL
        while True:
            late = self.api.monotonic() > end
            shown, wrong = self._look(())
            done = all(settled(worlds) for worlds in self.oracle.worlds.values())
            if wrong or done or late:
                return shown, wrong
            self.api.sleep(min(pause, 5.0))
            pause *= 1.5

    def _wait(self, seconds: float) -> None:
        if self.oracle.rules.stepped:
            self._advance(seconds)
        else:
            self.api.sleep(min(seconds, 5.0))


def not_as_offered(error: OfferError) -> Violation:
    """Return the violation that a part is offered and does not work (S1)."""
    wanted = "each part that is offered works as the control protocol says"
    return Violation("S1", wanted, str(error))


def _part(method: str, path: str) -> str:
    """Return the part of the control protocol that a request belongs to."""
    if method == "GET" and path.startswith("instances"):
        return Part.INSPECT.value
    last = {"next-redeploy": Part.OUTCOMES.value, "advance": Part.CLOCK.value}
    path = path.partition("?")[0]
    word = path.rpartition("/")[2]
    names = {part.value for part in Part}
    return last.get(word, word if word in names else path.partition("/")[0])


def keys_of(first: str, count: int) -> list[str]:
    """Return the keys of ``count`` instances: ``i1``, ``i2``, … from the first one on."""
    if count == 1:
        return [first]
    head, number = first[0], int(first[1:])
    return [f"{head}{number + n}" for n in range(count)]


def perform(session: Session, case: Case) -> Run:
    """Carry a whole case out."""
    return session.perform(case.steps)


def _asked(one: step.Create) -> dict[str, Any]:
    """Return the spec of an instance as the control protocol wants it."""
    events = [{"type": kind, "status": status} for kind, status in one.events]
    spec = {**_document(one.spec), "events": events}
    return spec | ({"next_redeploy": one.ending} if one.ending else {})


def _batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield steps one by one, adjacent ones that make instances together."""
    for creates, several in groupby(steps, lambda one: isinstance(one, step.Create)):
        if creates:
            yield list(several)
        else:
            yield from ([one] for one in several)


def _document(spec: step.SpecItems) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in spec
    }


def _world(spec: step.SpecItems) -> dict[str, Any]:
    return {
        name: frozenset(value) if isinstance(value, tuple) else value
        for name, value in spec
    }


def _shown(seen: View) -> str:
    if not seen.get("exists"):
        return "not listed"
    events = [f"{kind} {status}" for kind, status in seen.get("events", {}).values()]
    return ", ".join([str(seen.get("status")), *events])

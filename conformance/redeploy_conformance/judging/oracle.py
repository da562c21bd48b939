"""The oracle: holds the belief of every instance and judges each answer and each look.

No I/O, no clock, no randomness: whoever drives it says what was called, what came and when.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from msgspec.structs import replace

from redeploy_conformance.judging import choices
from redeploy_conformance.judging.belief import Belief, Narrowed, latest
from redeploy_conformance.judging.blaming import (
    REFUSED,
    Violation,
    blame,
    or_another,
    seen_wrong,
    simplest,
)
from redeploy_conformance.judging.ledger import UNANSWERED, Ledger
from redeploy_conformance.judging.limiter import Quota, judge
from redeploy_conformance.judging.memory import Memory, memory_of
from redeploy_conformance.judging.model import Call, Rules, unanswered, undecided
from redeploy_conformance.judging.moves import Walk
from redeploy_conformance.judging.names import SPELLED, Names
from redeploy_conformance.judging.recent import Recent
from redeploy_conformance.judging.replies import Flaw, Kind, Reply, flaws
from redeploy_conformance.judging.sight import View
from redeploy_conformance.judging.views import in_a_word
from redeploy_conformance.judging.world import Event, Told, World, hush
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract

FRAME = frozenset({"status", "lock_reasons", "tenancy"})
"""What a look must show for a neighbour that stayed the same to confirm L9: else it could not tell."""
REMEMBERED = 1024
"""Beliefs of which what is asked of them again and again is remembered."""
UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


class Worlds(dict[str, Belief]):
    """Beliefs by instance, and which of them were entered since somebody last asked."""

    def __init__(self, worlds: Mapping[str, Belief] | None = None) -> None:
        """Enter what is believed already."""
        super().__init__(worlds or {})
        self.entered = set(self)

    def __setitem__(self, key: str, worlds: Belief) -> None:
        """Enter a belief."""
        super().__setitem__(key, worlds)
        self.entered.add(key)


@dataclass(slots=True)
class Oracle:
    """What may be true of every instance of one case, and what was told about it.

    ``homes`` says to which account an instance belongs; ``stirred`` are the instances not looked at
    since a call on another one was accepted; ``looks`` hold what the last look at each left. Times
    are seconds of the clock that redeploys run on.
    """

    contract: Contract
    rules: Rules
    ledger: Ledger = field(default_factory=Ledger)
    worlds: Worlds = field(default_factory=Worlds)
    homes: dict[str, str] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    request_ids: Recent = field(default_factory=Recent)
    task_ids: Recent = field(default_factory=Recent)
    stirred: set[str] = field(default_factory=set)
    walk: Walk = field(default_factory=Walk)
    names: dict[str, Names] = field(default_factory=dict)
    looks: dict[str, Narrowed] = field(default_factory=dict)
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        """Share what sessions like this one remember."""
        self.memory = memory_of(self.contract, self.rules)

    def add(self, key: str, account: str, *worlds: World) -> None:
        """Begin to watch an instance that is known to be in one of these states.

        Of its host and its data nothing is known before the first look.
        """
        names = self.names[key] = Names()
        self.worlds[key] = frozenset(
            replace(world, events=tuple(_named(one, names) for one in world.events))
            if world.events
            else world
            for world in worlds
        )
        self.homes[key] = account

    def change(self, key: str, how: Callable[[World], World]) -> None:
        """Enter a change that was made through the control plane."""
        self.worlds[key] = frozenset(how(world) for world in self.worlds[key])

    def raised(self, key: str, event: Event) -> None:
        """Enter an event that an instance has from now on."""
        named = _named(event, self.names[key])
        self.change(key, lambda world: replace(world, events=(*world.events, named)))

    def gone(self, key: str, events: Iterable[str]) -> None:
        """Forget events of an instance, by their ids."""
        names = {self.names[key].of("event", one) for one in events}
        self.change(
            key,
            lambda world: replace(
                world, events=tuple(one for one in world.events if one.id not in names)
            ),
        )

    def time_passes(self, now: float, keys: Iterable[str] | None = None) -> None:
        """Let everything that may happen by ``now`` happen; with ``keys`` only to those."""
        for key in list(self.worlds if keys is None else keys):
            worlds = self.worlds[key]
            if any(world.flight or world.doubt or world.echo for world in worlds):
                self.worlds[key] = self.memory.in_time(worlds, now)

    def answered(
        self,
        key: str,
        call: Call,
        reply: Reply,
        now: float,
        account: str | None = None,
        *,
        begun: float | None = None,
    ) -> list[Violation]:
        """Judge the answer to one RedeployInstance call, and enter what it tells.

        ``account`` is the caller's where the instance belongs to another one; ``begun`` is when the
        call was made, where its answer took time: what is late now need not have been late then.
        """
        if not self.rules.stepped:
            self.time_passes(now if begun is None else begun, (key,))
        payer, before = account or self.homes[key], self.worlds[key]
        if self._only_limited(payer, before, call, reply, now):
            reply = replace(reply, kind=Kind.THROTTLED)
        wrong = _violations((*flaws(self.contract, reply), *self.identify(reply)))
        wrong += self._limited(payer, reply, now)
        if call.barred is not None and not _may_refuse(call.barred, reply):
            wrong.append(Violation(call.barred, REFUSED, str(reply)))
        elif reply.kind is Kind.UNKNOWN:
            self._spread(key, before, call, now, unanswered)
        elif reply.kind is Kind.INTERNAL:
            self._spread(key, before, call, now, undecided)
        elif reply.kind is Kind.THROTTLED:
            self._silence(("Q4", "L10"), key)
            told = [("Q4c", f"{reply.status} {reply.code}")] if reply.code else []
            wrong += _violations(self._told(told, str(reply)))
            if reply.code is None:
                wrong.append(Violation("Q4", "throttled, with a code", str(reply)))
        else:
            wrong += self._decided(key, before, call, reply, now)
        return [replace(one, key=key) for one in wrong]

    def looked(self, views: Mapping[str, View], now: float) -> list[Violation]:
        """Judge what was seen of every instance, and narrow the beliefs by it."""
        if not self.rules.stepped:
            self.time_passes(now, views)
        wrong = []
        moving = {key for key, worlds in self.worlds.items() if not settled(worlds)}
        stirred = self.stirred & views.keys()
        self.stirred -= stirred
        for key, view in views.items():
            before, names = self.worlds[key], self.names.get(key, SPELLED)
            left = self.memory.narrow(before, names.shown(view), now)
            self.worlds[key], self.looks[key] = left.belief, left
            self.ledger.confirm(left.held)
            self.ledger.tell(left.told, f"{key}: {in_a_word(view)}")
            self.ledger.walk(self.walk.looked(key, view, left.belief, left.held))
            if left.mismatches:
                told = names.told(seen_wrong(key, before, left))
                elsewhere = key in stirred or moving - {key}
                wrong.append(or_another(told) if elsewhere else told)
            elif moving and key not in moving and view.keys() >= FRAME:
                self.ledger.confirm([("L9", "")])
        return wrong

    def identify(self, reply: Reply) -> list[Flaw]:
        """Return what is wrong with the ids of any answer (R4, R5), and remember them.

        One of which nobody can tell what it means is counted.
        """
        if reply.kind in (Kind.UNKNOWN, Kind.INTERNAL):
            self.ledger.failed[reply.status or UNANSWERED] += 1
        if reply.status is None or reply.kind is Kind.UNKNOWN:
            return []
        found = []
        if not reply.request_id:
            found.append(Flaw("R4", "a RequestId", "none"))
        elif reply.request_id in self.request_ids:
            wanted = "a RequestId of its own"
            again = self.request_ids.again(reply.request_id, "answer")
            found.append(Flaw("R4", wanted, again))
        else:
            self.request_ids.add(reply.request_id)
            self.ledger.confirm([("R4", "")])
        if reply.kind is Kind.ACCEPTED and reply.task_id:
            if reply.task_id in self.task_ids:
                wanted = "a TaskId of its own"
                again = self.task_ids.again(reply.task_id, "TaskId")
                found.append(Flaw("R5", wanted, again))
            self.task_ids.add(reply.task_id)
            self.ledger.confirm([("R5", ""), ("R1", "")])
            shaped = UUID.fullmatch(reply.request_id or "") and (
                reply.task_id.startswith("t-")
            )
            word = "as-in-examples" if shaped else "other"
            found += self._told([("R6", word)], str(reply))
        return found

    def _told(self, told: Iterable[Told], evidence: str) -> list[Flaw]:
        return choices.tell(self.ledger, self.rules.declared, told, evidence)

    def _only_limited(
        self, payer: str, before: Belief, call: Call, reply: Reply, now: float
    ) -> bool:
        """Whether the rate is reached, and nothing but that explains a rejection.

        The page names no code for it (Q4c); a call that is refused anyway may be so first.
        """
        quota = self.quotas.get(payer)
        listed = reply.code in self.contract.error_by_code
        if reply.kind is not Kind.REJECTED or listed or quota is None:
            return False
        if call.barred is not None or quota.under(now):
            return False
        answer = Reply(reply.kind, code=reply.code)
        return not self.memory.decide(before, call, answer, now).worlds

    def _limited(self, account: str, reply: Reply, now: float) -> list[Violation]:
        if account not in self.quotas:
            self.quotas[account] = Quota(self.contract)
        quota = self.quotas[account]
        if reply.kind in (Kind.UNKNOWN, Kind.INTERNAL):
            quota.note_unsure(now)
            return []
        wrong, held = judge(
            self.quotas,
            account,
            now,
            throttled=reply.kind is Kind.THROTTLED,
            accepted=reply.kind is Kind.ACCEPTED,
            stepped=self.rules.stepped,
        )
        self.ledger.confirm((clause, "") for clause in held)
        throttled = reply.kind is Kind.THROTTLED
        if self.rules.stepped and not wrong:
            told = quota.told(now, throttled=throttled)
            wrong += self._told(told, f"after {count(len(quota.calls), 'call')}")
        return _violations(wrong)

    def _spread(
        self,
        key: str,
        before: Belief,
        call: Call,
        now: float,
        into: Callable[[Contract, World, Call, float, Rules], frozenset[World]],
    ) -> None:
        self.worlds[key] = latest(
            later
            for world in before
            for later in into(self.contract, world, call, now, self.rules)
        )

    def _silence(self, clauses: tuple[str, ...], called: str) -> None:
        """From here on nothing may change, unless a redeploy is under way.

        Where an accepted call may have changed something unseen, only the instance called is
        watched: a change elsewhere would be that call's.
        """
        wanted = set(clauses)
        for key, worlds in self.worlds.items():
            if (key == called or key not in self.stirred) and settled(worlds):
                quiet = _quiet(worlds)
                if not wanted.issubset(quiet):
                    both = tuple(dict.fromkeys((*quiet, *clauses)))
                    self.worlds[key] = hush(worlds, both)

    def end_silence(self, key: str) -> None:
        """From here on a change elsewhere is a side effect of a call accepted on this one (L9)."""
        stirred = key in self.stirred
        self.stirred.update(self.worlds)
        if not stirred:
            self.stirred.discard(key)
        # Of hundreds of instances, those that nothing has touched since are passed over.
        for other in self.worlds.entered - {key}:
            worlds = self.worlds.get(other, frozenset())
            if any(world.quiet for world in worlds):
                self.worlds[other] = _in_doubt_only(worlds)
        self.worlds.entered = {key}

    def _decided(
        self, key: str, before: Belief, call: Call, reply: Reply, now: float
    ) -> list[Violation]:
        """Judge an acceptance or a rejection (A1–A15, U1–U4)."""
        declared = self.rules.declared
        answer = Reply(reply.kind, code=reply.code)  # what it depends on
        meant = self.memory.decide(before, call, answer, now)
        if not meant.worlds:
            if meant.late:
                return [Violation("L7", self.rules.ended, str(reply))]
            against = choices.undeclared(declared, meant.against)[:1]
            if against:
                return _violations(against)
            blamed = blame(self.contract, simplest(before), call, reply)
            last = self.looks.get(key)
            if last is None or last.belief is not before or not last.ended:
                return [blamed]
            # Had the redeploy ended by the last look, the answer may have been right.
            right = self.memory.decide(last.ended, call, answer, now).worlds
            return [replace(blamed, instead=last.instead if right else ())]
        self.ledger.confirm(meant.held)
        named = call.barred is None and not call.foreign
        if named and all(world.exists for world in before):
            self.ledger.confirm([("A15", "")])
        if call.granted is not None:
            self.ledger.confirm([(call.granted, "granted")])
        self.ledger.tell(meant.told, str(reply))
        wrong = choices.note(
            self.contract,
            self.ledger,
            declared,
            meant.whys,
            call,
            reply,
            excused=meant.excused,
            listed=meant.listed,
        )
        accepted = reply.kind is Kind.ACCEPTED
        self.ledger.walk(self.walk.answered(key, before, accepted=accepted))
        self.worlds[key] = meant.worlds
        if accepted:
            self.end_silence(key)
        else:
            self._silence(_quiet(self.worlds[key]) or ("L10",), key)
        return _violations(wrong)


def _named(event: Event, names: Names) -> Event:
    return replace(event, id=names.of("event", event.id))


def _violations(found: Iterable[Flaw]) -> list[Violation]:
    return [Violation(one.clause, one.expected, one.observed) for one in found]


def _may_refuse(clause: str, reply: Reply) -> bool:
    """Whether a call that is barred may be answered with this status (A14 and U1: 4xx)."""
    if reply.status == 500:
        return _internal(reply)
    if reply.kind is not Kind.REJECTED or reply.status is None or clause == "U4":
        return True
    return 400 <= reply.status < 500


def _internal(reply: Reply) -> bool:
    return reply.kind is Kind.INTERNAL or reply.code is None


@lru_cache(REMEMBERED)
def _quiet(worlds: Belief) -> tuple[str, ...]:
    """Return the clauses that forbid any change, whichever world is the true one."""
    first = min(world.quiet for world in worlds)
    return tuple(one for one in first if all(one in world.quiet for world in worlds))


@lru_cache(REMEMBERED)
def _in_doubt_only(worlds: Belief) -> Belief:
    """Return the worlds in which only what an InternalError left open keeps silence (A12)."""
    return frozenset(
        replace(world, quiet=tuple(one for one in world.quiet if one == "A12"))
        for world in worlds
    )


@lru_cache(REMEMBERED)
def settled(worlds: Belief) -> bool:
    """Whether no redeploy can be under way."""
    return not any((world.flight and not world.late) or world.doubt for world in worlds)

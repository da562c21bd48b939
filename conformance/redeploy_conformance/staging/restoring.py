"""Putting everything back: from the journal and from looks alone, as often as one likes.

Simulated events of the run are canceled, every instance that a request of it may have moved gets the
status it had, and what the run made is deleted. Where all is as it was, nothing but looks is asked for.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from redeploy_conformance.running.api import Offer, SetUpError
from redeploy_conformance.running.session import rules_for
from redeploy_conformance.staging.access import StagingApi, tagged
from redeploy_conformance.staging.clearing import clear
from redeploy_conformance.staging.fence import STABLE, Fence
from redeploy_conformance.staging.leaving import NOT_LISTED, Leftovers
from redeploy_conformance.staging.pace import Pace
from redeploy_conformance.staging.requests import DELETE
from redeploy_conformance.staging.settings import RUN_TAG
from redeploy_conformance.staging.waits import (
    AGAIN,
    ATTEMPTS,
    LOST_AFTER,
    Waits,
    bring,
    calm,
    rest,
    together,
)
from redeploy_conformance.wire.signing import Credentials

STAMP = "%Y-%m-%dT%H:%M:%SZ"
"""How the time is written at which an instance ends by itself."""
Rows = dict[str, Mapping[str, Any]]


class Restorer:
    """Brings back what a run has changed."""

    def __init__(self, api: StagingApi, fence: Fence) -> None:
        """Prepare; ``api`` sends through the fence."""
        self.api = api
        self.fence = fence
        self.told = Leftovers()
        settings = fence.settings
        offer = Offer(settings.statement.name, "", settings.region, frozenset())
        self._bound = rules_for(settings.statement, offer).bound
        self._late = self._bound - settings.statement.redeploy_seconds
        self._rows: Rows = {}
        self._refused: dict[str, str] = {}
        self._failed = 0
        self._waiting: list[str] = []

    def run(self) -> Leftovers:
        """Bring everything back, and return what could not be.

        Raises:
            SetUpError: the account could not be looked at.
        """
        past = self.fence.past
        own = self._own()
        touched = set(past.before) | set(past.events.values())
        touched |= {one.instance for one in past.unsure}
        works = {one: self._instance(one) for one in sorted(touched - own)}
        works |= {one: self._delete(one) for one in sorted(own)}
        clock = self.fence.api.clock
        pace = Pace(self.fence.settings.poll_seconds)
        together(works, self._look, pace, clock.now, clock.sleep)
        if not self.told.all:
            self.fence.note("restored")
        return self.told

    def waits(self) -> str:
        """Return which instances are waited for, with what they show."""
        shown = (f"{x} ({self._status(x) or NOT_LISTED})" for x in self._waiting)
        return ", ".join(shown)

    def _own(self) -> set[str]:
        """Return the instances that the run made, also one whose id nobody knows.

        One that was just asked for may not be listed yet: not to see it would be to leave it there.
        """
        past, clock = self.fence.past, self.fence.api.clock
        known = set(past.launched)
        pause = min(self._late, past.launch_at + self._late - clock.wall())
        if pause > 0 and (known or past.launching):
            self.api.say(f"waiting {pause:.0f} s: an instance may not be listed yet")
            clock.sleep(pause)
        if not past.launching:
            return known
        rows = tagged(self.fence.api, self._key(), RUN_TAG, past.run)
        return known | {str(row["InstanceId"]) for row in rows}

    def _key(self) -> Credentials:
        return self.fence.wallet()

    def _look(self, ids: list[str]) -> bool:
        since, self._waiting = self.api.monotonic() - self._late, ids
        try:
            rows = list(self.fence.api.describe(ids, self._key()))
        except SetUpError:
            self._failed += 1
            if self._failed >= LOST_AFTER:
                raise
            return False
        found = {str(row.get("InstanceId")): row for row in rows}
        changed = any(
            (self._rows.get(one) or {}).get("Status")
            != (found.get(one) or {}).get("Status")
            for one in ids
        )
        self._rows |= found
        for one in ids:
            if one not in found:
                self._rows.pop(one, None)
            self.fence.seen.looked(one, self._status(one) or NOT_LISTED, since)
        self._failed = 0
        return changed

    def _status(self, instance: str) -> str | None:
        row = self._rows.get(instance)
        return None if row is None else str(row.get("Status"))

    def _instance(self, instance: str) -> Waits:
        yield from clear(self.api, self.fence, instance, self._late, self.told)
        if (yield from calm(self.fence, instance, self._bound, self._late)):
            words = "a redeploy of it is under way still: put it back when that is over"
            self.told.left.append(f"{instance}: {words}")
            return
        yield from rest(
            self.fence, instance, lambda: self._status(instance), self._late
        )
        before = self.fence.past.before.get(instance)
        if before is None:
            return
        if instance not in self.fence.past.touched:
            yield
            while self._failed:
                yield
            if not self._refused_and_done(instance, before.status):
                return
        ways = bring(
            self.fence,
            before.status,
            lambda: self._status(instance),
            lambda: self._power(instance, before.status),
        )
        for trouble in ways:
            if trouble is not None:
                why = (
                    f" ({self._refused[instance]})" if instance in self._refused else ""
                )
                words = f"{instance} was {before.status}: {trouble}{why}"
                if self._status(instance) is None and not self._failed:
                    words += ": if it was released, delete the journal when all else is put back"
                (self.told.unseen if self._failed else self.told.left).append(words)
                return
            yield
        self.fence.seen.back.add(instance)

    def _refused_and_done(self, instance: str, before: str) -> bool:
        """Whether an instance that no accepted request moved is to be put back all the same.

        It is where a start or a stop of it was refused that would have had this effect: an answer of
        the service is not believed against what a look shows. What somebody else did is left alone.
        """
        past, shown = self.fence.past, self._status(instance)
        was = f"note: {instance} was {before} and is {shown or NOT_LISTED}"
        if shown == before:
            return False
        if shown is not None and past.doubted.get(instance, set()) - {before}:
            self.api.say(
                f"{was}: a request of the run was refused, and may have done that: it is put back"
            )
            return True
        why = "no request of the run did that"
        if past.pardoned.get(instance):
            why = "no request of the run that was accepted did that"
        self.told.alone = True
        self.api.say(f"{was}: {why}, so it is left alone")
        return False

    def _power(self, instance: str, status: str) -> None:
        params = [("InstanceId", instance)]
        if status == "Running":
            refused = self._try("StartInstance", params)
        else:
            stop = [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
            refused = self._try("StopInstance", [*params, *stop])
        if refused is not None:
            self._refused[instance] = refused

    def _try(self, action: str, params: list[tuple[str, str]]) -> str | None:
        """Ask for something once; return why it was refused, if so."""
        try:
            self.api.ask(action, params, self._key())
        except SetUpError as error:
            return str(error)
        return None

    def _delete(self, instance: str) -> Waits:
        """Delete an instance that the run made, and wait until a look shows that it is gone.

        What is on its way to another status cannot be deleted: that is waited for.
        """
        fence, tries = self.fence, 0
        wall = fence.api.clock.wall
        pause = max(self._late, fence.settings.poll_seconds * AGAIN)
        last = wall() + self._bound
        while tries < ATTEMPTS:
            params = [("InstanceId", instance), ("Force", "true")]
            trouble, again = self._try(DELETE, params), wall() + pause
            while self._failed or wall() < again:
                yield
                if self._status(instance) is None and not self._failed:
                    self._gone(instance)
                    return
            if trouble is not None:
                yield from calm(fence, instance, self._bound, self._late)
            tries += self._status(instance) in STABLE or wall() >= last
        why = trouble or "that it is deleted was answered"
        self.told.left.append(f"{instance}, which the run made, is there still: {why}")

    def _gone(self, instance: str) -> None:
        """Say of an instance of the run that is not listed what is strange about that, if anything.

        It may have been asked for with the key of another account.
        """
        past = self.fence.past
        now = datetime.fromtimestamp(self.fence.api.clock.wall(), UTC)
        over = bool(past.release) and past.release <= now.strftime(STAMP)
        if instance not in past.deleting and not over:
            self.told.unseen.append(
                f"whether {instance}, which the run made, is gone: it is not listed, though the run "
                "did not delete it, and the key may be of another account; if it was released, "
                "delete the journal when all else is put back"
            )

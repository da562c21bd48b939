"""The public operations as a staging run uses them: keys that may be renewed, patience with reads."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redeploy_conformance.alive import PATIENCE
from redeploy_conformance.judging.views import event_of
from redeploy_conformance.redact import scrubbed
from redeploy_conformance.running.api import PLAIN, Api, Manner, SetUpError
from redeploy_conformance.running.paging import PagesError, ShortError, paged
from redeploy_conformance.running.task_list import rows_of
from redeploy_conformance.staging.clock import Clock, RealClock
from redeploy_conformance.staging.requests import READS, REDEPLOY
from redeploy_conformance.staging.settings import RUN_TAG
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.wire.answers import Answer
from redeploy_conformance.wire.signing import Credentials

Wallet = Callable[[], Credentials]
"""Returns the key to sign the next request with."""
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between tries of a read that a busy service did not answer."""
CALMING = (2.0, 5.0, 15.0, 60.0)
"""Seconds between calls that a rate limit refused: others may use the account, too."""


@dataclass(slots=True)
class StagingApi(Api):
    """Calls on a real account. Reads are tried again; what changes something is not.

    Only a refusal by a rate limit, after which hardly ever something has happened, is waited for.

    ``repeated`` counts the reads that were; ``reached`` says that one was ever answered; ``say`` is told
    of what is asked again after a long wait.
    """

    clock: Clock = field(default_factory=RealClock)
    repeated: int = 0
    reached: bool = False
    say: Callable[[str], None] = field(default=lambda text: None, repr=False)

    def call(
        self,
        action: str,
        params: Sequence[tuple[str, str]],
        credentials: Credentials | None,
        manner: Manner = PLAIN,
    ) -> Answer:
        """Return the answer of one public operation (see ``Api``)."""
        self._keep_secret(credentials)

        def once() -> Answer:
            # Not super(): a class with slots is made twice, and loses it.
            return Api.call(self, action, params, credentials, manner)

        if action not in READS:
            return once() if action == REDEPLOY else self._in_turn(action, once)
        for pause in PAUSES:
            try:
                answer = once()
            except UnansweredError:
                answer = None
            except UnreachableError:
                if not self.reached:
                    raise  # nobody has ever been there: no use in waiting
                answer = None
            if answer is not None and not passing(answer):
                self.reached = True
                return answer
            self.repeated += 1
            why = "no answer" if answer is None else f"HTTP {answer.status}"
            self.again(action, why, pause)
        return once()

    def _in_turn(self, action: str, once: Callable[[], Answer]) -> Answer:
        """Ask again for what a rate limit refused, and only for that.

        Whether it was done all the same, only looks tell: the journal keeps each try.
        """
        for pause in CALMING:
            answer = once()
            code = str((answer.fields or {}).get("Code", ""))
            if not throttled(answer.status, code):
                return answer
            self.again(action, code, pause)
        return once()

    def _paged(
        self,
        action: str,
        params: Sequence[tuple[str, str]],
        credentials: Credentials,
        most: float = math.inf,
    ) -> list[Mapping[str, Any]]:
        """Return the rows of a list. One that lacks rows which it counts is asked for again.

        Raises:
            SetUpError: it could not be read, or lacks them each time.
        """

        def ask(page: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
            fields = self.ask(action, [*params, *page], credentials)
            listed = (fields.get("Instances") or {}).get("Instance")
            if action == "DescribeInstances" and not isinstance(listed, list):
                raise SetUpError(f"{action} lists no instances at all")
            return fields

        try:
            for pause in PAUSES:
                try:
                    return paged(action, ask, most, strict=True)
                except ShortError as error:
                    self.repeated += 1
                    self.again(action, str(error), pause)
            return paged(action, ask, most, strict=True)
        except PagesError as error:
            raise SetUpError(str(error)) from error

    def with_tag(
        self, key: str, value: str, credentials: Credentials
    ) -> list[Mapping[str, Any]]:
        """Return what DescribeInstances lists of the instances that carry a tag.

        Raises:
            SetUpError: it could not be read.
        """
        params = [("RegionId", self.region), ("Tag.1.Key", key), ("Tag.1.Value", value)]
        return self._paged("DescribeInstances", params, credentials)

    def with_disks(
        self, row: Mapping[str, Any], credentials: Credentials
    ) -> Mapping[str, Any]:
        """Return a row of DescribeInstances that tells of local disks, wherever that can be found out.

        Of an instance that has none it often says nothing; the list of its disks does.
        """
        if local_disks(row) is not None:
            return row
        params = [("RegionId", self.region), ("InstanceId", str(row["InstanceId"]))]
        try:
            disks = self._paged("DescribeDisks", params, credentials)
        except SetUpError:
            return row
        if not disks:
            return row  # each has a disk to start from: this list is not of all
        kinds = [str(one.get("Category")) for one in disks]
        amount = sum(not one.startswith("cloud") for one in kinds)
        return {**row, "LocalStorageAmount": amount}

    def again(self, action: str, why: str, pause: float) -> None:
        """Wait before something is asked again, and say so where that takes long."""
        if pause >= PATIENCE:
            told = scrubbed(why, self.secrets)
            self.say(f"{action}: {told}; asked again in {pause:g} s")
        self.sleep(pause)

    def _keep_secret(self, credentials: Credentials | None) -> None:
        if credentials is not None:
            known = {credentials.access_key_secret, credentials.security_token or ""}
            self.secrets |= known - {""}
            if self.watcher is not None:
                for one in known - {""}:
                    self.watcher.secret(one)

    def monotonic(self) -> float:
        """Return the seconds of the run's clock."""
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Wait on the run's clock."""
        self.clock.sleep(seconds)


def passing(answer: Answer) -> bool:
    """Whether an answer says that the service is busy or ill: asking again may help."""
    code = str((answer.fields or {}).get("Code", ""))
    return answer.status >= 500 or throttled(answer.status, code)


def throttled(status: int, code: str) -> bool:
    """Whether an answer is a refusal of a rate limit."""
    return status == 429 or code.startswith("Throttling")


def tagged(
    api: StagingApi, credentials: Credentials, key: str, value: str
) -> Iterable[Mapping[str, Any]]:
    """Yield what DescribeInstances lists of the instances of the region that carry a tag.

    Raises:
        SetUpError: it could not be read.
    """
    for row in api.with_tag(key, value, credentials):
        if carries(row, key, value) and within(row, api.region):
            yield row


def carries(row: Mapping[str, Any], key: str, value: str) -> bool:
    """Whether an instance, as DescribeInstances shows it, carries a tag."""
    return any(
        one.get("TagKey") == key and one.get("TagValue") == value
        for one in listed_in(row, "Tags", "Tag")
        if isinstance(one, dict)
    )


def listed_in(fields: Mapping[str, Any], outer: str, name: str) -> list[object]:
    """Return the list that a field of an answer holds; an empty one where it has another shape."""
    held = fields.get(outer)
    listed = held.get(name) if isinstance(held, Mapping) else None
    return listed if isinstance(listed, list) else []


def within(row: Mapping[str, Any], region: str) -> bool:
    """Whether an instance is in a region, or its row does not tell."""
    return row.get("RegionId") in (None, "", region)


def made_by(row: Mapping[str, Any], run: str) -> bool:
    """Whether an instance was made by a run."""
    return carries(row, RUN_TAG, run)


def local_disks(row: Mapping[str, Any]) -> bool | None:
    """Whether an instance has local disks; None where its row does not tell."""
    amount = row.get("LocalStorageAmount")
    capacity = row.get("LocalStorageCapacity")
    if isinstance(amount, int) or isinstance(capacity, int):
        return bool(amount) or bool(capacity)
    return None


def wiped(has: bool | None) -> str:
    """Return in words why an instance that has, or may have, local disks is left alone."""
    what = "has local disks" if has else "may have local disks (no look tells)"
    return (
        f"{what}, and a redeploy wipes them: allow it with --lose-local-disks, "
        "or choose another instance"
    )


def made_at(
    api: StagingApi, wallet: Wallet, instance: str, kind: str, not_before: str
) -> dict[str, tuple[str, str]]:
    """Return the events of an instance that were asked for with this type and time."""
    rows = api.events(wallet(), instance)
    return {
        event_id: shown
        for row in rows
        for _, event_id, shown in [event_of(row)]
        if shown[0] == kind and row.get("NotBefore") == not_before
    }


def task_status(api: StagingApi, wallet: Wallet, task: str) -> str | None:
    """Return what DescribeTasks shows of a task; None where it does not list it.

    Raises:
        SetUpError: it could not be read.
    """
    params = [("RegionId", api.region), ("TaskIds", task)]
    shown = rows_of(api.ask("DescribeTasks", params, wallet()), task)
    return str(shown[0].status) if shown else None

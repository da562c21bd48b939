"""What a call must come to, by what was answered: each clause read closely."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import ELSEWHERE, MAIN, Check
from redeploy_conformance.certify.hiding import found
from redeploy_conformance.certify.told import Kind, Told
from redeploy_reports.phrases import count

FAILED = (Kind.ERROR, Kind.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A success: both ids come out unchanged (C3)."""

    task_id: str
    request_id: str

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether they do."""
        wanted = (
            f"a success with task_id {self.task_id!r}, request_id {self.request_id!r}"
        )
        good = self.same(told)
        yield Check("C3", wanted, None if good else told.words)

    def same(self, told: Told) -> bool:
        """Whether the ids came out unchanged."""
        ids = (told.fields.get("task_id"), told.fields.get("request_id"))
        return told.kind is Kind.SUCCESS and ids == (self.task_id, self.request_id)


@dataclass(frozen=True, slots=True)
class Compressed:
    """A compressed success: C3 where the request asked for it, else a choice (C7g)."""

    accepted: Accepted
    coding: str

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield what became of it."""
        if self.asked_for(arrivals):
            yield from self.accepted.judge(told, arrivals)
        else:
            form = f"{self.coding} nobody asked for"
            yield from Unusual(self.accepted, form, "C7").judge(told, arrivals)

    def asked_for(self, arrivals: Sequence[Arrival]) -> bool:
        """Whether a request says that it takes an answer compressed in this way."""
        return any(_takes(one, self.coding) for one in arrivals)


def _takes(one: Arrival, coding: str) -> bool:
    taken: dict[str, bool] = {}
    for part in one.headers.get("accept-encoding", "").split(","):
        name, _, quality = part.partition(";")
        refused = re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", quality)
        taken[name.strip().lower()] = not refused
    return taken.get(coding, taken.get("*", False))


@dataclass(frozen=True, slots=True)
class Unusual:
    """A success in an unusual form: understood with its ids, or an error (C7g), nothing else.

    ``clause`` is broken by a success with other ids: C3 where the form is JSON all the same.
    """

    accepted: Accepted
    form: str
    clause: str

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield which of the two."""
        if self.accepted.same(told):
            yield Check("C7g", choice=f"{self.form}: understood")
        elif told.kind in FAILED:
            yield Check("C7g", choice=f"{self.form}: an error")
        else:
            broken = self.clause if told.kind is Kind.SUCCESS else "C7"
            yield Check(broken, "an error, or a success with both ids", told.words)
            return
        yield Check("C7", "an error, or a success with both ids")


@dataclass(frozen=True, slots=True)
class WithoutTask:
    """A success without a TaskId: what becomes of it is a choice (C3m)."""

    form: str

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield which."""
        if told.lost:
            yield Check("C7", "an error or a success", told.words)
        else:
            known = "a success" if told.kind is Kind.SUCCESS else "an error"
            yield Check("C3m", choice=f"{self.form}: {known}")


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A success whose ids stand where they are none: taken for its own they break C7.

    That it lacks them is open (C3m).
    """

    ids: Accepted
    form: str

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield what became of it."""
        taken = told.fields.get("task_id") == self.ids.task_id
        if told.kind is Kind.SUCCESS and taken:
            yield Check("C7", "an error, or a success without these ids", told.words)
        else:
            yield from WithoutTask(self.form).judge(told, arrivals)


@dataclass(frozen=True, slots=True)
class Digits:
    """A TaskId that is a JSON number: an error or the same digits, never other ones (C3).

    The contract has a text there, so an error is right; a success without the id is a choice.
    """

    digits: str

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether the digits were lost."""
        wanted = f"the digits {self.digits} unchanged, or an error"
        task_id = told.fields.get("task_id")
        if told.lost:
            yield Check("C7", wanted, told.words)
        elif told.kind is Kind.SUCCESS and task_id is None:
            yield Check("C3m", choice="a number: a success")
        else:
            good = told.kind in FAILED or task_id == self.digits
            yield Check("C3", wanted, None if good else told.words)


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the table: code, message, HTTP status and RequestId come with it (C4).

    The code must stand in a field of its own, since programs branch on it. A status or a
    RequestId that the library shows in its message only is taken as carried too.
    """

    code: str
    message: str
    status: int
    request_id: str

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether they do."""
        wanted = (
            f"an error with code {self.code!r}, message {self.message!r}, "
            f"http_status {self.status}, request_id {self.request_id!r}"
        )
        fields = told.fields
        text = fields.get("message") or ""
        good = (
            told.kind is Kind.ERROR
            and fields["code"] == self.code
            and self.message in text
            and _carried(fields["http_status"], self.status, text)
            and _carried(fields["request_id"], self.request_id, text)
        )
        yield Check("C4", wanted, None if good else told.words)


def _carried(value: object, wanted: object, message: str) -> bool:
    if value is None:
        return bool(re.search(rf"(?<![\w-]){re.escape(str(wanted))}(?![\w-])", message))
    return value == wanted


@dataclass(frozen=True, slots=True)
class Option:
    """A failure, where the library was asked to send the call again: what it does is a choice (C5o)."""

    failure: str
    attempts: int

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield how often it was sent."""
        if told.lost:
            yield Check("C7", "an error or a success", told.words)
            return
        count = len(arrivals)
        kept = {1: "ignored", self.attempts: "honoured"}
        word = kept.get(count, f"sent {count} times")
        yield Check("C5o", choice=f"{self.attempts} attempts at {self.failure}: {word}")


@dataclass(frozen=True, slots=True)
class Failed:
    """An error beside the table: it surfaces as an error (C4)."""

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether it does."""
        good = told.kind in FAILED
        yield Check("C4", "an error", None if good else told.words)


@dataclass(frozen=True, slots=True)
class Broken:
    """An answer that is none: it surfaces as an error (C7).

    ``code`` may be read from it or not, where it is given (C7g, as ``form``).
    """

    form: str = ""
    code: str | None = None

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether it does."""
        good = told.kind in FAILED
        yield Check("C7", "an error", None if good else told.words)
        if good and self.code is not None:
            understood = self.code in str(told.fields.get("code"))
            known = "understood" if understood else "an error"
            yield Check("C7g", choice=f"{self.form}: {known}")


@dataclass(frozen=True, slots=True)
class Late:
    """A good answer after the deadline: a timeout, or a success that was waited for."""

    accepted: Accepted

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether it is one of both."""
        good = told.kind in FAILED or self.accepted.same(told)
        yield Check("C7", "a timeout or an error", None if good else told.words)


@dataclass(frozen=True, slots=True)
class Throttled:
    """A throttled call: an error, or a success that was accepted in the end (C6).

    How fast it was sent again is judged over all such cases.
    """

    until: int
    """How many requests are refused before one is accepted."""

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether it was told as what it is."""
        good = told.kind in FAILED or (
            told.kind is Kind.SUCCESS and len(arrivals) > self.until
        )
        wanted = "an error, since every request was refused"
        yield Check("C6", wanted, None if good else told.words)
        again = len(arrivals) > 1
        yield Check("C6r", choice="sent again" if again else "not sent again")


@dataclass(frozen=True, slots=True)
class CutWhenThrottled:
    """A throttled call (C6) that is cut when it is sent again: what became of it is unknown then (C5)."""

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether it was told as an error, and not sent once more."""
        good = told.kind in FAILED
        clause = "C7" if len(arrivals) > 1 else "C6"
        yield Check(clause, "an error", None if good else told.words)
        if len(arrivals) > 1:
            again = len(arrivals) - 2
            seen = f"{count(again, 'request')} after the one that was cut"
            yield Check(
                "C5", "no request after one that was cut", seen if again else None
            )


@dataclass(frozen=True, slots=True)
class Redirected:
    """A redirect: not followed with credentials (C8), and no success by itself (C7)."""

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield what was done."""
        followed = [one for one in arrivals if led_elsewhere(one)]
        known = {text for one in arrivals for text in one.signatures}
        with_credentials = [
            one
            for one in followed
            if one.signed or found(known, one.raw.decode("latin-1"))
        ]
        wanted = "no redirect followed with credentials"
        seen = None
        if with_credentials:
            first = with_credentials[0]
            where = f"{first.method} {ELSEWHERE} at the server {first.server!r}"
            seen = (
                f"{len(with_credentials)} followed with {_credentials(first)}, "
                f"the first by {where}"
            )
        yield Check("C8", wanted, seen)
        good = told.kind in FAILED or (told.kind is Kind.SUCCESS and bool(followed))
        yield Check("C7", "an error", None if good else told.words)


def _credentials(one: Arrival) -> str:
    if one.authorization:
        return "the Authorization header"
    return "a signature in its parameters" if one.signed else "a signature in a header"


def led_elsewhere(one: Arrival) -> bool:
    """Whether a request came where only a redirect leads."""
    return one.server != MAIN or one.target.split("?")[0] == ELSEWHERE


@dataclass(frozen=True, slots=True)
class Untrusted:
    """A server that must not be trusted: nothing is sent (C8), and no success is told (C7)."""

    def judge(self, told: Told, arrivals: Sequence[Arrival]) -> Iterator[Check]:
        """Yield whether anything was."""
        seen = None
        if any(one.plain for one in arrivals):
            seen = "a request without TLS"
        elif arrivals:
            seen = "a request over a connection that nobody vouches for"
        yield Check("C8", "no request", seen)
        good = told.kind in FAILED or bool(arrivals)
        yield Check("C7", "an error", None if good else told.words)

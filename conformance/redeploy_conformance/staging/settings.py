"""What a staging run was asked to do and what it may cost: written down first, read again later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redeploy_conformance.running.api import Offer
from redeploy_conformance.running.session import rules_for
from redeploy_conformance.targets.statement import Statement

RUN_TAG = "redeploy-conformance-run"
"""The tag that an instance made by a run carries; its value is the run's id."""

SHARE = 0.1
POLL_SECONDS = 5.0
AGAIN = ("--journal", "again.jsonl", "--result", "again.json")
"""Where a run goes that does cases of another one again: beside what that one wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The limits of a run; every one is asked for, none is unlimited.

    ``instances`` are named ones, ``tag`` is the key and value that others must carry. ``redeploys``
    and ``minutes`` bound the run, ``share`` is its part of the documented rate limit. With
    ``local_disks`` instances may lose their local disks; with ``events_are_real`` the open events
    that are found are no simulated ones. ``launch`` are the parameters of RunInstances for an
    instance of the run's own; none is made without them. Only cases of ``clauses`` are run, if any.
    ``typed`` are the words that named the target.
    """

    statement: Statement
    instances: tuple[str, ...]
    tag: tuple[str, str] | None
    redeploys: int
    minutes: float
    share: float = SHARE
    local_disks: bool = False
    events_are_real: bool = False
    poll_seconds: float = POLL_SECONDS
    launch: Mapping[str, str] = field(default_factory=dict)
    clauses: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()

    @property
    def region(self) -> str:
        """The region of the account that is looked at."""
        assert self.statement.region is not None
        return self.statement.region

    @property
    def late(self) -> float:
        """Seconds by which a look may be late."""
        one = self.statement
        offer = Offer(one.name, "", self.region, frozenset())
        return rules_for(one, offer).bound - one.redeploy_seconds

    @property
    def tasks_tell(self) -> bool:
        """Whether tasks are looked up to learn how far a redeploy is.

        They are where they are declared to be listed, and where there is no statement at all: other
        pages of the real service say that they are. That alone binds nobody (L13).
        """
        unsaid = "listed" if self.statement.assumed else None
        return self.statement.choices.get("L13", unsaid) == "listed"

    def words(self, clause: str) -> list[str]:
        """Return what to type to run the cases of a clause in the same way."""
        words = ["stage", *(self.typed or (self.region,))]
        for one in self.instances:
            words += ["--instance", one]
        if self.tag is not None:
            words += ["--tag", "=".join(self.tag)]
        words += ["--redeploys", str(self.redeploys), "--minutes", f"{self.minutes:g}"]
        words += ["--share", f"{self.share:g}"] if self.share != SHARE else []
        poll = f"{self.poll_seconds:g}"
        words += ["--poll", poll] if self.poll_seconds != POLL_SECONDS else []
        words += ["--lose-local-disks"] if self.local_disks else []
        words += ["--events-are-real"] if self.events_are_real else []
        for pair in self.launch.items():
            words += ["--launch", "=".join(pair)]
        return [*words, "--clause", clause, *AGAIN]

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values; they hold no secret."""
        one = self.statement
        return {
            "target": {
                "name": one.name,
                "version": one.version,
                "url": one.url,
                "region": one.region,
                "signature": one.signature,
                "ca_file": one.ca_file,
                "redeploy_seconds": one.redeploy_seconds,
                "read_lag_seconds": one.read_lag_seconds,
                "answer_seconds": one.answer_seconds,
                "choices": dict(one.choices),
                "absent": list(one.absent),
                "assumed": one.assumed,
            },
            "instances": list(self.instances),
            "tag": None if self.tag is None else list(self.tag),
            "redeploys": self.redeploys,
            "minutes": self.minutes,
            "share": self.share,
            "local_disks": self.local_disks,
            "events_are_real": self.events_are_real,
            "poll_seconds": self.poll_seconds,
            "launch": dict(self.launch),
            "clauses": list(self.clauses),
            "typed": list(self.typed),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Settings":
        """Return the settings that ``to_json`` wrote, checked by the journal's schema."""
        target = data["target"]
        statement = Statement(
            **{**target, "absent": tuple(target["absent"])}, control=None
        )
        tag = data["tag"]
        return cls(
            statement=statement,
            instances=tuple(data["instances"]),
            tag=None if tag is None else (tag[0], tag[1]),
            redeploys=data["redeploys"],
            minutes=float(data["minutes"]),
            share=float(data["share"]),
            local_disks=data["local_disks"],
            events_are_real=data["events_are_real"],
            poll_seconds=float(data["poll_seconds"]),
            launch=dict(data["launch"]),
            clauses=tuple(data["clauses"]),
            typed=tuple(data.get("typed", ())),
        )

"""What the first line of a trace says of the settings of a run, there and back."""

from dataclasses import dataclass
from typing import Any

import msgspec

from redeploy_conformance.evidence.lines import HeaderLine
from redeploy_conformance.running.api import Offer
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.vocabulary import Part

DECLARED = (
    "name",
    "version",
    "control",
    "region",
    "signature",
    "redeploy_seconds",
    "read_lag_seconds",
    "answer_seconds",
)
"""What of a statement judgement or the form of requests depends on; never a credential."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run was made under: who was tested, what it declared and offered, how it was called.

    ``alone`` says whether the target was reset between sessions, ``clock_id`` on which clock they
    lived, the common one if empty.
    """

    statement: Statement
    kind: str
    offer: Offer
    host: str
    region: str
    alone: bool
    clock_id: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the setting as JSON values."""
        declared = {name: getattr(self.statement, name) for name in DECLARED}
        return {
            "kind": self.kind,
            "host": self.host,
            "region": self.region,
            "alone": self.alone,
            "clock_id": self.clock_id,
            "statement": {
                **declared,
                "choices": dict(self.statement.choices),
                "absent": list(self.statement.absent),
            },
            "offer": {
                "name": self.offer.name,
                "version": self.offer.version,
                "region": self.offer.region,
                "parts": sorted(part.value for part in self.offer.parts),
            },
        }


def setting_from(header: HeaderLine) -> Setting:
    """Return the setting that a header holds.

    Raises:
        ValueError: it misses something, or names a part that does not exist.
    """
    try:
        declared, offer = header.statement, header.offer
        said = {name: declared[name] for name in (*DECLARED, "choices", "absent")}
        statement = msgspec.convert(said, Statement)
        made = msgspec.convert(offer, Offer)
        msgspec.convert(statement.absent, tuple[Part, ...])
    except KeyError as error:
        raise ValueError(f"the header misses {error}") from error
    return Setting(
        statement,
        header.kind,
        made,
        header.host,
        header.region,
        header.alone,
        header.clock_id,
    )

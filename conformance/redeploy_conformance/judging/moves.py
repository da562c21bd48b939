"""Which edges of the state diagram a run walked, as far as answers and looks showed them.

Pure book-keeping beside the oracle: it judges nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from redeploy_conformance.judging.belief import Belief
from redeploy_conformance.judging.sight import View
from redeploy_conformance.judging.world import World

Move: TypeAlias = tuple[str, str, str, str]
"""The status that a redeploy began in ("" outside of one), two statuses, and what happened.

``accepted`` and ``rejected`` are answers; ``seen`` is one status after another; ``succeeds`` and
``fails`` are the same where it was certain that the redeploy had ended so.
"""

ENDINGS = {"L3": "succeeds", "L6": "fails"}
"""The clause that a look confirms when a redeploy has ended, and how it has."""


@dataclass(slots=True)
class Walk:
    """What is known of the redeploys under way: where each began, what was seen last."""

    lives: dict[str, tuple[str, str]] = field(default_factory=dict)

    def answered(self, key: str, before: Belief, *, accepted: bool) -> list[Move]:
        """Return the edge that an admissible answer took; none where it is not certain."""
        origin, status = self.lives.get(key, ("", ""))
        if not origin:
            statuses = {_resting(world) for world in before}
            if len(statuses) != 1 or None in statuses:
                return []
            status = str(*statuses)
        if not accepted:
            return [(origin, status, status, "rejected")]
        self.lives[key] = (status, status)
        return [(status, status, status, "accepted")]

    def looked(
        self, key: str, view: View, after: Belief, held: Iterable[tuple[str, str]]
    ) -> list[Move]:
        """Return the edge that a look showed; none where nothing moved."""
        if key not in self.lives:
            return []
        origin, last = self.lives.pop(key)
        status = view.get("status")
        if not isinstance(status, str):
            return []
        if any(world.flight for world in after):
            self.lives[key] = (origin, status)
        ended = next((ENDINGS[one] for one, _ in held if one in ENDINGS), "seen")
        if status == last and ended == "seen":
            return []
        return [(origin, last, status, ended)]


def _resting(world: World) -> str | None:
    """Return the status of an instance that exists and is not under redeploy."""
    return world.status if world.exists and world.flight is None else None

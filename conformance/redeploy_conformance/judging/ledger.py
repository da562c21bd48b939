"""The ledger of a run: how often each clause held with its premise true, and what was told."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from redeploy_conformance.judging.moves import Move
from redeploy_conformance.judging.world import Told
from redeploy_schemas.records import Burst

UNANSWERED = 0
"""Stands for the HTTP status where there was none."""


@dataclass(slots=True)
class Ledger:
    """Counts by (clause, row), choices by (clause, word) with one piece of evidence each.

    ``moves`` counts the edges of the state diagram, ``bursts`` are the calls of the accounts that
    came near the rate limit; ``failed`` counts calls by the HTTP status from 500 on that told nothing
    of what became of them, and those that no whole answer came to as ``UNANSWERED``.
    """

    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[Told] = field(default_factory=Counter)
    evidence: dict[Told, str] = field(default_factory=dict)
    precedence: Counter[Told] = field(default_factory=Counter)
    moves: Counter[Move] = field(default_factory=Counter)
    bursts: list[Burst] = field(default_factory=list)
    failed: Counter[int] = field(default_factory=Counter)

    def confirm(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Count clauses that held."""
        for pair in pairs:
            self.held[pair] += 1

    def tell(self, choices: Iterable[Told], evidence: str) -> None:
        """Count choices seen, and keep the first evidence of each."""
        for choice in choices:
            self.told[choice] += 1
            self.evidence.setdefault(choice, evidence)

    def walk(self, moves: Iterable[Move]) -> None:
        """Count edges of the state diagram."""
        for move in moves:
            self.moves[move] += 1

    def times(self, clause: str) -> int:
        """Return how often a clause held."""
        return sum(count for (name, _), count in self.held.items() if name == clause)

    def rows(self) -> dict[str, dict[str, int]]:
        """Return how often each clause held, by its rows."""
        rows: dict[str, dict[str, int]] = {}
        for (clause, row), times in sorted(self.held.items()):
            rows.setdefault(clause, {})[row] = times
        return rows

    def merge(self, other: "Ledger") -> None:
        """Add another ledger's counts to this one."""
        self.held.update(other.held)
        self.told.update(other.told)
        self.precedence.update(other.precedence)
        self.moves.update(other.moves)
        self.bursts += other.bursts
        self.failed.update(other.failed)
        for choice, text in other.evidence.items():
            self.evidence.setdefault(choice, text)

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as JSON values, for a worker to hand to its controller."""
        return {
            "held": [[*key, n] for key, n in self.held.items()],
            "told": [[*key, n] for key, n in self.told.items()],
            "precedence": [[*key, n] for key, n in self.precedence.items()],
            "evidence": [[*key, text] for key, text in self.evidence.items()],
            "moves": [[*key, n] for key, n in self.moves.items()],
            "bursts": [one.to_json() for one in self.bursts],
            "failed": [[status, n] for status, n in self.failed.items()],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Ledger":
        """Return the ledger that ``to_json`` wrote.

        Raises:
            ValueError: it tells of a choice without evidence.
        """
        made = cls(
            Counter({(a, b): n for a, b, n in data["held"]}),
            Counter({(a, b): n for a, b, n in data["told"]}),
            {(a, b): text for a, b, text in data["evidence"]},
            Counter({(a, b): n for a, b, n in data["precedence"]}),
            Counter({(a, b, c, d): n for a, b, c, d, n in data["moves"]}),
            [Burst.from_json(one) for one in data["bursts"]],
            Counter(dict(data.get("failed", ()))),
        )
        if bare := sorted(made.told.keys() - made.evidence.keys()):
            raise ValueError(f"there is no evidence of {' '.join(bare[0])}")
        return made

"""The edges of the contract's state diagram, each with what a run saw of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from redeploy_reports.summary import BROKEN
from redeploy_schemas.contract import Contract, Transition
from redeploy_schemas.records import Move, Result

SUCCEEDS, FAILS, PATH = "L3", "L6", "L8"
"""The clauses on how a redeploy ends, and on what is seen between."""
ACCEPTED = ("A9", "A10", "A13")
"""The clauses on when a call is accepted."""

VIOLATED, EXERCISED, CROSSED, NEVER = "violated", "exercised", "crossed", "never"
"""``crossed``: one look saw what is before the edge, the next what is behind it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge: what it is, where it stands in the contract, and how often it was walked.

    ``crossed`` counts how often it was passed unseen, between two looks.
    """

    before: str
    after: str
    label: str
    clauses: tuple[str, ...]
    count: int
    crossed: int
    state: str


@dataclass(frozen=True, slots=True)
class Life:
    """The edges of a redeploy that begins in ``origin``, in the order of time."""

    origin: str
    passed: tuple[str, ...]
    last: str
    accepted: Edge
    inner: tuple[Edge, ...]
    succeeds: Edge
    fails: Edge
    busy: Edge

    def __iter__(self) -> Iterator[Edge]:
        """Return all of them."""
        yield from (self.accepted, *self.inner, self.succeeds, self.fails, self.busy)


@dataclass(frozen=True, slots=True)
class Edges:
    """All edges: one life per status in which a redeploy may begin, and the rejections."""

    lives: tuple[Life, ...]
    rejected: tuple[Edge, ...]

    def __iter__(self) -> Iterator[Edge]:
        """Return all of them."""
        for life in self.lives:
            yield from life
        yield from self.rejected


def edges(contract: Contract, result: Result) -> Edges:
    """Return the edges of the diagram of ``contract``, counted from the moves of a result."""
    count = _Count(result)
    lives = tuple(_life(contract, row, count) for row in contract.transitions)
    statuses = contract.attribute_by_name["status"].values
    rejected = tuple(
        count.edge(
            str(status),
            str(status),
            "rejected",
            _reasons(contract, str(status)),
            (move for move in result.moves if move.what == "rejected"),
        )
        for status in statuses
    )
    return Edges(lives, rejected)


def _reasons(contract: Contract, status: str) -> tuple[str, ...]:
    """Return the clauses by which a call in this status is rejected."""
    rows = contract.preconditions
    by_status = [
        row.clause
        for row in rows
        if row.attribute == "status" and not row.holds(status)
    ]
    apart = ("exists", "status", "in_flight")
    others = [row.clause for row in rows if row.attribute not in apart]
    return tuple(dict.fromkeys(by_status or others))


def _life(contract: Contract, row: Transition, count: "_Count") -> Life:
    mine = [move for move in count.moves if move.origin == row.origin]
    passed, last = row.path[:-1], row.path[-1]
    stations = (row.origin, *passed)
    seen = [move for move in mine if move.what not in ("accepted", "rejected")]
    inner = tuple(
        count.edge(
            before,
            after,
            "first seen" if place == 0 else "then",
            (row.first_clause,) if place == 0 else (PATH,),
            (move for move in seen if move.what == "seen"),
            crossed=_crossed(seen, stations, place),
        )
        for place, (before, after) in enumerate(pairwise(stations))
    )
    busy = tuple(
        dict.fromkeys(
            when.clause
            for when in contract.preconditions
            if when.attribute == "in_flight"
        )
    )

    def whole(after: str, label: str, clauses: Sequence[str], what: str) -> Edge:
        times = sum(move.count for move in mine if move.what == what)
        return count.made(row.origin, after, label, tuple(clauses), times, 0)

    return Life(
        origin=row.origin,
        passed=passed,
        last=last,
        accepted=whole(passed[0], "accepted", ACCEPTED, "accepted"),
        inner=inner,
        succeeds=whole(last, "succeeds", (SUCCEEDS,), "succeeds"),
        fails=whole(row.origin, "fails", (FAILS,), "fails"),
        busy=whole(row.origin, "another call is rejected", busy, "rejected"),
    )


def _crossed(moves: Sequence[Move], stations: Sequence[str], place: int) -> int:
    """Return how often an edge of the path lay between two looks without being seen."""
    total = 0
    for move in moves:
        if move.what == "fails" or move.before not in stations:
            continue
        start = stations.index(move.before)
        end = len(stations)
        if move.what == "seen":
            if move.after not in stations[start + 1 :]:
                continue
            end = stations.index(move.after, start + 1)
        if start <= place < end and not (start == place and end == place + 1):
            total += move.count
    return total


class _Count:
    """Counts moves, and knows which clauses are violated."""

    def __init__(self, result: Result) -> None:
        self.moves = result.moves
        self.violated = {one.id for one in result.clauses if one.verdict in BROKEN}

    def edge(
        self,
        before: str,
        after: str,
        label: str,
        clauses: tuple[str, ...],
        moves: Iterable[Move],
        *,
        crossed: int = 0,
    ) -> Edge:
        """Return an edge with the moves that go from one status to the other."""
        times = sum(
            move.count
            for move in moves
            if (move.before, move.after) == (before, after)
            and (label != "rejected" or not move.origin)
        )
        return self.made(before, after, label, clauses, times, crossed)

    def made(
        self,
        before: str,
        after: str,
        label: str,
        clauses: tuple[str, ...],
        times: int,
        crossed: int,
    ) -> Edge:
        """Return an edge with its colour."""
        state = EXERCISED if times else CROSSED if crossed else NEVER
        if self.violated & set(clauses):
            state = VIOLATED
        return Edge(before, after, label, clauses, times, crossed, state)

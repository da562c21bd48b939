"""What was seen least is drawn most, and everything can still be drawn."""

from collections import Counter

from hypothesis import given, settings

from redeploy_schemas.contract import load
from redeploy_strategies.events import listed
from redeploy_strategies.steering import favoured, times

CONTRACT = load()


def test_the_rarest_are_drawn_more_often() -> None:
    counts = {"a": 9, "b": 0, "c": 1, "d": 5}
    drawn = Counter(favoured(counts, counts.__getitem__))
    assert drawn == {"b": 3, "c": 1, "a": 1, "d": 1}


def test_with_nothing_seen_all_are_alike() -> None:
    assert set(Counter(favoured("abc", lambda _: 0)).values()) == {3}
    assert favoured([], len) == []


def test_a_clause_counts_over_its_rows() -> None:
    assert times({("E1", "x"): 2, ("E1", "y"): 3, ("E2", ""): 9}, "E1") == 5


def test_events_that_were_never_responded_to_come_up_most() -> None:
    pairs = [(row.type, one) for row in CONTRACT.events for one in row.statuses]
    rare = pairs[3]
    seen = {("E1", " ".join(pair)): 50 for pair in pairs if pair != rare}
    drawn: Counter[tuple[str, str]] = Counter()

    @settings(max_examples=400, derandomize=True, database=None)
    @given(event=listed(CONTRACT, {**seen, ("E1", " ".join(rare)): 0}))
    def draw(event: tuple[str, str]) -> None:
        drawn[event] += 1

    draw()
    assert set(drawn) == set(pairs)
    assert drawn[rare] == max(drawn.values())

"""The order of codes is told as one order where there is one (A11)."""

from collections import Counter

from redeploy_conformance.api import Offer
from redeploy_conformance.conclude import Gathered
from redeploy_schemas.contract import Contract

OFFER = Offer("emulator", "1", "cn-hangzhou", frozenset())


def told(contract: Contract, *pairs: tuple[str, str]) -> list[tuple[str, int]]:
    gathered = Gathered(contract, OFFER)
    gathered.ledger.precedence = Counter(pairs)
    (clause,) = (one for one in gathered.clauses() if one.id == "A11")
    return [(one.choice, one.count) for one in clause.choices]


def test_pairs_that_agree_are_one_order(contract: Contract) -> None:
    pairs = [("A2", "A7"), ("A7", "A3"), ("A2", "A3"), ("A2", "A3")]
    assert told(contract, *pairs) == [("A2 before A7 before A3", 4)]


def test_a_gap_leaves_the_pairs(contract: Contract) -> None:
    pairs = [("A2", "A7"), ("A3", "A7")]
    assert told(contract, *pairs) == [("A2 before A7", 1), ("A3 before A7", 1)]


def test_a_contradiction_leaves_the_pairs_and_is_inconsistent(
    contract: Contract,
) -> None:
    pairs = [("A2", "A7"), ("A7", "A2")]
    assert told(contract, *pairs) == [("A2 before A7", 1), ("A7 before A2", 1)]
    gathered = Gathered(contract, OFFER)
    gathered.ledger.precedence = Counter(pairs)
    assert [one.id for one in gathered.clauses() if one.inconsistent] == ["A11"]


def test_nothing_seen_is_nothing_told(contract: Contract) -> None:
    assert told(contract) == []

"""Legal variants: emulators that are right, but choose otherwise where they may."""

import random
from dataclasses import replace
from typing import Any

from redeploy_conformance.emulator.settings import (
    ATTRIBUTES,
    Attribute,
    Settings,
    choices,
    clauses,
)

_COMBINATIONS = 6
_ORDERS = 4


def variants(base: Settings | None = None) -> dict[str, Settings]:
    """Settings by name: `reference`; every word that is not the default, alone; several
    orders of precedence; and a few combinations drawn from fixed seeds. Other settings
    are those of `base`."""
    base = base or Settings()
    found: dict[str, Settings] = {"reference": base}
    ids = clauses()
    for name, words in choices().items():
        if name == "precedence":
            continue
        for word in words:
            if word != getattr(Settings(), name):
                found[f"{ids[name]}-{_slug(word)}"] = _with(base, name, word)
    for number, order in enumerate(_orders(), start=1):
        found[f"A11-order-{number}"] = _with(base, "precedence", order)
    for seed in range(1, _COMBINATIONS + 1):
        found[f"combination-{seed}"] = replace(base, **_combination(seed))
    return found


def _with(base: Settings, name: str, word: object) -> Settings:
    changed: dict[str, Any] = {name: word}
    return replace(base, **changed)


def _orders() -> list[tuple[Attribute, ...]]:
    """The reverse, the default turned by half, and some drawn ones."""
    orders = [ATTRIBUTES[::-1], ATTRIBUTES[3:] + ATTRIBUTES[:3]]
    draw = random.Random("precedence")
    while len(orders) < _ORDERS:
        order = tuple(draw.sample(ATTRIBUTES, len(ATTRIBUTES)))
        if order not in (*orders, ATTRIBUTES):
            orders.append(order)
    return orders


def _combination(seed: int) -> dict[str, Any]:
    draw = random.Random(f"combination-{seed}")
    chosen: dict[str, Any] = {}
    for name, words in choices().items():
        if name == "precedence":
            chosen[name] = tuple(draw.sample(ATTRIBUTES, len(ATTRIBUTES)))
        else:
            chosen[name] = draw.choice(words)
    return chosen


def _slug(word: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in word).lower()

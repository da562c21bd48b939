"""Runs on several processes: in which order cases are done, and what a process that dies leaves."""

import re
from collections.abc import Sequence
from typing import Any

from redeploy_conformance.investigate import CaseReport

OURS = re.compile(r"(?:^|/)test_(?:first_tour|plan|walks)\.py::test_\w+(?:\[(.*)\])?$")
"""The ids of the packaged tests, wherever they are installed; the group is the case's name."""


def spread(items: Sequence[Any]) -> list[Any]:
    """Return tests in an order in which processes that take one each time end together.

    The long ones, which are the tour and the bursts, come first, and the walks in the middle: late
    enough to know what was seen least, and early enough for short cases to fill what they leave.
    """
    first, walks, rest = [], [], []
    for item in items:
        spec = getattr(item, "callspec", None)
        case = None if spec is None else spec.params.get("case")
        if item.name == "test_tour" or (case is not None and case.burst):
            first.append(item)
        elif spec is not None and "walk" in spec.params:
            walks.append(item)
        else:
            rest.append(item)
    half = len(rest) // 2
    return [*first, *rest[:half], *walks, *rest[half:]]


def died(worker: str, test: str | None = None) -> CaseReport:
    """Return what is left of the case that a worker was at when it died: that it is missing."""
    if test is None:
        return CaseReport(
            worker, (), problem=f"{worker} died before the end of the run"
        )
    found = OURS.search(test)
    case = (found and found[1]) or test
    return CaseReport(case, (), problem=f"{worker} died while this ran; it is missing")


def where(node: Any) -> str:
    """Return how a worker is called in a report: its number, and its host where it has one."""
    spec = node.gateway.spec
    host = (spec.ssh or "").split(" -o ")[0]
    return f"worker {node.gateway.id}" + (f" on {host}" if host else "")

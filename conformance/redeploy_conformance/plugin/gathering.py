"""What a pytest run has brought so far: tests of the suite, of somebody else, or of both.

Loaded in every pytest run of its environment, so it imports nothing of weight.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from redeploy_conformance.plugin import run as run

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from redeploy_conformance.finding.investigate import CaseReport
    from redeploy_conformance.plugin.collector import Collector

CRASHED = "???"
"""When a test failed whose worker died, in the words of pytest-xdist."""


class Gathering:
    """What a pytest run is about: tests of the suite, of somebody else, or of both."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin to count the time."""
        self.config = config
        self.started = datetime.now(UTC)
        self.clock = time.monotonic()
        self.collector: Collector | None = None
        self.others_failed = False
        self.left: tuple[str, int] | None = None
        self.unwritten: str | None = None
        self.cut = False

    def take(self, report: pytest.TestReport) -> None:
        """Take one test's report; the first of the suite's makes the collector."""
        if not getattr(report, "redeploy_suite", False):
            self.others_failed |= report.failed and report.when != CRASHED
            return
        left = getattr(report, "redeploy_left", None)
        if left is not None:
            self.left = tuple(left)
            if self.collector is None:
                self.leave(*left)
            return
        self.collected().take(report)

    def collected(self) -> Collector:
        """Return the collector, begun with the first thing there is to collect."""
        if self.collector is None:
            from redeploy_conformance.plugin.collector import Collector

            reporter, workers = self.config.stash[run.REPORTER], _workers(self.config)
            self.collector = Collector(reporter, workers, self.started, self.clock)
        return self.collector

    @property
    def ended(self) -> Sequence[CaseReport]:
        """What the cases that have ended brought."""
        return () if self.collector is None else self.collector.taken.reports

    @property
    def interrupted(self) -> bool:
        """Whether the user ended the run."""
        return run.interrupted

    def leave(self, text: str, code: int) -> NoReturn:
        """End the run before anything was judged."""
        run.leave(text, code)


def _workers(config: pytest.Config) -> int:
    """Return how many processes do tests; ``2*popen`` is two."""
    counts = [tx.partition("*")[0] for tx in getattr(config.option, "tx", None) or ()]
    return sum(int(one) if one.isdecimal() else 1 for one in counts) or 1

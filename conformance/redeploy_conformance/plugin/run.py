"""What a pytest run of the suite has with it: its options, what its tests brought, how it ends.

Loaded in every pytest run of its environment, so it imports nothing of weight.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from hypothesis.database import ExampleDatabase

    from redeploy_conformance.evidence.writer import TraceWriter
    from redeploy_conformance.finding.investigate import CaseReport
    from redeploy_conformance.plugin.alive import Signs
    from redeploy_conformance.results.baseline import Pinned

LOST_AFTER = 3
"""Cases without an answer in a row, after which the target counts as gone."""
ROOT = "REDEPLOY_CONFORMANCE_ROOT"
"""The environment variable that holds the folder test ids begin at: where the suite is installed."""
interrupted = False
exit_code: int | None = None
"""What the verdict of the last run in this process comes to; None where nothing was judged."""


class Reporter:
    """Takes what the tests bring, and gives it to the report of the test under way."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the options."""
        self.target_word: str = config.getoption("redeploy_target")
        self.result_path: str = config.getoption("redeploy_result") or "result.json"
        self.stream_path: str | None = config.getoption("redeploy_stream")
        self.trace_path: str | None = config.getoption("redeploy_trace")
        self.trace: TraceWriter | None = None
        self.burst: bool = config.getoption("redeploy_burst")
        self.baseline_path: str | None = config.getoption("redeploy_baseline")
        self.pinned: list[Pinned] = []
        self.seed: int = config.getoption("redeploy_seed")
        self.offer: dict[str, Any] = {}
        self.current: CaseReport | None = None
        self.left: tuple[str, int] | None = None
        self.turn: AbstractContextManager[object] = nullcontext()
        self.secrets: set[str] = set()
        self.silent = 0
        self.excused = False
        self.target_place = self.target_word
        """Where the target is described: elsewhere, in a worker on another host."""
        self.hosts = 1
        self.examples: str | None = config.getoption("redeploy_examples")
        self.database: ExampleDatabase | None = None
        self.handed_over: Path | None = None
        self.signs: Signs | None = None

    def enter(self, report: CaseReport) -> None:
        """Keep what a case brought."""
        self.current = report
        self.silent = self.silent + 1 if report.lost else 0
        if self.trace is not None:
            self.trace.case(report)

    def stop_if_lost(self) -> None:
        """Skip the test when the target has stopped answering; end the run when the user asks.

        Raises:
            KeyboardInterrupt: the user did, at a moment when Python could not raise it (as in the
                garbage collector), so that the test under way went on.
        """
        if interrupted:
            raise KeyboardInterrupt
        if self.silent >= LOST_AFTER:
            self.leave_out("the target does not answer any more")

    def leave_out(self, why: str) -> NoReturn:
        """Skip the test under way before it has anything to report: any other one must report."""
        self.excused = True
        pytest.skip(why)


REPORTER = pytest.StashKey[Reporter]()


def leave(text: str, code: int, session: pytest.Session | None = None) -> NoReturn:
    """End the whole run before anything was judged; a worker tells its controller why."""
    from redeploy_conformance.redact import sendable

    global exit_code
    text = sendable(text)
    if session is not None and hasattr(session.config, "workerinput"):
        session.config.stash[REPORTER].left = (text, code)
        session.shouldstop = text
        raise pytest.fail.Exception(text, pytrace=False) from None
    exit_code = code
    pytest.exit(text, returncode=code)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Handle SIGINT: Python drops an exception in some places, and must not drop the wish."""
    global interrupted
    interrupted = True
    raise KeyboardInterrupt

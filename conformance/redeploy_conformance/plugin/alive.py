"""Signs of life of a pytest run of the suite, on stderr, past pytest's capturing."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from redeploy_conformance.alive import Alive, so_far, watching
from redeploy_conformance.exits import told
from redeploy_conformance.targets.watched import Watched
from redeploy_reports.clean import clean

if TYPE_CHECKING:
    from redeploy_conformance.finding.investigate import CaseReport

TESTS = ("test_first_tour", "test_plan", "test_walks")
"""The files of the packaged tests."""
VERY_QUIET = -2
"""The verbosity (``-qq``) from which on progress is not told; that nothing answers always is."""


class Signs:
    """Watches the tests of one process. In a worker of pytest-xdist the controller tells how far it is."""

    def __init__(
        self, config: pytest.Config, ended: Callable[[], Sequence["CaseReport"]] | None
    ) -> None:
        """Begin; called while pytest captures nothing, so that stderr is the real one.

        ``ended`` returns the cases that have ended; None where somebody else tells how far it is.
        """
        self.config = config
        self.ended = ended
        self.out = os.dup(2)
        self.mixed = os.fstat(1)[:3] == os.fstat(2)[:3]
        self.at = ""
        self.done = 0
        self.quiet = ended is None or config.option.verbose <= VERY_QUIET
        self.alive = Alive(self.say, often=os.isatty(self.out))
        self.stack = ExitStack()
        self.session: pytest.Session | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin to look."""
        self.session = session
        self.stack.enter_context(watching(self.alive))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Take note of the test under way; how far tests of others are is not for us to tell."""
        if any(f"{name}.py::" in nodeid for name in TESTS) and not self.quiet:
            self.alive.how_far = self.how_far
        self.at = case_of(nodeid)

    def pytest_runtest_logfinish(self) -> None:
        """Take note that one has ended."""
        self.done += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Look no more."""
        self.stack.close()

    def pytest_unconfigure(self) -> None:
        """Let go of stderr."""
        self.stack.close()
        os.close(self.out)

    def watch(self, transport: Watched) -> None:
        """Look at the requests of a transport, too."""
        self.alive.transport = transport

    def how_far(self) -> str:
        """Return how much of the run is done."""
        ended = self.ended() if self.ended else ()
        sent = 0 if self.alive.transport is None else self.alive.transport.sent
        requests = max(sum(one.requests for one in ended), sent)
        total = 0 if self.session is None else self.session.testscollected
        return so_far(self.done, total, requests, clean(self.at, limit=60))

    def say(self, line: str) -> None:
        """Write a line; where pytest's dots go to the same place, not behind them."""
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        behind = terminal is not None and terminal._tw.width_of_current_line > 0
        start = "\n" if self.mixed and behind else ""
        os.write(self.out, f"{start}{told(line)}\n".encode())


def case_of(nodeid: str) -> str:
    """Return what a test of the suite tries: a planned case by its name, else what, and which of them."""
    kind, _, which = nodeid.rpartition("::")[2].partition("[")
    which = which.removesuffix("]")
    if kind == "test_clause":
        return which
    return f"{kind.removeprefix('test_')} {which}".strip()

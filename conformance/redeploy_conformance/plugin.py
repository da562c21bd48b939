"""The pytest plugin: options, the bench, and the verdict of a run of the packaged suite.

It is loaded in every pytest run of its environment, so it imports nothing of weight until a test
of the suite asks for it, and does nothing where none runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from redeploy_conformance.bench import Bench
    from redeploy_conformance.evidence.writer import TraceWriter
    from redeploy_conformance.investigate import CaseReport
    from redeploy_conformance.verdict import Collector

LOST_AFTER = 3
"""Cases without an answer in a row, after which the target counts as gone."""


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
        self.seed: int = config.getoption("redeploy_seed")
        self.offer: dict[str, Any] = {}
        self.current: CaseReport | None = None
        self.silent = 0

    def enter(self, report: CaseReport) -> None:
        """Keep what a case brought."""
        self.current = report
        self.silent = self.silent + 1 if report.lost else 0
        if self.trace is not None:
            self.trace.case(report)

    def stop_if_lost(self) -> None:
        """Skip the test when the target has stopped answering."""
        if self.silent >= LOST_AFTER:
            pytest.skip("the target does not answer any more")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("redeploy-conformance")
    group.addoption(
        "--redeploy-target",
        default="embedded",
        metavar="TARGET",
        help="embedded, a base URL, module:callable, or a statement (TOML file)",
    )
    group.addoption(
        "--redeploy-result",
        default=None,
        metavar="FILE",
        help="write the result as JSON",
    )
    group.addoption(
        "--redeploy-stream",
        default=None,
        metavar="FILE",
        help="write a JSON line for each case while running, and a closing one",
    )
    group.addoption(
        "--redeploy-trace",
        default=None,
        metavar="FILE",
        help="write everything that the verdict rests on, as JSON lines",
    )
    group.addoption(
        "--redeploy-seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the exploration",
    )
    group.addoption(
        "--redeploy-case",
        default=None,
        metavar="NAME",
        help="run one planned case only",
    )
    group.addoption(
        "--redeploy-quick",
        action="store_true",
        help="run only the tour and the rate limit: each required clause once",
    )
    group.addoption(
        "--redeploy-burst",
        action="store_true",
        help="send bursts of calls to a target on another machine too",
    )
    group.addoption(
        "--redeploy-clause",
        action="append",
        default=[],
        metavar="ID",
        help="run the cases of these clauses only",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the options."""
    config.stash[REPORTER] = Reporter(config)


REPORTER = pytest.StashKey[Reporter]()
SUITE = "redeploy_conformance/suite/"
"""Where the packaged tests are; only those are of interest here."""


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave only the cases that were asked for."""
    wanted = config.getoption("redeploy_case")
    clauses = set(config.getoption("redeploy_clause"))
    quick = config.getoption("redeploy_quick")
    if wanted is None and not clauses and not quick:
        return

    def chosen(item: pytest.Item) -> bool:
        if SUITE not in item.path.as_posix():
            return True
        spec = getattr(item, "callspec", None)
        case = None if spec is None else spec.params.get("case")
        if spec is None or case is None:
            return item.name == "test_tour" and (quick or wanted == "tour")
        if quick and "Q2" in case.clauses:
            return True
        return bool(clauses & set(case.clauses)) or spec.id == wanted

    kept = [item for item in items if chosen(item)]
    dropped = [item for item in items if not chosen(item)]
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept


@pytest.fixture(scope="session")
def reporter(pytestconfig: pytest.Config) -> Reporter:
    """The run's reporter."""
    return pytestconfig.stash[REPORTER]


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config, reporter: Reporter) -> Iterator[Bench]:
    """The implementation under test, discovered."""
    from redeploy_conformance.bench import set_up
    from redeploy_conformance.targets.base import TargetUsageError, UnreachableError
    from redeploy_conformance.targets.find import find
    from redeploy_schemas.contract import load

    contract = load()
    try:
        target = find(reporter.target_word, contract)
        shared = hasattr(pytestconfig, "workerinput") and target.kind != "embedded"
        made = set_up(target, contract, alone=not shared)
    except TargetUsageError as error:
        _leave(str(error), 2)
    except UnreachableError as error:
        _leave(str(error), 4)
    offer = made.offer
    reporter.offer = {
        "name": offer.name,
        "version": offer.version,
        "region": offer.region,
        "parts": sorted(part.value for part in offer.parts),
    }
    if reporter.trace_path:
        reporter.trace = _trace(pytestconfig, reporter, made)
    yield made
    target.transport.close()
    if reporter.trace is not None:
        reporter.trace.close()


def _leave(text: str, code: int) -> NoReturn:
    """End the whole run before anything was judged."""
    global exit_code
    exit_code = code
    pytest.exit(text, returncode=code)


def _trace(config: pytest.Config, reporter: Reporter, made: Bench) -> TraceWriter:
    """Begin the trace of this process."""
    from redeploy_conformance.evidence.recording import begin, part_of

    assert reporter.trace_path is not None
    process = getattr(config, "workerinput", None)
    worker = None if process is None else process["workerid"]
    return begin(
        part_of(Path(reporter.trace_path), worker),
        made,
        worker=worker or "main",
        seed=reporter.seed,
        workers=1 if process is None else process["workercount"],
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    """Hang what a case brought on its test report, so that it reaches the controller."""
    report = yield
    report.redeploy_suite = SUITE in item.path.as_posix()  # type: ignore[attr-defined]
    reporter = item.config.stash[REPORTER]
    if call.when == "call" and reporter.current is not None:
        report.redeploy = {  # type: ignore[attr-defined]
            "offer": reporter.offer,
            "case": reporter.current.to_json(),
        }
        reporter.current = None
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather what the tests brought; runs in the controller too."""
    if _active is not None and getattr(report, "redeploy_suite", False):
        _active.take(report)


_active: Collector | None = None
interrupted = False
exit_code: int | None = None
"""What the verdict of the last run in this process comes to; None where nothing was judged."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the collector where tests are reported: in the controller, or the only process."""
    global _active, exit_code, interrupted
    if hasattr(session.config, "workerinput"):
        return
    from redeploy_conformance.verdict import Collector

    exit_code, interrupted = None, False
    reporter = session.config.stash[REPORTER]
    _active = Collector(reporter, _workers(session.config))
    if reporter.trace_path:
        from redeploy_conformance.evidence.recording import clear

        clear(Path(reporter.trace_path))


def pytest_keyboard_interrupt() -> None:
    """Remember that the user ended the run."""
    global interrupted
    interrupted = True


def _workers(config: pytest.Config) -> int:
    return len(getattr(config.option, "tx", None) or ()) or 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Draw the verdict, write it, and let it be the exit code."""
    global exit_code
    if _active is None or not _active.any:
        return
    from redeploy_schemas.records import Problem

    broken = exitstatus == pytest.ExitCode.INTERNAL_ERROR
    cut = broken or exitstatus == pytest.ExitCode.INTERRUPTED
    if broken:
        _active.taken.crashes.append(Problem(case="pytest", text="an internal error"))
    result = _active.conclude(complete=not cut)
    if session.config.getoption("redeploy_result"):
        _active.write(result)
    trace_path = session.config.stash[REPORTER].trace_path
    if trace_path:
        from redeploy_conformance.evidence.recording import finish

        finish(Path(trace_path), result, _active.taken.crashes, complete=not cut)
    exit_code = session.exitstatus = result.exit_code


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the verdict, after everything that pytest has to say."""
    global _active
    result = None if _active is None else _active.result
    _active = None
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if result is not None and terminal is not None:
        from redeploy_reports.text import render

        width = min(terminal._tw.fullwidth, 100)
        terminal.write("\n" + render(result, width=width, color=terminal.hasmarkup))

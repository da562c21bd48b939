"""The pytest plugin: options, the bench, and the verdict of a run of the packaged suite.

It is loaded in every pytest run of its environment, so it imports nothing of weight until a test
of the suite asks for it, and does nothing where none runs.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from redeploy_conformance import plugin_options

if TYPE_CHECKING:
    from types import FrameType

    from hypothesis.database import ExampleDatabase

    from redeploy_conformance.baseline import Pinned
    from redeploy_conformance.bench import Bench
    from redeploy_conformance.evidence.writer import TraceWriter
    from redeploy_conformance.investigate import CaseReport
    from redeploy_conformance.verdict import Collector

SUITE_FAILED = 5
CRASHED = "???"
"""When a test failed whose worker died, in the words of pytest-xdist."""
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
        self.baseline_path: str | None = config.getoption("redeploy_baseline")
        self.pinned: list[Pinned] = []
        self.seed: int = config.getoption("redeploy_seed")
        self.offer: dict[str, Any] = {}
        self.current: CaseReport | None = None
        self.left: tuple[str, int] | None = None
        self.turn: AbstractContextManager[object] = nullcontext()
        self.secrets: set[str] = set()
        self.silent = 0
        self.target_place = self.target_word
        """Where the target is described: elsewhere, in a worker on another host."""
        self.hosts = 1
        self.examples: str | None = config.getoption("redeploy_examples")
        self.database: ExampleDatabase | None = None
        self.handed_over: Path | None = None

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
            pytest.skip("the target does not answer any more")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    plugin_options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; on several processes, say how, and unpack what came along."""
    global _gathering
    reporter = config.stash[REPORTER] = Reporter(config)
    if hasattr(config, "workerinput"):
        luggage = config.workerinput.get("redeploy")
        if luggage is not None:
            from redeploy_conformance import hosts

            hosts.arrive(luggage, reporter)
        return
    _gathering = Gathering(config)
    if config.getoption("tx", None) and any(
        "redeploy_" in str(one) for one in config.args
    ):
        from redeploy_conformance.workers import Workers, defaults

        defaults(config.option)
        config.pluginmanager.register(Workers(reporter, _gathering))


REPORTER = pytest.StashKey[Reporter]()
SUITE = "redeploy_conformance/suite/"
"""Where the packaged tests are; only those are of interest here."""


def _packaged(item: pytest.Item) -> bool:
    return SUITE in item.path.as_posix()


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave only the cases that were asked for."""
    wanted = config.getoption("redeploy_case")
    clauses = set(config.getoption("redeploy_clause"))
    quick = config.getoption("redeploy_quick")
    if hasattr(config, "workerinput") and any(map(_packaged, items)):
        from redeploy_conformance.workers import spread

        items[:] = spread(items)
    if wanted is None and not clauses and not quick:
        return

    def chosen(item: pytest.Item) -> bool:
        if not _packaged(item):
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
def bench(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    reporter: Reporter,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    """The implementation under test, discovered."""
    from redeploy_conformance.bench import set_up
    from redeploy_conformance.targets.base import TargetUsageError, UnreachableError
    from redeploy_conformance.targets.find import find
    from redeploy_schemas.contract import load
    from redeploy_schemas.vocabulary import Part

    contract = load()
    try:
        target = find(reporter.target_place, contract)
        if reporter.examples:
            from redeploy_conformance.examples import database

            word = reporter.target_word
            reporter.database = database(reporter.examples, contract.sha256, word)
        shared = hasattr(pytestconfig, "workerinput") and target.kind != "embedded"
        made = set_up(target, contract, alone=not shared)
        if shared and Part.CLOCKS in made.offer.parts:
            made.take_clock()
        elif shared and Part.CLOCK in made.offer.parts:
            if reporter.hosts > 1:
                raise TargetUsageError(
                    "the implementation has one clock, which several hosts cannot take turns at: "
                    "offer clocks of the control protocol, or run on one host"
                )
            from filelock import FileLock

            # There is one clock to turn, and nobody may turn it under another's test.
            place = tmp_path_factory.getbasetemp().parent / "redeploy-clock.lock"
            reporter.turn = FileLock(place, poll_interval=0.01)
            made.alone = True
    except TargetUsageError as error:
        _leave(str(error), 2, request.session)
    except UnreachableError as error:
        _leave(str(error), 4, request.session)
    reporter.secrets = made.api.secrets  # the same set: it grows as accounts are made
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
    made.leave_clock()
    target.transport.close()
    if reporter.trace is not None:
        reporter.trace.close()


def _leave(text: str, code: int, session: pytest.Session | None = None) -> NoReturn:
    """End the whole run before anything was judged; a worker tells its controller why."""
    global exit_code
    if session is not None and hasattr(session.config, "workerinput"):
        session.config.stash[REPORTER].left = (text, code)
        session.shouldstop = text
        pytest.fail(text, pytrace=False)
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
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let a test of the suite wait for its turn, where workers share a target."""
    if _packaged(item):
        with item.config.stash[REPORTER].turn:
            return (yield)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hang what a case brought on its test report, so that it reaches the controller."""
    report = yield
    report.redeploy_suite = _packaged(item)  # type: ignore[attr-defined]
    reporter = item.config.stash[REPORTER]
    if report.redeploy_suite and report.longrepr:
        _scrub(report, reporter.secrets)
    if reporter.left is not None:
        report.redeploy_left = reporter.left  # type: ignore[attr-defined]
    if call.when == "call" and reporter.current is not None:
        report.redeploy = {  # type: ignore[attr-defined]
            "offer": reporter.offer,
            "case": reporter.current.to_json(),
        }
        reporter.current = None
    return report


def _scrub(report: pytest.TestReport, secrets: set[str]) -> None:
    """Take secrets out of what pytest is about to show, and to write as JUnit."""
    from redeploy_conformance.redact import scrubbed

    if isinstance(report.longrepr, tuple):
        path, line, text = report.longrepr
        report.longrepr = (path, line, scrubbed(text, secrets))
        return
    shown = str(report.longrepr)
    clean = scrubbed(shown, secrets)
    if clean != shown:
        report.longrepr = clean


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather what the tests brought; runs in the controller too."""
    if _gathering is not None:
        _gathering.take(report)


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
            return
        self.collected().take(report)

    def collected(self) -> Collector:
        """Return the collector, begun with the first thing there is to collect."""
        if self.collector is None:
            from redeploy_conformance.verdict import Collector

            reporter, workers = self.config.stash[REPORTER], _workers(self.config)
            self.collector = Collector(reporter, workers, self.started, self.clock)
        return self.collector

    @property
    def interrupted(self) -> bool:
        """Whether the user ended the run."""
        return interrupted

    def leave(self, text: str, code: int) -> NoReturn:
        """End the run before anything was judged."""
        _leave(text, code)


_gathering: Gathering | None = None
interrupted = False
exit_code: int | None = None
"""What the verdict of the last run in this process comes to; None where nothing was judged."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Gather where tests are reported: in the controller, or the only process."""
    global exit_code, interrupted
    if hasattr(session.config, "workerinput"):
        return
    exit_code, interrupted = None, False
    reporter = session.config.stash[REPORTER]
    if reporter.baseline_path:
        reporter.pinned = _pinned(reporter.baseline_path, reporter.target_word)
    if reporter.trace_path:
        from redeploy_conformance.evidence.recording import clear

        clear(Path(reporter.trace_path))


def pytest_keyboard_interrupt() -> None:
    """Remember that the user ended the run."""
    global interrupted
    interrupted = True


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Handle SIGINT: Python drops an exception in some places, and must not drop the wish."""
    global interrupted
    interrupted = True
    raise KeyboardInterrupt


def _pinned(path: str, word: str) -> list[Pinned]:
    """Do the pinned traces of a baseline, before anything else."""
    from redeploy_conformance.baseline import BaselineError, try_file
    from redeploy_conformance.targets.base import TargetUsageError, UnreachableError

    try:
        return try_file(Path(path), word)
    except (BaselineError, TargetUsageError) as error:
        _leave(str(error), 2)
    except UnreachableError as error:
        _leave(str(error), 4)


def _workers(config: pytest.Config) -> int:
    """Return how many processes do tests; ``2*popen`` is two."""
    counts = [tx.partition("*")[0] for tx in getattr(config.option, "tx", None) or ()]
    return sum(int(one) if one.isdecimal() else 1 for one in counts) or 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Draw the verdict, write it, and let it be the exit code."""
    global exit_code
    if hasattr(session.config, "workerinput"):
        reporter = session.config.stash[REPORTER]
        if reporter.handed_over is not None:
            from redeploy_conformance import hosts

            output = session.config.workeroutput  # type: ignore[attr-defined]
            hosts.hand_over(output, reporter.handed_over)
        return
    collector = None if _gathering is None else _gathering.collector
    if _gathering is not None and _gathering.left is not None:
        exit_code = session.exitstatus = _gathering.left[1]
    if _gathering is None or collector is None:
        return
    from redeploy_schemas.records import Problem

    broken = exitstatus == pytest.ExitCode.INTERNAL_ERROR
    cut = broken or interrupted or exitstatus == pytest.ExitCode.INTERRUPTED
    cut = bool(cut or session.shouldstop or session.shouldfail or _gathering.cut)
    if broken:
        collector.taken.crashes.append(Problem(case="pytest", text="an internal error"))
    collector.taken.lost = _gathering.left is not None
    result = collector.conclude(complete=not cut)
    if session.config.stash[REPORTER].baseline_path:
        from redeploy_conformance.baseline import apply

        result = collector.result = apply(result, session.config.stash[REPORTER].pinned)
    exit_code = result.exit_code
    try:
        collector.end_stream(result, complete=not cut)
        junit_path = session.config.getoption("redeploy_junit")
        if junit_path:
            from redeploy_conformance.files import write_whole
            from redeploy_reports.junit import render

            write_whole(Path(junit_path), render(result))
        if session.config.getoption("redeploy_result"):
            collector.write(result)
        trace_path = session.config.stash[REPORTER].trace_path
        if trace_path:
            from redeploy_conformance.evidence.recording import finish

            finish(Path(trace_path), result, collector.taken.crashes, complete=not cut)
    except OSError as error:
        _gathering.unwritten = str(error)
        exit_code = SUITE_FAILED
    session.exitstatus = exit_code or int(_gathering.others_failed)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the verdict, after everything that pytest has to say."""
    global _gathering
    collector = None if _gathering is None else _gathering.collector
    result = None if collector is None else collector.result
    unwritten = None if _gathering is None else _gathering.unwritten
    _gathering = None
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if result is not None and terminal is not None:
        from redeploy_reports.text import render

        width = min(terminal._tw.fullwidth, 100)
        terminal.write("\n" + render(result, width=width, color=terminal.hasmarkup))
    if unwritten is not None and terminal is not None:
        what = "an output of the run could not be written"
        terminal.write_line(f"redeploy-conformance: {what}: {unwritten}")

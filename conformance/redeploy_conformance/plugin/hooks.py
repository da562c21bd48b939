"""The pytest plugin: options, the bench, and the verdict of a run of the packaged suite.

It is loaded in every pytest run of its environment, so it imports nothing of weight until a test
of the suite asks for it, and does nothing where none runs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from redeploy_conformance.plugin import options as plugin_options
from redeploy_conformance.plugin import run as plugin_run
from redeploy_conformance.plugin.gathering import Gathering
from redeploy_conformance.plugin.run import REPORTER, Reporter, leave

if TYPE_CHECKING:
    from redeploy_conformance.plugin.alive import Signs
    from redeploy_conformance.results.baseline import Pinned
    from redeploy_conformance.running.bench import Bench

SUITE_FAILED = 5


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
            from redeploy_conformance.plugin import hosts

            hosts.arrive(luggage, reporter)
    else:
        _gathering = Gathering(config)
    if not any("redeploy_" in str(one) for one in config.args):
        return
    reporter.signs = _signs(config, _gathering)
    if _gathering is not None and config.getoption("tx", None):
        from redeploy_conformance.plugin.workers import Workers, defaults

        defaults(config.option)
        config.pluginmanager.register(Workers(reporter, _gathering))


def _signs(config: pytest.Config, gathering: Gathering | None) -> Signs:
    """Give signs of life from now on."""
    from redeploy_conformance.plugin.alive import Signs

    ended = None if gathering is None else lambda: gathering.ended
    signs = Signs(config, ended)
    config.pluginmanager.register(signs)
    return signs


SUITE = "redeploy_conformance/suite/"
"""Where the packaged tests are; only those are of interest here."""


def _packaged(item: pytest.Item) -> bool:
    return SUITE in item.path.as_posix()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Note where the suite itself failed: a slip in the plan shows when its tests are made."""
    report = yield
    if report.failed and SUITE in collector.path.as_posix():
        from redeploy_conformance.exits import failure

        error = report.call.excinfo.value
        report.redeploy_slip = failure(error.__cause__ or error)  # type: ignore[attr-defined]
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """End the run where tests of the suite could not be made; runs in the controller too."""
    slip = getattr(report, "redeploy_slip", None)
    if slip is not None and _gathering is not None:
        leave(slip, SUITE_FAILED)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave only the cases that were asked for."""
    wanted = config.getoption("redeploy_case")
    clauses = set(config.getoption("redeploy_clause"))
    quick = config.getoption("redeploy_quick")
    if hasattr(config, "workerinput") and any(map(_packaged, items)):
        from redeploy_conformance.plugin.workers import spread

        items[:] = spread(items)
    if wanted is None and not clauses and not quick:
        return

    from redeploy_conformance.plugin.choice import chosen

    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        stays = not _packaged(item) or chosen(item, wanted, clauses, quick=quick)
        (kept if stays else dropped).append(item)
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
    from redeploy_conformance.plugin.bench import set_up, take_down
    from redeploy_conformance.targets.base import TargetUsageError, UnreachableError

    try:
        made = set_up(pytestconfig, reporter, tmp_path_factory)
    except TargetUsageError as error:
        leave(str(error), 2, request.session)
    except UnreachableError as error:
        leave(str(error), 4, request.session)
    yield made
    take_down(made, reporter)


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
    elif (
        report.redeploy_suite
        and call.excinfo is not None
        and (report.failed or (call.when == "call" and not reporter.excused))
    ):
        from redeploy_conformance.exits import failure
        from redeploy_conformance.redact import scrubbed

        slip = scrubbed(failure(call.excinfo.value), reporter.secrets)
        report.redeploy_slip = slip  # type: ignore[attr-defined]
    reporter.excused = False
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


# First, so that where it ends the run nobody shows the test's own words.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather what the tests brought; runs in the controller too."""
    if _gathering is not None:
        _gathering.take(report)


_gathering: Gathering | None = None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Gather where tests are reported: in the controller, or the only process."""
    if hasattr(session.config, "workerinput"):
        return
    plugin_run.exit_code, plugin_run.interrupted = None, False
    wrong = plugin_options.wrong_outputs(session.config)
    if wrong is not None:
        leave(wrong, 2)
    reporter = session.config.stash[REPORTER]
    if reporter.baseline_path:
        reporter.pinned = _pinned(reporter.baseline_path, reporter.target_word)
    if reporter.trace_path:
        from redeploy_conformance.evidence.recording import clear

        clear(Path(reporter.trace_path))


def pytest_keyboard_interrupt() -> None:
    """Remember that the user ended the run."""
    plugin_run.interrupted = True


def _pinned(path: str, word: str) -> list[Pinned]:
    """Do the pinned traces of a baseline, before anything else."""
    from redeploy_conformance.results.baseline import BaselineError, try_file
    from redeploy_conformance.targets.base import TargetUsageError, UnreachableError

    try:
        return try_file(Path(path), word)
    except (BaselineError, TargetUsageError) as error:
        leave(str(error), 2)
    except UnreachableError as error:
        leave(str(error), 4)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Draw the verdict, write it, and let it be the exit code."""
    if hasattr(session.config, "workerinput"):
        reporter = session.config.stash[REPORTER]
        if reporter.handed_over is not None:
            from redeploy_conformance.plugin import hosts

            output = session.config.workeroutput  # type: ignore[attr-defined]
            hosts.hand_over(output, reporter.handed_over)
        return
    collector = None if _gathering is None else _gathering.collector
    if _gathering is not None and _gathering.left is not None:
        plugin_run.exit_code = session.exitstatus = _gathering.left[1]
    if _gathering is None or collector is None:
        return
    from redeploy_schemas.records import Problem

    broken = exitstatus == pytest.ExitCode.INTERNAL_ERROR
    cut = broken or plugin_run.interrupted or exitstatus == pytest.ExitCode.INTERRUPTED
    cut = bool(cut or session.shouldstop or session.shouldfail or _gathering.cut)
    if broken:
        collector.taken.crashes.append(Problem(case="pytest", text="an internal error"))
    collector.taken.lost = _gathering.left is not None
    from redeploy_conformance.plugin import verdict as plugin_verdict

    reporter = session.config.stash[REPORTER]
    result = plugin_verdict.draw(collector, reporter, complete=not cut)
    plugin_run.exit_code = result.exit_code
    try:
        plugin_verdict.write(session.config, collector, result, complete=not cut)
    except OSError as error:
        _gathering.unwritten = str(error)
        plugin_run.exit_code = SUITE_FAILED
    session.exitstatus = plugin_run.exit_code or int(_gathering.others_failed)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the verdict, after everything that pytest has to say."""
    global _gathering
    collector = None if _gathering is None else _gathering.collector
    result = None if collector is None else collector.result
    unwritten = None if _gathering is None else _gathering.unwritten
    _gathering = None
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if result is not None and terminal is not None:
        from redeploy_conformance.plugin.verdict import show

        path = config.getoption("redeploy_result") if unwritten is None else None
        if unwritten is not None:
            what = "an output of the run could not be written"
            terminal.write_line(f"redeploy-conformance: {what}: {unwritten}")
            result = replace(result, exit_code=SUITE_FAILED)
        show(result, terminal, path)
